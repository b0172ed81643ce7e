/* SPDX-License-Identifier: Apache-2.0 */
/* Unpacks what may be an archive. Nothing may crash, nothing may come to be beside the tree, and all of it can be deleted. */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "puller/delete-tree.h"
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
                                .name = "fuzz",
                                .limit_bytes = 4 << 20,
                                .limit_entries = 500,
                                .require_end = size % 2 == 0,
                        },
                        &report.result, &f);
        if ((r < 0) != failure_is_set(&f) || (r >= 0 && strlen(report.result.diff_id) != 64))
                abort();
        if (delete_tree_at(sandbox_fd, "root") < 0 || rmdir(path) < 0) /* it is empty but for the root */
                abort();
        return 0;
}
