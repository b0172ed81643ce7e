/* SPDX-License-Identifier: Apache-2.0 */
/* cli/stream.c: splice where an end is a pipe, else a buffer. Knows no bus and no container. */
#include "cli/stream.h"
#include <fcntl.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* One call moves at most this much: enough to be fast, little enough to look at the other streams in between. */
enum { SPLICE_MAX = 1024 * 1024, TERMINAL_WRITE_MAX = 4096 };

static bool is_pipe(int fd) {
        struct stat st;

        return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
}

void stream_init(Stream *s, int from, int to, DetachKeys *keys) {
        *s = (Stream) { .from = from, .to = to, .keys = keys, .to_terminal = isatty(to) };

        /*
         * Only fresh fds are made non-blocking: 0 to 2 share their flags with the shell. Splice needs no flag for that, and
         * a terminal gives nothing to splice.
         */
        if (from > STDERR_FILENO)
                (void) fcntl(from, F_SETFL, O_NONBLOCK); /* without it poll() still guards each read */
        if (to > STDERR_FILENO)
                (void) fcntl(to, F_SETFL, O_NONBLOCK);
        s->splice = !keys && !s->to_terminal && !isatty(from) && (is_pipe(from) || is_pipe(to));
}

static void stream_close(Stream *s) {
        if (s->from > STDERR_FILENO)
                close_fd(s->from);
        if (s->to > STDERR_FILENO)
                close_fd(s->to);
        s->from = s->to = -EBADF;
}

void stream_done(Stream *s) {
        stream_close(s);
        free(s->buffer);
        *s = STREAM_NULL;
}

void stream_poll(const Stream *s, struct pollfd p[2]) {
        bool writing = s->to_full || s->start < s->end;

        /*
         * A workload that closed its standard input shows as POLLERR of an idle target. Our own stdout is not watched
         * while idle: a reader that left matters when there is something to write, as for any filter.
         */
        p[0] = (struct pollfd) { .fd = writing ? -1 : s->from, .events = POLLIN };
        p[1] = (struct pollfd){.fd = writing || s->to > STDERR_FILENO ? s->to : -1,
                        .events = writing ? POLLOUT : 0};
}

static int ended(Stream *s, int why) {
        stream_close(s);
        return why;
}

/* Returns 1 if splicing cannot serve these two. */
static int stream_splice(Stream *s) {
        ssize_t n;

        n = splice(s->from, NULL, s->to, NULL, SPLICE_MAX, SPLICE_F_MOVE | SPLICE_F_NONBLOCK);
        if (n > 0) {
                s->to_full = false;
                return 0;
        }
        if (n == 0)
                return ended(s, 1);
        if (errno == EAGAIN) {
                /* The source was readable, so it is the target that is full; if it was not, we learn at the next turn. */
                s->to_full = !s->to_full;
                return 0;
        }
        if (errno == EINTR)
                return 0;
        if (errno == EINVAL) {
                s->splice = s->to_full = false;
                return 0;
        }
        return ended(s, -errno);
}

static int stream_read(Stream *s) {
        unsigned char typed[STREAM_BUFFER - DETACH_KEYS_MAX];
        ssize_t n;

        if (!s->buffer) {
                s->buffer = malloc(STREAM_BUFFER);
                if (!s->buffer)
                        return -ENOMEM;
        }

        n = s->keys ? read(s->from, typed, sizeof(typed)) : read(s->from, s->buffer, STREAM_BUFFER);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n < 0 && errno != EIO) /* EIO: our terminal is gone, which is its end */
                return ended(s, -errno);
        if (n <= 0)
                return ended(s, 1);

        s->start = 0;
        s->end = (size_t) n;
        if (s->keys && detach_keys_feed(s->keys, typed, (size_t) n, (unsigned char *) s->buffer,
                                       &s->end))
                return -ECANCELED;
        return 0;
}

static int stream_write(Stream *s) {
        size_t left = s->end - s->start;
        ssize_t n;

        if (s->to_terminal && left > TERMINAL_WRITE_MAX)
                left = TERMINAL_WRITE_MAX; /* that much fits when poll() says so */

        n = send(s->to, s->buffer + s->start, left, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0 && errno == ENOTSOCK)
                n = write(s->to, s->buffer + s->start, left);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : ended(s, -errno);

        s->start += (size_t) n;
        return 0;
}

int stream_dispatch(Stream *s, const struct pollfd p[2]) {
        int r;

        if (s->from < 0)
                return 1;
        if (p[1].revents & (POLLERR | POLLNVAL))
                return ended(s, -EPIPE);

        if (s->splice) {
                if ((p[0].revents | p[1].revents) == 0)
                        return 0;
                return stream_splice(s);
        }
        if (p[1].revents & POLLOUT)
                return stream_write(s);
        if (!p[0].revents)
                return 0;

        r = stream_read(s);
        if (r != 0 || s->to_terminal || s->start == s->end)
                return r;
        /* Most targets have room: asking poll() first would double the system calls. A pipe of the shell's may block. */
        return s->to > STDERR_FILENO ? stream_write(s) : 0;
}
