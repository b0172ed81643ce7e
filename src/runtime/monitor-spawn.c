/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/monitor-spawn.c: from a plan to a running monitor. The child is a copy of us until its
 * exec, made straight in its cgroup (moving a process afterwards costs milliseconds) while we stand
 * still (CLONE_VFORK): it may call system calls only. All it needs is prepared before: fds,
 * numbers, the plan.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "base/fd.h"
#include "runtime/monitor-client.h"

#define FDS_MAX (_PLAN_FD_MAX + PLAN_LAYERS_MAX + 2)

int monitor_program_open(const char *path) {
        _cleanup_close_ int from = -EBADF, copy = -EBADF;
        struct stat st;
        off_t done = 0;

        from = open(path, O_RDONLY | O_CLOEXEC);
        if (from < 0)
                return -errno;
        copy = memfd_create("pocketdocker-monitor", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (copy < 0 || fstat(from, &st) < 0)
                return -errno;
        while (done < st.st_size) {
                ssize_t n = sendfile(copy, from, &done, (size_t) (st.st_size - done));

                if (n < 0)
                        return -errno;
                if (n == 0)
                        return -EIO;
        }
        if (fchmod(copy, 0500) < 0 || fcntl(copy, F_ADD_SEALS,
                                                      F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW |
                                                                      F_SEAL_WRITE) < 0)
                return -errno;
        return TAKE_FD(copy);
}

/* A sealed memfd with the plan in it, its fds renumbered. */
static int plan_memfd(const Plan *plan) {
        _cleanup_free_ void *data = NULL;
        _cleanup_close_ int fd = -EBADF;
        size_t size;
        int r;

        r = plan_encode(plan, &data, &size);
        if (r < 0)
                return r;
        fd = memfd_create("pocketdocker-plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        r = write_full(fd, data, size);
        if (r < 0)
                return r;
        if (fcntl(fd, F_ADD_SEALS, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE) < 0)
                return -errno;
        return TAKE_FD(fd);
}

typedef struct Exec {
        int program_fd;
        int fds[FDS_MAX]; /* high duplicates; fds[i] becomes 3 + i */
        size_t n_fds;
} Exec;

static void child_main(const Exec *e) __attribute__((__noreturn__));
static void child_main(const Exec *e) {
        static const char *const argv[] = {"pocketdocker-monitor", NULL};
        static const char *const env[] = {NULL};
        struct sigaction sa = {.sa_handler = SIG_DFL};
        sigset_t none;

        for (int i = 1; i < 32; i++)
                (void) sigaction(i, &sa, NULL); /* fails for SIGKILL and SIGSTOP alone */
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with a valid set */
        for (size_t i = 0; i < e->n_fds; i++)
                if (dup2(e->fds[i], (int) i + 3) < 0)
                        _exit(127);
        for (int i = 0; i < 3; i++)
                (void) dup2(e->fds[e->n_fds - 1], i); /* /dev/null, the last of them */
        if (syscall(SYS_close_range, e->n_fds + 3, ~0U, 4 /* CLOSE_RANGE_CLOEXEC */) < 0)
                _exit(127);
        (void) syscall(SYS_execveat, e->program_fd, "", argv, env, AT_EMPTY_PATH);
        _exit(127);
}

/* Above all target numbers, so that no dup2() in the child covers one that is still needed. */
static int lift(Exec *e, int fd) {
        int high = fcntl(fd, F_DUPFD_CLOEXEC, FDS_MAX + 8);

        if (high < 0)
                return -errno;
        e->fds[e->n_fds++] = high;
        return (int) e->n_fds + 2;
}

static int collect(Exec *e, Plan *plan, int keep_fd) {
        int r;

        for (size_t i = 0; i < _PLAN_FD_MAX; i++) {
                if (plan->fds[i] < 0)
                        continue;
                r = plan->fds[i] = lift(e, plan->fds[i]);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < plan->n_layers; i++) {
                r = plan->layer_fds[i] = lift(e, plan->layer_fds[i]);
                if (r < 0)
                        return r;
        }
        return keep_fd >= 0 ? lift(e, keep_fd) : 0;
}

static void exec_done(Exec *e) {
        for (size_t i = 0; i < e->n_fds; i++)
                close_fd(e->fds[i]);
        close_fd(e->program_fd);
}
#define _cleanup_exec_ _cleanup_(exec_done)

static pid_t clone_child(const Exec *e, int cgroup_fd, int *ret_pidfd) {
        int pidfd = -EBADF;
        struct clone_args args = {
                        .flags = CLONE_VFORK | CLONE_PIDFD | CLONE_INTO_CGROUP,
                        .pidfd = (uint64_t) (uintptr_t) &pidfd,
                        .exit_signal = SIGCHLD,
                        .cgroup = (uint64_t) cgroup_fd,
        };
        long pid;

        pid = syscall(SYS_clone3, &args, sizeof(args));
        if (pid < 0)
                return -errno;
        if (pid == 0)
                child_main(e);
        *ret_pidfd = pidfd;
        return (pid_t) pid;
}

pid_t monitor_spawn(int program_fd, int cgroup_fd, const Plan *plan, int keep_fd, int *ret_pidfd) {
        _cleanup_exec_ Exec e = {.program_fd = -EBADF, .fds = {-EBADF}, .n_fds = 1};
        _cleanup_close_ int null_fd = -EBADF, memfd = -EBADF;
        Plan numbered = *plan; /* its lists stay the caller's */
        int r;

        r = collect(&e, &numbered, keep_fd);
        if (r < 0)
                return r;
        memfd = plan_memfd(&numbered);
        if (memfd < 0)
                return memfd;
        r = e.fds[0] = fcntl(memfd, F_DUPFD_CLOEXEC, FDS_MAX + 8);
        if (r < 0)
                return -errno;
        null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
        if (null_fd < 0)
                return -errno;
        r = lift(&e, null_fd);
        if (r < 0)
                return r;
        e.program_fd = fcntl(program_fd, F_DUPFD_CLOEXEC, FDS_MAX + 8);
        if (e.program_fd < 0)
                return -errno;
        return clone_child(&e, cgroup_fd, ret_pidfd);
}
