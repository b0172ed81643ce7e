/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/embedded.c: finds the socket of the daemon that serves one state directory, and has one started where there is none.
 *
 * Two commands may start one at the same time: the daemon's lock lets one of them serve, and the other says that it is
 * ready once the first one is.
 */
#include "cli/embedded.h"
#include <fcntl.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/cleanup.h"
#include "base/fd.h"
#include "base/str.h"
#include "cli/embedded-start.h"
#include "model/names.h"
#include "model/sha256.h"

enum { CONNECT_TRIES = 3 }; /* one may be ending just when we come */

static int state_root(char **ret, Failure *reterr) {
        const char *root = getenv(ENV_ROOT);
        struct passwd *pw;
        char *cwd;
        int r;

        if (!isempty(root) && root[0] == '/')
                r = str_printf(ret, "%s", root);
        else if (!isempty(root)) {
                cwd = getcwd(NULL, 0);
                if (!cwd)
                        return fail_errno(reterr, errno, "Failed to find the current directory");
                r = str_printf(ret, "%s/%s", cwd, root);
                free(cwd);
        } else {
                /* From passwd and not from $HOME, which sudo may leave at another user's. */
                pw = getpwuid(geteuid());
                if (!pw || isempty(pw->pw_dir))
                        return fail(reterr, FAILURE_INTERNAL, ENOENT,
                                        "User %u has no home directory", (unsigned) geteuid());
                r = str_printf(ret, "%s/%s", pw->pw_dir, STATE_DIR_EMBEDDED);
        }
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory") : 0;
}

/* The real path of the part that exists, and the rest as it is written. */
static int real_path(const char *path, char **ret) {
        _cleanup_free_ char *head = NULL, *real = NULL;
        char *slash;

        real = realpath(path, NULL);
        if (real) {
                *ret = TAKE_PTR(real);
                return 0;
        }
        if (errno != ENOENT)
                return -errno;

        head = strdup(path);
        if (!head)
                return -ENOMEM;
        for (size_t n = strlen(head); n > 1 && head[n - 1] == '/'; n--)
                head[n - 1] = '\0';
        while ((slash = strrchr(head, '/'))) {
                *slash = '\0';
                real = realpath(slash == head ? "/" : head, NULL);
                if (real)
                        return str_printf(ret, "%s%s%s", streq(real, "/") ? "" : real, "/",
                                        path + (slash - head) + 1);
        }
        return -ENOENT;
}

int embedded_run_root(const char *root, char **ret, Failure *reterr) {
        _cleanup_free_ char *real = NULL;
        const char *given = getenv(ENV_RUN_ROOT);
        char hex[17];
        uint8_t hash[32];
        int r;

        if (!isempty(given)) {
                r = str_printf(ret, "%s", given);
                return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory") : 0;
        }

        r = real_path(root, &real);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to resolve '%s'", root);
        for (size_t n = strlen(real); n > 1 && real[n - 1] == '/'; n--)
                real[n - 1] = '\0';

        sha256(real, strlen(real), hash);
        hex_encode(hash, 8, hex);
        r = str_printf(ret, "%s%s", RUN_DIR_EMBEDDED_PREFIX, hex);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, r, "Out of memory") : 0;
}

/* -ENOENT and -ECONNREFUSED say that nobody serves. */
static int try_connect(const char *run_root) {
        _cleanup_close_ int fd = -EBADF, dir_fd = -EBADF;
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        int n;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;

        n = snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", run_root,
                        RUN_FILE_SOCKET);
        if (n >= (int) sizeof(address.sun_path)) {
                /* A socket's path has 108 bytes; a directory's may be longer. */
                dir_fd = open(run_root, O_PATH | O_DIRECTORY | O_CLOEXEC);
                if (dir_fd < 0)
                        return -errno;
                (void) snprintf(address.sun_path, sizeof(address.sun_path), "/proc/self/fd/%d/%s",
                                dir_fd, RUN_FILE_SOCKET);
        }
        if (connect(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int embedded_connect(Failure *reterr) {
        _cleanup_free_ char *root = NULL, *run_root = NULL;
        int fd = -ENOENT, r;

        if (geteuid() != 0)
                return fail(reterr, FAILURE_ACCESS_DENIED, EPERM,
                                "The service 'pocketdocker' is not installed here, and only root "
                                "can run containers without it");

        r = state_root(&root, reterr);
        if (r < 0)
                return r;
        r = embedded_run_root(root, &run_root, reterr);
        if (r < 0)
                return r;

        for (unsigned i = 0; i < CONNECT_TRIES; i++) {
                fd = try_connect(run_root);
                if (fd >= 0)
                        return fd;
                if (fd != -ENOENT && fd != -ECONNREFUSED)
                        break;

                r = embedded_start(root, run_root, reterr);
                if (r < 0)
                        return r;
        }
        if (fd == -ENOENT || fd == -ECONNREFUSED)
                fd = try_connect(run_root);
        return fd < 0 ? fail_errno(reterr, fd, "Failed to connect to '%s/%s'", run_root,
                                        RUN_FILE_SOCKET)
                      : fd;
}
