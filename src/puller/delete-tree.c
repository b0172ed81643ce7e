/* SPDX-License-Identifier: Apache-2.0 */
/* puller/delete-tree.c: deletes a directory tree. Knows directories; not what was in them. */
#include "puller/delete-tree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/str.h"

#define NO_REPLACE 1U /* RENAME_NOREPLACE of linux/fs.h; musl has no renameat2() */

#define LEVELS_MAX 32 /* directories open at once */

typedef struct Level {
        DIR *dir;   /* owned */
        bool dirty; /* something was found since it was read from its beginning */
        char name[NAME_MAX + 1];
} Level;

typedef struct Deletion {
        Level levels[LEVELS_MAX];
        size_t n_levels;
        uint64_t n_moved; /* names what was moved to the top */
} Deletion;

static void deletion_done(Deletion *d) {
        while (d->n_levels > 0)
                (void) closedir(d->levels[--d->n_levels].dir); /* only read from */
}

static int push(Deletion *d, int parent_fd, const char *name) {
        _cleanup_close_ int fd = -EBADF;
        Level *level = &d->levels[d->n_levels];
        size_t length = strlen(name);

        if (length > NAME_MAX)
                return -ENAMETOOLONG;
        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        level->dir = fdopendir(fd);
        if (!level->dir)
                return -errno;

        (void) TAKE_FD(fd); /* the stream has it */
        memcpy(level->name, name, length + 1);
        level->dirty = false;
        d->n_levels++;
        return 0;
}

/* Brings a directory that is too deep up to the top, where it is met again when the top is read once more. */
static int move_to_top(Deletion *d, int parent_fd, const char *name) {
        char moved[sizeof(".deep-") + 20];

        for (;;) {
                (void) snprintf(moved, sizeof(moved), ".deep-%ju", (uintmax_t) d->n_moved++); /* fits */
                if (syscall(SYS_renameat2, parent_fd, name, dirfd(d->levels[0].dir), moved,
                                    NO_REPLACE) >= 0)
                        return 0;
                if (errno != EEXIST)
                        return -errno;
        }
}

/* One entry of the deepest open directory. Return: 1 if it was entered, 0 if it is gone, or negative errno. */
static int delete_entry(Deletion *d, const struct dirent *entry) {
        int fd = dirfd(d->levels[d->n_levels - 1].dir);
        int r;

        if (entry->d_type != DT_DIR) {
                if (unlinkat(fd, entry->d_name, 0) >= 0 || errno == ENOENT)
                        return 0;
                if (errno != EISDIR) /* a file system that does not tell types */
                        return -errno;
        }
        if (unlinkat(fd, entry->d_name, AT_REMOVEDIR) >= 0 || errno == ENOENT)
                return 0;
        if (errno != ENOTEMPTY && errno != EEXIST)
                return -errno;
        if (d->n_levels == LEVELS_MAX)
                return move_to_top(d, fd, entry->d_name);

        r = push(d, fd, entry->d_name);
        return r < 0 ? r : 1;
}

/* Deletes what is in the deepest open directory, until it is empty or has entered another. Return: 1 if entered, 0 if empty. */
static int empty_level(Deletion *d) {
        Level *level = &d->levels[d->n_levels - 1];
        int r;

        for (;;) {
                struct dirent *entry;

                while ((errno = 0, entry = readdir(level->dir))) {
                        if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                                continue;
                        level->dirty = true;
                        r = delete_entry(d, entry);
                        if (r != 0)
                                return r;
                }
                if (errno != 0)
                        return -errno;
                if (!level->dirty)
                        return 0;
                /* What has come or moved meanwhile may have been passed over: read again until there is nothing. */
                level->dirty = false;
                rewinddir(level->dir);
        }
}

int delete_tree_at(int dir_fd, const char *name) {
        _cleanup_(deletion_done) Deletion d = {};
        int r;

        if (unlinkat(dir_fd, name, 0) >= 0 || errno == ENOENT)
                return 0;
        if (errno != EISDIR && errno != EPERM)
                return -errno;

        r = push(&d, dir_fd, name);
        if (r < 0)
                return r;

        while (d.n_levels > 0) {
                Level *level;
                int parent_fd;

                r = empty_level(&d);
                if (r < 0)
                        return r;
                if (r > 0)
                        continue;

                level = &d.levels[--d.n_levels];
                (void) closedir(level->dir); /* only read from */
                parent_fd = d.n_levels > 0 ? dirfd(d.levels[d.n_levels - 1].dir) : dir_fd;
                if (unlinkat(parent_fd, level->name, AT_REMOVEDIR) < 0 && errno != ENOENT)
                        return -errno;
        }
        return 0;
}
