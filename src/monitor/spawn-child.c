/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/spawn-child.c: see spawn-child.h. The child shares no memory with us (a user namespace
 * needs us to run while it waits for its maps), so it may not rely on anything we change after
 * clone3.
 */
#include "monitor/spawn-child.h"
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/fd.h"
#include "init/steps.h"
#include "init/sys.h"
#include "monitor/devices.h"
#include "monitor/join.h"
#include "monitor/mount-sources.h"
#include "monitor/reaper.h"
#include "monitor/userns.h"

#define PIPE_BYTES (256 * 1024)

/* Set before clone3, so that the child has it; 136 KiB of BSS that is touched where layers are. */
static Child child;
static MountSources mount_sources; /* the child's copy of it has the same numbers */

static int shifted_clone(int dir_fd, int userns_fd, PlanFailure *failure) {
        struct pd_mount_attr attr = { .attr_set = PD_ATTR_IDMAP,
                .userns_fd = (uint64_t) userns_fd };
        int fd, r;

        fd = sys_open_tree(dir_fd, "", PD_OPEN_TREE_CLONE | AT_EMPTY_PATH);
        if (fd < 0 || userns_fd < 0)
                return fd;
        r = sys_mount_setattr(fd, "", AT_EMPTY_PATH, &attr);
        if (r < 0) {
                close_fd(fd);
                return mount_refuse_map(dir_fd, NULL, r, failure);
        }
        return fd;
}

static void fail_step(PlanFailure *failure, PlanStep step, int error, const char *detail) {
        *failure = (PlanFailure){ .step = step, .error = -error };
        (void) snprintf(failure->detail, sizeof(failure->detail), "%s", detail);
}

/* Stored ids are the container's from a number of their own on: each piece of its maps is one of theirs. */
static int storage_userns(const Plan *plan) {
        PlanIdMap uids[PLAN_ID_MAPS_MAX], gids[PLAN_ID_MAPS_MAX];

        if (plan->n_uid_maps <= 1 && plan->n_gid_maps <= 1)
                return userns_new(&plan->storage_map, 1, &plan->storage_map, 1, NULL);
        for (size_t i = 0; i < plan->n_uid_maps; i++) {
                uids[i] = plan->uid_maps[i];
                uids[i].inside += plan->storage_map.inside;
        }
        for (size_t i = 0; i < plan->n_gid_maps; i++) {
                gids[i] = plan->gid_maps[i];
                gids[i].inside += plan->storage_map.inside;
        }
        return userns_new(uids, plan->n_uid_maps, gids, plan->n_gid_maps, NULL);
}

static int prepare_layers(const Plan *plan, int *ret_userns_fd, PlanFailure *failure) {
        int userns_fd = plan->fds[PLAN_FD_USERNS_STORAGE], r = 0;

        if (plan->storage_map.count > 0 && userns_fd < 0) {
                userns_fd = storage_userns(plan);
                if (userns_fd < 0)
                        return userns_fd;
                *ret_userns_fd = userns_fd;
        }
        for (size_t i = 0; i < plan->n_layers; i++) {
                r = child.layer_fds[i] = shifted_clone(plan->layer_fds[i], userns_fd, failure);
                if (r < 0)
                        return r;
        }
        r = child.upper_fd = shifted_clone(plan->fds[PLAN_FD_STATE_DIR], userns_fd, failure);
        if (r >= 0 && mount_sources_are_wanted(plan))
                r = mount_sources_prepare(plan, userns_fd, &mount_sources, failure);
        return r < 0 ? r : 0;
}

/* A pipe whose inode belongs to the container's root, so that the workload may open /dev/stdout. */
static int make_pipe(const Plan *plan, int *ret_ours, int *ret_theirs, bool theirs_reads) {
        int p[2];

        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        if (plan->n_uid_maps > 0 &&
                        fchown(p[0], plan->uid_maps[0].outside, plan->gid_maps[0].outside) < 0) {
                int r = -errno;

                close_fd(p[0]);
                close_fd(p[1]);
                return r;
        }
        (void) fcntl(p[0], F_SETPIPE_SZ, PIPE_BYTES); /* a smaller one is slower, not wrong */
        *ret_theirs = p[theirs_reads ? 0 : 1];
        *ret_ours = p[theirs_reads ? 1 : 0];
        return fd_set_nonblock(*ret_ours, true);
}

/* An exec's pipe, likewise. */
static int give_pipe(const Plan *plan, int fd) {
        struct stat st;

        if (fd >= 0 && plan->n_uid_maps > 0 && fstat(fd, &st) >= 0 && S_ISFIFO(st.st_mode))
                (void) fchown(fd, plan->uid_maps[0].outside, plan->gid_maps[0].outside); /* only
                        opening it anew by name would fail */
        return fd;
}

static int prepare_streams(const Plan *plan, Spawned *s) {
        int r;

        for (int i = 0; i < 3; i++)
                child.stdio_fds[i] = -EBADF;
        if (plan->flags & PLAN_FLAG_TERMINAL)
                return 0;
        if (plan->kind == PLAN_EXEC) {
                for (int i = 0; i < 3; i++)
                        child.stdio_fds[i] = give_pipe(plan, plan->fds[PLAN_FD_STDIN + i]);
                return 0;
        }

        if (plan->flags & PLAN_FLAG_STDIN) {
                r = make_pipe(plan, &s->stdin_fd, &child.stdio_fds[0], true);
                if (r < 0)
                        return r;
        }
        r = make_pipe(plan, &s->stdout_fd, &child.stdio_fds[1], false);
        if (r >= 0)
                r = make_pipe(plan, &s->stderr_fd, &child.stdio_fds[2], false);
        return r;
}

static int set_oom_score(const Plan *plan, pid_t pid) {
        char path[64], text[16];
        int fd, r;

        (void) snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int) pid);
        (void) snprintf(text, sizeof(text), "%d", plan->oom_score_adj);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = write(fd, text, strlen(text)) < 0 ? -errno : 0;
        close_fd(fd);
        return r;
}

/* By number. Source: asm-generic/resource.h */
static const char *const limit_names[] = { "cpu", "fsize", "data", "stack", "core", "rss", "nproc",
        "nofile", "memlock", "as", "locks", "sigpending", "msgqueue", "nice", "rtprio", "rttime" };

static const char *limit_name(uint32_t resource) {
        return resource < sizeof(limit_names) / sizeof(limit_names[0]) ? limit_names[resource]
                                                                       : "limit";
}

/* Root of a user namespace cannot raise a hard limit; we may be able to. The child sets both to
 * what is wanted. */
static int raise_limits(const Plan *plan, pid_t pid, PlanFailure *failure) {
        for (size_t i = 0; i < plan->n_ulimits; i++) {
                const PlanUlimit *u = &plan->ulimits[i];
                struct rlimit old;
                rlim_t hard = u->hard == UINT64_MAX ? RLIM_INFINITY : u->hard;
                int r;

                if (prlimit(pid, u->resource, NULL, &old) >= 0 && hard <= old.rlim_max)
                        continue;
                old.rlim_max = hard;
                if (prlimit(pid, u->resource, &old, NULL) < 0) {
                        r = -errno;
                        fail_step(failure, PLAN_STEP_ULIMITS, r, limit_name(u->resource));
                        return r;
                }
        }
        return 0;
}

/* What a first process inherits, or is given. */
static int set_limits(const Plan *plan, pid_t pid, PlanFailure *failure) {
        int r;

        r = set_oom_score(plan, pid);
        if (r < 0 && r != -EACCES && r != -EPERM) { /* lowering it below our own needs a right that
                                                       not every host gives */
                fail_step(failure, PLAN_STEP_CLONE, r, "oom_score_adj");
                return r;
        }
        return raise_limits(plan, pid, failure);
}

static int set_own_limits(const Plan *plan, PlanFailure *failure) {
        return set_limits(plan, getpid(), failure);
}

static bool writes_map(const Plan *plan) {
        return plan->kind == PLAN_RUN && plan->n_uid_maps > 0 && plan->fds[PLAN_FD_JOIN_USER] < 0 &&
               plan->fds[PLAN_FD_USERNS] < 0;
}

static int let_go(const Plan *plan, pid_t pid, int sync_fd, PlanFailure *failure) {
        int r;

        r = set_limits(plan, pid, failure);
        if (r < 0)
                return r;
        if (writes_map(plan)) {
                r = userns_write_map(pid, "uid_map", plan->uid_maps, plan->n_uid_maps);
                if (r >= 0)
                        r = userns_write_map(pid, "gid_map", plan->gid_maps, plan->n_gid_maps);
                if (r < 0) {
                        fail_step(failure, PLAN_STEP_ID_MAP, r, "");
                        return r;
                }
        }
        if (send(sync_fd, "g", 1, MSG_NOSIGNAL) != 1) {
                r = -errno;
                fail_step(failure, PLAN_STEP_CLONE, r, "");
                return r;
        }
        return 0;
}

/* The container's user is known, and waits for what is his. */
static int map_sources(const Plan *plan, int sync_fd, const ChildUser *user, PlanFailure *failure) {
        int r;

        r = mount_sources_map(plan, &mount_sources, user->uid, user->gid, failure);
        mount_sources_close(plan, &mount_sources); /* the child has its own fds of them */
        if (r >= 0 && send(sync_fd, "g", 1, MSG_NOSIGNAL) != 1)
                r = -errno;
        return r;
}

/* The terminal (a byte with an fd), the container's user, a failure, or the end of file that says: execve has
 * succeeded. */
static int await_execve(const Plan *plan, int sync_fd, Spawned *s, PlanFailure *failure) {
        for (;;) {
                union {
                        struct cmsghdr header;
                        char room[CMSG_SPACE(sizeof(int))];
                } control = {};
                union {
                        PlanFailure failure;
                        ChildUser user;
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

                n = recvmsg(sync_fd, &m, MSG_CMSG_CLOEXEC);
                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        return 0;
                cmsg = CMSG_FIRSTHDR(&m);
                if (cmsg && cmsg->cmsg_type == SCM_RIGHTS) {
                        close_fd(s->terminal_fd);
                        memcpy(&s->terminal_fd, CMSG_DATA(cmsg), sizeof(int));
                        continue;
                }
                if (n == sizeof(got.user)) {
                        int r = map_sources(plan, sync_fd, &got.user, failure);

                        if (r < 0)
                                return r;
                }
                if (n == sizeof(got.failure) && got.failure.error > 0) {
                        got.failure.detail[sizeof(got.failure.detail) - 1] = '\0';
                        *failure = got.failure;
                        return -got.failure.error;
                }
        }
}

static void close_childs_ends(const Plan *plan) {
        for (size_t i = 0; i < plan->n_layers; i++)
                close_fd(child.layer_fds[i]);
        close_fd(child.upper_fd);
        close_fd(child.shm_fd);
        close_fd(child.devices_fd);
        for (int i = 0; i < 3; i++)
                close_fd(child.stdio_fds[i]);
}

static int clone_child(Plan *plan, int sync_fd, int *ret_pidfd, PlanFailure *failure) {
        CloneArgs args = {
                .flags = PD_CLONE_PIDFD | PD_CLONE_INTO_CGROUP |
                         (plan->kind == PLAN_RUN && !join_is_wanted(plan) ? plan->namespaces : 0),
                .pidfd = (uint64_t) (uintptr_t) ret_pidfd,
                .exit_signal = SIGCHLD,
                .cgroup = (uint64_t) plan->fds[PLAN_FD_CGROUP],
        };
        int lifeline[2], pid;

        /* The write end stays with us until we end, by no other means than ending. */
        if (pipe2(lifeline, O_CLOEXEC) < 0)
                return -errno;
        child.plan = plan;
        child.mount_fds = mount_sources.fds;
        child.sync_fd = sync_fd;
        child.lifeline_fd = lifeline[0];
        child.waits = !join_has_child(plan) || writes_map(plan);

        pid = join_has_child(plan) ? join_make(&child, plan->fds[PLAN_FD_CGROUP], set_own_limits,
                                                     ret_pidfd, failure)
                                   : sys_clone3(&args);
        if (pid == 0) {
                close_fd(lifeline[1]);
                if (plan->fds[PLAN_FD_OWN_CGROUP] >= 0)
                        reaper_run(&child, plan->fds[PLAN_FD_OWN_CGROUP]);
                if (join_is_wanted(plan))
                        join_run(&child);
                child_run(&child);
        }
        close_fd(lifeline[0]);
        if (pid < 0)
                close_fd(lifeline[1]);
        return pid;
}

/* A reaper ends by itself, when it has seen all others end: killed, it would leave them to the container's first
 * process, which may never ask for them. */
static void end_child(const Plan *plan, const Spawned *s) {
        siginfo_t si;

        if (plan->fds[PLAN_FD_OWN_CGROUP] >= 0)
                (void) write_existing_at(plan->fds[PLAN_FD_OWN_CGROUP], "cgroup.kill",
                                "1"); /* it is empty, or about to be: the sync socket is closed */
        else
                (void) sys_pidfd_send_signal(s->pidfd, SIGKILL); /* it may have ended already */
        while (waitid(P_PID, (id_t) s->pid, &si, WEXITED) < 0 && errno == EINTR)
                ;
}

/* Enters the pid namespace of who is there; what else is joined, the child does. */
static int prepare_namespaces(const Plan *plan, PlanFailure *failure) {
        const char *what = "pid";
        int r = 0;

        if (plan->kind == PLAN_RUN)
                r = join_prepare(plan, &child.shm_fd, &what);
        else if ((plan->namespaces & CLONE_NEWPID) &&
                        setns(plan->fds[PLAN_FD_TARGET], CLONE_NEWPID) < 0)
                r = -errno;
        if (r < 0)
                fail_step(failure, PLAN_STEP_NAMESPACES, r, what);
        return r;
}

int spawn_child(Plan *plan, int (*meanwhile)(void *userdata), void *userdata, Spawned *ret,
                PlanFailure *failure) {
        Spawned s = { .pidfd = -EBADF,
                .stdin_fd = -EBADF,
                .stdout_fd = -EBADF,
                .stderr_fd = -EBADF,
                .terminal_fd = -EBADF,
                .mounts_fd = -EBADF,
                .userns_fd = -EBADF };
        const char *what;
        int sync[2], r;

        child.upper_fd = child.shm_fd = child.devices_fd = -EBADF;
        r = plan->kind == PLAN_RUN ? prepare_layers(plan, &s.userns_fd, failure) : 0;
        if (r < 0) {
                if (failure->error == 0)
                        fail_step(failure, PLAN_STEP_LAYERS, r, "");
                return r;
        }
        r = prepare_streams(plan, &s);
        if (r >= 0)
                r = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sync) < 0 ? -errno : 0;
        if (r < 0) {
                fail_step(failure, PLAN_STEP_CLONE, r, "streams");
                return r;
        }
        r = devices_prepare(plan, &child.devices_fd, &what);
        if (r < 0) {
                fail_step(failure, PLAN_STEP_DEVICES, r, what);
                return r;
        }
        r = prepare_namespaces(plan, failure);
        if (r < 0)
                return r;

        s.pid = clone_child(plan, sync[1], &s.pidfd, failure);
        close_fd(sync[1]);
        close_childs_ends(plan);
        if (s.pid < 0) {
                if (failure->error == 0)
                        fail_step(failure, PLAN_STEP_CLONE, s.pid, "");
                close_fd(sync[0]);
                return s.pid;
        }

        /* Not of one that may start again at once: two mounts must not have its upper directory. */
        if (plan->kind == PLAN_RUN && plan->flags & PLAN_FLAG_VOLATILE)
                s.mounts_fd = namespace_open(s.pid, "mnt"); /* without it, it takes a little longer */
        r = child.waits ? let_go(plan, s.pid, sync[0], failure) : 0;
        if (r >= 0) {
                r = meanwhile(userdata);
                if (r < 0)
                        fail_step(failure, PLAN_STEP_PLAN, r, "log");
        }
        if (r >= 0)
                r = await_execve(plan, sync[0], &s, failure);
        mount_sources_close(plan, &mount_sources);
        close_fd(sync[0]);
        if (r < 0) {
                if (failure->error == 0)
                        fail_step(failure, PLAN_STEP_CLONE, r, "");
                close_fd(s.mounts_fd);
                end_child(plan, &s);
                return r;
        }
        *ret = s;
        return 0;
}
