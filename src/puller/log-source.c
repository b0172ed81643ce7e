/* SPDX-License-Identifier: Apache-2.0 */
/* puller/log-source.c: a container's log as a row of chunks. Knows files and the format; knows no line. */
#include "puller/log-source.h"
#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "monitor/log-format.h"

#define BUFFER_BYTES (1024U * 1024)
#define HEADER_BYTES_MAX 4096U /* of a later version */

_Static_assert(BUFFER_BYTES >= 2 * (LOG_CHUNK_BYTES_MAX + sizeof(LogChunk)),
                "a chunk fits, with room to read ahead");

struct LogSource {
        int dir_fd; /* borrowed */
        int fd;     /* owned; -EBADF: no file yet */
        uint32_t number; /* of the open file, or of the first to open */
        bool single, maybe_rotated, header_read, next_exists;
        unsigned n_damaged;

        uint8_t *buffer;   /* owned, BUFFER_BYTES */
        size_t begin, end; /* what is read and not given out */
        off_t offset;      /* in the file, of buffer + end */
};

/* Return: 1 and the number, or 0: not a log file. */
static int parse_name(const char *name, uint32_t *ret) {
        uint32_t number = 0;

        for (size_t i = 0; i < 8; i++) {
                char c = name[i];

                if (c >= '0' && c <= '9')
                        number = number << 4 | (uint32_t) (c - '0');
                else if (c >= 'a' && c <= 'f')
                        number = number << 4 | (uint32_t) (c - 'a' + 10);
                else
                        return 0;
        }
        if (!streq(name + 8, ".log"))
                return 0;
        *ret = number;
        return 1;
}

static int compare_numbers(const void *a, const void *b) {
        const uint32_t *x = a, *y = b;

        return (*x > *y) - (*x < *y);
}

ssize_t log_source_list(int dir_fd, uint32_t **ret) {
        _cleanup_free_ uint32_t *numbers = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        size_t n = 0, n_allocated = 0;
        struct dirent *entry;
        int fd;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                int error = errno;

                close_fd(fd);
                return -error;
        }

        while ((errno = 0, entry = readdir(dir))) {
                uint32_t number;

                if (parse_name(entry->d_name, &number) == 0)
                        continue;
                if (n == n_allocated) {
                        uint32_t *more;

                        n_allocated = n_allocated ? n_allocated * 2 : 16;
                        more = reallocarray(numbers, n_allocated, sizeof(*numbers));
                        if (!more)
                                return -ENOMEM;
                        numbers = more;
                }
                numbers[n++] = number;
        }
        if (errno != 0)
                return -errno;

        if (n > 0)
                qsort(numbers, n, sizeof(*numbers), compare_numbers);
        *ret = TAKE_PTR(numbers);
        return (ssize_t) n;
}

/* The lowest file from @number up. Return: 1, 0 (none), or negative errno. */
static int find_file(int dir_fd, uint32_t number, uint32_t *ret) {
        _cleanup_free_ uint32_t *numbers = NULL;
        ssize_t n;

        n = log_source_list(dir_fd, &numbers);
        if (n < 0)
                return (int) n;
        for (ssize_t i = 0; i < n; i++)
                if (numbers[i] >= number) {
                        *ret = numbers[i];
                        return 1;
                }
        return 0;
}

int log_source_new(int dir_fd, uint32_t first, bool single, LogSource **ret) {
        _cleanup_(log_source_freep) LogSource *s = NULL;

        s = calloc(1, sizeof(*s));
        if (!s)
                return -ENOMEM;
        s->dir_fd = dir_fd;
        s->fd = -EBADF;
        s->number = first;
        s->single = single;
        s->maybe_rotated = true;
        s->buffer = malloc(BUFFER_BYTES);
        if (!s->buffer)
                return -ENOMEM;

        *ret = TAKE_PTR(s);
        return 0;
}

LogSource *log_source_free(LogSource *s) {
        if (!s)
                return NULL;
        close_fd(s->fd);
        free(s->buffer);
        free(s);
        return NULL;
}

void log_source_rotated(LogSource *s) {
        s->maybe_rotated = true;
}

unsigned log_source_damaged(const LogSource *s) {
        return s->n_damaged;
}

/* Opens the lowest file from @number up. Return: 1, 0 (none), or negative errno. */
static int open_from(LogSource *s, uint32_t number) {
        char name[sizeof("01234567.log")];
        int fd, r;

        for (;;) {
                uint32_t found = 0;

                r = find_file(s->dir_fd, number, &found);
                if (r <= 0)
                        return r;
                if (s->single && found != number)
                        return 0;
                number = found;
                (void) snprintf(name, sizeof(name), "%08" PRIx32 ".log", number); /* fits */
                fd = openat(s->dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
                if (fd >= 0)
                        break;
                if (errno != ENOENT) /* dropped by rotation just now: the next one, then */
                        return -errno;
        }

        close_fd(s->fd);
        s->fd = fd;
        s->number = number;
        s->begin = s->end = 0;
        s->offset = 0;
        s->header_read = s->next_exists = false;
        return 1;
}

/* Return: 1 if there is more in the buffer than before, 0 at the end of the file, or negative errno. */
static int read_more(LogSource *s) {
        ssize_t n;

        memmove(s->buffer, s->buffer + s->begin, s->end - s->begin);
        s->end -= s->begin;
        s->begin = 0;
        n = pread_full(s->fd, s->buffer + s->end, BUFFER_BYTES - s->end, s->offset);
        if (n < 0)
                return (int) n;
        s->end += (size_t) n;
        s->offset += n;
        return n > 0;
}

/* Return: 1 if the header is behind us, 0 if it is not there yet, -EBADMSG. */
static int take_header(LogSource *s) {
        LogFileHeader header;
        uint32_t length;

        if (s->end - s->begin < sizeof(header))
                return 0;
        memcpy(&header, s->buffer + s->begin, sizeof(header));
        length = le32toh(header.length);
        if (memcmp(header.magic, LOG_FILE_MAGIC, sizeof(header.magic)) != 0 ||
                        length < sizeof(header) || length > HEADER_BYTES_MAX)
                return -EBADMSG;
        if (s->end - s->begin < length)
                return 0;
        s->begin += length;
        s->header_read = true;
        return 1;
}

/* Return: 1 and a chunk, 0 if none is whole, -EBADMSG. */
static int take_chunk(LogSource *s, LogSlice *ret) {
        LogChunk chunk;
        uint32_t length;

        if (!s->header_read) {
                int r = take_header(s);

                if (r <= 0)
                        return r;
        }
        if (s->end - s->begin < sizeof(chunk))
                return 0;
        memcpy(&chunk, s->buffer + s->begin, sizeof(chunk));
        length = le32toh(chunk.length);
        if (length > LOG_CHUNK_BYTES_MAX)
                return -EBADMSG;
        if (s->end - s->begin < sizeof(chunk) + length)
                return 0;

        *ret = (LogSlice) {
                .time_nsec = le64toh(chunk.time_nsec),
                .length = length,
                .stream = chunk.stream,
                .data = s->buffer + s->begin + sizeof(chunk),
        };
        s->begin += sizeof(chunk) + length;
        return 1;
}

/* The file is read to its end. Return: 1 to look again, 0 nothing more for now, or negative errno. */
static int leave_file(LogSource *s) {
        uint32_t next;
        int r;

        /* What is not whole may be overwritten by a later writer: it is read again. */
        s->offset -= (off_t) (s->end - s->begin);
        s->begin = s->end = 0;

        if (s->single)
                return 0;
        if (s->next_exists)
                return open_from(s, s->number + 1);
        if (!s->maybe_rotated || s->number == UINT32_MAX)
                return 0;

        s->maybe_rotated = false;
        r = find_file(s->dir_fd, s->number + 1, &next);
        if (r <= 0)
                return r;
        /* The writer has finished this file before it made the next: one more look, then on. */
        s->next_exists = true;
        s->maybe_rotated = true; /* there may be more than one */
        return 1;
}

static int skip_damage(LogSource *s) {
        s->n_damaged++;
        s->begin = s->end = 0;
        s->offset = INT64_MAX - BUFFER_BYTES; /* reading there is the end of the file, now and later */
        s->header_read = true;
        return leave_file(s);
}

int log_source_next(LogSource *s, LogSlice *ret) {
        int r;

        if (s->fd < 0) {
                r = open_from(s, s->number);
                if (r <= 0)
                        return r;
        }

        for (;;) {
                r = take_chunk(s, ret);
                if (r > 0)
                        return 1;
                if (r == -EBADMSG)
                        r = skip_damage(s);
                else {
                        r = read_more(s);
                        if (r == 0)
                                r = leave_file(s);
                }
                if (r <= 0)
                        return r;
        }
}
