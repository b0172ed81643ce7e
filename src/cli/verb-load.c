/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-load.c: archives of images on their way in: a file, standard input, or a directory that is an OCI layout. */
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/str.h"
#include "cli/layout-tar.h"
#include "cli/operation.h"
#include "cli/verbs.h"
#include "model/digest.h"
#include "model/id.h"
#include "model/limits.h"
#include "model/names.h"

/* @ret_dir_fd: where @file is a directory: it is to be written into the other end, *@ret_write_fd. */
static int open_archive(const char *file, int *ret_fd, int *ret_dir_fd, int *ret_write_fd,
                Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat st;
        int fds[2];

        if (streq(file, "-")) {
                if (isatty(STDIN_FILENO))
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "Standard input is a terminal, not an archive");
                fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        } else
                fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (fd < 0 || fstat(fd, &st) < 0)
                return fail_errno(reterr, errno, "Failed to open '%s'", file);
        if (!S_ISDIR(st.st_mode)) {
                *ret_fd = TAKE_FD(fd);
                return 0;
        }
        if (pipe2(fds, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a pipe");
        *ret_fd = fds[0];
        *ret_write_fd = fds[1];
        *ret_dir_fd = TAKE_FD(fd);
        return 0;
}

static int append_options(sd_bus_message *m, const char *name, const char *platform) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && strlen(name) < ARCHIVE_NAME_MAX && utf8_is_valid(name))
                r = sd_bus_message_append(m, "{sv}", "name", "s", name);
        if (r >= 0 && platform)
                r = sd_bus_message_append(m, "{sv}", "platform", "s", platform);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int begin(Client *c, int fd, const char *name, const char *platform, char **ret_operation,
                Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        const char *operation;
        int r;

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "LoadImage", &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "h", fd);
        if (r >= 0)
                r = append_options(m, name, platform);
        if (r < 0)
                return client_message_error(r, reterr);
        r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &operation);
        if (r >= 0)
                r = free_and_strdup(ret_operation, operation);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_load(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF, dir_fd = -EBADF, write_fd = -EBADF;
        const char *file = arguments_string(args, "input") ?: "-",
                   *name = streq(file, "-") ? "standard input" : file;
        _cleanup_strv_free_ char **results = NULL;
        _cleanup_free_ char *operation = NULL;
        int r;

        r = open_archive(file, &fd, &dir_fd, &write_fd, reterr);
        if (r >= 0)
                r = begin(c, fd, name, arguments_string(args, "platform"), &operation, reterr);
        if (r < 0)
                return r;
        fd = close_fd(fd); /* the service has its own */
        if (dir_fd >= 0) {
                (void) signal(SIGPIPE, SIG_IGN); /* an error of write(), of which Wait tells more */
                r = layout_tar_write(dir_fd, write_fd, name, reterr);
                write_fd = close_fd(write_fd);
                if (r < 0)
                        return r;
        }
        r = operation_wait(c, operation, NULL, &results, reterr);
        if (r < 0)
                return r;
        STRV_FOREACH(result, results)
                printf(id_is_valid(*result) ? "Loaded image ID: " DIGEST_PREFIX "%s\n"
                                            : "Loaded image: %s\n",
                                *result);
        return 0;
}
