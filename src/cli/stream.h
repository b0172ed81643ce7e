/* SPDX-License-Identifier: Apache-2.0 */
/* cli/stream.h: copies one fd to another by poll, without a thread. Knows no bus and no container. */
#pragma once
#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include "base/cleanup.h"
#include "cli/detach-keys.h"

/* As large as a pipe that the kernel gives without asking; the splice path moves more. */
enum { STREAM_BUFFER = 64 * 1024 };

typedef struct Stream {
        int from; /* owned if it is none of 0 to 2; -EBADF: ended */
        int to;   /* the same */
        bool splice;     /* pages are moved in the kernel; at least one end is a pipe */
        bool to_full;    /* splice found no room: wait for `to` */
        bool to_terminal;
        DetachKeys *keys; /* borrowed; NULL: nothing detaches */
        char *buffer;     /* owned; NULL while splicing */
        size_t start;     /* what is in the buffer and not written yet */
        size_t end;
} Stream;

#define STREAM_NULL ((Stream) { .from = -EBADF, .to = -EBADF })

/** stream_init() - copy @from to @to; both are the stream's from now on, but 0 to 2 are never closed. */
void stream_init(Stream *s, int from, int to, DetachKeys *keys);
void stream_done(Stream *s);

static inline bool stream_ended(const Stream *s) {
        return s->from < 0;
}

/** stream_poll() - what to wait for: [0] is the source, [1] the target; an ended stream waits for nothing. */
void stream_poll(const Stream *s, struct pollfd p[2]);

/**
 * stream_dispatch() - copy what poll() found possible
 *
 * Never blocks on a pipe or socket; a terminal or file is written to after poll() said so.
 *
 * Return: 0; 1 the source ended, all is written and both ends are closed; -EPIPE nobody reads the target any more (both
 * ends are closed); -ECANCELED the detach keys were typed; or what reading or writing failed with.
 */
int stream_dispatch(Stream *s, const struct pollfd p[2]);
