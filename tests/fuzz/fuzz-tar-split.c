/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reads what may be a layer's `split`: the header as it is, the rest as the records, which are compressed here so that
 * changes of a byte mean something; with an odd first byte all as it is. Nothing but the layer's files may come out.
 */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>
#include "base/fd.h"
#include "base/str.h"
#include "puller/delete-tree.h"
#include "puller/tar-split.h"
#include "fuzz.h"

static int make_layer(char path[static 32]) {
        _cleanup_close_ int root_fd = -EBADF, gone_fd = -EBADF, deep_fd = -EBADF;
        int fd;

        strcpy(path, "/dev/shm/fuzz-split-XXXXXX");
        if (!mkdtemp(path))
                abort();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        root_fd = fd < 0 ? fd : mkdir_open_at(fd, "root", 0700);
        gone_fd = fd < 0 ? fd : mkdir_open_at(fd, TAR_SPLIT_GONE, 0700);
        deep_fd = root_fd < 0 ? root_fd : mkdir_open_at(root_fd, "d", 0700);
        if (deep_fd < 0 || gone_fd < 0 || write_file_at(root_fd, "a", "hello", 5, 0600, 0) < 0 ||
                        write_file_at(deep_fd, "b", "world", 5, 0600, 0) < 0 ||
                        write_file_at(gone_fd, "0", "early", 5, 0600, 0) < 0 ||
                        symlinkat("/etc/passwd", root_fd, "l") < 0 ||
                        mkfifoat(root_fd, "p", 0600) < 0)
                abort();
        return fd;
}

static void write_split(int fd, const uint8_t *data, size_t size) {
        size_t bound = ZSTD_compressBound(size);
        _cleanup_free_ uint8_t *file = malloc(TAR_SPLIT_HEADER_BYTES + bound);

        assert(file);
        if (size < TAR_SPLIT_HEADER_BYTES || data[0] % 2 == 1)
                memcpy(file, data, size);
        else {
                memcpy(file, data, TAR_SPLIT_HEADER_BYTES);
                size = ZSTD_compress(file + TAR_SPLIT_HEADER_BYTES, bound,
                                data + TAR_SPLIT_HEADER_BYTES, size - TAR_SPLIT_HEADER_BYTES, 1);
                assert(!ZSTD_isError(size));
                size += TAR_SPLIT_HEADER_BYTES;
        }
        if (write_file_at(fd, TAR_SPLIT_NAME, file, size, 0600, 0) < 0)
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_(tar_split_reader_freep) TarSplitReader *reader = NULL;
        _cleanup_close_ int fd = -EBADF;
        _cleanup_failure_ Failure f = {};
        uint64_t given = 0;
        char path[32], buffer[700];
        ssize_t n = -1;

        fd = make_layer(path);
        write_split(fd, data, size);
        if (tar_split_reader_new(fd, "fuzz", &reader, &f) >= 0) {
                while ((n = tar_split_read(reader, buffer, sizeof(buffer), &f)) > 0) {
                        given += (uint64_t) n;
                        if (given > tar_split_size(reader))
                                abort();
                }
                if (n == 0 && given != tar_split_size(reader))
                        abort();
        }
        if ((n < 0) != failure_is_set(&f))
                abort();
        if (delete_tree_at(fd, "root") < 0 || delete_tree_at(fd, TAR_SPLIT_GONE) < 0 ||
                        unlinkat(fd, TAR_SPLIT_NAME, 0) < 0 || rmdir(path) < 0)
                abort();
        return 0;
}
