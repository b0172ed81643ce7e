/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/unpack.c: turns a tar into a layer's tree, entry by entry. What an entry means is decided here; how it is made
 * without leaving the tree is tree.c's. Knows no process, no report pipe.
 */
#include "puller/unpack.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "model/names.h"
#include "puller/archive-stream.h"
#include "puller/delete-tree.h"
#include "puller/entry-attributes.h"
#include "puller/entry-name.h"
#include "puller/tree.h"

typedef struct Unpack {
        const UnpackArgs *args; /* borrowed */
        ArchiveStream *stream;  /* owned */
        Tree *tree;             /* owned */
        TarSplitWriter *split;  /* owned; NULL: none is wanted */
        int split_fd, gone_fd;  /* owned */
        PullResult result;
        size_t n_devices_allocated;
        uint64_t limit_depth;
} Unpack;

/* One entry while it is looked at. Pointers are borrowed from the reader. */
typedef struct Entry {
        struct archive_entry *header;
        const char *name; /* as the archive has it */
        char path[ARCHIVE_PATH_MAX];
        char shown[ENTRY_SHOWN_MAX];
        TreeAttributes attributes;
} Entry;

static void result_done(PullResult *result) {
        for (size_t i = 0; i < result->n_devices; i++)
                free(result->devices[i].path);
        free(result->devices);
        free(result->config);
        *result = (PullResult) {};
}

static void unpack_done(Unpack *u) {
        tree_free(u->tree);
        archive_stream_free(u->stream);
        tar_split_writer_free(u->split);
        close_fd(u->split_fd);
        close_fd(u->gone_fd);
        result_done(&u->result);
}

static int refuse(const Unpack *u, const Entry *e, int error, const char *why, Failure *reterr) {
        return fail(reterr, FAILURE_INVALID_ARCHIVE, error, "Entry '%s' of '%s' %s", e->shown,
                        u->args->name, why);
}

/* The sentence for what tree.c gave. */
static int fail_entry(const Unpack *u, const Entry *e, int error, Failure *reterr) {
        switch (error) {
        case -ELOOP:
                return refuse(u, e, error, "goes through too many links", reterr);
        case -ENOTDIR:
                return refuse(u, e, error, "lies below a file", reterr);
        case -ENOENT:
                return refuse(u, e, error, "goes through a link that leads nowhere", reterr);
        case -EISDIR:
                return refuse(u, e, error, "stands where only a directory can", reterr);
        case -ENAMETOOLONG:
                return refuse(u, e, error, "has a name that is too long", reterr);
        case -EOVERFLOW:
                return fail(reterr, FAILURE_LIMIT_REACHED, error,
                                "Entry '%s' of '%s' lies deeper than %ju directories", e->shown,
                                u->args->name, (uintmax_t) u->limit_depth);
        case -E2BIG:
                return fail(reterr, FAILURE_LIMIT_REACHED, error,
                                "Entry '%s' of '%s' makes it more than %ju files and directories",
                                e->shown, u->args->name,
                                (uintmax_t) u->args->limit_entries);
        }
        return fail_errno(reterr, error, "Failed to unpack entry '%s' of '%s'", e->shown,
                        u->args->name);
}

static int read_owner(const Unpack *u, Entry *e, Failure *reterr) {
        la_int64_t uid = archive_entry_uid(e->header), gid = archive_entry_gid(e->header);

        if (uid < 0 || uid >= FOREIGN_ID_COUNT || gid < 0 || gid >= FOREIGN_ID_COUNT)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EOVERFLOW,
                                "Entry '%s' of '%s' belongs to %jd:%jd; ids go up to %u", e->shown,
                                u->args->name, (intmax_t) uid, (intmax_t) gid,
                                FOREIGN_ID_COUNT - 1);

        entry_attributes(e->header, &e->attributes);
        return 0;
}

static int set_attributes(const Unpack *u, const Entry *e, int fd, Failure *reterr) {
        const char *name;
        const void *value;
        size_t size, n = 0;

        (void) archive_entry_xattr_reset(e->header); /* how many there are, which next() tells as well */
        while (archive_entry_xattr_next(e->header, &name, &value, &size) == ARCHIVE_OK) {
                if (!name || !entry_attribute_wanted(name))
                        continue;
                if (++n > ARCHIVE_XATTRS_MAX || size > ARCHIVE_XATTR_BYTES_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "Entry '%s' of '%s' has too many extended attributes, or "
                                        "too long ones",
                                        e->shown, u->args->name);
                /* What a file system has no room for at all is left out, as other unpackers do. */
                if (fsetxattr(fd, name, value, size, 0) < 0 && errno != EOPNOTSUPP) {
                        char shown[ENTRY_SHOWN_MAX];

                        if (errno == EINVAL)
                                return refuse(u, e, EINVAL, "has a damaged extended attribute",
                                                reterr);

                        return fail_errno(reterr, errno,
                                        "Failed to set attribute '%s' of entry '%s' of '%s'",
                                        entry_show(name, shown, sizeof(shown)), e->shown,
                                        u->args->name);
                }
        }
        return 0;
}

/* Copies an entry's data. Holes are left out; what is claimed and not there is a hole at the end. */
static int copy_data(Unpack *u, const Entry *e, int fd, Failure *reterr) {
        la_int64_t size = archive_entry_size(e->header), offset;
        /* A sparse file's data is not what the tar has, and what lies behind a link is found by no plain path. */
        bool told = u->split && !tree_went_through_link(u->tree) &&
                    archive_entry_sparse_count(e->header) == 0;
        struct archive *tar = archive_stream_tar(u->stream);
        uint64_t end = 0;
        bool whole = true;
        const void *data;
        size_t n;
        int r;

        if (size < 0 || (uint64_t) size > u->args->limit_bytes)
                return fail(reterr, size < 0 ? FAILURE_INVALID_ARCHIVE : FAILURE_LIMIT_REACHED,
                                EFBIG, "Entry '%s' of '%s' is %jd bytes large; the limit is %ju",
                                e->shown, u->args->name, (intmax_t) size,
                                (uintmax_t) u->args->limit_bytes);

        if (told) {
                r = archive_stream_content(u->stream, e->path, (uint64_t) size);
                if (r < 0)
                        return archive_stream_fail(u->stream, e->shown, reterr);
        }
        while ((r = archive_read_data_block(tar, &data, &n, &offset)) == ARCHIVE_OK) {
                if (offset < 0 || offset > size || n > (uint64_t) (size - offset))
                        return refuse(u, e, EBADMSG, "lies about its size", reterr);
                r = pwrite_full(fd, data, n, offset);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to write entry '%s' of '%s'", e->shown,
                                        u->args->name);
                whole = whole && (uint64_t) offset == end;
                if (n > 0)
                        end = (uint64_t) offset + n;
        }
        if (r != ARCHIVE_EOF)
                return archive_stream_fail(u->stream, e->shown, reterr);
        if (end < (uint64_t) size && ftruncate(fd, size) < 0)
                return fail_errno(reterr, errno, "Failed to write entry '%s' of '%s'", e->shown,
                                u->args->name);
        if (told && (!whole || end != (uint64_t) size))
                tar_split_incomplete(u->split); /* it is sparse in a way that the header did not show */

        u->result.size_bytes += (uint64_t) size;
        return 0;
}

static int unpack_file(Unpack *u, const Entry *e, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        r = tree_make_file(u->tree, e->path, &e->attributes, &fd);
        if (r < 0)
                return fail_entry(u, e, r, reterr);
        r = copy_data(u, e, fd, reterr);
        if (r < 0)
                return r;

        /* In this order: writing and changing the owner take privileges off a file, attributes change no time. */
        r = tree_seal_file(u->tree, fd, &e->attributes);
        if (r < 0)
                return fail_entry(u, e, r, reterr);
        r = set_attributes(u, e, fd, reterr);
        if (r < 0)
                return r;
        r = tree_set_time(fd, &e->attributes.mtime);
        return r < 0 ? fail_entry(u, e, r, reterr) : 0;
}

static int unpack_dir(Unpack *u, const Entry *e, Failure *reterr) {
        int fd, r;

        r = tree_make_dir(u->tree, e->path, &e->attributes, &fd);
        if (r < 0)
                return fail_entry(u, e, r, reterr);
        return set_attributes(u, e, fd, reterr);
}

static int unpack_hardlink(Unpack *u, const Entry *e, const char *target, Failure *reterr) {
        char path[ARCHIVE_PATH_MAX], shown[ENTRY_SHOWN_MAX];
        int r;

        r = entry_path_normalize(target, path);
        if (r >= 0)
                r = tree_make_link(u->tree, e->path, path);
        if (r >= 0)
                return 0;

        entry_show(target, shown, sizeof(shown));
        switch (r) {
        case -EXDEV:
                return fail(reterr, FAILURE_INVALID_ARCHIVE, r,
                                "Entry '%s' of '%s' is a hard link to '%s', outside of the archive",
                                e->shown, u->args->name, shown);
        case -ENOENT:
        case -ENOTDIR:
                return fail(reterr, FAILURE_INVALID_ARCHIVE, r,
                                "Entry '%s' of '%s' is a hard link to '%s', which is not there",
                                e->shown, u->args->name, shown);
        case -EISDIR:
                return fail(reterr, FAILURE_INVALID_ARCHIVE, r,
                                "Entry '%s' of '%s' is a hard link to or in the place of a "
                                "directory, '%s'",
                                e->shown, u->args->name, shown);
        }
        return fail_entry(u, e, r, reterr);
}

static int unpack_symlink(Unpack *u, const Entry *e, Failure *reterr) {
        const char *target = archive_entry_symlink(e->header);
        int r;

        if (isempty(target))
                return refuse(u, e, EINVAL, "is a link without a target", reterr);
        r = tree_make_symlink(u->tree, e->path, target, &e->attributes);
        return r < 0 ? fail_entry(u, e, r, reterr) : 0;
}

/* A device node cannot be made in a user namespace: it is told to the daemon, which keeps the list beside the layer. */
static int list_device(Unpack *u, const Entry *e, char type, Failure *reterr) {
        PullResult *result = &u->result;
        char shown[ARCHIVE_PATH_MAX];
        PullDevice *device;

        if (result->n_devices >= DEVICES_MAX)
                return 0;
        if (result->n_devices == u->n_devices_allocated) {
                size_t n = u->n_devices_allocated ? u->n_devices_allocated * 2 : 16;
                PullDevice *devices;

                devices = reallocarray(result->devices, n, sizeof(*devices));
                if (!devices)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                result->devices = devices;
                u->n_devices_allocated = n;
        }

        device = &result->devices[result->n_devices];
        *device = (PullDevice) {
                .type = type,
                .major = (uint32_t) archive_entry_rdevmajor(e->header),
                .minor = (uint32_t) archive_entry_rdevminor(e->header),
                .mode = e->attributes.mode,
                .uid = e->attributes.uid,
                .gid = e->attributes.gid,
                .path = strdup(entry_show(e->path, shown, sizeof(shown))),
        };
        if (!device->path)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        result->n_devices++;
        return 0;
}

static int unpack_whiteout(
                Unpack *u, Entry *e, Whiteout whiteout, const char *hidden, Failure *reterr) {
        char *slash = strrchr(e->path, '/');
        int r;

        switch (whiteout) {
        case WHITEOUT_ENTRY: {
                char *name = slash ? slash + 1 : e->path;

                memmove(name, hidden, strlen(hidden) + 1); /* it is the end of that very string */
                r = tree_hide(u->tree, e->path);
                break;
        }
        case WHITEOUT_OPAQUE:
                e->path[slash ? slash - e->path : 0] = '\0';
                r = tree_hide_below(u->tree, e->path);
                break;
        case WHITEOUT_IGNORED:
                return 0;
        default:
                return refuse(u, e, EINVAL, "is a whiteout that names nothing", reterr);
        }
        return r < 0 ? fail_entry(u, e, r, reterr) : 0;
}

static int unpack_by_type(Unpack *u, Entry *e, Failure *reterr) {
        int r;

        switch (archive_entry_filetype(e->header)) {
        case AE_IFREG:
                return unpack_file(u, e, reterr);
        case AE_IFDIR:
                return unpack_dir(u, e, reterr);
        case AE_IFLNK:
                return unpack_symlink(u, e, reterr);
        case AE_IFIFO:
                r = tree_make_fifo(u->tree, e->path, &e->attributes);
                return r < 0 ? fail_entry(u, e, r, reterr) : 0;
        case AE_IFCHR:
                return list_device(u, e, 'c', reterr);
        case AE_IFBLK:
                return list_device(u, e, 'b', reterr);
        case AE_IFSOCK:
                return 0; /* means nothing without the process that made it */
        }
        return refuse(u, e, EINVAL, "is of no known type", reterr);
}

static int unpack_entry(Unpack *u, struct archive_entry *header, Failure *reterr) {
        Entry e = { .header = header, .name = archive_entry_pathname(header) };
        const char *last, *hidden = NULL, *target;
        Whiteout whiteout;
        int r;

        if (!e.name)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EINVAL,
                                "'%s' has an entry without a name", u->args->name);
        entry_show(e.name, e.shown, sizeof(e.shown));
        if (++u->result.entries > u->args->limit_entries)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "'%s' has more than %ju entries, of which the next is '%s'",
                                u->args->name, (uintmax_t) u->args->limit_entries, e.shown);

        r = entry_path_normalize(e.name, e.path);
        if (r == -EXDEV)
                return refuse(u, &e, r, "leads out of the archive", reterr);
        if (r >= 0 && entry_path_depth(e.path) > u->limit_depth)
                r = -EOVERFLOW;
        if (r < 0)
                return fail_entry(u, &e, r, reterr);
        r = read_owner(u, &e, reterr);
        if (r < 0)
                return r;

        last = strrchr(e.path, '/');
        whiteout = entry_whiteout(last ? last + 1 : e.path, &hidden);
        if (whiteout != WHITEOUT_NONE)
                return unpack_whiteout(u, &e, whiteout, hidden, reterr);

        target = archive_entry_hardlink(header);
        return target ? unpack_hardlink(u, &e, target, reterr) : unpack_by_type(u, &e, reterr);
}

/*
 * In the C locale the library warns (EILSEQ) of each name that is not ASCII and keeps its bytes, which is what we want;
 * in a UTF-8 locale it would compose accents and so change names. Any other warning means damage.
 */
static bool header_usable(struct archive *tar, int r) {
        return r == ARCHIVE_OK || (r == ARCHIVE_WARN && archive_errno(tar) == EILSEQ);
}

static int unpack_entries(Unpack *u, Failure *reterr) {
        struct archive *tar = archive_stream_tar(u->stream);

        for (;;) {
                struct archive_entry *header;
                int r;

                r = archive_read_next_header(tar, &header);
                if (r == ARCHIVE_EOF)
                        return 0;
                if (!header_usable(tar, r))
                        return archive_stream_fail(u->stream, NULL, reterr);
                r = unpack_entry(u, header, reterr);
                if (r < 0)
                        return r;
        }
}

/* What a later entry replaces is kept, as long as the tar cannot be made again without it. */
static int on_replace(int parent_fd, const char *name, const char *path, void *userdata) {
        char number[sizeof("4294967295")];
        Unpack *u = userdata;
        struct stat st;
        uint32_t n;
        int r;

        if (fstatat(parent_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                return errno == ENOENT ? 0 : -errno;
        if ((S_ISREG(st.st_mode) && st.st_size > 0) || S_ISDIR(st.st_mode)) {
                if (!path)
                        tar_split_incomplete(u->split);
                r = path ? tar_split_moved(u->split, path, &n) : -E2BIG;
                if (r < 0 && r != -E2BIG)
                        return r;
                if (r >= 0 && u->gone_fd < 0)
                        u->gone_fd = r = mkdir_open_at(u->args->layer_fd, TAR_SPLIT_GONE, 0700);
                if (r >= 0) {
                        (void) snprintf(number, sizeof(number), "%u", n); /* fits */
                        if (renameat2(parent_fd, name, u->gone_fd, number, RENAME_NOREPLACE) >= 0)
                                return 0;
                        return -errno;
                }
                if (r != -E2BIG)
                        return r;
        }
        return delete_tree_at(parent_fd, name);
}

static int begin_split(Unpack *u) {
        int r;

        if (u->args->layer_fd < 0)
                return 0;
        u->split_fd = openat(u->args->layer_fd, TAR_SPLIT_NAME,
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (u->split_fd < 0)
                return -errno;
        r = tar_split_writer_new(u->split_fd, &u->split);
        if (r < 0)
                return r;
        archive_stream_split(u->stream, u->split);
        tree_on_replace(u->tree, on_replace, u);
        return 0;
}

static void on_input(uint64_t done, uint64_t total, void *userdata) {
        Unpack *u = userdata;

        if (u->args->progress)
                u->args->progress(&(PullProgress) { .bytes_done = done,
                                                  .bytes_total = total,
                                                  .entries = u->result.entries },
                                u->args->userdata);
}

int unpack_archive(const UnpackArgs *args, PullResult *ret, Failure *reterr) {
        _cleanup_(unpack_done) Unpack u = { .args = args, .split_fd = -EBADF, .gone_fd = -EBADF };
        const ArchiveLimits limits = {
                .bytes = args->limit_bytes,
                .ratio = args->limit_ratio,
                .free_bytes = ARCHIVE_RATIO_FREE_BYTES,
        };
        Digest digest;
        int r;

        u.limit_depth = args->limit_depth ? args->limit_depth : ARCHIVE_DEPTH_MAX;
        r = tree_new(args->root_fd, args->keep_owners, args->limit_entries, &u.tree);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to prepare for '%s'", args->name);
        r = archive_stream_new(args->archive_fd, args->name, &limits, on_input, &u, &u.stream,
                        reterr);
        if (r < 0)
                return r;
        r = begin_split(&u);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to store what makes '%s' again", args->name);
        r = archive_stream_open(u.stream, reterr);
        if (r < 0)
                return r;

        r = unpack_entries(&u, reterr);
        if (r < 0)
                return r;
        r = archive_stream_finish(u.stream, args->require_end, &digest, reterr);
        if (r < 0)
                return r;
        r = tree_finish(u.tree);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to set the times of the directories of '%s'",
                                args->name);
        r = u.split ? tar_split_finish(u.split) : 0;
        if (r < 0)
                return fail_errno(reterr, r, "Failed to store what makes '%s' again", args->name);
        if (syncfs(args->root_fd) < 0)
                return fail_errno(reterr, errno, "Failed to write '%s' to the disk", args->name);

        digest_to_hex(&digest, u.result.diff_id);
        *ret = u.result;
        u.result = (PullResult) {};
        return 0;
}
