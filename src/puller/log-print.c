/* SPDX-License-Identifier: Apache-2.0 */
/* puller/log-print.c: chunks of a log become what a client reads. Knows lines and frames; knows no file. */
#include "puller/log-print.h"
#include <endian.h>
#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include "base/str.h"
#include "base/usec.h"
#include "monitor/log-format.h"

#define BUFFER_BYTES (256U * 1024)
#define LARGE_BYTES (16U * 1024) /* from here on a piece is written from where it lies */
#define FRAME_BYTES 8U

typedef struct LineState {
        bool inside; /* of a line */
        bool hidden; /* that line */
} LineState;

struct LogPrinter {
        LogPrintOptions options;
        uint64_t skip;
        LineState lines[3];

        uint64_t stamp_nsec; /* of what is in stamp */
        char stamp[RFC3339_MAX + 1];
        size_t stamp_length;

        size_t frame;          /* where in the buffer the last frame begins */
        unsigned frame_stream; /* 0: none is open */
        size_t used;
        uint8_t buffer[BUFFER_BYTES];
};

int log_printer_new(const LogPrintOptions *options, uint64_t skip, const bool inside[static 3],
                LogPrinter **ret) {
        LogPrinter *p;

        p = calloc(1, sizeof(*p));
        if (!p)
                return -ENOMEM;

        p->options = *options;
        p->skip = skip;
        p->stamp_nsec = UINT64_MAX;
        for (size_t i = 0; i < ELEMENTSOF(p->lines); i++)
                p->lines[i] = (LineState) { .inside = inside[i], .hidden = inside[i] };
        *ret = p;
        return 0;
}

LogPrinter *log_printer_free(LogPrinter *p) {
        free(p);
        return NULL;
}

/* writev() of all, whether or not the client made its pipe non-blocking. */
static int write_vectors(int fd, struct iovec *v, int n) {
        while (n > 0) {
                ssize_t written;

                if (v->iov_len == 0) {
                        v++;
                        n--;
                        continue;
                }
                written = writev(fd, v, n);
                if (written < 0) {
                        if (errno == EAGAIN) {
                                struct pollfd p = { .fd = fd, .events = POLLOUT };

                                (void) poll(&p, 1, -1); /* the next write says what is the matter */
                        } else if (errno != EINTR)
                                return -errno;
                        continue;
                }
                for (; n > 0 && (size_t) written >= v->iov_len; v++, n--)
                        written -= (ssize_t) v->iov_len;
                if (n > 0) {
                        v->iov_base = (uint8_t *) v->iov_base + written;
                        v->iov_len -= (size_t) written;
                }
        }
        return 0;
}

static void close_frame(LogPrinter *p) {
        uint32_t length;

        if (p->frame_stream == 0)
                return;
        length = htobe32((uint32_t) (p->used - p->frame - FRAME_BYTES));
        memcpy(p->buffer + p->frame + 4, &length, sizeof(length));
        p->frame_stream = 0;
}

static void open_frame(LogPrinter *p, unsigned stream, uint32_t length) {
        uint8_t *frame = p->buffer + p->used;

        length = htobe32(length);
        memset(frame, 0, FRAME_BYTES);
        frame[0] = (uint8_t) stream;
        memcpy(frame + 4, &length, sizeof(length));
        p->frame = p->used;
        p->frame_stream = stream;
        p->used += FRAME_BYTES;
}

static int write_with(LogPrinter *p, const void *data, size_t size) {
        struct iovec v[] = { { p->buffer, p->used }, { (void *) data, size } };

        p->used = 0;
        return write_vectors(p->options.out_fd, v, ELEMENTSOF(v));
}

int log_printer_flush(LogPrinter *p) {
        close_frame(p);
        return write_with(p, NULL, 0);
}

static int put(LogPrinter *p, unsigned stream, const void *data, size_t size) {
        int r;

        if (size == 0)
                return 0;
        if (p->used + FRAME_BYTES + MIN2(size, (size_t) LARGE_BYTES) > BUFFER_BYTES) {
                r = log_printer_flush(p);
                if (r < 0)
                        return r;
        }

        if (size >= LARGE_BYTES) {
                close_frame(p);
                if (p->options.framed) {
                        open_frame(p, stream, (uint32_t) size);
                        p->frame_stream = 0; /* its length is right as it is */
                }
                return write_with(p, data, size);
        }
        if (p->options.framed && p->frame_stream != stream) {
                close_frame(p);
                open_frame(p, stream, 0);
        }
        memcpy(p->buffer + p->used, data, size);
        p->used += size;
        return 0;
}

static int put_stamp(LogPrinter *p, unsigned stream, uint64_t nsec) {
        if (p->stamp_nsec != nsec) {
                p->stamp_length = format_rfc3339_nano(nsec, p->stamp);
                p->stamp[p->stamp_length++] = ' ';
                p->stamp_nsec = nsec;
        }
        return put(p, stream, p->stamp, p->stamp_length);
}

/* A line begins: is it shown? Return: 1 it is, 0 it is not, or negative errno. */
static int begin_line(LogPrinter *p, unsigned stream, uint64_t nsec) {
        const LogPrintOptions *o = &p->options;
        int r;

        if (p->skip > 0) {
                p->skip--;
                return 0;
        }
        if (!o->streams[stream] || nsec < o->since_nsec || nsec > o->until_nsec)
                return 0;
        if (o->timestamps) {
                r = put_stamp(p, stream, nsec);
                if (r < 0)
                        return r;
        }
        return 1;
}

static int add_lines(LogPrinter *p, const LogSlice *slice) {
        const LogPrintOptions *o = &p->options;
        bool in_time = slice->time_nsec >= o->since_nsec && slice->time_nsec <= o->until_nsec;
        LineState *line = &p->lines[slice->stream];
        const uint8_t *data = slice->data, *end = data + slice->length;
        int r;

        while (data < end) {
                const uint8_t *newline;
                size_t n;

                if (!line->inside) {
                        r = begin_line(p, slice->stream, slice->time_nsec);
                        if (r < 0)
                                return r;
                        line->inside = true;
                        line->hidden = r == 0;
                }
                /* Once nothing is counted or put in front of lines, what is shown at all is shown to its end. */
                if (p->skip == 0 && in_time && !o->timestamps && !line->hidden)
                        newline = end[-1] == '\n' ? end - 1 : NULL;
                else
                        newline = memchr(data, '\n', (size_t) (end - data));

                n = newline ? (size_t) (newline + 1 - data) : (size_t) (end - data);
                if (!line->hidden) {
                        r = put(p, slice->stream, data, n);
                        if (r < 0)
                                return r;
                }
                line->inside = !newline;
                data += n;
        }
        return 0;
}

static int add_gap(LogPrinter *p, const LogSlice *slice) {
        uint64_t lost = 0;
        char text[128];
        int n, r;

        if (slice->length >= sizeof(lost))
                memcpy(&lost, slice->data, sizeof(lost));
        r = begin_line(p, LOG_STREAM_STDERR, slice->time_nsec);
        if (r <= 0)
                return r;
        n = snprintf(text, sizeof(text),
                        "[pocketdocker: %" PRIu64
                        " bytes of output lost: no space left on device]\n",
                        le64toh(lost));
        return put(p, LOG_STREAM_STDERR, text, (size_t) n);
}

int log_printer_add(LogPrinter *p, const LogSlice *slice) {
        int r = 0;

        switch (slice->stream) {
        case LOG_STREAM_STDOUT:
        case LOG_STREAM_STDERR:
                r = add_lines(p, slice);
                break;
        case LOG_STREAM_GAP:
                r = add_gap(p, slice);
                break;
        case LOG_STREAM_START:
                /* what the run before left without a newline is over */
                p->lines[LOG_STREAM_STDOUT] = p->lines[LOG_STREAM_STDERR] = (LineState) {};
                break;
        }
        if (r < 0)
                return r;
        return slice->time_nsec > p->options.until_nsec;
}

int log_printer_note(LogPrinter *p, const char *line) {
        return put(p, LOG_STREAM_STDERR, line, strlen(line));
}
