/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/spawn.h: starts our own helper programs: by an fd that was opened once, with named fds and nothing else, in
 * a cgroup of choice. Knows nothing of what they do.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/cleanup.h"
#include "model/failure.h"

/* What every spawn needs, opened once. Owned fds. */
typedef struct Spawner {
        int null_fd;
        int monitor_fd; /* sealed copy of pocketdocker-monitor */
        int pull_fd;    /* sealed copy of pocketdocker-pull */
        int files_fd;   /* sealed copy of pocketdocker-files */
} Spawner;
#define SPAWNER_CLOSED ((Spawner) { -EBADF, -EBADF, -EBADF, -EBADF })

/**
 * spawner_open() - copy the programs of @helper_dir into sealed memory
 *
 * A sealed copy keeps a container from writing to the host's file through /proc/PID/exe, and a package update from
 * mixing versions under a running daemon.
 *
 * Return: 0, or what fail() gives, naming the program that is missing.
 * Source: memfd_create(2), fcntl(2) F_ADD_SEALS
 */
int spawner_open(const char *helper_dir, Spawner *ret, Failure *reterr);
void spawner_close(Spawner *s);

/** sealed_memfd() - a memfd with @data in it that nobody can change. Return: an fd, or negative errno. */
int sealed_memfd(const char *name, const void *data, size_t size);

/**
 * spawn_raise_files_limit() - as many fds for us as we may have: each container is a handful
 * What is spawned afterwards has what we had before: a workload that uses select(2) must get no higher numbers.
 */
void spawn_raise_files_limit(void);

typedef struct SpawnArgs {
        int null_fd;              /* becomes 0, 1 and 2 */
        int program_fd;
        const char *const *argv;  /* NULL-terminated; the environment is empty */
        const int *fds;           /* become 3, 4, … in order, not close-on-exec; all are open */
        size_t n_fds;
        int cgroup_fd;            /* where it is born; -EBADF: beside us */
        bool plain_oom_score;     /* back to 0, when ours was lowered */
        bool keep_stderr;
} SpawnArgs;

/**
 * spawn_process() - start a program
 * @ret_pidfd: owned by the caller
 *
 * Signals are as after a login, the session is its own, the directory is `/`. Returns once execve has succeeded or
 * failed, with no thread of ours having run meanwhile but the syncing one.
 *
 * Return: 0 or negative errno, of clone3(2) or of what failed before execve(2); then there is no process.
 * Source: clone(2), execveat(2), close_range(2)
 */
int spawn_process(const SpawnArgs *args, int *ret_pidfd);
