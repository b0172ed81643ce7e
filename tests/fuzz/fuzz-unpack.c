/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Unpacks what may be an archive. Nothing may crash, nothing may come to be beside the tree, all of it can be deleted, and
 * what was unpacked makes the same tar again.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "puller/delete-tree.h"
#include "puller/tar-split.h"
#include "puller/unpack.h"
#include "fuzz.h"


static int make_sandbox(char path[static 32]) {
        int fd;

        strcpy(path, "/dev/shm/fuzz-unpack-XXXXXX");
        if (!mkdtemp(path))
                abort();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || mkdirat(fd, "root", 0700) < 0)
                abort();
        return fd;
}

static void make_again(int layer_fd, const char *diff_id) {
        _cleanup_(tar_split_reader_freep) TarSplitReader *reader = NULL;
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        _cleanup_failure_ Failure f = {};
        char buffer[4096], hex[DIGEST_HEX_MAX];
        Digest digest;
        ssize_t n;

        if (tar_split_reader_new(layer_fd, "fuzz", &reader, &f) < 0) {
                if (f.errnum != ENODATA) /* INCOMPLETE, which may be */
                        abort();
                return;
        }
        if (hasher_new(&hasher) < 0)
                abort();
        while ((n = tar_split_read(reader, buffer, sizeof(buffer), &f)) > 0)
                if (hasher_add(hasher, buffer, (size_t) n) < 0)
                        abort();
        if (n < 0 || hasher_finish(hasher, &digest) < 0)
                abort();
        digest_to_hex(&digest, hex);
        if (!streq(hex, diff_id))
                abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        _cleanup_close_ int archive_fd = -EBADF, sandbox_fd = -EBADF, root_fd = -EBADF;
        _cleanup_pull_report_ PullReport report = { .type = PULL_REPORT_RESULT };
        _cleanup_failure_ Failure f = {};
        char path[32];
        int r;

        sandbox_fd = make_sandbox(path);
        root_fd = open_dir_at(sandbox_fd, "root");
        archive_fd = memfd_create("archive", MFD_CLOEXEC);
        if (root_fd < 0 || archive_fd < 0 || pwrite_full(archive_fd, data, size, 0) < 0)
                abort();

        r = unpack_archive(
                        &(UnpackArgs) {
                                .archive_fd = archive_fd,
                                .root_fd = root_fd,
                                .layer_fd = sandbox_fd,
                                .name = "fuzz",
                                .limit_bytes = 4 << 20,
                                .limit_entries = 500,
                                .require_end = size % 2 == 0,
                        },
                        &report.result, &f);
        if ((r < 0) != failure_is_set(&f) || (r >= 0 && strlen(report.result.diff_id) != 64))
                abort();
        if (r >= 0)
                make_again(sandbox_fd, report.result.diff_id);
        if (delete_tree_at(sandbox_fd, "root") < 0 ||
                        delete_tree_at(sandbox_fd, TAR_SPLIT_GONE) < 0 ||
                        delete_tree_at(sandbox_fd, TAR_SPLIT_NAME) < 0 || rmdir(path) < 0) /* it is empty but for these */
                abort();
        return 0;
}
