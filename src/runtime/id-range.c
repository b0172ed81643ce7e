/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/id-range.c: see id-range.h. */
#include "runtime/id-range.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "base/cleanup.h"

#define NAME_MAX_BYTES sizeof("4294967295")
#define RANGES ((ID_RANGE_LAST - ID_RANGE_FIRST + 1) / ID_RANGE_COUNT)

int id_taken_parse(const char *text, IdTaken *ret, size_t max) {
        size_t n = 0;

        while (*text) {
                const char *end = text + strcspn(text, "\n");
                unsigned long first, count;

                /* name:first:count */
                if (sscanf(text, "%*[^:\n]:%10lu:%10lu", &first, &count) == 2 && count > 0 &&
                                first <= UINT32_MAX) {
                        unsigned long last = first + count - 1;

                        if (n == max)
                                return -E2BIG;
                        ret[n++] = (IdTaken){.first = (uint32_t) first,
                                        .last = last > UINT32_MAX ? UINT32_MAX : (uint32_t) last};
                }
                text = *end ? end + 1 : end;
        }
        return (int) n;
}

bool id_range_is_free_of(uint32_t first, const IdTaken *taken, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (taken[i].first <= first + ID_RANGE_COUNT - 1 && taken[i].last >= first)
                        return false;
        return true;
}

/* Locked, and still the file of that name: who drops a lease unlinks it while it holds the lock. */
int id_range_take(int dir_fd, uint32_t first) {
        char name[NAME_MAX_BYTES];

        (void) snprintf(name, sizeof(name), "%u", first);
        for (;;) {
                struct stat mine, named;
                int fd, r;

                fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
                if (fd < 0)
                        return -errno;
                if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
                        r = errno == EWOULDBLOCK ? -EBUSY : -errno;
                        close_fd(fd);
                        return r;
                }
                if (fstat(fd, &mine) < 0) {
                        r = -errno;
                        close_fd(fd);
                        return r;
                }
                if (fstatat(dir_fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
                                mine.st_ino == named.st_ino && mine.st_dev == named.st_dev)
                        return fd;
                close_fd(fd); /* unlinked between open and lock: the next round makes it anew */
        }
}

int id_range_lease(int dir_fd, uint32_t seed, const IdTaken *taken, size_t n, uint32_t *ret_first,
                int *ret_fd) {
        for (uint32_t i = 0; i < RANGES; i++) {
                uint32_t first = ID_RANGE_FIRST + (seed % RANGES + i) % RANGES * ID_RANGE_COUNT;
                int fd;

                if (!id_range_is_free_of(first, taken, n))
                        continue;
                fd = id_range_take(dir_fd, first);
                if (fd == -EBUSY)
                        continue;
                if (fd < 0)
                        return fd;
                *ret_first = first;
                *ret_fd = fd;
                return 0;
        }
        return -ENOSPC;
}

int id_range_drop(int dir_fd, uint32_t first, int fd) {
        char name[NAME_MAX_BYTES];

        (void) snprintf(name, sizeof(name), "%u", first);
        if (fd >= 0)
                (void) unlinkat(dir_fd, name, 0); /* only tidiness: the lock is what counts */
        return close_fd(fd);
}
