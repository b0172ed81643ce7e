/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/join.c: see join.h.
 *
 * The monitor stays with the host's ids. Its child, with the same, enters what is shared, the user namespace last: from
 * then on it may do nothing outside, and all within. A new pid namespace is one for children only, so where one is wanted
 * the child makes the first process as its sibling (CLONE_PARENT) and ends. That child shares the monitor's memory, which
 * waits for it meanwhile: there is nothing to copy and nothing to tell. Everything that may be named by the other container is
 * looked at in a process that holds nothing of it afterwards.
 *
 * Source: setns(2), pid_namespaces(7), user_namespaces(7), clone(2)
 */
#include "monitor/join.h"
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/clone-call.h"
#include "base/fd.h"
#include "init/sys.h"

#define SHM_STACK_BYTES 16384
#define STACK_BYTES (256 * 1024) /* the first process runs its steps on its copy */
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
        static char stack[SHM_STACK_BYTES] __attribute__((__aligned__(16)));
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

/* What the one that joins shares with the monitor, which waits for it. */
typedef struct Joiner {
        Child *child;
        JoinPrepare prepare;
        int pid; /* of the first process, or negative errno with @failure said */
        PlanFailure failure;
} Joiner;

static int fail_join(PlanFailure *failure, PlanStep step, int error, const char *detail) {
        *failure = (PlanFailure){ .step = step, .error = -error };
        memcpy(failure->detail, detail, strlen(detail) + 1);
        return error;
}

static int join_all(const Plan *plan, PlanFailure *failure) {
        for (size_t i = 0; i < sizeof(joins) / sizeof(joins[0]); i++)
                if (plan->fds[joins[i].role] >= 0 &&
                                setns(plan->fds[joins[i].role], joins[i].type) < 0)
                        return fail_join(failure, PLAN_STEP_NAMESPACES, -errno, joins[i].what);
        (void) prctl(PR_SET_DUMPABLE, 0); /* cannot fail with 0; the new user namespace may have set it */
        return 0;
}

/* The sibling does the steps, with a copy of this memory. */
__attribute__((no_sanitize("address"))) static int make_first_process(void *userdata) {
        Joiner *j = userdata;
        const Plan *plan = j->child->plan;
        CloneArgs args = { .flags = plan->namespaces | CLONE_PARENT };

        j->pid = j->prepare(plan, &j->failure);
        if (j->pid >= 0)
                j->pid = join_all(plan, &j->failure);
        if (j->pid < 0)
                return 0;
        j->pid = sys_clone3(&args);
        if (j->pid == 0)
                child_run(j->child);
        if (j->pid < 0)
                (void) fail_join(&j->failure, PLAN_STEP_CLONE, j->pid, "");
        return 0;
}

#if CLONE_CALL_SHARES
#define joiner_new() (&(Joiner){})
#define joiner_free(j) ((void) (j))
#else
static Joiner *joiner_new(void) {
        void *p = mmap(NULL, sizeof(Joiner), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
                        -1, 0);

        return p == MAP_FAILED ? NULL : p;
}

static void joiner_free(Joiner *j) {
        (void) munmap(j, sizeof(*j)); /* our own mapping */
}
#endif

int join_make(Child *c, int cgroup_fd, JoinPrepare prepare, int *ret_pidfd, PlanFailure *failure) {
        char stack[STACK_BYTES] __attribute__((__aligned__(64))); /* ours: what is touched of it serves later calls as well */
        Joiner *j = joiner_new();
        CloneArgs args = {
                .flags = CLONE_VM | CLONE_VFORK | PD_CLONE_INTO_CGROUP,
                .exit_signal = SIGCHLD,
                .stack = (uint64_t) (uintptr_t) stack,
                .stack_size = sizeof(stack),
                .cgroup = (uint64_t) cgroup_fd,
        };
        int pid, r;

        if (!j)
                return fail_join(failure, PLAN_STEP_CLONE, -errno, "");
        *j = (Joiner){ .child = c, .prepare = prepare, .pid = -ECHILD };
        pid = (int) clone_call(&args, make_first_process, j);
        if (pid < 0)
                r = fail_join(failure, PLAN_STEP_CLONE, pid, "");
        else {
                while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
                        ;
                r = j->pid;
                *failure = j->failure;
        }
        if (r > 0) {
                *ret_pidfd = sys_pidfd_open(r); /* our own child, not waited for yet: the number is its */
                if (*ret_pidfd < 0) {
                        (void) kill(r, SIGKILL); /* as above */
                        while (waitpid(r, NULL, 0) < 0 && errno == EINTR)
                                ;
                        r = fail_join(failure, PLAN_STEP_CLONE, *ret_pidfd, "pidfd");
                }
        }
        joiner_free(j);
        return r;
}

void join_run(Child *c) {
        const Plan *plan = c->plan;
        PlanFailure failure;
        int r;

        r = join_all(plan, &failure);
        if (r >= 0 && unshare((int) plan->namespaces) < 0)
                r = fail_join(&failure, PLAN_STEP_NAMESPACES, -errno, "own");
        if (r >= 0)
                child_run(c);
        (void) send(c->sync_fd, &failure, sizeof(failure), MSG_NOSIGNAL); /* else our end tells */
        _exit(127);
}
