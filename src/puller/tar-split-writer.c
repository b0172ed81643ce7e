/* SPDX-License-Identifier: Apache-2.0 */
/* puller/tar-split-writer.c: writes the file `split` as a tar goes by. Knows its form from tar-split.h. */
#include <endian.h>
#include <errno.h>
#include <string.h>
#include <zstd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/tar-split.h"

#define LEVEL 1       /* headers and zeros: higher levels gain little here and cost their time */
#define WINDOW_LOG 17 /* headers of one directory are alike; more would be memory only */
#define OUTPUT_BYTES (64U * 1024)

struct TarSplitWriter {
        int fd;           /* borrowed */
        ZSTD_CCtx *frame; /* owned */
        uint64_t tar_bytes;
        uint32_t flags, n_moved;
        int error;        /* the first failure */
        size_t n_output;
        uint8_t output[OUTPUT_BYTES];
};

int tar_split_writer_new(int fd, TarSplitWriter **ret) {
        _cleanup_(tar_split_writer_freep) TarSplitWriter *w = NULL;
        const uint8_t header[TAR_SPLIT_HEADER_BYTES] = {};
        int r;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (TarSplitWriter) { .fd = fd, .frame = ZSTD_createCCtx() };
        if (!w->frame)
                return -ENOMEM;
        if (ZSTD_isError(ZSTD_CCtx_setParameter(w->frame, ZSTD_c_compressionLevel, LEVEL)) ||
                        ZSTD_isError(ZSTD_CCtx_setParameter(
                                        w->frame, ZSTD_c_windowLog, WINDOW_LOG)) ||
                        ZSTD_isError(ZSTD_CCtx_setParameter(w->frame, ZSTD_c_checksumFlag, 1)))
                return -EIO;

        /* Its place: what is in it is known at the end. Until then the file is none. */
        r = write_full(fd, header, sizeof(header));
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

TarSplitWriter *tar_split_writer_free(TarSplitWriter *w) {
        if (!w)
                return NULL;
        ZSTD_freeCCtx(w->frame);
        free(w);
        return NULL;
}

static int flush_output(TarSplitWriter *w) {
        int r;

        r = write_full(w->fd, w->output, w->n_output);
        w->n_output = 0;
        return r;
}

static int compress(TarSplitWriter *w, const void *data, size_t size, ZSTD_EndDirective end) {
        ZSTD_inBuffer in = { data, size, 0 };

        for (;;) {
                ZSTD_outBuffer out = { w->output, OUTPUT_BYTES, w->n_output };
                size_t left = ZSTD_compressStream2(w->frame, &out, &in, end);
                int r;

                if (ZSTD_isError(left))
                        return w->error = -EIO;
                w->n_output = out.pos;
                if (w->n_output == OUTPUT_BYTES || (end == ZSTD_e_end && left == 0)) {
                        r = flush_output(w);
                        if (r < 0)
                                return w->error = r;
                }
                if (end == ZSTD_e_end ? left == 0 : in.pos == size)
                        return 0;
        }
}

int tar_split_raw(TarSplitWriter *w, const void *data, size_t size) {
        const uint8_t *bytes = data;

        if (w->error < 0)
                return w->error;
        w->tar_bytes += size;
        while (size > 0) {
                uint32_t n = (uint32_t) MIN2(size, (size_t) TAR_SPLIT_RAW_MAX), n_le = htole32(n);
                uint8_t head[5] = { TAR_SPLIT_RAW };

                memcpy(head + 1, &n_le, sizeof(n_le));
                if (compress(w, head, sizeof(head), ZSTD_e_continue) < 0 ||
                                compress(w, bytes, n, ZSTD_e_continue) < 0)
                        return w->error;
                bytes += n;
                size -= n;
        }
        return 0;
}

/* @head: the record's beginning, with two bytes of room at its end for the path's length. */
static int write_path(TarSplitWriter *w, uint8_t *head, size_t size, const char *path) {
        size_t length = strlen(path);
        uint16_t length_le = htole16((uint16_t) length);

        if (length == 0 || length >= ARCHIVE_PATH_MAX)
                return w->error = -EINVAL;
        memcpy(head + size - sizeof(length_le), &length_le, sizeof(length_le));
        if (compress(w, head, size, ZSTD_e_continue) < 0 ||
                        compress(w, path, length, ZSTD_e_continue) < 0)
                return w->error;
        return 0;
}

int tar_split_file(TarSplitWriter *w, const char *path, uint64_t length) {
        uint8_t head[11] = { TAR_SPLIT_FILE };
        uint64_t length_le = htole64(length);

        if (w->error < 0)
                return w->error;
        if (length == 0)
                return 0;
        w->tar_bytes += length;
        memcpy(head + 1, &length_le, sizeof(length_le));
        return write_path(w, head, sizeof(head), path);
}

int tar_split_moved(TarSplitWriter *w, const char *path, uint32_t *ret_number) {
        uint8_t head[7] = { TAR_SPLIT_MOVED };
        uint32_t number_le = htole32(w->n_moved);
        int r;

        if (w->error < 0)
                return w->error;
        if (w->n_moved >= TAR_SPLIT_MOVED_MAX) {
                tar_split_incomplete(w);
                return -E2BIG;
        }
        memcpy(head + 1, &number_le, sizeof(number_le));
        r = write_path(w, head, sizeof(head), path);
        if (r < 0)
                return r;
        *ret_number = w->n_moved++;
        return 0;
}

void tar_split_incomplete(TarSplitWriter *w) {
        w->flags |= TAR_SPLIT_INCOMPLETE;
}

int tar_split_finish(TarSplitWriter *w) {
        const uint8_t end = TAR_SPLIT_END;
        const struct {
                char magic[8];
                uint32_t version, flags;
                uint64_t tar_bytes;
                uint32_t n_moved, zero;
        } header = {
                .magic = { TAR_SPLIT_MAGIC },
                .version = htole32(TAR_SPLIT_VERSION),
                .flags = htole32(w->flags),
                .tar_bytes = htole64(w->tar_bytes),
                .n_moved = htole32(w->n_moved),
        };

        _Static_assert(sizeof(header) == TAR_SPLIT_HEADER_BYTES, "the form of tar-split.h");
        if (w->error < 0)
                return w->error;
        if (compress(w, &end, sizeof(end), ZSTD_e_end) < 0)
                return w->error;
        return w->error = pwrite_full(w->fd, &header, sizeof(header), 0);
}
