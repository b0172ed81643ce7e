/* SPDX-License-Identifier: Apache-2.0 */
/* puller/unpack.h: turns a tar into a layer's tree. Knows archives and trees; confines nothing, reports to nobody. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"
#include "model/pull-report.h"

typedef void (*UnpackProgressFn)(const PullProgress *progress, void *userdata);

typedef struct UnpackArgs {
        int archive_fd;         /* borrowed; need not seek */
        int root_fd;            /* borrowed; an empty directory, O_RDONLY|O_DIRECTORY: the layer's root */
        int layer_fd;           /* borrowed; where `split` and `gone` come to be (tar-split.h); -EBADF: neither */
        const char *name;       /* what sentences call the archive */
        uint64_t limit_bytes;   /* after decompression, and of one file's size */
        uint64_t limit_entries; /* of the archive, and of what is made for them */
        uint64_t limit_ratio;   /* of unpacked to packed bytes beyond ARCHIVE_RATIO_FREE_BYTES; 0: any */
        uint64_t limit_depth;   /* of a path's components; 0: ARCHIVE_DEPTH_MAX, which none may exceed */
        bool keep_owners;       /* owners by number, 0 to 65535; else all is the caller's */
        bool require_end;       /* refuse a tar without its end, see archive_stream_finish() */
        UnpackProgressFn progress; /* may be NULL */
        void *userdata;
} UnpackArgs;

/**
 * unpack_archive() - unpack, hash, sync
 * @ret: diff_id, size_bytes, entries and devices are filled in; owned by the caller: release it as a report's
 *
 * Nothing outside of @root_fd and @layer_fd is opened, made or changed. On failure the tree is left as far as it came.
 *
 * Return: 0, or what fail() gives: FAILURE_INVALID_ARCHIVE, FAILURE_LIMIT_REACHED, FAILURE_DISK_FULL, …; each names its entry
 * or the limit.
 * Source: tar(5) of libarchive, OCI image-spec layer.md
 */
int unpack_archive(const UnpackArgs *args, PullResult *ret, Failure *reterr);
