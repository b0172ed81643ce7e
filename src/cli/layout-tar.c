/* SPDX-License-Identifier: Apache-2.0 */
/* cli/layout-tar.c: files of the layout, one after the other; what else lies there stays there. */
#include "cli/layout-tar.h"
#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/ustar.h"

#define PIECE_BYTES (256U * 1024)
#define BLOBS "blobs/sha256"

typedef struct Writer {
        int dir_fd, out_fd;
        const char *name;
        uint8_t *piece; /* owned, PIECE_BYTES */
} Writer;

static int writing_fails(const Writer *w, int r, Failure *reterr) {
        return r == -EPIPE ? 0 : fail_errno(reterr, r, "Failed to send '%s'", w->name);
}

static int copy_file(const Writer *w, int fd, const char *path, uint64_t size, Failure *reterr) {
        uint64_t left = size;
        int r;

        while (left > 0) {
                ssize_t n;

                n = read_full(fd, w->piece, MIN2(left, (uint64_t) PIECE_BYTES));
                if (n <= 0)
                        return fail_errno(reterr, n < 0 ? (int) n : -EIO,
                                        "Failed to read '%s' of '%s'", path, w->name);
                r = write_full(w->out_fd, w->piece, (size_t) n);
                if (r < 0)
                        return writing_fails(w, r, reterr);
                left -= (uint64_t) n;
        }
        memset(w->piece, 0, USTAR_BLOCK);
        r = write_full(w->out_fd, w->piece, (size_t) (ustar_padded(size) - size));
        return r < 0 ? writing_fails(w, r, reterr) : 1;
}

static int write_file(const Writer *w, const char *path, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        uint8_t block[USTAR_BLOCK];
        struct stat st;
        int r;

        fd = openat(w->dir_fd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail_errno(reterr, errno, "Failed to open '%s' of '%s'", path, w->name);
        if (!S_ISREG(st.st_mode))
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EINVAL, "'%s' of '%s' is no file",
                                path, w->name);
        r = ustar_encode(path, '0', (uint64_t) st.st_size, block);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to send '%s' of '%s'", path, w->name);
        r = write_full(w->out_fd, block, sizeof(block));
        if (r < 0)
                return writing_fails(w, r, reterr);
        return copy_file(w, fd, path, (uint64_t) st.st_size, reterr);
}

static int write_blobs(const Writer *w, Failure *reterr) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int fd, r = 1;

        fd = openat(w->dir_fd, BLOBS, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0 && !(dir = fdopendir(fd)))
                close_fd(fd);
        if (!dir)
                return fail_errno(reterr, errno, "Failed to open '" BLOBS "' of '%s'", w->name);
        while (r > 0 && (errno = 0, entry = readdir(dir))) {
                _cleanup_free_ char *path = NULL;

                if (entry->d_name[0] == '.')
                        continue;
                if (str_printf(&path, BLOBS "/%s", entry->d_name) < 0)
                        return -ENOMEM;
                r = write_file(w, path, reterr);
        }
        return r;
}

int layout_tar_write(int dir_fd, int out_fd, const char *name, Failure *reterr) {
        static const uint8_t end[2 * USTAR_BLOCK];
        _cleanup_free_ uint8_t *piece = malloc(PIECE_BYTES);
        const Writer w = { .dir_fd = dir_fd, .out_fd = out_fd, .name = name, .piece = piece };
        int r;

        if (!piece)
                return -ENOMEM;
        r = write_file(&w, "oci-layout", reterr);
        if (r > 0)
                r = write_file(&w, "index.json", reterr);
        if (r > 0)
                r = write_blobs(&w, reterr);
        if (r > 0) {
                r = write_full(out_fd, end, sizeof(end));
                r = r < 0 ? writing_fails(&w, r, reterr) : 1;
        }
        return r;
}
