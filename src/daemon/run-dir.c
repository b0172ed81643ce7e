/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/run-dir.c: knows directories, their owners and locks; knows no bus.
 *
 * One daemon serves a runtime directory: it holds the lock from its start to its end, and the socket is made and unlinked
 * under it. A second one finds the lock taken and watches the directory: either the socket answers, then its work
 * is done by the first, or the lock's file is closed by a first one that ended, then it is the next.
 */
#include "daemon/run-dir.h"
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "model/names.h"

#define LOCK_WAIT_USEC (60 * USEC_PER_SEC) /* the first one may be checking a large database */
#define LOCK_FD_MIN 200                    /* above every lock below the state directory */
#define LOCK_TRY_MSEC 100 /* the kernel tells of the close just before it takes the lock away */

void run_dir_done(RunDir *d) {
        d->dir_fd = close_fd(d->dir_fd);
        d->lock_fd = close_fd(d->lock_fd);
}

static int check_directory(const char *path, Failure *reterr) {
        struct stat st;

        if (stat(path, &st) < 0)
                return fail_errno(reterr, errno, "Failed to look at '%s'", path);
        if (!S_ISDIR(st.st_mode))
                return fail(reterr, FAILURE_NOT_AVAILABLE, ENOTDIR, "'%s' is not a directory",
                                path);
        if (st.st_uid != 0 && st.st_uid != geteuid())
                return fail(reterr, FAILURE_NOT_AVAILABLE, EPERM,
                                "Directory '%s' belongs to user %u, who could change what is below "
                                "it",
                                path, (unsigned) st.st_uid);
        if (st.st_mode & S_ISVTX)
                return 0;
        if ((st.st_mode & S_IWOTH) || ((st.st_mode & S_IWGRP) && st.st_gid != 0))
                return fail(reterr, FAILURE_NOT_AVAILABLE, EPERM,
                                "Directory '%s' can be written to by others", path);
        return 0;
}

static int make_directories(const char *path, Failure *reterr) {
        _cleanup_free_ char *copy = strdup(path);

        if (!copy)
                return fail(reterr, FAILURE_NO_MEMORY, 0, "Out of memory");

        for (char *p = copy + 1;; p++) {
                char end = *p;

                if (end != '/' && end != '\0')
                        continue;
                *p = '\0';
                if (mkdir(copy, 0700) < 0 && errno != EEXIST && errno != EROFS)
                        return fail_errno(reterr, errno, "Failed to make the directory '%s'", copy);
                if (end == '\0')
                        return 0;
                *p = end;
        }
}

int directory_make_trusted(const char *path, Failure *reterr) {
        _cleanup_free_ char *real = NULL;
        int r;

        r = make_directories(path, reterr);
        if (r < 0)
                return r;

        real = realpath(path, NULL);
        if (!real)
                return fail_errno(reterr, errno, "Failed to resolve '%s'", path);

        r = check_directory("/", reterr);
        for (char *p = real + 1; r >= 0; p++) {
                char end = *p;

                if (end != '/' && end != '\0')
                        continue;
                *p = '\0';
                r = check_directory(real, reterr);
                *p = end;
                if (end == '\0')
                        break;
        }
        return r;
}

static bool socket_answers(int dir_fd) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        (void) snprintf(address.sun_path, sizeof(address.sun_path),
                        "/proc/self/fd/%d/" RUN_FILE_SOCKET, dir_fd);
        return fd >= 0 &&
               (connect(fd, (struct sockaddr *) &address, sizeof(address)) >= 0 || errno == EAGAIN);
}

static bool lock_taken(int fd) {
        return flock(fd, LOCK_EX | LOCK_NB) < 0;
}

static void drain(int fd) {
        char buffer[4096] __attribute__((__aligned__(__alignof__(struct inotify_event))));

        while (read(fd, buffer, sizeof(buffer)) > 0)
                ;
}

/* Return: 1 locked, 0 the other one answers. */
static int wait_for_lock(const char *path, const RunDir *d, bool wait_for_socket, Failure *reterr) {
        _cleanup_close_ int watch_fd = -EBADF;
        usec_t end = usec_add(now_monotonic(), LOCK_WAIT_USEC);
        char dir_path[FD_PATH_MAX];
        struct pollfd p;

        watch_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
        fd_path(d->dir_fd, dir_path);
        if (watch_fd < 0 || inotify_add_watch(watch_fd, dir_path,
                                            IN_CREATE | IN_ATTRIB | IN_CLOSE_WRITE) < 0)
                return fail_errno(reterr, errno, "Failed to watch '%s'", path);

        p = (struct pollfd){ .fd = watch_fd, .events = POLLIN };
        while (now_monotonic() < end) {
                if (!lock_taken(d->lock_fd))
                        return 1;
                if (wait_for_socket && socket_answers(d->dir_fd))
                        return 0;
                if (!wait_for_socket)
                        break;
                (void) poll(&p, 1, LOCK_TRY_MSEC); /* whatever it says, the two are asked again */
                drain(watch_fd);
        }
        return fail(reterr, FAILURE_NOT_AVAILABLE, EBUSY, "Another pocketdockerd uses '%s'", path);
}

int run_dir_open(const char *path, bool wait_for_socket, RunDir *ret, Failure *reterr) {
        _cleanup_(run_dir_done) RunDir d = RUN_DIR_INIT;
        int fd, r;

        r = directory_make_trusted(path, reterr);
        if (r < 0)
                return r;

        d.dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (d.dir_fd < 0)
                return fail_errno(reterr, errno, "Failed to open '%s'", path);
        if (fchmod(d.dir_fd, 0700) < 0)
                return fail_errno(reterr, errno, "Failed to close '%s' to others", path);

        fd = openat(d.dir_fd, RUN_FILE_LOCK, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to open the lock of '%s'", path);

        /* When a process is killed the kernel closes its fds in order: whoever gets this lock finds the others free. */
        d.lock_fd = fd_move_above(fd, LOCK_FD_MIN);
        if (d.lock_fd < 0) {
                close_fd(fd);
                return fail_errno(reterr, d.lock_fd, "Failed to keep the lock of '%s'", path);
        }

        r = wait_for_lock(path, &d, wait_for_socket, reterr);
        if (r <= 0)
                return r;

        *ret = d;
        d = (RunDir) RUN_DIR_INIT;
        return 1;
}

void ready_tell(int *fd, const Failure *failure) {
        _cleanup_close_ int ready_fd = TAKE_FD(*fd);
        const char *text = failure_is_set(failure) ? failure_message(failure) : "1";

        if (ready_fd >= 0)
                (void) write_full(ready_fd, text, strlen(text)); /* who waited may have given up */
}
