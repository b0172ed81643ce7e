/* SPDX-License-Identifier: Apache-2.0 */
/* puller/foreign-ids.c: enters the user namespace of the foreign id range. Knows no archive. */
#include "puller/foreign-ids.h"
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "base/fd.h"
#include "model/names.h"

static int write_map(pid_t pid, const char *file) {
        char path[64], map[64];

        (void) snprintf(path, sizeof(path), "/proc/%d/%s", pid, file);                             /* fits */
        (void) snprintf(map, sizeof(map), "0 %u %u\n", FOREIGN_ID_BASE, FOREIGN_ID_COUNT); /* fits */
        return write_existing_at(AT_FDCWD, path, map);
}

/*
 * The child: waits until its parent sits in the new namespace, then writes the maps as the host's root, which the
 * parent no longer is. It has called nothing but fork() before and ends by _exit().
 */
static void __attribute__((__noreturn__)) write_maps(pid_t parent, int wait_fd) {
        char byte;
        int r;

        if (read_full(wait_fd, &byte, 1) != 1)
                _exit(EXIT_SUCCESS); /* the parent got no namespace, and knows */
        r = write_map(parent, "gid_map");
        if (r >= 0)
                r = write_map(parent, "uid_map");
        _exit(r < 0 ? -r : 0);
}

/* Return: 0, or the negative errno that the child ended with. */
static int reap(pid_t pid) {
        int status;

        while (waitpid(pid, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        if (!WIFEXITED(status))
                return -ECHILD;
        return -WEXITSTATUS(status);
}

static int unshare_and_map(void) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        pid_t parent = getpid(), child;
        int fds[2], error = 0, r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        read_fd = fds[0];
        write_fd = fds[1];

        child = fork();
        if (child < 0)
                return -errno;
        if (child == 0) {
                (void) close_fd(write_fd); /* or the child would wait for itself */
                write_maps(parent, read_fd);
        }

        if (unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC) < 0)
                error = -errno;
        else
                error = write_full(write_fd, "", 1);
        write_fd = close_fd(write_fd);
        r = reap(child);
        return error < 0 ? error : r;
}

int foreign_ids_enter(int owned_fd, Failure *reterr) {
        int r;

        if (geteuid() != 0)
                return fail(reterr, FAILURE_ACCESS_DENIED, EPERM,
                                "Only root can enter the id range of '%u'", FOREIGN_ID_BASE);
        if (fchown(owned_fd, FOREIGN_ID_BASE, FOREIGN_ID_BASE) < 0)
                return fail_errno(reterr, errno,
                                "Failed to give the staging directory to user '%u'",
                                FOREIGN_ID_BASE);

        r = unshare_and_map();
        if (r == -EPERM || r == -ENOSPC || r == -EUSERS || r == -EINVAL)
                return fail(reterr, FAILURE_NOT_AVAILABLE, r,
                                "A user namespace for the ids from '%u' cannot be made: %s",
                                FOREIGN_ID_BASE, strerror(-r));
        if (r < 0)
                return fail_errno(reterr, r,
                                "Failed to make a user namespace for the ids from '%u'",
                                FOREIGN_ID_BASE);

        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return fail_errno(reterr, errno, "Failed to become root of the ids from '%u'",
                                FOREIGN_ID_BASE);
        return 0;
}
