/* SPDX-License-Identifier: Apache-2.0 */
/* puller/readlog.c: copies a log to a client, and waits for more by inotify. Knows no daemon and no container. */
#include "puller/readlog.h"
#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <sys/inotify.h>
#include <time.h>
#include <unistd.h>
#include "base/usec.h"
#include "monitor/log-format.h"
#include "puller/log-source.h"
#include "puller/log-tail.h"

typedef struct Reading {
        const ReadlogArgs *args; /* borrowed */
        LogSource *source;       /* owned */
        LogPrinter *printer;     /* owned */
        int end_fd;              /* -EBADF once it has nothing more to tell */
        bool live;               /* all that was there at first has been read */
        bool ended;              /* the last run in the log has ended */
        bool last_look;          /* nothing more comes: read what is there */
        unsigned n_damaged;      /* of which the client knows */
} Reading;

static void reading_done(Reading *reading) {
        log_printer_free(reading->printer);
        log_source_free(reading->source);
}

static int note_damage(Reading *reading) {
        unsigned n = log_source_damaged(reading->source);

        if (n == reading->n_damaged)
                return 0;
        reading->n_damaged = n;
        return log_printer_note(reading->printer,
                        "[pocketdocker: the log is damaged here, some output may be missing]\n");
}

/* Prints what is there. Return: 1 at the end of what was asked for, 0, or negative errno. */
static int pump(Reading *reading) {
        LogSlice slice;
        bool ended;
        int r;

        while ((r = log_source_next(reading->source, &slice)) > 0) {
                r = note_damage(reading);
                if (r < 0)
                        return r;
                r = log_printer_add(reading->printer, &slice);
                if (r != 0)
                        break;
                if (slice.stream == LOG_STREAM_START)
                        reading->ended = false;
                else if (slice.stream == LOG_STREAM_END) {
                        reading->ended = true;
                        if (reading->live) {
                                r = 1;
                                break;
                        }
                }
        }
        if (r < 0)
                return r;

        ended = r > 0;
        r = note_damage(reading);
        if (r >= 0)
                r = log_printer_flush(reading->printer);
        if (r < 0)
                return r;
        reading->live = true;
        return ended;
}

/* The time until until_nsec passes, in milliseconds for poll(); -1: for ever. */
static int time_left(const Reading *reading) {
        uint64_t until = reading->args->print.until_nsec, now = now_realtime_nsec();

        if (until == UINT64_MAX)
                return -1;
        if (now > until)
                return 0;
        return (until - now) / 1000000 >= INT_MAX ? INT_MAX : (int) ((until - now) / 1000000) + 1;
}

static int read_events(Reading *reading) {
        char buffer[4096] __attribute__((__aligned__(__alignof__(struct inotify_event))));
        ssize_t n;

        while ((n = read(reading->args->notify_fd, buffer, sizeof(buffer))) > 0)
                for (char *p = buffer; p < buffer + n;) {
                        const struct inotify_event *event = (const struct inotify_event *) p;

                        if (event->mask & (IN_CREATE | IN_MOVED_TO | IN_Q_OVERFLOW))
                                log_source_rotated(reading->source);
                        p += sizeof(*event) + event->len;
                }
        return n < 0 && errno != EAGAIN && errno != EINTR ? -errno : 0;
}

static void read_end(Reading *reading) {
        char byte;
        ssize_t n;

        n = read(reading->end_fd, &byte, 1);
        if (n > 0) {
                reading->last_look = true;
                log_source_rotated(reading->source); /* its event may still be on the way */
        } else if (n == 0 || (errno != EINTR && errno != EAGAIN))
                reading->end_fd = -EBADF; /* the daemon has ended: the log alone tells, then */
}

/* Waits for something to happen. Return: 1 at the end, 0 to look again, or negative errno. */
static int wait_for_more(Reading *reading) {
        struct pollfd p[] = {
                { .fd = reading->args->notify_fd, .events = POLLIN },
                { .fd = reading->end_fd, .events = POLLIN },
                { .fd = reading->args->print.out_fd }, /* an error on it: the client has closed it */
        };
        int n;

        n = poll(p, 3, time_left(reading));
        if (n < 0)
                return errno == EINTR ? 0 : -errno;
        if (n == 0)
                return 1;
        if (p[2].revents != 0)
                return 1;
        if (p[1].revents != 0)
                read_end(reading);
        return p[0].revents != 0 ? read_events(reading) : 0;
}

/* Return: 0 or negative errno. */
static int read_all(Reading *reading) {
        int r;

        for (;;) {
                r = pump(reading);
                if (r != 0)
                        return r < 0 ? r : 0;
                if (!reading->args->follow || reading->ended || reading->last_look)
                        return 0;
                r = wait_for_more(reading);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
}

int readlog(const ReadlogArgs *args) {
        _cleanup_(reading_done) Reading reading = { .args = args, .end_fd = args->end_fd };
        LogTail tail = {};
        int r;

        if (args->tail_set) {
                r = log_tail_find(args->dir_fd, args->tail, &tail);
                if (r < 0)
                        return r;
        }
        r = log_source_new(args->dir_fd, tail.first, false, &reading.source);
        if (r < 0)
                return r;
        r = log_printer_new(&args->print, tail.skip, tail.inside, &reading.printer);
        if (r < 0)
                return r;

        r = read_all(&reading);
        return r == -EPIPE ? 0 : r;
}
