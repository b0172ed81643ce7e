/* SPDX-License-Identifier: Apache-2.0 */
/* puller/unpack-copy.c: see unpack-copy.h. Where an entry comes is decided here; how it is made without leaving the root is tree.c's. */
#include "puller/unpack-copy.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/names.h"
#include "puller/entry-attributes.h"
#include "puller/entry-name.h"
#include "puller/tree.h"

typedef struct Copy {
        struct archive *tar; /* borrowed */
        CopyInto *into;      /* borrowed */
        Tree *tree;          /* owned */
        char top[ARCHIVE_PATH_MAX]; /* with `one`: the first entry's first component */
        bool begun;
        bool is_dir; /* the entry under way; for what stands in its way */
        uint64_t n_entries;
} Copy;

typedef struct Entry {
        struct archive_entry *header; /* borrowed */
        char path[ARCHIVE_PATH_MAX];  /* below the root */
        char shown[ENTRY_SHOWN_MAX];
        TreeAttributes attributes;
} Entry;

static int refuse(const Copy *c, const Entry *e, int error, const char *why, Failure *reterr) {
        return fail(reterr, FAILURE_INVALID_ARCHIVE, error, "Entry '%s' of '%s' %s", e->shown,
                        c->into->name, why);
}

static int reading_fails(const Copy *c, Failure *reterr) {
        const char *text = archive_error_string(c->tar);
        char shown[ENTRY_SHOWN_MAX];

        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "'%s' is no tar, or damaged: %s",
                        c->into->name,
                        entry_show(text ? text : "no reason is told", shown, sizeof(shown)));
}

static int fail_entry(const Copy *c, const Entry *e, int error, Failure *reterr) {
        switch (error) {
        case -EISDIR:
                return refuse(c, e, error, "cannot take the place of a directory", reterr);
        case -EEXIST:
                return refuse(c, e, error, "is a directory, which cannot take the place of a file",
                                reterr);
        case -ENOTDIR:
                return refuse(c, e, error, "lies below what is no directory", reterr);
        case -ELOOP:
                return refuse(c, e, error, "lies behind a link", reterr);
        case -EXDEV:
                return refuse(c, e, error, "leads out of the archive", reterr);
        case -EINVAL:
                if (!c->into->keep_owners)
                        break;
                return fail(reterr, FAILURE_INVALID_ARCHIVE, error,
                                "'%s' belongs to %u:%u, of which one is nobody there", e->shown,
                                e->attributes.uid, e->attributes.gid);
        case -EROFS:
                return fail(reterr, FAILURE_ACCESS_DENIED, error,
                                "'%s' cannot be written: the file system there is read-only",
                                e->shown);
        }
        return fail_errno(reterr, error, "Failed to copy '%s'", e->shown);
}

/* A file or a link goes; a directory stays, with all that is in it. */
static int on_replace(int parent_fd, const char *name, const char *path, void *userdata) {
        const Copy *c = userdata;
        struct stat st;

        if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if (S_ISDIR(st.st_mode))
                return -EISDIR;
        if (c->is_dir)
                return -EEXIST;
        return unlinkat(parent_fd, name, 0) < 0 ? -errno : 0;
}

/* @path: of the archive, normalized. Return: 0, -EXDEV, or -ENAMETOOLONG. */
static int place_path(const Copy *c, const char *path, char ret[static ARCHIVE_PATH_MAX]) {
        const char *place = c->into->place;
        int n;

        if (c->into->one) {
                const char *rest = startswith(path, c->top);

                if (!rest || (*c->top && *rest && *rest != '/'))
                        return -EXDEV;
                if (!c->into->place_is_dir || !*c->top)
                        path = rest + strspn(rest, "/");
        }
        n = snprintf(ret, ARCHIVE_PATH_MAX, "%s%s%s", place, *place && *path ? "/" : "", path);
        return n < 0 || n >= (int) ARCHIVE_PATH_MAX ? -ENAMETOOLONG : 0;
}

static int read_attributes(const Copy *c, Entry *e, Failure *reterr) {
        la_int64_t uid = archive_entry_uid(e->header), gid = archive_entry_gid(e->header);

        if (c->into->keep_owners && (uid < 0 || uid > UINT32_MAX - 1 || gid < 0 ||
                                                    gid > UINT32_MAX - 1))
                return refuse(c, e, EINVAL, "belongs to nobody that there could be", reterr);
        entry_attributes(e->header, &e->attributes);
        return 0;
}

/* Those that need a privilege that the caller lacks, or a file system that this one is not, are left out. */
static int set_xattrs(const Copy *c, const Entry *e, int fd, Failure *reterr) {
        const char *name;
        const void *value;
        size_t size, n = 0;

        (void) archive_entry_xattr_reset(e->header); /* how many there are, which next() tells as well */
        while (archive_entry_xattr_next(e->header, &name, &value, &size) == ARCHIVE_OK) {
                if (!name || !entry_attribute_wanted(name))
                        continue;
                if (++n > ARCHIVE_XATTRS_MAX || size > ARCHIVE_XATTR_BYTES_MAX)
                        return refuse(c, e, E2BIG, "has too many extended attributes", reterr);
                if (fsetxattr(fd, name, value, size, 0) < 0 && errno != EOPNOTSUPP &&
                                errno != EPERM)
                        return fail_entry(c, e, -errno, reterr);
        }
        return 0;
}

static int copy_data(const Copy *c, const Entry *e, int fd, Failure *reterr) {
        la_int64_t size = archive_entry_size(e->header), offset, end = 0;
        const void *data;
        size_t n;
        int r;

        if (size < 0)
                return refuse(c, e, EBADMSG, "lies about its size", reterr);
        while ((r = archive_read_data_block(c->tar, &data, &n, &offset)) == ARCHIVE_OK) {
                if (offset < 0 || offset > size || n > (uint64_t) (size - offset))
                        return refuse(c, e, EBADMSG, "lies about its size", reterr);
                r = pwrite_full(fd, data, n, offset);
                if (r < 0)
                        return fail_entry(c, e, r, reterr);
                end = n > 0 ? offset + (la_int64_t) n : end;
        }
        if (r != ARCHIVE_EOF)
                return reading_fails(c, reterr);
        return end < size && ftruncate(fd, size) < 0 ? fail_entry(c, e, -errno, reterr) : 0;
}

static int copy_file(const Copy *c, const Entry *e, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = tree_make_file(c->tree, e->path, &e->attributes, &fd);
        if (r < 0)
                return fail_entry(c, e, r, reterr);
        r = copy_data(c, e, fd, reterr);
        if (r < 0)
                return r;
        r = tree_seal_file(c->tree, fd, &e->attributes);
        if (r < 0)
                return fail_entry(c, e, r, reterr);
        r = set_xattrs(c, e, fd, reterr);
        if (r < 0)
                return r;
        r = tree_set_time(fd, &e->attributes.mtime);
        return r < 0 ? fail_entry(c, e, r, reterr) : 0;
}

/* The directory that was named stays as it is; those in it become what the archive says. */
static int copy_dir(const Copy *c, const Entry *e, Failure *reterr) {
        int fd, r;

        if (c->into->place_is_dir && streq(e->path, c->into->place))
                return 0;
        r = tree_make_dir(c->tree, e->path, &e->attributes, &fd);
        return r < 0 ? fail_entry(c, e, r, reterr) : set_xattrs(c, e, fd, reterr);
}

static int copy_hardlink(const Copy *c, const Entry *e, const char *target, Failure *reterr) {
        char path[ARCHIVE_PATH_MAX], placed[ARCHIVE_PATH_MAX];
        int r;

        r = entry_path_normalize(target, path);
        if (r >= 0)
                r = place_path(c, path, placed);
        if (r >= 0)
                r = tree_make_link(c->tree, e->path, placed);
        if (r == -ENOENT)
                return refuse(c, e, r, "is a hard link to what is not there", reterr);
        return r < 0 ? fail_entry(c, e, r, reterr) : 0;
}

static int copy_by_type(Copy *c, const Entry *e, Failure *reterr) {
        const char *target = archive_entry_symlink(e->header);
        int r = 0;

        switch (archive_entry_filetype(e->header)) {
        case AE_IFREG:
                return copy_file(c, e, reterr);
        case AE_IFDIR:
                return copy_dir(c, e, reterr);
        case AE_IFLNK:
                if (isempty(target))
                        return refuse(c, e, EINVAL, "is a link without a target", reterr);
                r = tree_make_symlink(c->tree, e->path, target, &e->attributes);
                break;
        case AE_IFIFO:
                r = tree_make_fifo(c->tree, e->path, &e->attributes);
                break;
        case AE_IFCHR:
        case AE_IFBLK:
                if (!c->into->skip_devices)
                        return refuse(c, e, EPERM, "is a device, which cannot be made there",
                                        reterr);
                c->into->n_skipped++;
                break;
        case AE_IFSOCK:
                break; /* means nothing without the process that made it */
        default:
                return refuse(c, e, EINVAL, "is of no known type", reterr);
        }
        return r < 0 ? fail_entry(c, e, r, reterr) : 0;
}

/* The first entry says what the thing is that all others belong to. */
static int begin(Copy *c, const Entry *e, const char *path, Failure *reterr) {
        c->begun = true;
        if (!c->into->one)
                return 0;
        (void) snprintf(c->top, sizeof(c->top), "%.*s", (int) strcspn(path, "/"), path); /* fits */
        if (c->into->wants_dir && !c->into->place_is_dir && !c->is_dir)
                return fail(reterr, FAILURE_INVALID_ARGS, ENOTDIR,
                                "There is no directory '%.256s' to copy '%s' into", c->into->shown,
                                e->shown);
        return 0;
}

static int copy_entry(Copy *c, struct archive_entry *header, Failure *reterr) {
        const char *name = archive_entry_pathname(header), *target;
        Entry e = { .header = header };
        char path[ARCHIVE_PATH_MAX];
        int r;

        if (!name)
                return reading_fails(c, reterr);
        entry_show(name, e.shown, sizeof(e.shown));
        if (++c->n_entries > c->into->limit_entries)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "'%s' has more than %ju entries", c->into->name,
                                (uintmax_t) c->into->limit_entries);
        target = archive_entry_hardlink(header);
        c->is_dir = !target && archive_entry_filetype(header) == AE_IFDIR;
        r = entry_path_normalize(name, path);
        if (r < 0)
                return fail_entry(c, &e, r, reterr);
        r = c->begun ? 0 : begin(c, &e, path, reterr);
        if (r < 0)
                return r;
        r = place_path(c, path, e.path);
        if (r < 0)
                return fail_entry(c, &e, r, reterr);
        r = read_attributes(c, &e, reterr);
        if (r < 0)
                return r;
        return target ? copy_hardlink(c, &e, target, reterr) : copy_by_type(c, &e, reterr);
}

/* Names that are not ASCII are warned of in the C locale, and their bytes are what we want. */
static bool header_usable(struct archive *tar, int r) {
        return r == ARCHIVE_OK || (r == ARCHIVE_WARN && archive_errno(tar) == EILSEQ);
}

static int copy_entries(Copy *c, Failure *reterr) {
        for (;;) {
                struct archive_entry *header;
                int r;

                r = archive_read_next_header(c->tar, &header);
                if (r == ARCHIVE_EOF)
                        return 0;
                if (!header_usable(c->tar, r))
                        return reading_fails(c, reterr);
                r = copy_entry(c, header, reterr);
                if (r < 0)
                        return r;
        }
}

int copy_into(struct archive *tar, CopyInto *into, Failure *reterr) {
        _cleanup_(tree_freep) Tree *tree = NULL;
        Copy c = { .tar = tar, .into = into };
        int r;

        r = tree_new(into->root_fd, into->keep_owners, into->limit_entries, &tree);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to prepare for '%s'", into->name);
        c.tree = tree;
        tree_on_replace(tree, on_replace, &c);
        if (into->refuse_links)
                tree_refuse_links(tree);
        r = copy_entries(&c, reterr);
        if (r < 0)
                return r;
        r = tree_finish(tree);
        return r < 0 ? fail_errno(reterr, r, "Failed to set the times of what was copied") : 0;
}
