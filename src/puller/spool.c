/* SPDX-License-Identifier: Apache-2.0 */
/* puller/spool.c: a hole where the archive has only zeros costs no disk. */
#include "puller/spool.h"
#include <string.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "model/ustar.h"

bool spool_wanted(int fd) {
        uint8_t block[USTAR_BLOCK];
        UstarHeader h;
        struct stat st;

        return fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || lseek(fd, 0, SEEK_CUR) != 0 ||
               pread_full(fd, block, sizeof(block), 0) != (ssize_t) sizeof(block) ||
               ustar_decode(block, &h) <= 0;
}

static bool is_zero(const uint8_t *data, size_t size) {
        return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

int spool_fill(int fd, int spool_fd, const char *name, uint64_t limit, DecompressorFn fn,
                void *userdata, Failure *reterr) {
        _cleanup_(decompressor_freep) Decompressor *d = NULL;
        uint64_t at = 0;
        const void *data;
        ssize_t n;
        int r;

        r = decompressor_new(fd, name, fn, userdata, &d, reterr);
        if (r < 0)
                return r;
        while ((n = decompressor_read(d, &data)) > 0) {
                if ((uint64_t) n > limit - at)
                        return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                        "'%s' is larger than %ju bytes when unpacked", name,
                                        (uintmax_t) limit);
                r = is_zero(data, (size_t) n)
                                    ? 0
                                    : pwrite_full(spool_fd, data, (size_t) n, (off_t) at);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to put '%s' aside", name);
                at += (uint64_t) n;
        }
        if (n < 0)
                return decompressor_fail(d, reterr);
        if (decompressor_input(d) == 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, ENODATA, "'%s' is empty", name);
        if (ftruncate(spool_fd, (off_t) at) < 0)
                return fail_errno(reterr, errno, "Failed to put '%s' aside", name);
        return 0;
}
