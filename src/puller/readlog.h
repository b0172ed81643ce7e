/* SPDX-License-Identifier: Apache-2.0 */
/* puller/readlog.h: copies a log to a client: what is there, and what comes. Confines nothing; knows no daemon. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "puller/log-print.h"

typedef struct ReadlogArgs {
        int dir_fd;    /* logs/ID; borrowed */
        int notify_fd; /* inotify on it, non-blocking, READLOG_EVENTS; borrowed; -EBADF without follow */
        int end_fd;    /* a byte on it: nothing more comes; -EBADF: none */
        bool follow;
        bool tail_set;
        uint64_t tail; /* lines */
        LogPrintOptions print;
} ReadlogArgs;

/* What the directory's watch must tell: writing, and a file that rotation made. Source: inotify(7) */
#define READLOG_EVENTS (IN_MODIFY | IN_CREATE | IN_MOVED_TO)

/**
 * readlog() - copy until the end
 *
 * Without follow the end is what is there now. With it: the end of the run that is in the log last or comes then, a
 * byte on end_fd and then what is there, until_nsec, or a client that reads no more.
 *
 * Return: 0 (also when the client has gone), or negative errno.
 */
int readlog(const ReadlogArgs *args);
