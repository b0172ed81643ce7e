/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/log-tail.c: where do the last lines of a log begin? Chunks can be read forward only and lines may span files, so
 * each file is counted by itself, the newest first. Whether its first bytes begin a line or go on with one is known
 * when an older file has been counted: until then they are open.
 */
#include "puller/log-tail.h"
#include <errno.h>
#include <string.h>
#include <sys/types.h>
#include "base/cleanup.h"
#include "monitor/log-format.h"
#include "puller/log-source.h"

typedef enum LineEnd {
        LINE_UNKNOWN, /* no byte of this stream so far */
        LINE_BETWEEN,
        LINE_INSIDE,
} LineEnd;

typedef struct FileCount {
        uint64_t starts; /* of lines */
        LineEnd end[3];  /* by stream, 1 and 2 */
        bool open[3];    /* its first byte may begin a line */
        uint64_t before[3]; /* starts before that byte */
} FileCount;

static void count_bytes(FileCount *c, unsigned stream, const uint8_t *data, uint32_t length) {
        const uint8_t *last = data + length - 1, *newline = data;

        if (length == 0)
                return;
        if (c->end[stream] == LINE_UNKNOWN) {
                c->open[stream] = true;
                c->before[stream] = c->starts;
        } else if (c->end[stream] == LINE_BETWEEN)
                c->starts++;

        while (newline < last && (newline = memchr(newline, '\n', (size_t) (last - newline)))) {
                c->starts++;
                newline++;
        }
        c->end[stream] = *last == '\n' ? LINE_BETWEEN : LINE_INSIDE;
}

static int count_file(int dir_fd, uint32_t number, FileCount *ret) {
        _cleanup_(log_source_freep) LogSource *source = NULL;
        FileCount count = {};
        LogSlice slice;
        int r;

        r = log_source_new(dir_fd, number, true, &source);
        if (r < 0)
                return r;
        while ((r = log_source_next(source, &slice)) > 0)
                switch (slice.stream) {
                case LOG_STREAM_STDOUT:
                case LOG_STREAM_STDERR:
                        count_bytes(&count, slice.stream, slice.data, slice.length);
                        break;
                case LOG_STREAM_GAP:
                        count.starts++;
                        break;
                case LOG_STREAM_START:
                        count.end[LOG_STREAM_STDOUT] = count.end[LOG_STREAM_STDERR] = LINE_BETWEEN;
                        break;
                }
        if (r < 0)
                return r;

        *ret = count;
        return 0;
}

/* Puts an older file's count before @sum. */
static void prepend(FileCount *sum, const FileCount *older) {
        uint64_t more = older->starts;

        for (unsigned i = LOG_STREAM_STDOUT; i <= LOG_STREAM_STDERR; i++)
                if (sum->open[i] && older->end[i] == LINE_BETWEEN)
                        more++;
        sum->starts += more;

        for (unsigned i = LOG_STREAM_STDOUT; i <= LOG_STREAM_STDERR; i++)
                if (older->end[i] == LINE_UNKNOWN)
                        sum->before[i] += more; /* one too many at most: then one more file is read */
                else {
                        sum->open[i] = older->open[i];
                        sum->before[i] = older->before[i];
                }
}

/* Do the last @n_lines lines begin behind all that is open still? */
static bool is_enough(const FileCount *sum, uint64_t n_lines) {
        if (sum->starts < n_lines)
                return false;
        for (unsigned i = LOG_STREAM_STDOUT; i <= LOG_STREAM_STDERR; i++)
                if (sum->open[i] && sum->starts - sum->before[i] < n_lines)
                        return false;
        return true;
}

int log_tail_find(int dir_fd, uint64_t n_lines, LogTail *ret) {
        _cleanup_free_ uint32_t *numbers = NULL;
        FileCount sum = {};
        LogTail tail = {};
        ssize_t n;

        n = log_source_list(dir_fd, &numbers);
        if (n < 0)
                return (int) n;

        while (n-- > 0) {
                FileCount count;
                int r;

                r = count_file(dir_fd, numbers[n], &count);
                if (r < 0)
                        return r;
                prepend(&sum, &count);
                tail.first = numbers[n];
                if (is_enough(&sum, n_lines)) {
                        memcpy(tail.inside, sum.open, sizeof(tail.inside));
                        tail.skip = sum.starts - n_lines;
                        *ret = tail;
                        return 0;
                }
        }

        /* The log's beginning: what is open begins a line, at least for who reads what is left. */
        sum.starts += (uint64_t) sum.open[LOG_STREAM_STDOUT] + sum.open[LOG_STREAM_STDERR];
        tail.skip = sum.starts > n_lines ? sum.starts - n_lines : 0;
        *ret = tail;
        return 0;
}
