/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/copy-tree.c: a directory of the image into a new volume: files, links, owners, modes, times, attributes. Both sides
 * are ours alone meanwhile; nothing of either is believed all the same: no link is followed, and depth is bounded. A file
 * with several names becomes several files.
 */
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include "init/steps.h"
#include "init/sys.h"

#define LEVELS_MAX 64
#define NAMES_BYTES 16384
#define VALUE_BYTES 65536
#define CHUNK_BYTES (1U << 30)

/* Source: linux/dirent.h */
typedef struct Entry {
        uint64_t ino;
        int64_t next; /* where to go on after it */
        uint16_t length;
        uint8_t type;
        char name[];
} Entry;

typedef struct Level {
        int from_fd, to_fd; /* owned, but for the first */
        int64_t at;         /* where its directory is read on */
} Level;

/* Of one child of a single thread; touched by none but a new volume's. */
static Level levels[LEVELS_MAX];
static char entries[32768] __attribute__((__aligned__(8)));
static char attribute_names[NAMES_BYTES], attribute_value[VALUE_BYTES];

static int copy_attributes(int from_fd, int to_fd) {
        ssize_t n;

        n = flistxattr(from_fd, attribute_names, sizeof(attribute_names));
        if (n < 0)
                return errno == EOPNOTSUPP ? 0 : -errno;
        for (const char *name = attribute_names; name < attribute_names + n;
                        name += strlen(name) + 1) {
                ssize_t size = fgetxattr(from_fd, name, attribute_value, sizeof(attribute_value));

                /* What the security modules write is theirs, and what this file system cannot hold stays behind. */
                if (size >= 0 && fsetxattr(to_fd, name, attribute_value, (size_t) size, 0) < 0 &&
                                errno != EOPNOTSUPP && errno != EPERM && errno != EINVAL)
                        return -errno;
        }
        return 0;
}

/* Owner first: it takes setuid bits and capabilities away. Times last. */
static int copy_metadata(int from_fd, int to_fd, const struct stat *st) {
        const struct timespec times[2] = {st->st_atim, st->st_mtim};
        int r;

        if (fchown(to_fd, st->st_uid, st->st_gid) < 0 || fchmod(to_fd, st->st_mode & 07777) < 0)
                return -errno;
        r = copy_attributes(from_fd, to_fd);
        if (r < 0)
                return r;
        return futimens(to_fd, times) < 0 ? -errno : 0;
}

static int copy_bytes(int from_fd, int to_fd) {
        ssize_t n;

        do
                n = sendfile(to_fd, from_fd, NULL, CHUNK_BYTES);
        while (n > 0 || (n < 0 && errno == EINTR));
        return n < 0 ? -errno : 0;
}

static int copy_file(int from_dir, int to_dir, const char *name, const struct stat *st) {
        int from_fd, to_fd, r;

        from_fd = openat(from_dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
        if (from_fd < 0)
                return -errno;
        to_fd = openat(to_dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        r = to_fd < 0 ? -errno : copy_bytes(from_fd, to_fd);
        if (r >= 0)
                r = copy_metadata(from_fd, to_fd, st);
        if (to_fd >= 0 && close(to_fd) < 0 && r >= 0)
                r = -errno;
        (void) close(from_fd); /* only read */
        return r;
}

static int copy_link(int from_dir, int to_dir, const char *name, const struct stat *st) {
        char target[4096];
        ssize_t n;

        n = readlinkat(from_dir, name, target, sizeof(target) - 1);
        if (n < 0)
                return -errno;
        target[n] = '\0';
        if (symlinkat(target, to_dir, name) < 0 ||
                        fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

/* A pipe's or a socket's name. Devices cannot be in an image's tree. */
static int copy_node(int to_dir, const char *name, const struct stat *st) {
        if (!S_ISFIFO(st->st_mode) && !S_ISSOCK(st->st_mode))
                return 0;
        if (mknodat(to_dir, name, st->st_mode & (S_IFMT | 0777), 0) < 0 ||
                        fchownat(to_dir, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

/* Return: 1 it was a directory and is entered, 0, or negative errno. */
static int copy_entry(size_t *n_levels, const char *name) {
        Level *l = &levels[*n_levels - 1], *below = l + 1;
        struct stat st;

        if (fstatat(l->from_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISREG(st.st_mode))
                return copy_file(l->from_fd, l->to_fd, name, &st);
        if (S_ISLNK(st.st_mode))
                return copy_link(l->from_fd, l->to_fd, name, &st);
        if (!S_ISDIR(st.st_mode))
                return copy_node(l->to_fd, name, &st);

        if (*n_levels == LEVELS_MAX)
                return -ELOOP;
        if (mkdirat(l->to_fd, name, 0700) < 0)
                return -errno;
        below->from_fd = openat(l->from_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below->from_fd < 0)
                return -errno;
        below->to_fd = openat(l->to_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (below->to_fd < 0)
                return -errno;
        below->at = 0;
        (*n_levels)++;
        return 1;
}

/* Goes on in the deepest directory. Return: 1 it was left for one below it, 0 it is done, or negative errno. */
static int copy_level(Child *c, size_t *n_levels) {
        Level *l = &levels[*n_levels - 1];

        if (lseek(l->from_fd, l->at, SEEK_SET) < 0)
                return -errno;
        for (;;) {
                long n = syscall(SYS_getdents64, l->from_fd, entries, sizeof(entries));

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                for (long at = 0; at < n;) {
                        const Entry *e = (const Entry *) (const void *) (entries + at);
                        int r;

                        at += e->length;
                        l->at = e->next;
                        if (strcmp(e->name, ".") == 0 || strcmp(e->name, "..") == 0)
                                continue;
                        r = copy_entry(n_levels, e->name);
                        if (r < 0)
                                child_detail(c, e->name);
                        if (r != 0)
                                return r;
                }
        }
}

int copy_tree(Child *c, int from_fd, int to_fd) {
        size_t n_levels = 1;
        struct stat st;
        int r;

        levels[0] = (Level){.from_fd = from_fd, .to_fd = to_fd};
        while (n_levels > 0) {
                Level *l;

                r = copy_level(c, &n_levels);
                if (r < 0)
                        return r; /* the child ends, and its fds with it */
                if (r > 0)
                        continue;

                l = &levels[--n_levels];
                if (fstat(l->from_fd, &st) < 0)
                        return -errno;
                r = copy_metadata(l->from_fd, l->to_fd, &st);
                if (r < 0)
                        return r;
                if (n_levels > 0) {
                        (void) close(l->from_fd); /* only read */
                        (void) close(l->to_fd);   /* a directory */
                }
        }
        return 0;
}
