/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/steps.c: the order of the steps, and how a failing one is reported. Why the order is safe:
 * until step_execve() nothing of the image is run; every fd but the standard streams is
 * close-on-exec; the parent-death signal is set after the last id change, which would clear it, and
 * the lifeline is looked at afterwards, so that a monitor that ended in between is noticed.
 */
#include <grp.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "init/steps.h"
#include "init/sys.h"

void child_detail(Child *c, const char *what) {
        size_t n = strnlen(what, sizeof(c->detail) - 1);

        memcpy(c->detail, what, n);
        c->detail[n] = '\0';
}

int open_null(void) {
        int fd = open("/dev/null", O_RDWR | O_CLOEXEC | O_NOCTTY);

        return fd < 0 ? -errno : fd;
}

int send_fd(int socket_fd, const void *data, size_t size, int fd) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = {};
        struct iovec iov = {.iov_base = (void *) data, .iov_len = size}; /* only read */
        struct msghdr m = {
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = sizeof(control),
        };
        struct cmsghdr *cmsg = CMSG_FIRSTHDR(&m);

        cmsg->cmsg_level = SOL_SOCKET;
        cmsg->cmsg_type = SCM_RIGHTS;
        cmsg->cmsg_len = CMSG_LEN(sizeof(int));
        memcpy(CMSG_DATA(cmsg), &fd, sizeof(int));
        return sendmsg(socket_fd, &m, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/* The one that the monitor ignores: it handles none, and the daemon lets its children ignore none. */
static void reset_signals(void) {
        sigset_t none;

        (void) signal(SIGPIPE, SIG_DFL); /* cannot fail */
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL); /* cannot fail with a valid set */
}

/* Root of the new user namespace: what it makes from here on belongs to the container. */
static int become_root(Child *c) {
        child_detail(c, "");
        (void) umask(0);
        if (c->plan->n_uid_maps == 0)
                return 0;
        if (setgroups(0, NULL) < 0 || setresgid(0, 0, 0) < 0 || setresuid(0, 0, 0) < 0)
                return -errno;
        return 0;
}

static int wait_for_monitor(Child *c) {
        char go;
        ssize_t n;

        if (!c->waits)
                return 0;
        do
                n = recv(c->sync_fd, &go, 1, 0);
        while (n < 0 && errno == EINTR);
        return n == 1 ? 0 : -EPIPE;
}

/* The service's session keyring must not be the workload's. Charged to the container's root. */
static int step_keyring(Child *c) {
        child_detail(c, "session keyring");
        if (syscall(SYS_keyctl, 1 /* KEYCTL_JOIN_SESSION_KEYRING */, NULL) < 0 &&
                        errno != ENOSYS && errno != EPERM)
                return -errno; /* without keys, or with keys forbidden, there is none to share */
        return 0;
}

/*
 * What the daemon and the monitor hold of the host goes before anybody inside has a power over this process. That it is not
 * dumpable keeps them off its fds only while it lives: one that ends, or is killed by them, has no memory and no such flag
 * any more while its fds are still open.
 */
static int step_leave_host(Child *c) {
        const int kept[] = {c->sync_fd, c->lifeline_fd, c->stdio_fds[0], c->stdio_fds[1],
                        c->stdio_fds[2], c->plan->fds[PLAN_FD_TARGET]};
        int from = 3;

        child_detail(c, "fds");
        for (;;) {
                int next = INT_MAX;

                for (size_t i = 0; i < sizeof(kept) / sizeof(kept[0]); i++)
                        if (kept[i] >= from && kept[i] < next)
                                next = kept[i];
                if (next > from && sys_close_range((unsigned) from, (unsigned) next - 1, 0) < 0)
                        return -errno;
                if (next == INT_MAX)
                        return 0;
                from = next + 1;
        }
}

static int tie_to_monitor(Child *c) {
        struct pollfd p = {.fd = c->lifeline_fd, .events = POLLIN};

        child_detail(c, "");
        (void) prctl(PR_SET_DUMPABLE, 0); /* cannot fail with 0; the id change may have set it */
        if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
                return -errno;
        if (poll(&p, 1, 0) != 0)
                return -ESRCH;
        return 0;
}

static int install_stdio(Child *c) {
        for (int i = 0; i < 3; i++) {
                int fd = c->terminal_fd >= 0 ? c->terminal_fd : c->stdio_fds[i];
                int opened = -EBADF;

                if (fd < 0) {
                        fd = opened = open_null();
                        if (fd < 0)
                                return fd;
                } else if (fchown(fd, c->uid, c->terminal_fd >= 0 ? (gid_t) -1 : c->gid) < 0 &&
                                errno != EPERM && errno != EROFS)
                        /* so that /dev/stdout can be opened by the user; a file of another owner
                         * stays as it is */
                        return -errno;
                if (fd != i && dup2(fd, i) < 0)
                        return -errno;
                if (opened > 2)
                        (void) close(opened); /* its duplicate serves */
        }
        return 0;
}

static int step_stdio(Child *c) {
        child_detail(c, "standard streams");
        return install_stdio(c);
}

/* A session of its own, whose terminal is the container's; after the fork of --init, so that the
 * workload leads it. */
static int lead_session(Child *c) {
        (void) setsid(); /* fails only for a group leader: a first process is one already, and leads
                            its session */
        if (c->terminal_fd >= 0 && ioctl(0, TIOCSCTTY, 0) < 0)
                return -errno;
        return 0;
}

static void init_forward_and_reap(pid_t workload) __attribute__((__noreturn__));
static void init_forward_and_reap(pid_t workload) {
        sigset_t all;

        (void) sys_close_range(
                        0, UINT32_MAX, 0); /* holds nothing: the streams' ends are the workload's */
        (void) sigfillset(&all);
        for (;;) {
                siginfo_t si;
                int status;
                pid_t pid;

                if (sigwaitinfo(&all, &si) < 0)
                        continue;
                if (si.si_signo != SIGCHLD) {
                        (void) kill(workload,
                                        si.si_signo); /* it may have ended: SIGCHLD is on its way */
                        continue;
                }
                while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
                        if (pid == workload)
                                _exit(WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                                          : WEXITSTATUS(status));
        }
}

/* --init: the first process stays, reaps and passes signals on; the workload is its child. */
static int step_init(Child *c) {
        sigset_t all, none;
        pid_t pid;

        if (!(c->plan->flags & PLAN_FLAG_INIT) || c->plan->kind != PLAN_RUN)
                return 0;

        (void) sigfillset(&all);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &all, NULL); /* cannot fail with a valid set */
        if (!(c->plan->namespaces & CLONE_NEWPID)) /* orphans come to pid 1 by themselves, to others not */
                (void) prctl(PR_SET_CHILD_SUBREAPER, 1); /* cannot fail */
        pid = fork();
        if (pid < 0)
                return -errno;
        if (pid > 0)
                init_forward_and_reap(pid);
        (void) sigprocmask(SIG_SETMASK, &none, NULL); /* as above */
        return 0;
}

static int step_session(Child *c) {
        child_detail(c, "session");
        (void) umask(022);
        return lead_session(c);
}

typedef struct Step {
        PlanStep name;
        int (*run)(Child *c);
} Step;

static const Step run_steps[] = {
                {PLAN_STEP_ID_MAP, wait_for_monitor},
                {PLAN_STEP_SYSCTL, step_sysctls_of_host},
                {PLAN_STEP_ID_MAP, become_root},
                {PLAN_STEP_SYSCTL, step_sysctls},
                {PLAN_STEP_USER, step_keyring},
                {PLAN_STEP_ROOT, step_root},
                {PLAN_STEP_MOUNTS, step_mounts},
                {PLAN_STEP_DEVICES, step_devices},
                {PLAN_STEP_TERMINAL, step_terminal},
                {PLAN_STEP_PIVOT_ROOT, step_pivot_root},
                {PLAN_STEP_HOSTNAME, step_hostname},
                {PLAN_STEP_NETWORK, step_network},
                {PLAN_STEP_ULIMITS, step_ulimits},
                {PLAN_STEP_USER, step_user},
                {PLAN_STEP_TERMINAL, step_stdio},
                {PLAN_STEP_WORKING_DIR, step_working_dir},
                {PLAN_STEP_ROOT, step_read_only_root},
                {PLAN_STEP_CAPABILITIES, step_leave_host},
                {PLAN_STEP_SECCOMP, step_seccomp_privileged},
                {PLAN_STEP_CAPABILITIES, step_credentials},
                {PLAN_STEP_CLONE, tie_to_monitor},
                {PLAN_STEP_SECCOMP, step_seccomp},
                {PLAN_STEP_CLONE, step_init},
                {PLAN_STEP_TERMINAL, step_session},
                {PLAN_STEP_EXECVE, step_execve},
                {},
};

static const Step exec_steps[] = {
                {PLAN_STEP_ID_MAP, wait_for_monitor},
                {PLAN_STEP_NAMESPACES, step_leave_host},
                {PLAN_STEP_NAMESPACES, step_namespaces},
                {PLAN_STEP_ID_MAP, become_root},
                {PLAN_STEP_USER, step_keyring},
                {PLAN_STEP_TERMINAL, step_terminal},
                {PLAN_STEP_ULIMITS, step_ulimits},
                {PLAN_STEP_USER, step_user},
                {PLAN_STEP_TERMINAL, step_stdio},
                {PLAN_STEP_WORKING_DIR, step_working_dir},
                {PLAN_STEP_SECCOMP, step_seccomp_privileged},
                {PLAN_STEP_CAPABILITIES, step_credentials},
                {PLAN_STEP_CLONE, tie_to_monitor},
                {PLAN_STEP_SECCOMP, step_seccomp},
                {PLAN_STEP_TERMINAL, step_session},
                {PLAN_STEP_EXECVE, step_execve},
                {},
};

void child_run(Child *c) {
        const Step *steps = c->plan->kind == PLAN_RUN ? run_steps : exec_steps;
        PlanFailure failure = {};

        c->root_fd = c->terminal_fd = c->proc_fd = -EBADF;
        c->user_known = false;
        c->n_groups = 0;
        reset_signals();
        for (const Step *s = steps; s->run; s++) {
                int r = s->run(c);

                if (r < 0) {
                        failure.step = s->name;
                        failure.error = -r;
                        memcpy(failure.detail, c->detail, sizeof(failure.detail));
                        (void) send(c->sync_fd, &failure, sizeof(failure),
                                        MSG_NOSIGNAL); /* nobody is left to tell */
                        break;
                }
        }
        _exit(127);
}
