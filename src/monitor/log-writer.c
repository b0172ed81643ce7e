/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/log-writer.c: see log-writer.h and log-format.h. */
#include "monitor/log-writer.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/usec.h"

#define PIECE_BYTES_MIN 4096 /* of a file that may hold hardly anything */
#define NAME_MAX_BYTES sizeof("00000001.log")

static void name_of(uint32_t number, char ret[static NAME_MAX_BYTES]) {
        static const char digits[] = "0123456789abcdef";

        for (int i = 7; i >= 0; i--, number >>= 4)
                ret[i] = digits[number & 15];
        memcpy(ret + 8, ".log", sizeof(".log"));
}

static bool number_of(const char *name, uint32_t *ret) {
        uint32_t n = 0;

        for (int i = 0; i < 8; i++) {
                char c = name[i];

                if (c >= '0' && c <= '9')
                        n = n << 4 | (uint32_t) (c - '0');
                else if (c >= 'a' && c <= 'f')
                        n = n << 4 | (uint32_t) (c - 'a' + 10);
                else
                        return false;
        }
        *ret = n;
        return strcmp(name + 8, ".log") == 0;
}

/* The lowest and highest number there, 0 for none. Return: how many files, or negative errno. */
static int scan(int dir_fd, uint32_t *ret_low, uint32_t *ret_high) {
        _cleanup_closedir_ DIR *dir = NULL;
        uint32_t number, low = 0, high = 0;
        int fd, n = 0;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return -ENOMEM;
        }

        for (struct dirent *e; (e = readdir(dir));) {
                if (!number_of(e->d_name, &number) || number == 0)
                        continue;
                n++;
                low = low == 0 || number < low ? number : low;
                high = number > high ? number : high;
        }
        *ret_low = low;
        *ret_high = high;
        return n;
}

static int create(LogWriter *w, uint32_t number) {
        LogFileHeader h = {
                .magic = LOG_FILE_MAGIC, .version = LOG_FILE_VERSION, .length = sizeof(h)
        };
        char name[NAME_MAX_BYTES];
        int fd, r;

        name_of(number, name);
        fd = openat(w->dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        r = write_full(fd, &h, sizeof(h));
        if (r < 0) {
                (void) unlinkat(w->dir_fd, name, 0); /* half-made: the next try makes it anew */
                close_fd(fd);
                return r;
        }

        w->fd = close_fd(w->fd);
        w->fd = fd;
        w->number = number;
        w->size = sizeof(h);
        return 0;
}

/* Where the whole chunks of a file end. */
static uint64_t end_of_chunks(int fd) {
        LogFileHeader h;
        LogChunk chunk;
        struct stat st;
        uint64_t at;

        if (fstat(fd, &st) < 0 || pread_full(fd, &h, sizeof(h), 0) != sizeof(h) ||
                        memcmp(h.magic, LOG_FILE_MAGIC, sizeof(h.magic)) != 0 ||
                        h.length < sizeof(h))
                return 0;
        for (at = h.length; pread_full(fd, &chunk, sizeof(chunk), (off_t) at) == sizeof(chunk);) {
                uint64_t next = at + sizeof(chunk) + chunk.length;

                if (chunk.length > LOG_CHUNK_BYTES_MAX || next > (uint64_t) st.st_size)
                        break;
                at = next;
        }
        return at;
}

static int continue_file(LogWriter *w, uint32_t number) {
        char name[NAME_MAX_BYTES];
        uint64_t end;
        int fd;

        name_of(number, name);
        fd = openat(w->dir_fd, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0)
                return -errno;
        end = end_of_chunks(fd);
        if (end == 0 || ftruncate(fd, (off_t) end) < 0 || lseek(fd, (off_t) end, SEEK_SET) < 0) {
                close_fd(fd);
                return -EBADMSG;
        }
        w->fd = fd;
        w->number = number;
        w->size = end;
        return 0;
}

int log_writer_open(LogWriter *w, int dir_fd, uint64_t max_size, uint32_t max_files) {
        uint32_t low, high;
        int n, r;

        *w = (LogWriter){
                .dir_fd = dir_fd, .fd = -EBADF, .max_size = max_size, .max_files = max_files
        };
        if (dir_fd < 0)
                return 0;

        n = scan(dir_fd, &low, &high);
        if (n < 0)
                return n;
        r = n > 0 ? continue_file(w, high) : -ENOENT;
        if (r < 0)
                r = create(w, high + 1); /* the first, or after a file that is none of ours */
        w->sync_from = w->number;
        return r;
}

void log_writer_done(LogWriter *w) {
        w->fd = close_fd(w->fd);
}

/* Unlinks the oldest file while there are more than @keep. Return: whether one went. */
static bool drop_oldest(LogWriter *w, uint32_t keep) {
        char name[NAME_MAX_BYTES];
        uint32_t low, high;
        bool dropped = false;

        for (;;) {
                int n = scan(w->dir_fd, &low, &high);

                if (n <= 0 || (uint32_t) n <= keep || low == w->number)
                        return dropped;
                name_of(low, name);
                if (unlinkat(w->dir_fd, name, 0) < 0)
                        return dropped;
                dropped = true;
        }
}

static int write_chunk(LogWriter *w, LogStream stream, const void *data, size_t size) {
        LogChunk chunk = { .time_nsec = now_realtime_nsec(),
                .length = (uint32_t) size,
                .stream = (uint8_t) stream };
        struct iovec iov[2] = {
                { .iov_base = &chunk, .iov_len = sizeof(chunk) },
                { .iov_base = (void *) data, .iov_len = size }, /* writev() only reads it */
        };
        size_t whole = sizeof(chunk) + size;
        ssize_t n;
        int r = 0;

        do
                n = writev(w->fd, iov, size > 0 ? 2 : 1);
        while (n < 0 && errno == EINTR);
        if (n == (ssize_t) whole) {
                w->size += whole;
                if (w->dirty_since_usec == 0)
                        w->dirty_since_usec = now_monotonic();
                return 0;
        }

        /* Cut short: take the piece back, so that the file ends with a whole chunk. */
        r = n < 0 ? -errno : -ENOSPC;
        if (n > 0)
                (void) ftruncate(w->fd,
                                (off_t) w->size); /* readers ignore an incomplete chunk as well */
        (void) lseek(w->fd, (off_t) w->size, SEEK_SET); /* cannot fail on a regular file */
        return r;
}

static void rotate(LogWriter *w) {
        if (create(w, w->number + 1) < 0)
                return; /* no room for a new one: the old one grows on */
        (void) drop_oldest(
                        w, w->max_files); /* what cannot be dropped now is tried again next time */
}

static void append_piece(LogWriter *w, LogStream stream, const void *data, size_t size) {
        if (w->max_size != UINT64_MAX && w->size > sizeof(LogFileHeader) &&
                        w->size + sizeof(LogChunk) + size > w->max_size)
                rotate(w);

        if (w->lost_bytes > 0 &&
                        write_chunk(w, LOG_STREAM_GAP, &w->lost_bytes, sizeof(w->lost_bytes)) >= 0)
                w->lost_bytes = 0;
        if (w->lost_bytes == 0 && write_chunk(w, stream, data, size) >= 0)
                return;
        if (drop_oldest(w, 1) && w->lost_bytes == 0 && write_chunk(w, stream, data, size) >= 0)
                return;
        w->lost_bytes += size;
}

void log_writer_append(LogWriter *w, LogStream stream, const void *data, size_t size) {
        const uint64_t overhead = sizeof(LogFileHeader) + sizeof(LogChunk);
        size_t room = LOG_CHUNK_BYTES_MAX;

        if (w->fd < 0)
                return;
        if (w->max_size < overhead + room)
                room = w->max_size < overhead + PIECE_BYTES_MIN ? PIECE_BYTES_MIN
                                                                : (size_t) (w->max_size - overhead);
        do {
                size_t n = size < room ? size : room;

                append_piece(w, stream, data, n);
                data = (const char *) data + n;
                size -= n;
        } while (size > 0);
}

/* By name, so that no fd need be kept for a rotated file; one that was dropped needs no sync. */
static void sync_files(int dir_fd, uint32_t from, uint32_t to) {
        for (uint32_t number = from; number <= to; number++) {
                char name[NAME_MAX_BYTES];
                int fd;

                name_of(number, name);
                fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
                if (fd < 0)
                        continue;
                (void) fdatasync(fd); /* its failure is the disk's: the workload goes on, the bytes
                                         are in the cache */
                close_fd(fd);
        }
}

static void mark_synced(LogWriter *w) {
        w->sync_from = w->number;
        w->dirty_since_usec = 0;
}

void log_writer_sync(LogWriter *w) {
        if (w->sync_pid > 0) /* it may not outlive us */
                while (waitpid(w->sync_pid, NULL, 0) < 0 && errno == EINTR)
                        ;
        w->sync_pid = 0;
        if (w->fd >= 0 && w->dirty_since_usec > 0)
                sync_files(w->dir_fd, w->sync_from, w->number);
        mark_synced(w);
}

void log_writer_reap(LogWriter *w) {
        if (w->sync_pid > 0 && waitpid(w->sync_pid, NULL, WNOHANG) != 0)
                w->sync_pid = 0;
}

void log_writer_sync_beside(LogWriter *w) {
        pid_t pid;

        log_writer_reap(w);
        if (w->fd < 0 || w->dirty_since_usec == 0 || w->sync_pid > 0)
                return;
        pid = fork();
        if (pid == 0) {
                /* Holds nothing but the directory: a client waits for the end of its pipe. */
                if (dup2(w->dir_fd, 0) == 0 && close_all_from(1) >= 0)
                        sync_files(0, w->sync_from, w->number);
                _exit(0);
        }
        if (pid < 0) {
                log_writer_sync(w);
                return;
        }
        w->sync_pid = pid;
        mark_synced(w);
}
