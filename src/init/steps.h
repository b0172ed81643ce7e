/* SPDX-License-Identifier: Apache-2.0 */
/* init/steps.h: what the child does between clone3 and execve. Allocates nothing, logs nothing: it
 * reports and ends. */
#pragma once
#include <stddef.h>
#include <sys/types.h>
#include "init/plan.h"

/* What the child holds. Everything it may touch was opened before it was made. */
typedef struct Child {
        Plan *plan;
        int sync_fd; /* to the monitor: a failure, or the terminal; its end of file is a successful
                        execve */
        int lifeline_fd;                /* read end; readable or hung up once the monitor is gone */
        int layer_fds[PLAN_LAYERS_MAX]; /* detached, idmapped mounts, top first */
        int upper_fd;                   /* the same of the state directory */
        int stdio_fds[3];               /* -EBADF: /dev/null */
        int root_fd;                    /* the container's root, once mounted */
        int terminal_fd;                /* the slave, once opened */
        uid_t uid;                      /* found by the user step */
        gid_t gid;
        char home[4096];  /* "HOME=…" */
        char detail[256]; /* what the failing step was at */
} Child;

/** child_run() - all steps, then execve; reports the first failure on sync_fd. Does not return. */
void child_run(Child *c) __attribute__((__noreturn__));

/** child_detail() - note the object at hand for a failure's report; cut to its room. */
void child_detail(Child *c, const char *what);

/** open_null() - /dev/null, as the container has it. Return: an fd or negative errno. */
int open_null(void);

/* The steps. Return: 0, or negative errno with child_detail() said. */
int step_namespaces(Child *c);
int step_root(Child *c);
int step_mounts(Child *c);
int step_devices(Child *c);
int step_terminal(Child *c);
int step_pivot_root(Child *c);
int step_hostname(Child *c);
int step_network(Child *c);
int step_ulimits(Child *c);
int step_user(Child *c);
int step_read_only_root(Child *c);
int step_seccomp_privileged(Child *c); /* the filter of one that may gain privileges, while we may
                                          still load it */
int step_credentials(Child *c);
int step_seccomp(Child *c);
int step_working_dir(Child *c);
int step_execve(Child *c);

/** step_console() - the terminal as /dev/console. Return: 0 or negative errno. */
int step_console(Child *c);

/* Sends one byte (a terminal's master) with an fd. Return: 0 or negative errno. */
int send_fd(int socket_fd, int fd);
