/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Copies what may be an archive into a tree with links that lead out of it; the first byte says where to and how. Nothing may
 * crash, and nothing beside the tree may come to be or change.
 */
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "puller/archive-stream.h"
#include "puller/delete-tree.h"
#include "puller/unpack-copy.h"
#include "fuzz.h"

#define ROOT "root"
#define OUTSIDE "outside"
#define VICTIM OUTSIDE "/victim"
#define UNTOUCHED "untouched"
#define MODE 0640

enum {
        HOW_WANTS_DIR = 1,
        HOW_ONE = 2,
        HOW_KEEP_OWNERS = 4,
        HOW_REFUSE_LINKS = 8,
        HOW_SKIP_DEVICES = 16,
        HOW_PLACE_SHIFT = 5,
};

static void put(int dir_fd, const char *path, const char *text) {
        _cleanup_close_ int fd = -EBADF;

        fd = openat(dir_fd, path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, MODE);
        if (fd < 0 || write_full(fd, text, strlen(text)) < 0)
                abort();
}

static int make_sandbox(char path[static 32]) {
        int fd;

        strcpy(path, "/dev/shm/fuzz-copy-XXXXXX");
        if (!mkdtemp(path))
                abort();
        fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0 || mkdirat(fd, ROOT, 0700) < 0 || mkdirat(fd, OUTSIDE, 0700) < 0 ||
                        mkdirat(fd, ROOT "/d", 0755) < 0 ||
                        symlinkat("../" OUTSIDE, fd, ROOT "/out") < 0 ||
                        symlinkat("../" VICTIM, fd, ROOT "/victim") < 0 ||
                        symlinkat("../../" OUTSIDE, fd, ROOT "/d/out") < 0 ||
                        symlinkat("d", fd, ROOT "/in") < 0)
                abort();
        put(fd, VICTIM, UNTOUCHED);
        put(fd, ROOT "/f", "file");
        return fd;
}

static void check_outside(int sandbox_fd) {
        char text[sizeof(UNTOUCHED) + 1] = {};
        _cleanup_close_ int fd = openat(sandbox_fd, VICTIM, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        struct stat st, dir;

        if (fd < 0 || read(fd, text, sizeof(text)) != (ssize_t) strlen(UNTOUCHED) ||
                        strcmp(text, UNTOUCHED) != 0)
                abort();
        if (fstat(fd, &st) < 0 || (st.st_mode & 07777) != MODE || st.st_nlink != 1 ||
                        fstatat(sandbox_fd, OUTSIDE, &dir, 0) < 0 || (dir.st_mode & 07777) != 0700)
                abort();
}

static int copy(int archive_fd, CopyInto *into, Failure *reterr) {
        _cleanup_(archive_stream_freep) ArchiveStream *stream = NULL;
        const ArchiveLimits limits = { .bytes = 4 << 20, .ratio = 1000, .free_bytes = 4 << 20 };
        int r;

        r = archive_stream_new(archive_fd, into->name, &limits, NULL, NULL, &stream, reterr);
        if (r >= 0)
                r = archive_stream_open(stream, reterr);
        return r < 0 ? r : copy_into(archive_stream_tar(stream), into, reterr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        static const struct {
                const char *path;
                bool is_dir;
        } places[] = { { "", true }, { "d", true }, { "f", false }, { "new", false } };
        _cleanup_close_ int archive_fd = -EBADF, sandbox_fd = -EBADF, root_fd = -EBADF;
        uint8_t how = size > 0 ? *data : 0;
        size_t place = how >> HOW_PLACE_SHIFT & 3;
        _cleanup_failure_ Failure f = {};
        char path[32];
        int r;

        sandbox_fd = make_sandbox(path);
        root_fd = open_dir_at(sandbox_fd, ROOT);
        archive_fd = memfd_create("archive", MFD_CLOEXEC);
        if (root_fd < 0 || archive_fd < 0 ||
                        (size > 1 && pwrite_full(archive_fd, data + 1, size - 1, 0) < 0))
                abort();

        r = copy(archive_fd,
                        &(CopyInto){
                                        .root_fd = root_fd,
                                        .place = places[place].path,
                                        .shown = "/place",
                                        .place_is_dir = places[place].is_dir,
                                        .wants_dir = how & HOW_WANTS_DIR,
                                        .one = (how & HOW_ONE) || !places[place].is_dir,
                                        .keep_owners = how & HOW_KEEP_OWNERS,
                                        .refuse_links = how & HOW_REFUSE_LINKS,
                                        .skip_devices = how & HOW_SKIP_DEVICES,
                                        .name = "fuzz",
                                        .limit_entries = 500,
                        },
                        &f);
        if ((r < 0) != failure_is_set(&f))
                abort();
        check_outside(sandbox_fd);
        if (delete_tree_at(sandbox_fd, ROOT) < 0 || unlinkat(sandbox_fd, VICTIM, 0) < 0 ||
                        unlinkat(sandbox_fd, OUTSIDE, AT_REMOVEDIR) < 0 || rmdir(path) < 0) /* it is empty but for these */
                abort();
        return 0;
}
