/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/id-range.c: see id-range.h. */
#include "runtime/id-range.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/parse.h"

#define RANGES ((ID_RANGE_LAST - ID_RANGE_FIRST + 1) / ID_RANGE_COUNT)
#define EXCLUDED_MAX 4096U
#define SUBID_BYTES_MAX (1024U * 1024)
#define NAME_MAX_BYTES sizeof("4294967295")
#define CACHE_MAX 32U /* released leases kept for the next container: a file less to make */

typedef struct Excluded {
        uint64_t first, count;
} Excluded;

struct IdRanges {
        int dir_fd; /* owned */
        Excluded excluded[EXCLUDED_MAX];
        size_t n_excluded;
        IdLease cache[CACHE_MAX];
        size_t n_cache;
};

/* "user:first:count" a line; one that is none is somebody else's to complain about. */
static void read_subids(IdRanges *ranges, const char *path) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;

        if (read_file(path, SUBID_BYTES_MAX, &text, NULL) < 0)
                return;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *first = strchr(line, ':'), *count;
                uint64_t a, n;

                count = first ? strchr(first + 1, ':') : NULL;
                if (!count || ranges->n_excluded == EXCLUDED_MAX)
                        continue;
                *count++ = '\0';
                if (parse_u64(first + 1, &a) < 0 || parse_u64(count, &n) < 0 || n == 0)
                        continue;
                ranges->excluded[ranges->n_excluded++] = (Excluded){ a, n };
        }
}

int id_ranges_new(int dir_fd, const char *const *subid_files, IdRanges **ret) {
        _cleanup_(id_ranges_freep) IdRanges *ranges = NULL;

        ranges = calloc(1, sizeof(*ranges));
        if (!ranges)
                return -ENOMEM;
        ranges->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (ranges->dir_fd < 0)
                return -errno;
        for (; subid_files && *subid_files; subid_files++)
                read_subids(ranges, *subid_files);
        *ret = TAKE_PTR(ranges);
        return 0;
}

static void give_up(IdRanges *ranges, IdLease *lease) {
        char name[NAME_MAX_BYTES];

        if (lease->fd < 0)
                return;
        (void) snprintf(name, sizeof(name), "%u", lease->first);
        (void) unlinkat(ranges->dir_fd, name,
                        0); /* under the lock; an empty file that stays is no lease */
        id_lease_close(lease);
}

IdRanges *id_ranges_free(IdRanges *ranges) {
        if (!ranges)
                return NULL;
        for (size_t i = 0; i < ranges->n_cache; i++)
                give_up(ranges, &ranges->cache[i]);
        close_fd(ranges->dir_fd);
        free(ranges);
        return NULL;
}

static bool is_excluded(const IdRanges *ranges, uint32_t first) {
        for (size_t i = 0; i < ranges->n_excluded; i++) {
                const Excluded *e = &ranges->excluded[i];

                if (e->first < (uint64_t) first + ID_RANGE_COUNT && first < e->first + e->count)
                        return true;
        }
        return false;
}

/* A file that was unlinked between our open and our lock is another's past: whoever makes it anew has the lease. */
static bool is_linked_as(int dir_fd, const char *name, int fd) {
        struct stat a, b;

        return fstat(fd, &a) == 0 && fstatat(dir_fd, name, &b, AT_SYMLINK_NOFOLLOW) == 0 &&
               a.st_ino == b.st_ino && a.st_dev == b.st_dev;
}

/* Return: 1 leased, 0 somebody else has it, or negative errno. @keep: ours even if the lock is not to be had. */
static int try_range(IdRanges *ranges, uint32_t first, bool keep, IdLease *ret) {
        _cleanup_close_ int fd = -EBADF;
        char name[NAME_MAX_BYTES];

        (void) snprintf(name, sizeof(name), "%u", first);
        fd = openat(ranges->dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return -errno;
        if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                if (errno != EWOULDBLOCK)
                        return -errno;
                if (!keep)
                        return 0;
        } else if (!is_linked_as(ranges->dir_fd, name, fd))
                return 0;
        *ret = (IdLease){ .first = first, .fd = TAKE_FD(fd) };
        return 1;
}

int id_range_lease(IdRanges *ranges, uint32_t hint, IdLease *ret) {
        if (ranges->n_cache > 0) {
                *ret = ranges->cache[--ranges->n_cache];
                return 0;
        }
        for (uint32_t i = 0; i < RANGES; i++) {
                uint32_t first = ID_RANGE_FIRST + (hint + i) % RANGES * ID_RANGE_COUNT;
                int r;

                if (is_excluded(ranges, first))
                        continue;
                r = try_range(ranges, first, false, ret);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return -EUSERS;
}

int id_range_retake(IdRanges *ranges, uint32_t first, IdLease *ret) {
        int r;

        if (first < ID_RANGE_FIRST || first > ID_RANGE_LAST ||
                        (first - ID_RANGE_FIRST) % ID_RANGE_COUNT != 0)
                return -EINVAL;
        r = try_range(ranges, first, true, ret);
        if (r == 0)
                return -EAGAIN;
        return r < 0 ? r : 0;
}

void id_range_release(IdRanges *ranges, IdLease *lease) {
        /* One that was taken over may be locked by an old monitor's fd for a moment: only a lock of our own is kept. */
        if (lease->fd >= 0 && ranges->n_cache < CACHE_MAX &&
                        flock(lease->fd, LOCK_EX | LOCK_NB) == 0) {
                ranges->cache[ranges->n_cache++] = *lease;
                *lease = ID_LEASE_NONE;
                return;
        }
        give_up(ranges, lease);
}

void id_lease_close(IdLease *lease) {
        close_fd(lease->fd);
        *lease = ID_LEASE_NONE;
}
