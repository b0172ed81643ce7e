/* SPDX-License-Identifier: Apache-2.0 */
/* cli/output-file.c: written beside its place, then renamed; what is no regular file is written as it is. */
#include "cli/output-file.h"
#include <fcntl.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"

static int open_beside(const char *path, OutputFile *f, Failure *reterr) {
        struct stat st;

        if (stat(path, &st) >= 0 && !S_ISREG(st.st_mode)) {
                f->fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
                return f->fd < 0 ? fail_errno(reterr, errno, "Failed to open '%s'", path) : 0;
        }
        if (str_printf(&f->part, "%s.part-%d", path, (int) getpid()) < 0)
                return -ENOMEM;
        f->fd = open(f->part, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (f->fd >= 0)
                return 0;
        f->part = (free(f->part), NULL);
        return fail_errno(reterr, errno, "Failed to make '%s'", path);
}

int output_file_open(const char *path, OutputFile *ret, Failure *reterr) {
        OutputFile f = { .fd = -EBADF };
        int r;

        if (path && !streq(path, "-")) {
                f.path = path;
                r = open_beside(path, &f, reterr);
                if (r < 0)
                        return r;
                *ret = f;
                return 0;
        }
        if (isatty(STDOUT_FILENO))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "Standard output is a terminal: name a file by '--output', or "
                                "redirect it");
        f.fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (f.fd < 0)
                return fail_errno(reterr, errno, "Failed to write to standard output");
        *ret = f;
        return 0;
}

int output_file_finish(OutputFile *f, Failure *reterr) {
        if (f->part && rename(f->part, f->path) < 0)
                return fail_errno(reterr, errno, "Failed to give '%s' its name", f->path);
        f->part = (free(f->part), NULL);
        return 0;
}

void output_file_done(OutputFile *f) {
        if (f->part)
                (void) unlink(f->part); /* nothing can be done about one that stays */
        free(f->part);
        close_fd(f->fd);
}
