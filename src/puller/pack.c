/* SPDX-License-Identifier: Apache-2.0 */
/* puller/pack.c: walks a tree in the order of its names and hands it to libarchive's pax writer. */
#include "puller/pack.h"
#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include "base/fd.h"
#include "base/map.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/entry-name.h"

#define PIECE_BYTES (256U * 1024)
#define NAMES_BYTES_MAX (64U * 1024) /* of extended attributes' names: the kernel's bound */

typedef struct Pack {
        int root_fd;            /* borrowed */
        const char *as;         /* borrowed; NULL: paths go into the archive as they are … */
        size_t skip;            /* … else this is put for so many bytes of them */
        dev_t dev;              /* with `as`: of the first thing */
        ArchiveOut *out;        /* borrowed */
        struct archive *tar;    /* owned */
        struct archive_entry *entry; /* owned */
        Map *links;             /* by "DEVICE:INODE"; owned paths: what has more names was written as */
        uint8_t *piece;         /* owned, PIECE_BYTES */
        Failure *failure;       /* borrowed: what the writer met */
        bool out_failed;
        PackProgressFn fn;
        void *userdata;
} Pack;

static void pack_done(Pack *p) {
        char *path;

        archive_entry_free(p->entry);
        if (p->tar)
                (void) archive_write_free(p->tar); /* what was to be written has been, or has failed */
        MAP_FOREACH(path, p->links)
                free(path);
        map_free(p->links);
        free(p->piece);
}

static int fail_at(const char *path, int error, const char *what, Failure *reterr) {
        char shown[ENTRY_SHOWN_MAX];

        return fail_errno(reterr, error, "Failed to %s '%s'", what,
                        entry_show(*path ? path : "/", shown, sizeof(shown)));
}

static la_ssize_t write_out(struct archive *a, void *userdata, const void *data, size_t size) {
        Pack *p = userdata;

        if (p->out_failed || archive_out_write(p->out, data, size, p->failure) < 0) {
                p->out_failed = true;
                return -1; /* the archive's own sentence is not asked for */
        }
        if (p->fn)
                p->fn(p->out->bytes, p->userdata);
        return (la_ssize_t) size;
}

static int writing_fails(Pack *p, const char *path, Failure *reterr) {
        const char *text = archive_error_string(p->tar);
        char shown[ENTRY_SHOWN_MAX], words[ENTRY_SHOWN_MAX];

        if (p->out_failed) /* the sentence is there */
                return -EPIPE;
        return fail(reterr, FAILURE_INTERNAL, EIO, "Failed to write '%s' into the archive: %s",
                        entry_show(path, shown, sizeof(shown)),
                        entry_show(text ? text : "no reason is told", words, sizeof(words)));
}

static int open_entry(const Pack *p, const char *path, int flags) {
        int fd = openat(p->root_fd, *path ? path : ".",
                        flags | O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : fd;
}

/* Of files and directories: those of links and pipes cannot be unpacked by anybody but root. */
static int add_attributes(Pack *p, const char *path, int fd, Failure *reterr) {
        _cleanup_free_ char *names = malloc(NAMES_BYTES_MAX);
        _cleanup_free_ char *value = malloc(ARCHIVE_XATTR_BYTES_MAX);
        ssize_t n;

        if (!names || !value)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        n = flistxattr(fd, names, NAMES_BYTES_MAX);
        if (n < 0)
                return errno == EOPNOTSUPP
                                       ? 0
                                       : fail_at(path, errno, "read the attributes of", reterr);
        for (const char *name = names; name < names + n; name += strlen(name) + 1) {
                ssize_t size;

                if (!entry_attribute_wanted(name))
                        continue;
                size = fgetxattr(fd, name, value, ARCHIVE_XATTR_BYTES_MAX);
                if (size >= 0)
                        archive_entry_xattr_add_entry(p->entry, name, value, (size_t) size);
                else if (errno != ENODATA) /* it went meanwhile */
                        return fail_at(path, errno, "read an attribute of", reterr);
        }
        return 0;
}

static int write_header(Pack *p, const char *path, Failure *reterr) {
        int r = archive_write_header(p->tar, p->entry);

        /* It warns of names that are not ASCII, and writes their bytes. */
        return r == ARCHIVE_OK || r == ARCHIVE_WARN ? 0 : writing_fails(p, path, reterr);
}

static int copy_file(Pack *p, const char *path, int fd, uint64_t size, Failure *reterr) {
        uint64_t done = 0;

        while (done < size) {
                ssize_t n;

                n = read_full(fd, p->piece, MIN2(size - done, (uint64_t) PIECE_BYTES));
                if (n < 0)
                        return fail_at(path, (int) n, "read", reterr);
                if (n == 0) /* it has shrunk; the writer fills it up */
                        return 0;
                if (archive_write_data(p->tar, p->piece, (size_t) n) != n)
                        return writing_fails(p, path, reterr);
                done += (uint64_t) n;
        }
        return 0;
}

static char *archived_name(const Pack *p, const char *path) {
        char *name = NULL;

        if (!p->as)
                return strdup(*path ? path : ".");
        return str_printf(&name, "%s%s", p->as, path + p->skip) < 0 ? NULL : name;
}

static int set_entry(Pack *p, const char *path, const struct stat *st) {
        _cleanup_free_ char *name = archived_name(p, path);

        if (!name)
                return fail(p->failure, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        archive_entry_clear(p->entry);
        archive_entry_copy_pathname(p->entry, name);
        archive_entry_set_mode(p->entry, st->st_mode);
        archive_entry_set_uid(p->entry, st->st_uid);
        archive_entry_set_gid(p->entry, st->st_gid);
        archive_entry_set_mtime(p->entry, st->st_mtim.tv_sec, st->st_mtim.tv_nsec);
        archive_entry_set_size(p->entry, S_ISREG(st->st_mode) ? st->st_size : 0);
        if (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)) {
                archive_entry_set_rdevmajor(p->entry, major(st->st_rdev));
                archive_entry_set_rdevminor(p->entry, minor(st->st_rdev));
        }
        return 0;
}

/* Return: 1: it is written as another name of what was, 0: it is to be written, or what fail() gives. */
static int write_link(Pack *p, const char *path, const struct stat *st, Failure *reterr) {
        const char *first;
        char key[64];
        char *copy;

        if (st->st_nlink < 2 || S_ISDIR(st->st_mode))
                return 0;
        (void) snprintf(key, sizeof(key), "%llu:%llu", (unsigned long long) st->st_dev,
                        (unsigned long long) st->st_ino); /* fits */
        first = map_get(p->links, key);
        if (first) {
                archive_entry_copy_hardlink(p->entry, first);
                archive_entry_set_size(p->entry, 0);
                return write_header(p, path, reterr) < 0 ? -EPIPE : 1;
        }
        copy = archived_name(p, path);
        if (!copy || map_put(p->links, key, copy) < 0) {
                free(copy);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        return 0;
}

static int write_symlink(Pack *p, const char *path, Failure *reterr) {
        char target[PATH_MAX];
        ssize_t n;

        n = readlinkat(p->root_fd, path, target, sizeof(target) - 1);
        if (n < 0)
                return fail_at(path, errno, "read the link", reterr);
        target[n] = '\0';
        archive_entry_copy_symlink(p->entry, target);
        return write_header(p, path, reterr);
}

static int write_file(Pack *p, const char *path, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        fd = open_entry(p, path, 0);
        if (fd == -ENOENT) /* it went meanwhile */
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail_at(path, fd < 0 ? fd : errno, "open", reterr);
        if (!S_ISREG(st.st_mode)) /* it became something else */
                return 0;
        r = set_entry(p, path, &st);
        if (r >= 0)
                r = write_link(p, path, &st, reterr);
        if (r != 0)
                return MIN2(r, 0);
        r = add_attributes(p, path, fd, reterr);
        if (r >= 0)
                r = write_header(p, path, reterr);
        return r < 0 ? r : copy_file(p, path, fd, (uint64_t) st.st_size, reterr);
}

static int write_tree(Pack *p, const char *path, Failure *reterr);

static int write_entry(Pack *p, const char *path, Failure *reterr) {
        struct stat st;
        int r;

        if (fstatat(p->root_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : fail_at(path, errno, "look at", reterr);
        if (S_ISDIR(st.st_mode))
                return write_tree(p, path, reterr);
        if (S_ISREG(st.st_mode))
                return write_file(p, path, reterr);
        if (S_ISSOCK(st.st_mode)) /* means nothing without the process that made it */
                return 0;
        r = set_entry(p, path, &st);
        if (r >= 0)
                r = write_link(p, path, &st, reterr);
        if (r != 0)
                return MIN2(r, 0);
        return S_ISLNK(st.st_mode) ? write_symlink(p, path, reterr)
                                   : write_header(p, path, reterr);
}

static int list_names(int fd, const char *path, char ***ret, Failure *reterr) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int copy;

        copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
        if (copy >= 0 && !(dir = fdopendir(copy)))
                close_fd(copy);
        if (!dir)
                return fail_at(path, errno, "list", reterr);
        while ((errno = 0, entry = readdir(dir)))
                if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..") &&
                                strv_push(&names, entry->d_name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (errno != 0)
                return fail_at(path, errno, "list", reterr);
        strv_sort(names);
        *ret = TAKE_PTR(names);
        return 0;
}

/* What is mounted below what was asked for and has no files but what the kernel says at the moment. */
static bool is_kernels_own(const Pack *p, int fd, const struct stat *st) {
        struct statfs fs;

        return p->as && st->st_dev != p->dev && fstatfs(fd, &fs) == 0 &&
               (fs.f_type == PROC_SUPER_MAGIC || fs.f_type == SYSFS_MAGIC ||
                               fs.f_type == CGROUP2_SUPER_MAGIC);
}

/* By paths from the root, so that no depth of a tree needs as many descriptors; too deep a one is refused by the kernel. */
static int write_tree(Pack *p, const char *path, Failure *reterr) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int r;

        fd = open_entry(p, path, O_DIRECTORY);
        if (fd == -ENOENT || fd == -ENOTDIR || fd == -ELOOP)
                return 0;
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail_at(path, fd < 0 ? fd : errno, "open", reterr);
        r = set_entry(p, path, &st);
        if (r >= 0)
                r = add_attributes(p, path, fd, reterr);
        if (r >= 0)
                r = write_header(p, path, reterr);
        if (r >= 0 && !is_kernels_own(p, fd, &st))
                r = list_names(fd, path, &names, reterr);
        fd = close_fd(fd);
        STRV_FOREACH(name, names) {
                _cleanup_free_ char *below = NULL;

                if (r < 0)
                        break;
                if (str_printf(&below, "%s%s%s", path, *path ? "/" : "", *name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                r = write_entry(p, below, reterr);
        }
        return r;
}

static int run(Pack *p, const char *path, Failure *reterr) {
        int r;

        if (!p->tar || !p->entry || !p->piece || map_new(&p->links) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (archive_write_set_format_pax_restricted(p->tar) != ARCHIVE_OK ||
                        archive_write_set_bytes_per_block(p->tar, (int) PIECE_BYTES) !=
                                        ARCHIVE_OK ||
                        archive_write_set_bytes_in_last_block(p->tar, 512) != ARCHIVE_OK ||
                        archive_write_open(p->tar, p, NULL, write_out, NULL) != ARCHIVE_OK)
                return writing_fails(p, "", reterr);
        r = *path ? write_entry(p, path, reterr) : write_tree(p, "", reterr);
        if (r >= 0 && archive_write_close(p->tar) != ARCHIVE_OK)
                r = writing_fails(p, "", reterr);
        return r;
}

int pack_tree(int root_fd, ArchiveOut *out, PackProgressFn fn, void *userdata, Failure *reterr) {
        _cleanup_(pack_done) Pack p = {
                .root_fd = root_fd,
                .out = out,
                .tar = archive_write_new(),
                .entry = archive_entry_new(),
                .piece = malloc(PIECE_BYTES),
                .failure = reterr,
                .fn = fn,
                .userdata = userdata,
        };

        return run(&p, "", reterr);
}

int pack_entry(int dir_fd, const char *name, const char *as, ArchiveOut *out, PackProgressFn fn,
                void *userdata, Failure *reterr) {
        _cleanup_(pack_done) Pack p = {
                .root_fd = dir_fd,
                .as = as,
                .skip = strlen(name),
                .out = out,
                .tar = archive_write_new(),
                .entry = archive_entry_new(),
                .piece = malloc(PIECE_BYTES),
                .failure = reterr,
                .fn = fn,
                .userdata = userdata,
        };
        struct stat st;

        if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return fail_at(name, errno, "look at", reterr);
        if (S_ISSOCK(st.st_mode))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.256s' is a socket, which cannot be copied", as);
        p.dev = st.st_dev;
        return run(&p, name, reterr);
}
