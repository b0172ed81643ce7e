/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/streams.h: the workload's output to its log and to who is attached, and one client's
 * input to the workload. Knows fds; knows no protocol. A follower that lags by more than
 * CONTROL_FOLLOWER_LAG_MAX is dropped; one client at a time may instead make the workload wait.
 */
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/usec.h"
#include "monitor/control.h"
#include "monitor/log-writer.h"
#include "monitor/spawn-child.h"

typedef struct Sink {
        int fd;           /* owned, non-blocking; -EBADF: free */
        LogStream stream; /* what it gets */
        bool block;
        char *pending;     /* mapped when first needed; CONTROL_FOLLOWER_LAG_MAX bytes */
        size_t begin, end; /* what of it is to be written */
} Sink;

typedef struct Streams {
        LogWriter *log;     /* borrowed; NULL: none */
        bool started;       /* the workload's ends are here */
        bool finished;      /* and will give nothing any more */
        int out_fd, err_fd; /* owned: the workload's output (or the terminal's master as out_fd);
                               -EBADF: ended */
        int in_fd;          /* owned: the workload's standard input, or a duplicate of the master */
        bool terminal;
        int source_fd;                 /* owned: the attached client's input; -EBADF: none */
        bool source_closes;            /* its end closes in_fd */
        size_t input_begin, input_end; /* of what was read for the workload and not taken yet */
        usec_t used_since_usec; /* monotonic; 0: the buffers hold no memory worth giving back */
        Sink sinks[CONTROL_FOLLOWERS_MAX];
} Streams;

void streams_init(Streams *s, LogWriter *log);
void streams_done(Streams *s);

/** streams_start() - take over the workload's ends. */
void streams_start(Streams *s, const Spawned *spawned);

/**
 * streams_attach() - @fds: our ends in the order stdin, stdout, stderr of those in @mask; owned by
 * the streams on success Return: 0, -EBUSY (a blocking client is there, or the input is taken),
 * -EMFILE (CONTROL_FOLLOWERS_MAX), -ESRCH (ended).
 */
int streams_attach(Streams *s, unsigned mask, const int *fds);

/** streams_poll_fds() - append what is to be waited for; at most STREAMS_POLL_MAX. Return: how
 * many. */
#define STREAMS_POLL_MAX (CONTROL_FOLLOWERS_MAX + 4)
size_t streams_poll_fds(Streams *s, struct pollfd *p);

/** streams_dispatch() - act on what poll() said about them. */
void streams_dispatch(Streams *s, const struct pollfd *p, size_t n);

/** streams_drain() - after the workload's end: all that it wrote goes to the log and the sinks. */
void streams_drain(Streams *s);

/** streams_finish() - nothing more will come: sinks that have all are closed now, the others once
 * they have. */
void streams_finish(Streams *s);

/** streams_pending() - Return: whether sinks (only those the workload waited for, if @blocking)
 * have not taken all. */
bool streams_pending(const Streams *s, bool blocking);

/** streams_release() - give the buffers' memory back while nothing flows. */
void streams_release(Streams *s);
