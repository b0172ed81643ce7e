/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/join.c: see join.h.
 *
 * The monitor stays with the host's ids. Its child, with the same, enters what is shared, the user namespace last: from
 * then on it may do nothing outside, and all within. A new pid namespace is one for children only, so where one is wanted
 * the child makes the first process as its sibling (CLONE_PARENT), tells the monitor its pidfd, and ends. Everything that
 * may be named by the other container is looked at in a process that holds nothing of it afterwards.
 *
 * Source: setns(2), pid_namespaces(7), user_namespaces(7), clone(2)
 */
#include "monitor/join.h"
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/fd.h"
#include "init/sys.h"

#define STACK_BYTES 16384
#define SHM_PATH "/dev/shm"
#define RESOLVE_NO_SYMLINKS 0x04ULL /* linux/openat2.h */

static const struct {
        PlanFd role;
        int type;
        const char *what;
} joins[] = {
        { PLAN_FD_JOIN_NET, CLONE_NEWNET, "network" },
        { PLAN_FD_NETNS, CLONE_NEWNET, "network" },
        { PLAN_FD_JOIN_IPC, CLONE_NEWIPC, "ipc" },
        { PLAN_FD_JOIN_UTS, CLONE_NEWUTS, "uts" },
        { PLAN_FD_JOIN_USER, CLONE_NEWUSER, "user" },
        { PLAN_FD_USERNS, CLONE_NEWUSER, "user" },
};

bool join_is_wanted(const Plan *plan) {
        if (plan->kind != PLAN_RUN)
                return false;
        for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
                if (plan->fds[joins[i].role] >= 0)
                        return true;
        return plan->fds[PLAN_FD_JOIN_PID] >= 0;
}

bool join_has_child(const Plan *plan) {
        return join_is_wanted(plan) && (plan->namespaces & CLONE_NEWPID);
}

/* Shares our memory and our fds, so that the mount it opens is ours. */
typedef struct ShmJob {
        int target_fd;
        int result; /* an fd or negative errno */
} ShmJob;

static int open_shm(void *userdata) {
        ShmJob *job = userdata;
        struct stat st;
        int fd;

        if (setns(job->target_fd, CLONE_NEWNS) < 0) {
                job->result = -errno;
                return 0;
        }
        fd = sys_openat2(AT_FDCWD, SHM_PATH, O_PATH | O_DIRECTORY | O_CLOEXEC, 0,
                        RESOLVE_NO_SYMLINKS | PD_RESOLVE_NO_MAGICLINKS);
        if (fd < 0)
                job->result = fd;
        else if (fstat(fd, &st) < 0)
                job->result = -errno;
        else
                job->result = sys_open_tree(fd, "", PD_OPEN_TREE_CLONE | AT_EMPTY_PATH);
        close_fd(fd);
        return 0;
}

static int shm_of(int target_fd) {
        static char stack[STACK_BYTES] __attribute__((__aligned__(16)));
        ShmJob job = { .target_fd = target_fd, .result = -ECHILD };
        pid_t pid;

        pid = clone(open_shm, stack + sizeof(stack), CLONE_VM | CLONE_FILES | SIGCHLD, &job);
        if (pid < 0)
                return -errno;
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                ;
        return job.result;
}

/* Only where the plan binds it: a container may be joined that has none. */
static bool wants_shm(const Plan *plan) {
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == PLAN_MOUNT_BIND && plan->mounts[i].source &&
                                strcmp(plan->mounts[i].source, SHM_PATH) == 0)
                        return true;
        return false;
}

int join_prepare(const Plan *plan, int *ret_shm_fd, const char **ret_what) {
        int r;

        if (plan->fds[PLAN_FD_JOIN_IPC] >= 0 && wants_shm(plan)) {
                *ret_what = SHM_PATH;
                r = shm_of(plan->fds[PLAN_FD_JOIN_IPC]);
                if (r < 0)
                        return r;
                *ret_shm_fd = r;
        }
        *ret_what = "pid";
        if (plan->fds[PLAN_FD_JOIN_PID] >= 0 &&
                        setns(plan->fds[PLAN_FD_JOIN_PID], CLONE_NEWPID) < 0)
                return -errno;
        return 0;
}

static void fail_join(const Child *c, PlanStep step, int error, const char *detail)
                __attribute__((__noreturn__));
static void fail_join(const Child *c, PlanStep step, int error, const char *detail) {
        PlanFailure failure = { .step = step, .error = error };

        memcpy(failure.detail, detail, strlen(detail) + 1);
        (void) send(c->sync_fd, &failure, sizeof(failure), MSG_NOSIGNAL); /* else our end tells */
        _exit(127);
}

/* The sibling does the steps; what it is called here is told, and nothing else of it is ours. */
static void make_first_process(Child *c) {
        int pidfd = -EBADF, pid;
        struct pd_clone_args args = {
                .flags = c->plan->namespaces | CLONE_PARENT | PD_CLONE_PIDFD,
                .pidfd = (uint64_t) (uintptr_t) &pidfd,
        };

        pid = sys_clone3(&args);
        if (pid == 0)
                child_run(c);
        if (pid < 0)
                fail_join(c, PLAN_STEP_CLONE, -pid, "");
        _exit(send_fd(c->sync_fd, &(int32_t){ pid }, sizeof(int32_t), pidfd) < 0);
}

void join_run(Child *c) {
        const Plan *plan = c->plan;

        for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
                if (plan->fds[joins[i].role] >= 0 &&
                                setns(plan->fds[joins[i].role], joins[i].type) < 0)
                        fail_join(c, PLAN_STEP_NAMESPACES, errno, joins[i].what);
        (void) prctl(PR_SET_DUMPABLE, 0); /* cannot fail with 0; the new user namespace may have set it */
        if (join_has_child(plan))
                make_first_process(c);
        if (unshare((int) plan->namespaces) < 0)
                fail_join(c, PLAN_STEP_NAMESPACES, errno, "own");
        child_run(c);
}

int join_await(int sync_fd, pid_t *ret_pid, int *ret_pidfd, PlanFailure *failure) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = {};
        union {
                PlanFailure failure;
                int32_t pid;
        } got = {};
        struct iovec iov = { .iov_base = &got, .iov_len = sizeof(got) };
        struct msghdr m = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        struct cmsghdr *cmsg;
        ssize_t n;

        do
                n = recvmsg(sync_fd, &m, MSG_CMSG_CLOEXEC);
        while (n < 0 && errno == EINTR);
        if (n < 0)
                return -errno;
        cmsg = CMSG_FIRSTHDR(&m);
        if (n == sizeof(int32_t) && cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
                memcpy(ret_pidfd, CMSG_DATA(cmsg), sizeof(int));
                *ret_pid = got.pid;
                return 0;
        }
        if (n == sizeof(got.failure) && got.failure.error > 0) {
                got.failure.detail[sizeof(got.failure.detail) - 1] = '\0';
                *failure = got.failure;
                return -got.failure.error;
        }
        return -ECHILD;
}
