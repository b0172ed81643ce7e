/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/e2e/monitor-harness.c: plays the daemon towards one real monitor: writes the plan, spawns,
 * reads the control socket, tells on standard error what it heard. Knows the contracts of
 * init/plan.h and monitor/control.h; knows no engine. Needs root.
 *
 *     monitor-harness run  [OPTION]... MONITOR LAYERS WORK CGROUP COMMAND...   a container; LAYERS
 * top first, by colons monitor-harness exec [OPTION]... MONITOR WORK CGROUP COMMAND...          a
 * command in the one that WORK belongs to monitor-harness watch WORK as a daemon that came back
 *     monitor-harness probe WORK tcp|http PORT MILLISECONDS [PATH]                  asks a port inside
 *
 * It says "started", then "exited CODE", "killed SIGNAL" or "failed STEP ERRNO DETAIL"; "running"
 * after coming back; "probed STATUS TEXT" or "unanswered REASON".
 */
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include "base/cleanup.h"
#include "monitor/control.h"

#define FIRST_ID 700055552U /* the container's range */
#define FOREIGN_ID 2147352576U
#define CONTAINER_ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ALL_NAMESPACES                                                                             \
        (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWNET | \
                        CLONE_NEWCGROUP)

static struct {
        unsigned attach; /* ControlAttachMask */
        bool leave;      /* go away once it runs */
        bool no_log;
        unsigned long resize;
        Plan plan;
} arg;

static PlanMount mounts[] = {
        { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV, "/proc", NULL, "proc", NULL },
        { PLAN_MOUNT_FS, MS_NOSUID | MS_STRICTATIME, "/dev", NULL, "tmpfs",
                        "mode=755,size=65536k" },
        { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC, "/dev/pts", NULL, "devpts",
                        "newinstance,ptmxmode=0666,mode=0620,gid=5" },
        { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV, "/dev/shm", NULL, "tmpfs",
                        "mode=1777,size=65536k" },
        { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV, "/dev/mqueue", NULL, "mqueue", NULL },
        { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, "/sys", NULL, "sysfs",
                        NULL },
        { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC | MS_NODEV | MS_RDONLY, "/sys/fs/cgroup", NULL,
                        "cgroup2", NULL },
        { PLAN_MOUNT_MASK, 0, "/proc/kcore", NULL, NULL, NULL },
        { PLAN_MOUNT_MASK, 0, "/proc/nothing-of-this-name", NULL, NULL, NULL },
        { PLAN_MOUNT_MASK, 0, "/sys/firmware", NULL, NULL, NULL },
        { PLAN_MOUNT_READONLY, 0, "/proc/sys", NULL, NULL, NULL },
};

static void die(const char *what) {
        perror(what);
        exit(2);
}

static int must(int result, const char *what) {
        if (result < 0)
                die(what);
        return result;
}

static void say_failure(const PlanFailure *f) {
        fprintf(stderr, "failed %s %d %s\n", plan_step_to_string(f->step), f->error, f->detail);
}

static void say_end(const ExitRecord *e) {
        PlanFailure f = { .step = e->step, .error = (int32_t) e->value };

        if (e->kind == EXIT_FAILED) {
                memcpy(f.detail, e->detail, sizeof(f.detail));
                say_failure(&f);
        } else
                fprintf(stderr, "%s %u\n", e->kind == EXIT_EXITED ? "exited" : "killed", e->value);
}

static void send_control(int fd, ControlType type, const void *body, size_t size, const int *fds,
                size_t n_fds) {
        char packet[CONTROL_PACKET_MAX], room[CMSG_SPACE(3 * sizeof(int))] = {};
        ControlHeader h = { .magic = CONTROL_MAGIC,
                .version = CONTROL_VERSION,
                .type = type,
                .length = (uint32_t) (sizeof(h) + size),
                .serial = 1 };
        struct iovec iov = { .iov_base = packet, .iov_len = h.length };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        memcpy(packet, &h, sizeof(h));
        if (size > 0)
                memcpy(packet + sizeof(h), body, size);
        if (n_fds > 0) {
                struct cmsghdr *c;

                m.msg_control = room;
                m.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                c = CMSG_FIRSTHDR(&m);
                c->cmsg_level = SOL_SOCKET;
                c->cmsg_type = SCM_RIGHTS;
                c->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(c), fds, n_fds * sizeof(int));
        }
        must((int) sendmsg(fd, &m, MSG_NOSIGNAL), "sendmsg");
}

static void attach_own_streams(int control_fd) {
        ControlAttach a = { .mask = arg.attach };
        int fds[3];
        size_t n = 0;

        for (int i = 0; i < 3; i++)
                if (arg.attach & (1U << i))
                        fds[n++] = i;
        if (n > 0)
                send_control(control_fd, CONTROL_ATTACH, &a, sizeof(a), fds, n);
        if (arg.resize > 0)
                send_control(control_fd, CONTROL_RESIZE,
                                &(ControlResize){ .rows = (uint16_t) arg.resize, .columns = 99 },
                                sizeof(ControlResize), NULL, 0);
}

/* Return: the packet's type, or 0 at the socket's end; @ret_fd: what came along, or -1. */
static unsigned receive(int control_fd, void *packet, int *ret_fd) {
        char room[CMSG_SPACE(sizeof(int))];
        struct iovec iov = { .iov_base = packet, .iov_len = CONTROL_PACKET_MAX };
        struct msghdr m = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = room,
                .msg_controllen = sizeof(room) };
        const ControlHeader *h = packet;
        struct cmsghdr *c;
        ssize_t n;

        *ret_fd = -1;
        n = recvmsg(control_fd, &m, MSG_CMSG_CLOEXEC);
        if (n < (ssize_t) sizeof(*h) || h->magic != CONTROL_MAGIC || h->length != n)
                return 0;
        c = CMSG_FIRSTHDR(&m);
        if (c)
                memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
        return h->type;
}

/* Until the end is told. Return: the exit status for main(). */
static int listen_to(int control_fd) {
        union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        } packet;
        const void *body = packet.bytes + sizeof(packet.header);
        int fd;

        for (;;) {
                switch (receive(control_fd, &packet, &fd)) {
                case 0:
                        fprintf(stderr, "gone\n");
                        return 3;
                case CONTROL_STARTED:
                        fprintf(stderr, "started\n");
                        if (arg.leave)
                                return 0;
                        break;
                case CONTROL_STATE:
                        fprintf(stderr, "%s\n",
                                        ((const ControlState *) body)->phase ==
                                                                        CONTROL_PHASE_RUNNING
                                                        ? "running"
                                                        : "over");
                        attach_own_streams(control_fd);
                        break;
                case CONTROL_REPLY:
                        if (((const ControlReply *) body)->error < 0)
                                fprintf(stderr, "refused %s\n",
                                                strerror(-((const ControlReply *) body)->error));
                        break;
                case CONTROL_FAILED:
                        say_failure(body);
                        send_control(control_fd, CONTROL_TAKEN, NULL, 0, NULL, 0);
                        return 0;
                case CONTROL_EXITED:
                        say_end(body);
                        send_control(control_fd, CONTROL_TAKEN, NULL, 0, NULL, 0);
                        return 0;
                }
                if (fd >= 0)
                        (void) close(fd);
        }
}

/* WORK/control as an address. */
static struct sockaddr_un address_of(const char *work) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };

        if (snprintf(sa.sun_path, sizeof(sa.sun_path), "%s/control", work) >=
                        (int) sizeof(sa.sun_path)) {
                errno = ENAMETOOLONG;
                die(work);
        }
        return sa;
}

static int connect_to(const char *work) {
        struct sockaddr_un sa = address_of(work);
        int fd = must(socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0), "socket");

        must(connect(fd, (struct sockaddr *) &sa, sizeof(sa)), "connect");
        return fd;
}

static int record_in(int work_fd, const char *name) {
        ExitRecord none = { .kind = EXIT_NONE };
        int fd = must(openat(work_fd, name, O_RDWR | O_CREAT, 0600), name);

        must(exit_record_write(fd, &none), name);
        return fd;
}

static int spawn(const char *monitor, int their_fd) {
        const char *argv[] = { "pocketdocker-monitor", NULL };
        void *data;
        size_t size;
        int plan_fd, null_fd, log_fd;
        pid_t pid;

        errno = -must(plan_encode(&arg.plan, &data, &size), "plan");
        plan_fd = must(memfd_create("plan", 0), "memfd");
        if (write(plan_fd, data, size) != (ssize_t) size)
                die("plan");
        free(data);

        /* Holds no stream of ours but those that it was given; what a sanitizer says stays beside its work. */
        null_fd = must(open("/dev/null", O_RDWR | O_CLOEXEC), "/dev/null");
        log_fd = must(openat(arg.plan.fds[PLAN_FD_STATE_DIR], "stderr",
                                      O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600),
                        "stderr");
        pid = must(vfork(), "vfork");
        if (pid == 0) {
                if (dup2(plan_fd, 3) == 3 && dup2(null_fd, 0) == 0 && dup2(null_fd, 1) == 1 &&
                                dup2(log_fd, 2) == 2)
                        (void) execv(monitor, (char **) argv);
                _exit(2);
        }
        (void) close(plan_fd);
        (void) close(null_fd);
        (void) close(log_fd);
        (void) close(their_fd);
        return pid;
}

static int open_layers(char *layers) {
        for (char *save = NULL, *l = strtok_r(layers, ":", &save); l;
                        l = strtok_r(NULL, ":", &save))
                arg.plan.layer_fds[arg.plan.n_layers++] = must(open(l, O_PATH | O_DIRECTORY), l);
        return 0;
}

static void fill_plan(const char *work, const char *cgroup, char **command) {
        static const char *env[] = { "PATH=/bin:/usr/bin", "TERM=xterm", NULL };
        Plan *p = &arg.plan;
        int work_fd = must(open(work, O_RDONLY | O_DIRECTORY), work);

        p->fds[PLAN_FD_STATE_DIR] = work_fd;
        p->fds[PLAN_FD_CGROUP] = must(open(cgroup, O_RDONLY | O_DIRECTORY), cgroup);
        p->namespaces = ALL_NAMESPACES;
        p->flags |= PLAN_FLAG_NO_NEW_PRIVS | PLAN_FLAG_LOOPBACK;
        p->uid_maps[p->n_uid_maps++] = (PlanIdMap){ 0, FIRST_ID, 65536 };
        p->gid_maps[p->n_gid_maps++] = (PlanIdMap){ 0, FIRST_ID, 65536 };
        p->id = CONTAINER_ID;
        p->hostname = "harness";
        p->argv = (const char **) command;
        p->envp = env;
        p->capabilities = 0xa80425fbULL; /* the default fourteen */
}

static int run(int argc, char **argv) {
        struct sockaddr_un sa;
        Plan *p = &arg.plan;
        int control[2], work_fd;
        pid_t pid;

        if (argc < 5)
                return 2;
        sa = address_of(argv[2]);
        fill_plan(argv[2], argv[3], argv + 4);
        (void) open_layers(argv[1]);
        work_fd = p->fds[PLAN_FD_STATE_DIR];
        (void) mkdirat(work_fd, "upper", 0755);
        (void) mkdirat(work_fd, "work", 0755);
        (void) mkdirat(work_fd, "log", 0700);
        must(fchownat(work_fd, "upper", FOREIGN_ID, FOREIGN_ID, 0), "chown");
        must(fchownat(work_fd, "work", FOREIGN_ID, FOREIGN_ID, 0), "chown");
        must(fchmod(work_fd, 0711), "chmod");
        if (!arg.no_log)
                p->fds[PLAN_FD_LOG_DIR] =
                                must(openat(work_fd, "log", O_RDONLY | O_DIRECTORY), "log");
        p->fds[PLAN_FD_EXIT_RECORD] = record_in(work_fd, "exit");
        p->fds[PLAN_FD_LISTEN] = must(socket(AF_UNIX, SOCK_SEQPACKET, 0), "socket");
        (void) unlink(sa.sun_path);
        must(bind(p->fds[PLAN_FD_LISTEN], (struct sockaddr *) &sa, sizeof(sa)), "bind");
        must(listen(p->fds[PLAN_FD_LISTEN], 4), "listen");
        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), "socketpair");
        p->fds[PLAN_FD_CONTROL] = must(dup(control[1]), "dup");
        p->storage_map = (PlanIdMap){ FOREIGN_ID, FIRST_ID, 65536 };
        p->mounts = mounts;
        p->n_mounts = sizeof(mounts) / sizeof(mounts[0]);

        attach_own_streams(control[0]); /* before the start, so that nothing is missed */
        pid = spawn(argv[0], control[1]);
        (void) close(p->fds[PLAN_FD_CONTROL]);
        fprintf(stderr, "monitor %d\n", (int) pid);
        argc = listen_to(control[0]);
        (void) close(control[0]);
        if (!arg.leave)
                (void) waitpid(pid, NULL, 0);
        return argc;
}

static int exec(int argc, char **argv) {
        union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        } packet;
        Plan *p = &arg.plan;
        int control[2], fd, target;
        pid_t pid;

        if (argc < 4)
                return 2;
        fd = connect_to(argv[1]);
        if (receive(fd, &packet, &target) != CONTROL_STATE || target < 0)
                return 3;
        (void) close(fd);

        fill_plan(argv[1], argv[2], argv + 3);
        p->kind = PLAN_EXEC;
        p->flags &= ~(uint64_t) PLAN_FLAG_LOOPBACK;
        p->fds[PLAN_FD_TARGET] = must(fcntl(target, F_DUPFD, 3), "pidfd");
        p->fds[PLAN_FD_EXIT_RECORD] = record_in(p->fds[PLAN_FD_STATE_DIR], "exec");
        for (int i = 0; i < 3 && !(p->flags & PLAN_FLAG_TERMINAL); i++)
                p->fds[PLAN_FD_STDIN + i] = must(fcntl(i, F_DUPFD, 3), "stream");
        for (int i = 0; i < 2 && p->flags & PLAN_FLAG_TERMINAL; i++)
                p->fds[PLAN_FD_TERMINAL + i] = must(fcntl(i, F_DUPFD, 3), "stream");
        must(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control), "socketpair");
        p->fds[PLAN_FD_CONTROL] = must(dup(control[1]), "dup");

        pid = spawn(argv[0], control[1]);
        (void) close(p->fds[PLAN_FD_CONTROL]);
        argc = listen_to(control[0]);
        (void) close(control[0]);
        (void) waitpid(pid, NULL, 0);
        return argc;
}

static int say_probed(const ControlProbed *probed, const char *text, size_t size) {
        if (probed->error < 0)
                fprintf(stderr, "unanswered %s\n", strerror(-probed->error));
        else
                fprintf(stderr, "probed %u %.*s\n", probed->status, (int) size, text);
        return probed->id == 7 ? 0 : 2;
}

static int probe(int argc, char **argv) {
        struct {
                ControlProbe ask;
                char path[CONTROL_PACKET_MAX / 2];
        } body = {};
        union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        } packet;
        const char *answer = packet.bytes + sizeof(packet.header);
        int control_fd, fd;
        unsigned type;

        if (argc < 4)
                return 2;
        control_fd = connect_to(argv[0]);
        if (receive(control_fd, &packet, &fd) != CONTROL_STATE ||
                        !(((const ControlState *) answer)->features & CONTROL_FEATURE_PROBES))
                return 3;
        body.ask = (ControlProbe){
                .kind = strcmp(argv[1], "http") == 0 ? CONTROL_PROBE_HTTP : CONTROL_PROBE_TCP,
                .port = (uint16_t) strtoul(argv[2], NULL, 10),
                .timeout_usec = strtoull(argv[3], NULL, 10) * 1000,
                .id = 7,
        };
        (void) snprintf(body.path, sizeof(body.path), "%s", argc > 4 ? argv[4] : "");
        send_control(control_fd, CONTROL_PROBE, &body, sizeof(body.ask) + strlen(body.path), NULL,
                        0);
        do {
                type = receive(control_fd, &packet, &fd);
                if (type == 0)
                        return 3;
        } while (type != CONTROL_PROBED);
        return say_probed((const ControlProbed *) answer, answer + sizeof(ControlProbed),
                        packet.header.length - sizeof(packet.header) - sizeof(ControlProbed));
}

static int parse_options(int argc, char **argv) {
        Plan *p = &arg.plan;
        int c;

        p->log_max_size = 20 << 20;
        p->log_max_files = 5;
        while ((c = getopt(argc, argv, "+aditIRVNu:w:s:F:U:r:o:")) != -1)
                switch (c) {
                case 'a': /* its output is ours, and waits for us */
                        arg.attach |= CONTROL_ATTACH_STDOUT | CONTROL_ATTACH_BLOCK;
                        break;
                case 'd':
                        arg.leave = true;
                        break;
                case 'i':
                        arg.attach |= CONTROL_ATTACH_STDIN | CONTROL_ATTACH_CLOSE_STDIN;
                        p->flags |= PLAN_FLAG_STDIN;
                        break;
                case 't':
                        p->flags |= PLAN_FLAG_TERMINAL;
                        break;
                case 'I':
                        p->flags |= PLAN_FLAG_INIT;
                        break;
                case 'R':
                        p->flags |= PLAN_FLAG_READ_ONLY;
                        break;
                case 'V':
                        p->flags |= PLAN_FLAG_VOLATILE;
                        break;
                case 'N':
                        arg.no_log = true;
                        break;
                case 'u':
                        p->user = optarg;
                        break;
                case 'w':
                        p->working_dir = optarg;
                        break;
                case 's':
                        p->log_max_size = strcmp(optarg, "-1") == 0 ? UINT64_MAX
                                                                    : strtoull(optarg, NULL, 0);
                        break;
                case 'F':
                        p->log_max_files = (uint32_t) strtoul(optarg, NULL, 0);
                        break;
                case 'U':
                        p->ulimits[p->n_ulimits++] = (PlanUlimit){ RLIMIT_NOFILE,
                                strtoull(optarg, NULL, 0), strtoull(optarg, NULL, 0) };
                        break;
                case 'o': /* an exec's own cgroup */
                        p->fds[PLAN_FD_OWN_CGROUP] =
                                        must(open(optarg, O_RDONLY | O_DIRECTORY), optarg);
                        break;
                case 'r':
                        arg.resize = strtoul(optarg, NULL, 0);
                        break;
                default:
                        return -1;
                }
        return optind;
}

int main(int argc, char *argv[]) {
        int first;

        plan_init(&arg.plan);
        if (argc < 3 || dup2(0, 3) < 0) /* 3 is the plan's place: nothing else may land there */
                return 2;
        first = parse_options(argc - 1, argv + 1);
        if (first < 0)
                return 2;
        argc -= 1 + first;
        if (strcmp(argv[1], "run") == 0)
                return run(argc, argv + 1 + first);
        if (strcmp(argv[1], "exec") == 0)
                return exec(argc, argv + 1 + first);
        if (strcmp(argv[1], "probe") == 0)
                return probe(argc, argv + 1 + first);
        if (strcmp(argv[1], "watch") == 0 && argc == 1)
                return listen_to(connect_to(argv[1 + first]));
        return 2;
}
