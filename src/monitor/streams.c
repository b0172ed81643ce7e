/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/streams.c: see streams.h. */
#include "monitor/streams.h"
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/usec.h"

#define INPUT_BYTES_MAX (64U * 1024)
#define PAGE_ALIGNED __attribute__((__aligned__(4096)))
#define DRAIN_READS_MAX 256
#define LITTLE 4096 /* what may stay touched in an idle monitor */

/* One for both streams: what was read is in the log and at the sinks before the next read. */
static char buffer[LOG_CHUNK_BYTES_MAX] PAGE_ALIGNED;
static char input[INPUT_BYTES_MAX] PAGE_ALIGNED;

static void mark_used(Streams *s, ssize_t bytes) {
        if (bytes > LITTLE && s->used_since_usec == 0)
                s->used_since_usec = now_monotonic();
}

void streams_release(Streams *s) {
        (void) madvise(buffer, sizeof(buffer), MADV_DONTNEED); /* read anew as zeros; nobody does */
        if (s->input_begin == s->input_end)
                (void) madvise(input, sizeof(input), MADV_DONTNEED); /* as above */
        s->used_since_usec = 0;
}

void streams_init(Streams *s, LogWriter *log) {
        *s = (Streams){
                .log = log, .out_fd = -EBADF, .err_fd = -EBADF, .in_fd = -EBADF, .source_fd = -EBADF
        };
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++)
                s->sinks[i].fd = -EBADF;
}

static void sink_close(Sink *k) {
        k->fd = close_fd(k->fd);
        if (k->pending)
                (void) munmap(k->pending, CONTROL_FOLLOWER_LAG_MAX); /* our own mapping */
        *k = (Sink){ .fd = -EBADF };
}

void streams_done(Streams *s) {
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++)
                sink_close(&s->sinks[i]);
        s->out_fd = close_fd(s->out_fd);
        s->err_fd = close_fd(s->err_fd);
        s->in_fd = close_fd(s->in_fd);
        s->source_fd = close_fd(s->source_fd);
}

void streams_start(Streams *s, const Spawned *spawned) {
        s->started = true;
        s->terminal = spawned->terminal_fd >= 0;
        if (s->terminal) {
                s->out_fd = spawned->terminal_fd;
                s->in_fd = fcntl(spawned->terminal_fd, F_DUPFD_CLOEXEC, 3);
                (void) fd_set_nonblock(s->out_fd, true); /* cannot fail on an open fd */
                return;
        }
        s->in_fd = spawned->stdin_fd;
        s->out_fd = spawned->stdout_fd;
        s->err_fd = spawned->stderr_fd;
        if (s->in_fd < 0)
                s->source_fd = close_fd(s->source_fd);
}

static Sink *free_sink(Streams *s, const Sink *not_this) {
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++)
                if (s->sinks[i].fd < 0 && &s->sinks[i] != not_this)
                        return &s->sinks[i];
        return NULL;
}

static bool has_blocking(const Streams *s) {
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++)
                if (s->sinks[i].fd >= 0 && s->sinks[i].block)
                        return true;
        return false;
}

int streams_attach(Streams *s, unsigned mask, const int *fds) {
        bool block = mask & CONTROL_ATTACH_BLOCK;
        Sink *out = NULL, *err = NULL;
        size_t i = 0;

        if (s->finished)
                return -ESRCH;
        if ((block && has_blocking(s)) || ((mask & CONTROL_ATTACH_STDIN) && s->source_fd >= 0))
                return -EBUSY;
        if (mask & CONTROL_ATTACH_STDOUT)
                out = free_sink(s, NULL);
        if (mask & CONTROL_ATTACH_STDERR)
                err = free_sink(s, out);
        if (((mask & CONTROL_ATTACH_STDOUT) && !out) || ((mask & CONTROL_ATTACH_STDERR) && !err))
                return -EMFILE;

        if (mask & CONTROL_ATTACH_STDIN) {
                s->source_fd = fds[i++];
                s->source_closes = mask & CONTROL_ATTACH_CLOSE_STDIN;
                (void) fd_set_nonblock(s->source_fd, true); /* cannot fail on an open fd */
                if (s->started && s->in_fd < 0) /* the workload reads none, or no more */
                        s->source_fd = close_fd(s->source_fd);
        }
        if (out)
                *out = (Sink){ .fd = fds[i++], .stream = LOG_STREAM_STDOUT, .block = block };
        if (err)
                *err = (Sink){ .fd = fds[i++], .stream = LOG_STREAM_STDERR, .block = block };
        for (Sink *k = s->sinks; k < s->sinks + CONTROL_FOLLOWERS_MAX; k++)
                if (k == out || k == err) {
                        (void) fd_set_nonblock(k->fd, true); /* as above */
                        (void) fcntl(k->fd, F_SETPIPE_SZ,
                                        LOG_CHUNK_BYTES_MAX); /* a smaller one is slower */
                }
        return 0;
}

/* Whether a client that the workload waits for has not taken all of this stream yet. */
static bool is_held_up(const Streams *s, LogStream stream) {
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++) {
                const Sink *k = &s->sinks[i];

                if (k->fd >= 0 && k->block && k->stream == stream && k->begin < k->end)
                        return true;
        }
        return false;
}

static void sink_push(Sink *k) {
        while (k->begin < k->end) {
                ssize_t n = write(k->fd, k->pending + k->begin, k->end - k->begin);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0) {
                        sink_close(k);
                        return;
                }
                k->begin += (size_t) n;
        }
        k->begin = k->end = 0;
}

static void sink_write(Sink *k, const char *data, size_t size) {
        while (k->begin == k->end && size > 0) {
                ssize_t n = write(k->fd, data, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno != EAGAIN) {
                        sink_close(k);
                        return;
                }
                if (n < 0)
                        break;
                data += n;
                size -= (size_t) n;
        }
        if (size == 0)
                return;

        if (!k->pending) {
                void *p = mmap(NULL, CONTROL_FOLLOWER_LAG_MAX, PROT_READ | PROT_WRITE,
                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

                k->pending = p == MAP_FAILED ? NULL : p;
        }
        if (k->pending && k->begin > 0) {
                memmove(k->pending, k->pending + k->begin, k->end - k->begin);
                k->end -= k->begin;
                k->begin = 0;
        }
        if (!k->pending || size > CONTROL_FOLLOWER_LAG_MAX - k->end) {
                sink_close(k); /* lags too far */
                return;
        }
        memcpy(k->pending + k->end, data, size);
        k->end += size;
}

/* Return: whether there may be more. */
static bool read_output(Streams *s, int *fd, LogStream stream) {
        ssize_t n;

        if (*fd < 0)
                return false;
        do
                n = read(*fd, buffer, sizeof(buffer));
        while (n < 0 && errno == EINTR);
        if (n < 0 && errno == EAGAIN)
                return false;
        if (n <= 0) { /* a terminal's end is EIO */
                *fd = close_fd(*fd);
                return false;
        }

        mark_used(s, n);
        if (s->log)
                log_writer_append(s->log, stream, buffer, (size_t) n);
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++)
                if (s->sinks[i].fd >= 0 && s->sinks[i].stream == stream)
                        sink_write(&s->sinks[i], buffer, (size_t) n);
        return true;
}

static void push_input(Streams *s) {
        while (s->input_begin < s->input_end && s->in_fd >= 0) {
                ssize_t n = write(s->in_fd, input + s->input_begin, s->input_end - s->input_begin);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EAGAIN)
                        return;
                if (n < 0) { /* the workload reads no more */
                        s->in_fd = close_fd(s->in_fd);
                        s->source_fd = close_fd(s->source_fd);
                        break;
                }
                s->input_begin += (size_t) n;
        }
        s->input_begin = s->input_end = 0;
}

static void read_input(Streams *s) {
        ssize_t n;

        do {
                if (s->source_fd < 0 || s->input_begin < s->input_end)
                        return;
                n = read(s->source_fd, input, sizeof(input));
                if (n > 0) {
                        mark_used(s, n);
                        s->input_end = (size_t) n;
                        push_input(s);
                }
        } while (n > 0 || (n < 0 && errno == EINTR));
        if (n < 0 && errno == EAGAIN)
                return;

        s->source_fd = close_fd(s->source_fd);
        if (s->source_closes && !s->terminal)
                s->in_fd = close_fd(s->in_fd);
}

size_t streams_poll_fds(Streams *s, struct pollfd *p) {
        size_t n = 0;

        if (s->out_fd >= 0 && !is_held_up(s, LOG_STREAM_STDOUT))
                p[n++] = (struct pollfd){ .fd = s->out_fd, .events = POLLIN };
        if (s->err_fd >= 0 && !is_held_up(s, LOG_STREAM_STDERR))
                p[n++] = (struct pollfd){ .fd = s->err_fd, .events = POLLIN };
        if (s->in_fd >= 0 && s->input_begin < s->input_end)
                p[n++] = (struct pollfd){ .fd = s->in_fd, .events = POLLOUT };
        else if (s->in_fd >= 0 && s->source_fd >= 0)
                p[n++] = (struct pollfd){ .fd = s->source_fd, .events = POLLIN };
        for (size_t i = 0; i < CONTROL_FOLLOWERS_MAX; i++)
                if (s->sinks[i].fd >= 0) /* POLLERR says that its reader left */
                        p[n++] = (struct pollfd){
                                .fd = s->sinks[i].fd,
                                .events = s->sinks[i].begin < s->sinks[i].end ? POLLOUT : 0,
                        };
        return n;
}

void streams_dispatch(Streams *s, const struct pollfd *p, size_t n) {
        for (size_t i = 0; i < n; i++) {
                if (p[i].revents == 0)
                        continue;
                if (p[i].fd == s->out_fd)
                        (void) read_output(s, &s->out_fd,
                                        LOG_STREAM_STDOUT); /* poll() says whether there is more */
                else if (p[i].fd == s->err_fd)
                        (void) read_output(s, &s->err_fd, LOG_STREAM_STDERR); /* as above */
                else if (p[i].fd == s->in_fd)
                        push_input(s);
                else if (p[i].fd == s->source_fd)
                        read_input(s);
                else
                        for (Sink *k = s->sinks; k < s->sinks + CONTROL_FOLLOWERS_MAX; k++)
                                if (k->fd == p[i].fd) {
                                        if (p[i].revents & (POLLERR | POLLHUP | POLLNVAL))
                                                sink_close(k); /* nobody reads it any more */
                                        else
                                                sink_push(k);
                                        if (s->finished && k->begin == k->end)
                                                sink_close(k); /* has all */
                                        break;
                                }
        }
}

/* A pipe is made wide enough for all that is left, so that a client that sleeps need not be waited
 * for: the kernel keeps the rest for it. */
static void sink_hand_over(Sink *k) {
        int held;

        sink_push(k);
        if (k->begin == k->end)
                return;
        if (ioctl(k->fd, FIONREAD, &held) < 0 ||
                        fcntl(k->fd, F_SETPIPE_SZ, (size_t) held + (k->end - k->begin) + 8192) < 0)
                return; /* a socket, or over the host's limit: it is waited for */
        sink_push(k);
}

void streams_drain(Streams *s) {
        /* A pipe holds a chunk. Only where processes outlive the first one (no pid namespace of
         * their own) could it be filled anew; such writers are not waited for. */
        for (int i = 0; i < DRAIN_READS_MAX && read_output(s, &s->out_fd, LOG_STREAM_STDOUT); i++)
                ;
        for (int i = 0; i < DRAIN_READS_MAX && read_output(s, &s->err_fd, LOG_STREAM_STDERR); i++)
                ;
        s->out_fd = close_fd(s->out_fd);
        s->err_fd = close_fd(s->err_fd);
        s->in_fd = close_fd(s->in_fd);
}

void streams_finish(Streams *s) {
        s->finished = true;
        s->source_fd = close_fd(s->source_fd);
        for (Sink *k = s->sinks; k < s->sinks + CONTROL_FOLLOWERS_MAX; k++)
                if (k->fd >= 0) {
                        sink_hand_over(k);
                        if (k->begin == k->end)
                                sink_close(k);
                }
}

bool streams_pending(const Streams *s, bool blocking) {
        for (const Sink *k = s->sinks; k < s->sinks + CONTROL_FOLLOWERS_MAX; k++)
                if (k->fd >= 0 && k->begin < k->end && (k->block || !blocking))
                        return true;
        return false;
}
