/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/id-range.c: see id-range.h. */
#include "runtime/id-range.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/parse.h"
#include "base/str.h"

#define RANGES ((ID_RANGE_LAST - ID_RANGE_FIRST + 1) / ID_RANGE_COUNT)
#define SUBID_BYTES_MAX (16U * 1024 * 1024)
#define NAME_MAX_BYTES sizeof("4294967295")
#define CACHE_MAX 32U /* released leases kept for the next container: a file less to make */

typedef struct Excluded {
        uint64_t first, count;
} Excluded;

/* A range that more than one container has. */
typedef struct Shared {
        uint32_t first;
        unsigned n;      /* who share it */
        bool owner_gone; /* who leased it has released it */
} Shared;

struct IdRanges {
        int dir_fd; /* owned */
        char **files;       /* owned: of subuid(5) and subgid(5) */
        struct stat *seen;  /* owned: as each was when it was read; all zero: absent */
        Excluded *excluded; /* owned */
        size_t n_excluded;
        IdLease cache[CACHE_MAX];
        size_t n_cache;
        Shared *shared; /* owned */
        size_t n_shared;
};

static int exclude(IdRanges *ranges, uint64_t first, uint64_t count) {
        size_t n = ranges->n_excluded;

        if ((n & (n - 1)) == 0) { /* room is made when the count reaches a power of two */
                Excluded *grown = reallocarray(
                                ranges->excluded, n == 0 ? 1 : n * 2, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                ranges->excluded = grown;
        }
        ranges->excluded[ranges->n_excluded++] = (Excluded){ first, count };
        return 0;
}

/* "user:first:count" a line; one that is none is somebody else's to complain about. */
static int read_subids(IdRanges *ranges, const char *path) {
        _cleanup_free_ char *text = NULL;
        char *save = NULL;
        int r;

        r = read_file(path, SUBID_BYTES_MAX, &text, NULL);
        if (r < 0)
                return r == -ENOENT ? 0 : r;
        for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
                char *first = strchr(line, ':'), *count;
                uint64_t a, n;

                count = first ? strchr(first + 1, ':') : NULL;
                if (!count)
                        continue;
                *count++ = '\0';
                if (parse_u64(first + 1, &a) < 0 || parse_u64(count, &n) < 0 || n == 0)
                        continue;
                r = exclude(ranges, a, n);
                if (r < 0)
                        return r;
        }
        return 0;
}

static bool is_same(const struct stat *a, const struct stat *b) {
        return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
               a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static void drop_excluded(IdRanges *ranges);

/* A user who was added since has ids of his own. What cannot be read is no reason to take somebody's. */
static int look_at_subids(IdRanges *ranges) {
        bool changed = false;
        int r = 0;

        for (size_t i = 0; ranges->files && ranges->files[i]; i++) {
                struct stat now;

                if (stat(ranges->files[i], &now) < 0) {
                        if (errno != ENOENT)
                                return -errno;
                        now = (struct stat){};
                }
                changed = changed || !is_same(&now, &ranges->seen[i]);
                ranges->seen[i] = now;
        }
        if (!changed)
                return 0;
        ranges->n_excluded = 0;
        for (size_t i = 0; r >= 0 && ranges->files[i]; i++)
                r = read_subids(ranges, ranges->files[i]);
        if (r < 0) {
                memset(ranges->seen, 0xff, strv_length(ranges->files) * sizeof(*ranges->seen));
                return r;
        }
        drop_excluded(ranges);
        return 0;
}

int id_ranges_new(int dir_fd, const char *const *subid_files, IdRanges **ret) {
        _cleanup_(id_ranges_freep) IdRanges *ranges = NULL;
        int r;

        ranges = calloc(1, sizeof(*ranges));
        if (!ranges)
                return -ENOMEM;
        ranges->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (ranges->dir_fd < 0)
                return -errno;
        r = strv_copy((char *const *) subid_files, &ranges->files);
        if (r < 0)
                return r;
        ranges->seen = calloc(strv_length(ranges->files) + 1, sizeof(*ranges->seen));
        if (!ranges->seen)
                return -ENOMEM;
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
        strv_free(ranges->files);
        free(ranges->seen);
        free(ranges->excluded);
        free(ranges->shared);
        free(ranges);
        return NULL;
}

static Shared *find_shared(IdRanges *ranges, uint32_t first) {
        for (size_t i = 0; i < ranges->n_shared; i++)
                if (ranges->shared[i].first == first)
                        return &ranges->shared[i];
        return NULL;
}

static int count_share(IdRanges *ranges, uint32_t first) {
        Shared *s = find_shared(ranges, first);

        if (!s) {
                s = reallocarray(ranges->shared, ranges->n_shared + 1, sizeof(*s));
                if (!s)
                        return -ENOMEM;
                ranges->shared = s;
                s += ranges->n_shared++;
                *s = (Shared){ .first = first };
        }
        s->n++;
        return 0;
}

/* Return: does somebody else still have its ids? */
static bool is_shared_yet(IdRanges *ranges, const IdLease *lease) {
        Shared *s = lease->first > 0 ? find_shared(ranges, lease->first) : NULL;
        bool owner_gone;

        if (!s)
                return lease->shared;
        if (!lease->shared) {
                s->owner_gone = true;
                return true;
        }
        if (--s->n > 0)
                return true;
        owner_gone = s->owner_gone;
        *s = ranges->shared[--ranges->n_shared];
        return !owner_gone;
}

static bool is_excluded(const IdRanges *ranges, uint32_t first) {
        for (size_t i = 0; i < ranges->n_excluded; i++) {
                const Excluded *e = &ranges->excluded[i];

                if (e->first < (uint64_t) first + ID_RANGE_COUNT && first < e->first + e->count)
                        return true;
        }
        return false;
}

static void drop_excluded(IdRanges *ranges) {
        size_t kept = 0;

        for (size_t i = 0; i < ranges->n_cache; i++)
                if (is_excluded(ranges, ranges->cache[i].first))
                        give_up(ranges, &ranges->cache[i]);
                else
                        ranges->cache[kept++] = ranges->cache[i];
        ranges->n_cache = kept;
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
        *ret = ID_LEASE_NONE;
        ret->first = first;
        ret->fd = TAKE_FD(fd);
        return 1;
}

int id_range_lease(IdRanges *ranges, uint32_t hint, IdLease *ret) {
        int r;

        r = look_at_subids(ranges);
        if (r < 0)
                return r;
        if (ranges->n_cache > 0) {
                *ret = ranges->cache[--ranges->n_cache];
                return 0;
        }
        for (uint32_t i = 0; i < RANGES; i++) {
                uint32_t first = ID_RANGE_FIRST + (hint + i) % RANGES * ID_RANGE_COUNT;

                if (is_excluded(ranges, first))
                        continue;
                r = try_range(ranges, first, false, ret);
                if (r != 0)
                        return r < 0 ? r : 0;
        }
        return -EUSERS;
}

bool id_range_is_usable(IdRanges *ranges, const IdLease *lease) {
        return look_at_subids(ranges) >= 0 && !is_excluded(ranges, lease->first);
}

int id_range_share(IdRanges *ranges, const IdLease *lease, IdLease *ret) {
        int fd, r;

        fd = fcntl(lease->fd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        r = count_share(ranges, lease->first);
        if (r < 0) {
                close_fd(fd);
                return r;
        }
        *ret = ID_LEASE_NONE;
        ret->first = lease->first;
        ret->fd = fd;
        ret->shared = true;
        return 0;
}

int id_range_retake(IdRanges *ranges, uint32_t first, bool shared, IdLease *ret) {
        IdLease lease = ID_LEASE_NONE;
        int r;

        if (first < ID_RANGE_FIRST || first > ID_RANGE_LAST ||
                        (first - ID_RANGE_FIRST) % ID_RANGE_COUNT != 0)
                return -EINVAL;
        r = try_range(ranges, first, true, &lease);
        if (r == 0)
                return -EAGAIN;
        if (r > 0 && shared)
                r = count_share(ranges, first);
        if (r < 0) {
                id_lease_close(&lease);
                return r;
        }
        lease.shared = shared;
        *ret = lease;
        return 0;
}

void id_range_release(IdRanges *ranges, IdLease *lease) {
        if (is_shared_yet(ranges, lease)) {
                id_lease_close(lease);
                return;
        }
        lease->shared = false;
        id_lease_use_ready(lease);
        /* One that was taken over may be locked by an old monitor's fd for a moment: only a lock of our own is kept. */
        if (lease->fd >= 0 && ranges->n_cache < CACHE_MAX && !is_excluded(ranges, lease->first) &&
                        flock(lease->fd, LOCK_EX | LOCK_NB) == 0) {
                ranges->cache[ranges->n_cache++] = *lease;
                *lease = ID_LEASE_NONE;
                return;
        }
        give_up(ranges, lease);
}

void id_lease_use_ready(IdLease *lease) {
        lease->ready_userns_fd = close_fd(lease->ready_userns_fd);
        lease->ready_netns_fd = close_fd(lease->ready_netns_fd);
}

void id_lease_close(IdLease *lease) {
        id_lease_use_ready(lease);
        close_fd(lease->fd);
        close_fd(lease->userns_fd);
        *lease = ID_LEASE_NONE;
}
