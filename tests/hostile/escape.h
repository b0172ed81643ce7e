/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/hostile/escape.h: ways out of a container that have worked somewhere, tried from within. Each prints what it met and
 * ends with one line, `held` or `ESCAPED: how`, and the status 0 or 1; 2: it could not be tried. Static, as it runs in
 * containers that have nothing else. Includes nothing of the project.
 */
#pragma once
#include <stdbool.h>

/* What an escape is given: up to three words. */
typedef int (*Escape)(char **arguments);

/** escaped() - print how; returns 1. held() - returns 0. */
int escaped(const char *format, ...) __attribute__((__format__(__printf__, 1, 2)));
int held(void);

/** told() - print what was tried and what came of it: errno, or that it worked. Returns whether it worked. */
bool told(const char *what, long result);

/** is_inside() - is what the fd names of the container's own file systems, rather than a file brought by the engine? */
bool is_inside(int fd);

/* escape-files.c */
int escape_fds(char **arguments);
int escape_walk(char **arguments);
int escape_chroot(char **arguments);
int escape_handle(char **arguments);
int escape_mknod(char **arguments);
int escape_swap(char **arguments);

/* escape-kernel.c */
int escape_release_agent(char **arguments);
int escape_core_pattern(char **arguments);
int escape_masked(char **arguments);
int escape_beneath(char **arguments);
int escape_terminal(char **arguments);
int escape_keys(char **arguments);
int escape_key_session(char **arguments);

/* escape-processes.c */
int escape_watch(char **arguments);
int escape_signal(char **arguments);
int escape_ids(char **arguments);
