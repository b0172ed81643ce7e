/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/mount-source.c: see mount-source.h. */
#include "runtime/mount-source.h"
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/mountinfo.h"
#include "base/str.h"
#include "model/limits.h"

void mount_source_done(MountSource *s) {
        free(s->path);
        *s = (MountSource) {};
}

/* Those whose answer depends on a process or a machine that may be the caller's. */
static bool may_wait(const char *type) {
        static const char *const types[] = { "9p", "afs", "autofs", "ceph", "cifs", "coda", "fuse",
                "fuseblk", "nfs", "nfs4", "smb3", "smbfs" };

        if (startswith(type, "fuse."))
                return true;
        for (size_t i = 0; i < ELEMENTSOF(types); i++)
                if (streq(types[i], type))
                        return true;
        return false;
}

/* As it was opened: who may only name it has not shown that he may read it. */
static int check_flags(int fd, Failure *reterr) {
        int flags = fcntl(fd, F_GETFL);

        if (flags < 0)
                return fail_errno(reterr, errno, "Failed to look at the descriptor");
        if (flags & O_PATH)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The descriptor was opened with 'O_PATH': open it for reading");
        if ((flags & O_ACCMODE) == O_WRONLY)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The descriptor is not open for reading");
        return 0;
}

static int read_path(int fd, char **ret, Failure *reterr) {
        char link[FD_PATH_MAX], path[PATH_MAX];
        struct stat st;
        ssize_t n;

        fd_path(fd, link);
        n = readlink(link, path, sizeof(path) - 1);
        if (n < 0)
                return fail_errno(reterr, errno, "Failed to look at the descriptor");
        path[n] = '\0';
        if (fstat(fd, &st) < 0)
                return fail_errno(reterr, errno, "Failed to look at '%s'", path);
        if (!S_ISDIR(st.st_mode) && !S_ISREG(st.st_mode))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.256s' is neither a directory nor a regular file", path);
        if (path[0] != '/' || st.st_nlink == 0 || (size_t) n >= sizeof(path) - 1 ||
                        !utf8_is_valid(path))
                return fail(reterr, FAILURE_INVALID_ARGS, ENOENT,
                                "'%.256s' has no path that it could be found by again", path);
        return free_and_strdup(ret, path) < 0
                               ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory")
                               : 0;
}

int mount_source_from_fd(int fd, MountSource *ret, Failure *reterr) {
        MountSource s = {};
        char type[64];
        int r;

        r = check_flags(fd, reterr);
        if (r < 0)
                return r;
        r = mountinfo_type(fd, type, sizeof(type));
        if (r == -ENOENT)
                return fail(reterr, FAILURE_INVALID_ARGS, EXDEV,
                                "The descriptor is of another mount namespace than the service's");
        if (r < 0)
                return fail_errno(reterr, r, "Failed to find the descriptor's mount");
        if (may_wait(type))
                return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                                "A file system of type '%s' cannot map user ids", type);
        r = read_path(fd, &s.path, reterr);
        if (r >= 0) {
                r = file_identity(fd, s.identity);
                if (r < 0)
                        r = fail(reterr, FAILURE_NOT_AVAILABLE, r,
                                        "A file system of type '%s' does not tell its files apart",
                                        type);
        }
        if (r < 0) {
                mount_source_done(&s);
                return r;
        }
        *ret = s;
        return 0;
}
