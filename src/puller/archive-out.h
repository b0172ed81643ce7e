/* SPDX-License-Identifier: Apache-2.0 */
/* puller/archive-out.h: a tar of plain files on its way to a client, who may read slowly. */
#pragma once
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct ArchiveOut {
        int fd;            /* borrowed; may be one that does not block */
        uint64_t bytes;    /* written so far */
        uint64_t left;     /* of the file begun */
        uint64_t size;     /* the same */
} ArchiveOut;

/** archive_out_write() - as it is. These: 0, or what fail() gives: FAILURE_CANCELLED where nobody reads any more. */
int archive_out_write(ArchiveOut *out, const void *data, size_t size, Failure *reterr);

/** archive_out_begin() - a file's header; then come @size bytes by archive_out_data(), which ends it, too. */
int archive_out_begin(ArchiveOut *out, const char *name, uint64_t size, Failure *reterr);
int archive_out_data(ArchiveOut *out, const void *data, size_t size, Failure *reterr);

/** archive_out_file() - both in one; archive_out_dir() - a directory; archive_out_end() - what ends a tar. */
int archive_out_file(
                ArchiveOut *out, const char *name, const void *data, size_t size, Failure *reterr);
int archive_out_dir(ArchiveOut *out, const char *name, Failure *reterr);
int archive_out_end(ArchiveOut *out, Failure *reterr);
