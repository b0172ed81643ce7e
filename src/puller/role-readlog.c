/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/role-readlog.c: the process that copies a log to a client. The files belong to the host's root, so it stays that
 * user, without a capability, and can reach nothing but the one directory, to read it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "monitor/log-format.h"
#include "puller/confine.h"
#include "puller/readlog.h"
#include "puller/report.h"
#include "puller/role-options.h"
#include "puller/roles.h"

#define MEMORY_BYTES (256 * MIB)
#define PIPE_BYTES (1024 * 1024)

/* Before anything is read, so that nothing is missed; while /proc is still to be seen. */
static int watch(int dir_fd, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        char path[FD_PATH_MAX];

        fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to watch the log");
        fd_path(dir_fd, path);
        if (inotify_add_watch(fd, path, READLOG_EVENTS | IN_ONLYDIR) < 0)
                return fail_errno(reterr, errno, "Failed to watch the log");
        return TAKE_FD(fd);
}

static int read_log(ReadlogArgs *args, Failure *reterr) {
        int r;

        /* a larger pipe saves switches to and fro; at its limit the old size does as well */
        (void) fcntl(args->print.out_fd, F_SETPIPE_SZ, PIPE_BYTES);
        if (args->follow) {
                args->notify_fd = watch(args->dir_fd, reterr);
                if (args->notify_fd < 0)
                        return args->notify_fd;
        }
        if (geteuid() == 0) { /* a reader of its own logs has nothing to give up */
                r = confine_finish(&(ConfineProfile) {
                        .root_fd = args->dir_fd,
                        .access = CONFINE_READ,
                        .memory_bytes = MEMORY_BYTES,
                }, reterr);
                if (r < 0)
                        return r;
        }

        r = readlog(args);
        return r < 0 ? fail_errno(reterr, r, "Failed to read the log") : 0;
}

int role_readlog(int argc, char **argv) {
        ReadlogArgs args = {
                .dir_fd = -EBADF,
                .notify_fd = -EBADF,
                .end_fd = -EBADF,
                .print = { .out_fd = -EBADF, .until_nsec = UINT64_MAX },
        };
        _cleanup_failure_ Failure failure = {};
        Reporter reporter = { .fd = -EBADF };
        bool *streams = args.print.streams;
        int r;
        const RoleOption known[] = {
                { "--log-dir-fd", ROLE_OPTION_FD, true, &args.dir_fd, NULL },
                { "--out-fd", ROLE_OPTION_FD, true, &args.print.out_fd, NULL },
                { "--end-fd", ROLE_OPTION_FD, false, &args.end_fd, NULL },
                { "--report-fd", ROLE_OPTION_FD, false, &reporter.fd, NULL },
                { "--follow", ROLE_OPTION_SWITCH, false, &args.follow, NULL },
                { "--tail", ROLE_OPTION_NUMBER, false, &args.tail, &args.tail_set },
                { "--since", ROLE_OPTION_NUMBER, false, &args.print.since_nsec, NULL },
                { "--until", ROLE_OPTION_NUMBER, false, &args.print.until_nsec, NULL },
                { "--timestamps", ROLE_OPTION_SWITCH, false, &args.print.timestamps, NULL },
                { "--framed", ROLE_OPTION_SWITCH, false, &args.print.framed, NULL },
                { "--stdout", ROLE_OPTION_SWITCH, false, &streams[LOG_STREAM_STDOUT], NULL },
                { "--stderr", ROLE_OPTION_SWITCH, false, &streams[LOG_STREAM_STDERR], NULL },
                {},
        };

        r = role_options_parse(known, argc, argv);
        if (r != argc)
                return EXIT_FAILURE;
        if (!streams[LOG_STREAM_STDOUT] && !streams[LOG_STREAM_STDERR])
                streams[LOG_STREAM_STDOUT] = streams[LOG_STREAM_STDERR] = true;

        r = confine_begin(
                        (const int[]) { args.dir_fd, args.print.out_fd, args.end_fd, reporter.fd },
                        4, &failure);
        if (r >= 0)
                r = read_log(&args, &failure);
        if (r >= 0)
                return EXIT_SUCCESS;
        if (reporter.fd < 0)
                fprintf(stderr, "pocketdocker-files readlog: %s\n", failure_message(&failure));
        (void) reporter_failure(&reporter, &failure); /* the exit status says it as well */
        return EXIT_FAILURE;
}
