/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/tree.c: makes a layer's files below one directory. Every walk is one openat2() that the kernel keeps inside the
 * root; everything is made by one name in a directory held open. Knows no archive.
 */
#include "puller/tree.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/str.h"
#include "model/limits.h"
#include "puller/delete-tree.h"

#define WALK_RETRIES 4096 /* a rename anywhere on the host makes the kernel refuse a walk through `..` once */

/* A directory whose time is set at the end, since each thing made in it changes it. */
typedef struct DirTime {
        char *path; /* owned */
        dev_t dev;
        ino_t ino;
        struct timespec mtime;
} DirTime;

/* A directory that was on the way lately: archives list together what is in one. */
typedef struct KnownDir {
        char path[ARCHIVE_PATH_MAX]; /* "/": none, for no path is like that */
        int fd;                      /* owned */
        bool linked;                 /* there was a link on the way to it */
} KnownDir;

#define KNOWN_DIRS 8U

struct Tree {
        int root_fd; /* borrowed */
        bool replaced; /* something has given way: a path may lead elsewhere than before */
        bool keep_owners;
        bool refuse_links;
        uint64_t limit, n_made;
        TreeReplaceFn replace; /* may be NULL */
        void *userdata;

        KnownDir known[KNOWN_DIRS];
        size_t next_known;     /* the one that goes next */
        const KnownDir *parent; /* of the last path; NULL: none */

        DirTime *times; /* owned */
        size_t n_times, n_times_allocated;
};

int tree_new(int root_fd, bool keep_owners, uint64_t limit, Tree **ret) {
        Tree *t;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;

        t->root_fd = root_fd;
        t->keep_owners = keep_owners;
        t->limit = limit;
        for (size_t i = 0; i < KNOWN_DIRS; i++)
                t->known[i] = (KnownDir) { .path = "/", .fd = -EBADF };
        *ret = t;
        return 0;
}

Tree *tree_free(Tree *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < KNOWN_DIRS; i++)
                close_fd(t->known[i].fd);
        for (size_t i = 0; i < t->n_times; i++)
                free(t->times[i].path);
        free(t->times);
        free(t);
        return NULL;
}

void tree_on_replace(Tree *t, TreeReplaceFn fn, void *userdata) {
        t->replace = fn;
        t->userdata = userdata;
}

void tree_refuse_links(Tree *t) {
        t->refuse_links = true;
}

bool tree_went_through_link(const Tree *t) {
        return t->parent && t->parent->linked;
}

static int walk_by(Tree *t, const char *path, int flags, uint64_t resolve) {
        struct open_how how = { .flags = (uint64_t) flags | O_CLOEXEC, .resolve = resolve };

        for (unsigned i = 0; i < WALK_RETRIES; i++) {
                int fd;

                fd = (int) syscall(SYS_openat2, t->root_fd, *path ? path : ".", &how, sizeof(how));
                if (fd >= 0)
                        return fd;
                if (errno != EAGAIN && errno != EINTR)
                        return -errno;
        }
        return -EAGAIN;
}

/* Opens @path with links followed inside the root. Return: an fd, or negative errno. */
static int walk(Tree *t, const char *path, int flags) {
        return walk_by(t, path, flags,
                        RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS |
                                        (t->refuse_links ? RESOLVE_NO_SYMLINKS : 0));
}

static int count_one(Tree *t) {
        if (t->n_made >= t->limit)
                return -E2BIG;
        t->n_made++;
        return 0;
}

/* Walks the first @length bytes of @path. */
static int walk_part(Tree *t, const char *path, size_t length) {
        char part[ARCHIVE_PATH_MAX];

        if (length >= sizeof(part))
                return -ENAMETOOLONG;
        memcpy(part, path, length);
        part[length] = '\0';
        return walk(t, part, O_PATH | O_DIRECTORY);
}

/* Makes the directory @path[@begin..@end), which a walk did not find. Return: it, as an fd, or negative errno. */
static int make_one(Tree *t, int parent_fd, const char *path, size_t begin, size_t end) {
        char name[NAME_MAX + 1];
        int r;

        if (end - begin >= sizeof(name))
                return -ENAMETOOLONG;
        memcpy(name, path + begin, end - begin);
        name[end - begin] = '\0';

        r = count_one(t);
        if (r < 0)
                return r;
        if (mkdirat(parent_fd, name, 0755) < 0)
                /* it is there, and yet the walk did not find it: a link that leads nowhere */
                return errno == EEXIST ? -ENOENT : -errno;
        return walk_part(t, path, end);
}

/* Makes the directories at the end of @path that are missing. Return: the last one, as an fd, or negative errno. */
static int make_missing(Tree *t, const char *path) {
        size_t length = strlen(path), end = length;
        int fd;

        while ((fd = walk_part(t, path, end)) == -ENOENT && end > 0) {
                const char *slash = memrchr(path, '/', end);

                end = slash ? (size_t) (slash - path) : 0;
        }
        while (fd >= 0 && end < length) {
                size_t begin = end > 0 ? end + 1 : 0;
                int parent_fd = fd;

                end = begin + strcspn(path + begin, "/");
                fd = make_one(t, parent_fd, path, begin, end);
                close_fd(parent_fd);
        }
        return fd;
}

static const KnownDir *find_known(const Tree *t, const char *path) {
        for (size_t i = 0; i < KNOWN_DIRS; i++)
                if (streq(t->known[i].path, path))
                        return &t->known[i];
        return NULL;
}

/* Takes @fd; the oldest one goes. */
static const KnownDir *know_dir(Tree *t, const char *path, int fd, bool linked) {
        KnownDir *dir = &t->known[t->next_known++ % KNOWN_DIRS];

        close_fd(dir->fd);
        dir->fd = fd;
        dir->linked = linked;
        memcpy(dir->path, path, strlen(path) + 1);
        return dir;
}

/* Finds the directory that @path is in. @ret_name: within @path. Return: an fd borrowed until the next call, or negative errno. */
static int locate(Tree *t, const char *path, const char **ret_name) {
        const char *slash = strrchr(path, '/');
        size_t length = slash ? (size_t) (slash - path) : 0;
        char parent[ARCHIVE_PATH_MAX];
        bool linked;
        int fd;

        if (*path == '\0')
                return -EISDIR;
        if (length >= sizeof(parent))
                return -ENAMETOOLONG;

        *ret_name = slash ? slash + 1 : path;
        memcpy(parent, path, length);
        parent[length] = '\0';
        t->parent = find_known(t, parent);
        if (t->parent)
                return t->parent->fd;

        fd = walk_by(t, parent, O_PATH | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
        linked = fd == -ELOOP;
        if (linked)
                fd = walk(t, parent, O_PATH | O_DIRECTORY);
        if (fd == -ENOENT)
                fd = make_missing(t, parent);
        if (fd < 0)
                return fd;

        t->parent = know_dir(t, parent, fd, linked);
        return fd;
}

/* Takes away what stands in the way. Paths may lead elsewhere afterwards: what is remembered of them is forgotten. */
static int clear_name(Tree *t, const char *path, int parent_fd, const char *name) {
        int r;

        if (t->replace)
                r = t->replace(parent_fd, name, tree_went_through_link(t) ? NULL : path,
                                t->userdata);
        else
                r = delete_tree_at(parent_fd, name);
        /* directories are looked up anew by the next path; the fd of this one stays good until then */
        for (size_t i = 0; i < KNOWN_DIRS; i++)
                strcpy(t->known[i].path, "/");
        t->replaced = true;
        return r;
}

static bool is_hidden_mark(const struct stat *st) {
        return S_ISCHR(st->st_mode) && st->st_rdev == makedev(0, 0);
}

static int make_opaque(int dir_fd) {
        return fsetxattr(dir_fd, "user.overlay.opaque", "y", 1, 0) < 0 ? -errno : 0;
}

static int set_owner(Tree *t, int fd, const TreeAttributes *a) {
        if (t->keep_owners && fchown(fd, a->uid, a->gid) < 0)
                return -errno;
        return fchmod(fd, a->mode) < 0 ? -errno : 0;
}

/* Is what was made with this mode right as it is? Its owner is who made it, its group that too or the directory's. */
static bool is_right_as_made(const Tree *t, const TreeAttributes *a, const struct stat *st) {
        return (st->st_mode & 07777) == a->mode &&
               (!t->keep_owners || (st->st_uid == a->uid && st->st_gid == a->gid));
}

static int remember_time(
                Tree *t, const char *path, const struct stat *st, const TreeAttributes *a) {
        DirTime *time;

        if (t->n_times == t->n_times_allocated) {
                size_t n = t->n_times_allocated ? t->n_times_allocated * 2 : 64;
                DirTime *times;

                times = reallocarray(t->times, n, sizeof(*times));
                if (!times)
                        return -ENOMEM;
                t->times = times;
                t->n_times_allocated = n;
        }

        time = &t->times[t->n_times];
        *time = (DirTime) {
                .path = strdup(path),
                .dev = st->st_dev,
                .ino = st->st_ino,
                .mtime = a->mtime,
        };
        if (!time->path)
                return -ENOMEM;
        t->n_times++;
        return 0;
}

/* Makes or takes the directory at one name. Return: an fd, or negative errno. */
static int make_or_take_dir(
                Tree *t, const char *path, int parent_fd, const char *name, mode_t mode) {
        _cleanup_close_ int fd = -EBADF;
        bool was_hidden = false;
        int r;

        r = count_one(t);
        if (r < 0)
                return r;

        if (mkdirat(parent_fd, name, mode) < 0) {
                struct stat st;

                if (errno != EEXIST)
                        return -errno;
                if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
                if (!S_ISDIR(st.st_mode)) {
                        was_hidden = is_hidden_mark(&st);
                        r = clear_name(t, path, parent_fd, name);
                        if (r < 0)
                                return r;
                        if (mkdirat(parent_fd, name, mode) < 0)
                                return -errno;
                }
        }

        fd = openat(parent_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        if (was_hidden) {
                r = make_opaque(fd); /* hidden, then made anew: nothing of the old one may show through */
                if (r < 0)
                        return r;
        }
        return TAKE_FD(fd);
}

int tree_make_dir(Tree *t, const char *path, const TreeAttributes *a, int *ret_fd) {
        _cleanup_close_ int fd = -EBADF;
        bool linked = false;
        struct stat st;
        int r;

        if (*path == '\0')
                fd = walk(t, "", O_RDONLY | O_DIRECTORY);
        else {
                const char *name;
                int parent_fd;

                parent_fd = locate(t, path, &name);
                if (parent_fd < 0)
                        return parent_fd;
                linked = t->parent->linked;
                fd = make_or_take_dir(t, path, parent_fd, name, a->mode & 0777U);
        }
        if (fd < 0)
                return fd;

        if (fstat(fd, &st) < 0)
                return -errno;
        r = is_right_as_made(t, a, &st) ? 0 : set_owner(t, fd, a);
        if (r < 0)
                return r;
        r = remember_time(t, path, &st, a);
        if (r < 0)
                return r;

        /* what is in it comes next, most often */
        *ret_fd = know_dir(t, path, fd, linked)->fd;
        (void) TAKE_FD(fd);
        return 0;
}

/* What makes one thing at one name; what it needs is in @data. Return: 0 or an fd, or negative errno: -EEXIST is tried again. */
typedef int (*MakeFn)(int parent_fd, const char *name, const void *data);

static int make(Tree *t, const char *path, MakeFn fn, const void *data, int *ret_parent_fd,
                const char **ret_name) {
        const char *name;
        int parent_fd, r;

        parent_fd = locate(t, path, &name);
        if (parent_fd < 0)
                return parent_fd;
        r = count_one(t);
        if (r < 0)
                return r;

        r = fn(parent_fd, name, data);
        if (r == -EEXIST) {
                r = clear_name(t, path, parent_fd, name);
                if (r >= 0)
                        r = fn(parent_fd, name, data);
        }
        if (r < 0)
                return r;

        *ret_parent_fd = parent_fd;
        *ret_name = name;
        return r;
}

static int make_file(int parent_fd, const char *name, const void *data) {
        const TreeAttributes *a = data;
        int fd;

        fd = openat(parent_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
                        a->mode & 0777U);
        return fd < 0 ? -errno : fd;
}

int tree_make_file(Tree *t, const char *path, const TreeAttributes *a, int *ret_fd) {
        const char *name;
        int parent_fd, r;

        r = make(t, path, make_file, a, &parent_fd, &name);
        if (r < 0)
                return r;

        *ret_fd = r;
        return 0;
}

int tree_seal_file(Tree *t, int fd, const TreeAttributes *a) {
        struct stat st;

        if (fstat(fd, &st) < 0)
                return -errno;
        return is_right_as_made(t, a, &st) ? 0 : set_owner(t, fd, a);
}

int tree_set_time(int fd, const struct timespec *mtime) {
        return futimens(fd, (const struct timespec[2]) { *mtime, *mtime }) < 0 ? -errno : 0;
}

static int set_name_owner(Tree *t, int parent_fd, const char *name, const TreeAttributes *a) {
        if (t->keep_owners && fchownat(parent_fd, name, a->uid, a->gid, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int set_name_time(int parent_fd, const char *name, const struct timespec *mtime) {
        const struct timespec times[2] = { *mtime, *mtime };

        return utimensat(parent_fd, name, times, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

static int make_symlink(int parent_fd, const char *name, const void *target) {
        return symlinkat(target, parent_fd, name) < 0 ? -errno : 0;
}

int tree_make_symlink(Tree *t, const char *path, const char *target, const TreeAttributes *a) {
        const char *name;
        int parent_fd, r;

        r = make(t, path, make_symlink, target, &parent_fd, &name);
        if (r < 0)
                return r;
        r = set_name_owner(t, parent_fd, name, a);
        return r < 0 ? r : set_name_time(parent_fd, name, &a->mtime);
}

static int make_fifo(int parent_fd, const char *name, const void *data) {
        return mknodat(parent_fd, name, S_IFIFO | 0600, 0) < 0 ? -errno : 0;
}

int tree_make_fifo(Tree *t, const char *path, const TreeAttributes *a) {
        const char *name;
        int parent_fd, r;

        r = make(t, path, make_fifo, NULL, &parent_fd, &name);
        if (r < 0)
                return r;
        r = set_name_owner(t, parent_fd, name, a);
        if (r < 0)
                return r;
        /* fchmodat() follows links, and this name is none: nobody else writes to the tree */
        if (fchmodat(parent_fd, name, a->mode, 0) < 0)
                return -errno;
        return set_name_time(parent_fd, name, &a->mtime);
}

typedef struct LinkTarget {
        int parent_fd; /* owned by the caller */
        const char *name;
} LinkTarget;

static int make_link(int parent_fd, const char *name, const void *data) {
        const LinkTarget *target = data;

        return linkat(target->parent_fd, target->name, parent_fd, name, 0) < 0 ? -errno : 0;
}

int tree_make_link(Tree *t, const char *path, const char *target) {
        _cleanup_close_ int target_fd = -EBADF;
        const char *slash = strrchr(target, '/'), *name;
        char parent[ARCHIVE_PATH_MAX];
        struct stat st, there;
        int parent_fd, r;

        if (*target == '\0' || strlen(target) >= sizeof(parent))
                return -EISDIR;
        memcpy(parent, target, strlen(target) + 1);
        parent[slash ? slash - target : 0] = '\0';
        target_fd = walk(t, parent, O_PATH | O_DIRECTORY);
        if (target_fd < 0)
                return target_fd;
        target = slash ? slash + 1 : target;

        /* Looked at before anything gives way: a link to itself, or to what cannot be linked, must not delete. */
        if (fstatat(target_fd, target, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        parent_fd = locate(t, path, &name);
        if (parent_fd < 0)
                return parent_fd;
        if (fstatat(parent_fd, name, &there, AT_SYMLINK_NOFOLLOW) >= 0 &&
                        there.st_dev == st.st_dev && there.st_ino == st.st_ino)
                return 0;

        r = make(t, path, make_link, &(LinkTarget) { target_fd, target }, &parent_fd, &name);
        return r < 0 ? r : 0;
}

static int make_mark(int parent_fd, const char *name, const void *data) {
        return mknodat(parent_fd, name, S_IFCHR, makedev(0, 0)) < 0 ? -errno : 0;
}

int tree_hide(Tree *t, const char *path) {
        const char *name;
        struct stat st;
        int parent_fd, r;

        parent_fd = locate(t, path, &name);
        if (parent_fd == -ENOTDIR || (parent_fd >= 0 && tree_went_through_link(t)))
                return 0; /* a file or a link of this layer stands there, and hides what is below it by itself */
        if (parent_fd < 0)
                return parent_fd;

        if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
                if (errno != ENOENT)
                        return -errno;
                r = make(t, path, make_mark, NULL, &parent_fd, &name);
                return r < 0 ? r : 0;
        }
        /* A file of this layer hides what is below by itself; a directory would be merged with it. */
        return S_ISDIR(st.st_mode) ? tree_hide_below(t, path) : 0;
}

/* The directory of this layer that @path is, without a link on the way. Return: an fd, or negative errno. */
static int walk_to_dir(Tree *t, const char *path) {
        return walk_by(t, path, O_RDONLY | O_DIRECTORY, RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

int tree_hide_below(Tree *t, const char *path) {
        _cleanup_close_ int fd = -EBADF;

        fd = walk_to_dir(t, path);
        if (fd == -ENOENT) {
                close_fd(make_missing(t, path)); /* its failure shows in the walk */
                fd = walk_to_dir(t, path);
        }
        if (fd == -ENOTDIR || fd == -ELOOP)
                return 0; /* as above */
        return fd < 0 ? fd : make_opaque(fd);
}

/* The same where something has given way, so that a path may be something else by now. */
static int set_time_if_same(Tree *t, const DirTime *time) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        fd = walk(t, time->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
        if (fd < 0)
                return fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP ? 0 : fd;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (st.st_dev != time->dev || st.st_ino != time->ino)
                return 0;
        return tree_set_time(fd, &time->mtime);
}

int tree_finish(Tree *t) {
        for (size_t i = 0; i < t->n_times; i++) {
                const DirTime *time = &t->times[i];
                const char *name;
                int fd, r;

                if (t->replaced || *time->path == '\0')
                        r = set_time_if_same(t, time);
                else {
                        fd = locate(t, time->path, &name);
                        if (fd < 0)
                                return fd;
                        r = set_name_time(fd, name, &time->mtime);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}
