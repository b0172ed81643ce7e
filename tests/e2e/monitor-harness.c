/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/e2e/monitor-harness.c: starts one container with the real monitor and no daemon: writes the
 * plan, spawns, reads the control socket, prints what it heard. Usage: monitor-harness MONITOR
 * LAYER-DIR WORK-DIR CGROUP-DIR COMMAND [ARG…] Needs root. Prints "started", then "exited CODE",
 * "killed SIGNAL" or "failed STEP ERRNO DETAIL".
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "base/cleanup.h"
#include "monitor/control.h"

#define FIRST_ID 700055552U /* the container's range: 10682 * 65536 */
#define FOREIGN_ID 2147352576U

static int fail(const char *what) {
        perror(what);
        return 2;
}

static int memfd_of(const void *data, size_t size) {
        int fd = memfd_create("plan", MFD_ALLOW_SEALING);

        if (fd < 0 || write(fd, data, size) != (ssize_t) size)
                return -1;
        return fd;
}

static PlanMount mounts[] = {
                {PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV, "/proc", NULL, "proc", NULL},
                {PLAN_MOUNT_FS, MS_NOSUID | MS_STRICTATIME, "/dev", NULL, "tmpfs",
                                "mode=755,size=65536k"},
                {PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC, "/dev/pts", NULL, "devpts",
                                "newinstance,ptmxmode=0666,mode=0620,gid=5"},
                {PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV, "/dev/shm", NULL, "tmpfs",
                                "mode=1777,size=65536k"},
                {PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV, "/dev/mqueue", NULL, "mqueue",
                                NULL},
                {PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, "/sys", NULL, "sysfs",
                                NULL},
                {PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, "/sys/fs/cgroup",
                                NULL, "cgroup2", NULL},
                {PLAN_MOUNT_MASK, 0, "/proc/kcore", NULL, NULL, NULL},
                {PLAN_MOUNT_MASK, 0, "/sys/firmware", NULL, NULL, NULL},
                {PLAN_MOUNT_READONLY, 0, "/proc/sys", NULL, NULL, NULL},
};

static int listen_to(int control_fd) {
        union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        } packet;

        for (;;) {
                const void *body = packet.bytes + sizeof(packet.header);
                ssize_t n = recv(control_fd, &packet, sizeof(packet), 0);

                if (n <= 0)
                        return fail("control socket");
                if (packet.header.type == CONTROL_STARTED) {
                        fprintf(stderr, "started\n");
                } else if (packet.header.type == CONTROL_FAILED) {
                        const PlanFailure *f = body;

                        fprintf(stderr, "failed %s %d %s\n", plan_step_to_string(f->step), f->error,
                                        f->detail);
                        return 1;
                } else if (packet.header.type == CONTROL_EXITED) {
                        const ExitRecord *e = body;

                        fprintf(stderr, "%s %u\n", e->kind == EXIT_EXITED ? "exited" : "killed",
                                        e->value);
                        return 0;
                }
        }
}

int main(int argc, char *argv[]) {
        const char *env[] = {"PATH=/bin:/usr/bin", NULL};
        int control[2], layer_fd, work_fd, log_fd, cgroup_fd, record_fd, plan_fd, r;
        void *data;
        size_t size;
        Plan plan;
        pid_t pid;

        if (argc < 6)
                return 2;
        if (dup2(0, 3) < 0) /* the plan's place: nothing else may land there */
                return fail("dup2");
        layer_fd = open(argv[2], O_PATH | O_DIRECTORY);
        work_fd = open(argv[3], O_RDONLY | O_DIRECTORY);
        cgroup_fd = open(argv[4], O_RDONLY | O_DIRECTORY);
        if (layer_fd < 0 || work_fd < 0 || cgroup_fd < 0)
                return fail("open");
        (void) mkdirat(work_fd, "upper", 0755);
        (void) mkdirat(work_fd, "work", 0755);
        (void) mkdirat(work_fd, "log", 0700);
        if (fchownat(work_fd, "upper", FOREIGN_ID, FOREIGN_ID, 0) < 0 ||
                        fchownat(work_fd, "work", FOREIGN_ID, FOREIGN_ID, 0) < 0)
                return fail("chown");
        log_fd = openat(work_fd, "log", O_RDONLY | O_DIRECTORY);
        record_fd = openat(work_fd, "exit", O_RDWR | O_CREAT, 0600);
        if (log_fd < 0 || record_fd < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET, 0, control) < 0)
                return fail("set-up");

        plan_init(&plan);
        plan.kind = PLAN_RUN;
        plan.flags = PLAN_FLAG_NO_NEW_PRIVS | PLAN_FLAG_LOOPBACK;
        plan.namespaces = CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC |
                          CLONE_NEWNET | CLONE_NEWCGROUP;
        plan.fds[PLAN_FD_CONTROL] = control[1];
        plan.fds[PLAN_FD_CGROUP] = cgroup_fd;
        plan.fds[PLAN_FD_LOG_DIR] = log_fd;
        plan.fds[PLAN_FD_EXIT_RECORD] = record_fd;
        plan.fds[PLAN_FD_STATE_DIR] = work_fd;
        plan.layer_fds[plan.n_layers++] = layer_fd;
        plan.uid_maps[plan.n_uid_maps++] = (PlanIdMap){0, FIRST_ID, 65536};
        plan.gid_maps[plan.n_gid_maps++] = (PlanIdMap){0, FIRST_ID, 65536};
        plan.storage_map = (PlanIdMap){FOREIGN_ID, FIRST_ID, 65536};
        plan.id = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
        plan.hostname = "harness";
        plan.argv = (const char **) argv + 5;
        plan.envp = env;
        plan.mounts = mounts;
        plan.n_mounts = sizeof(mounts) / sizeof(mounts[0]);
        plan.capabilities = 0xa80425fbULL; /* the default fourteen */
        plan.log_max_size = 20 << 20;
        plan.log_max_files = 5;

        r = plan_encode(&plan, &data, &size);
        plan_fd = r < 0 ? -1 : memfd_of(data, size);
        free(data);
        if (plan_fd < 0)
                return fail("plan");

        pid = fork();
        if (pid == 0) {
                close(control[0]);
                if (dup2(plan_fd, 3) < 0)
                        _exit(2);
                execl(argv[1], argv[1], NULL);
                _exit(2);
        }
        close(control[1]);
        r = listen_to(control[0]);
        close(control[0]);
        (void) waitpid(pid, NULL, 0);
        return r;
}
