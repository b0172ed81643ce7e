/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/log-fixture.h: makes logs as a monitor would, in a directory of the test's own. */
#pragma once
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "monitor/log-format.h"
#include "unit.h"

#define LOG_TIME 1700000000000000000ULL /* 2023-11-14T22:13:20Z; each chunk is one second later than the last one */

typedef struct LogFixture {
        char path[32];
        int dir_fd;
        int fd;           /* of the file that is written */
        uint32_t number;
        uint64_t time_nsec;
} LogFixture;

static inline void log_rotate(LogFixture *l) {
        LogFileHeader header = {
                .magic = LOG_FILE_MAGIC, .version = LOG_FILE_VERSION, .length = sizeof(header)
        };
        char name[16];

        close_fd(l->fd);
        snprintf(name, sizeof(name), "%08x.log", ++l->number);
        l->fd = openat(l->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        assert_true(l->fd >= 0);
        assert_int_equal(write_full(l->fd, &header, sizeof(header)), 0);
}

/* The files' names are their numbers: an old one goes. */
static inline void log_drop(LogFixture *l, uint32_t number) {
        char name[16];

        snprintf(name, sizeof(name), "%08x.log", number);
        assert_int_equal(unlinkat(l->dir_fd, name, 0), 0);
}

static inline void log_bytes(LogFixture *l, unsigned stream, const void *data, size_t size) {
        LogChunk chunk = {
                .time_nsec = l->time_nsec, .length = (uint32_t) size, .stream = (uint8_t) stream
        };
        char whole[sizeof(chunk) + 64 * 1024];

        assert_true(size <= sizeof(whole) - sizeof(chunk));
        memcpy(whole, &chunk, sizeof(chunk));
        if (size > 0)
                memcpy(whole + sizeof(chunk), data, size);
        assert_int_equal(write_full(l->fd, whole, sizeof(chunk) + size), 0);
        l->time_nsec += 1000000000ULL;
}

static inline void log_out(LogFixture *l, const char *text) {
        log_bytes(l, LOG_STREAM_STDOUT, text, strlen(text));
}

static inline void log_err(LogFixture *l, const char *text) {
        log_bytes(l, LOG_STREAM_STDERR, text, strlen(text));
}

static inline void log_mark(LogFixture *l, unsigned stream) {
        log_bytes(l, stream, NULL, 0);
}

static inline int log_setup(void **state) {
        LogFixture *l = calloc(1, sizeof(*l));

        *l = (LogFixture) { .path = "/tmp/test-log-XXXXXX", .fd = -EBADF, .time_nsec = LOG_TIME };
        if (!mkdtemp(l->path))
                return -1;
        l->dir_fd = open(l->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = l;
        return l->dir_fd < 0 ? -1 : 0;
}

static inline int log_teardown(void **state) {
        LogFixture *l = *state;
        char name[16];

        close_fd(l->fd);
        for (uint32_t i = 0; i <= l->number; i++) {
                snprintf(name, sizeof(name), "%08x.log", i);
                (void) unlinkat(l->dir_fd, name, 0);
        }
        (void) unlinkat(l->dir_fd, "other", 0);
        close(l->dir_fd);
        if (rmdir(l->path) < 0)
                return -1;
        free(l);
        return 0;
}
