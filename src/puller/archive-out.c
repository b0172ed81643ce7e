/* SPDX-License-Identifier: Apache-2.0 */
/* puller/archive-out.c: headers, contents, padding. */
#include "puller/archive-out.h"
#include <assert.h>
#include <poll.h>
#include <unistd.h>
#include "model/ustar.h"

int archive_out_write(ArchiveOut *out, const void *data, size_t size, Failure *reterr) {
        const uint8_t *p = data;

        while (size > 0) {
                ssize_t n;

                n = write(out->fd, p, size);
                if (n < 0 && errno == EAGAIN) {
                        struct pollfd fd = { .fd = out->fd, .events = POLLOUT };

                        (void) poll(&fd, 1, -1); /* write() tells what is the matter */
                        continue;
                }
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0 && errno == EPIPE)
                        return fail(reterr, FAILURE_CANCELLED, EPIPE,
                                        "Nobody reads the archive any more");
                if (n < 0)
                        return fail_errno(reterr, errno, "Failed to write the archive");
                p += n;
                size -= (size_t) n;
                out->bytes += (uint64_t) n;
        }
        return 0;
}

int archive_out_begin(ArchiveOut *out, const char *name, uint64_t size, Failure *reterr) {
        uint8_t block[USTAR_BLOCK];
        int r;

        assert(out->left == 0);
        r = ustar_encode(name, '0', size, block);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to name '%s' in the archive", name);
        out->left = out->size = size;
        return archive_out_write(out, block, sizeof(block), reterr);
}

int archive_out_data(ArchiveOut *out, const void *data, size_t size, Failure *reterr) {
        static const uint8_t zeros[USTAR_BLOCK];
        int r;

        assert(size <= out->left);
        r = archive_out_write(out, data, size, reterr);
        if (r < 0)
                return r;
        out->left -= size;
        if (out->left > 0)
                return 0;
        return archive_out_write(
                        out, zeros, (size_t) (ustar_padded(out->size) - out->size), reterr);
}

int archive_out_file(
                ArchiveOut *out, const char *name, const void *data, size_t size, Failure *reterr) {
        int r;

        r = archive_out_begin(out, name, size, reterr);
        return r < 0 ? r : archive_out_data(out, data, size, reterr);
}

int archive_out_dir(ArchiveOut *out, const char *name, Failure *reterr) {
        uint8_t block[USTAR_BLOCK];
        int r;

        r = ustar_encode(name, '5', 0, block);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to name '%s' in the archive", name);
        return archive_out_write(out, block, sizeof(block), reterr);
}

int archive_out_end(ArchiveOut *out, Failure *reterr) {
        static const uint8_t zeros[2 * USTAR_BLOCK];

        return archive_out_write(out, zeros, sizeof(zeros), reterr);
}
