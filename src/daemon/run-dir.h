/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/run-dir.h: the runtime directory and its lock, and who waits for an embedded daemon to be ready. */
#pragma once
#include <stdbool.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct RunDir {
        int dir_fd;  /* owned */
        int lock_fd; /* owned; locked as long as it is open */
} RunDir;

#define RUN_DIR_INIT                                                                               \
        { .dir_fd = -EBADF, .lock_fd = -EBADF }
void run_dir_done(RunDir *d);

/**
 * directory_make_trusted() - make @path with what leads to it, mode 0700, and check who could change it
 * @path: absolute; links are followed first
 *
 * Every directory on the real path belongs to root or to this user, and nobody else may write to it, but where the
 * sticky bit keeps each from the others' entries.
 *
 * Return: 0, or a sentence that names the directory.
 */
int directory_make_trusted(const char *path, Failure *reterr);

/**
 * run_dir_open() - open the runtime directory, mode 0700, and take its lock
 * @path: absolute
 *
 * When another daemon has the lock, waits until that one answers on its socket (@wait_for_socket) or lets go.
 *
 * Return: 1 the lock is ours, 0 another daemon answers, or a sentence (-EBUSY: it does neither).
 */
int run_dir_open(const char *path, bool wait_for_socket, RunDir *ret, Failure *reterr);

/** ready_tell() - write "1", or @failure's sentence, to the fd of --ready-fd, and close it. -EBADF: nobody waits. */
void ready_tell(int *fd, const Failure *failure);
