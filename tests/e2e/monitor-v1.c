/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/e2e/monitor-v1.c: a monitor of version 1 of every contract that outlives a program: the plan's wire form, the
 * control protocol, the exit record and the log format. It stands for the monitors that run on after an update of the
 * daemon. Everything is written out as bytes and offsets, and nothing of the project is included: a change of a header
 * that an old monitor would not survive fails here. So this file stays as it is, whatever becomes of those; a version 2
 * gets a file of its own.
 *
 * It reads what it needs of a plan: namespaces, id maps, the top layer (bound, not an overlay), argv, environment.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PLAN_FD = 3, STRINGS_MAX = 64, FOLLOWERS_MAX = 8 };

/* Roles of fds in the plan. */
enum { ROLE_CONTROL, ROLE_LISTEN, ROLE_CGROUP, ROLE_LOG_DIR, ROLE_EXIT_RECORD, ROLES = 16 };

/* Types of packets. */
enum { STARTED = 1, EXITED = 3, STATE = 4, REPLY = 5, ATTACH = 64, TAKEN = 66, SIGNAL = 67 };

enum { PHASE_STARTING, PHASE_RUNNING, PHASE_EXITED };

static int roles[ROLES], layer_fd = -1;
static uint64_t namespaces;
static uint32_t uid_map[3], gid_map[3], storage_map[3];
static char *argv[STRINGS_MAX], *envp[STRINGS_MAX], *container_id;
static unsigned char record[512], boot_id[16];

static int connection = -1, pidfd = -1, log_fd = -1, followers[FOLLOWERS_MAX];
static unsigned n_followers;
static uint32_t phase = PHASE_STARTING, child_pid;
static uint64_t started_usec;
static int taken;

static void fail(const char *what) {
        perror(what);
        exit(1);
}

static void put32(unsigned char *at, uint32_t value) {
        memcpy(at, &value, 4);
}

static void put64(unsigned char *at, uint64_t value) {
        memcpy(at, &value, 8);
}

static uint32_t get32(const unsigned char *at) {
        uint32_t value;

        memcpy(&value, at, 4);
        return value;
}

static uint64_t now_nsec(void) {
        struct timespec t;

        (void) clock_gettime(CLOCK_REALTIME, &t);
        return (uint64_t) t.tv_sec * 1000000000 + (uint64_t) t.tv_nsec;
}

static void append(char **list, char *string) {
        int n = 0;

        while (list[n])
                n++;
        if (n < STRINGS_MAX - 1)
                list[n] = string;
}

static void read_field(unsigned tag, unsigned char *data) {
        switch (tag) {
        case 3:
                memcpy(&namespaces, data, 8);
                break;
        case 4:
                if (get32(data) < ROLES)
                        roles[get32(data)] = (int) get32(data + 4);
                break;
        case 5:
                if (layer_fd < 0)
                        layer_fd = (int) get32(data);
                break;
        case 6:
                memcpy(uid_map, data, 12);
                break;
        case 7:
                memcpy(gid_map, data, 12);
                break;
        case 8:
                memcpy(storage_map, data, 12);
                break;
        case 9:
                container_id = (char *) data;
                break;
        case 11:
                append(argv, (char *) data);
                break;
        case 12:
                append(envp, (char *) data);
                break;
        case 22:
                memcpy(boot_id, data, 16);
                break;
        }
}

/* magic[8], u32 version, u32 length of all; then fields: u16 tag, u16 0, u32 length, bytes, padded to 8. */
static void read_plan(void) {
        unsigned char *plan;
        struct stat st;

        if (fstat(PLAN_FD, &st) < 0)
                fail("plan");
        plan = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_PRIVATE, PLAN_FD, 0);
        if (plan == MAP_FAILED)
                fail("plan");
        if (memcmp(plan, "PDPLAN\0\0", 8) != 0 || get32(plan + 8) != 1 ||
                        get32(plan + 12) != st.st_size) {
                fprintf(stderr, "not a plan of version 1\n");
                exit(1);
        }
        for (size_t at = 16; at < (size_t) st.st_size; at += 8 + (get32(plan + at + 4) + 7) / 8 * 8)
                read_field(plan[at] | plan[at + 1] << 8, plan + at + 8);
}

/* u32 magic, u16 version, u16 type, u32 length, u32 serial; then the body, with at most one fd. */
static void send_packet(unsigned type, uint32_t serial, const void *body, size_t size, int fd) {
        unsigned char packet[1024] = { 'C', 'M', 'D', 'P', 1, 0, (unsigned char) type };
        char room[CMSG_SPACE(sizeof(int))] = {};
        struct iovec iov = { packet, 16 + size };
        struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (connection < 0)
                return;
        put32(packet + 8, (uint32_t) (16 + size));
        put32(packet + 12, serial);
        memcpy(packet + 16, body, size);
        if (fd >= 0) {
                m.msg_control = room;
                m.msg_controllen = sizeof(room);
                *CMSG_FIRSTHDR(&m) = (struct cmsghdr){ .cmsg_level = SOL_SOCKET,
                        .cmsg_type = SCM_RIGHTS,
                        .cmsg_len = CMSG_LEN(sizeof(int)) };
                memcpy(CMSG_DATA(CMSG_FIRSTHDR(&m)), &fd, sizeof(int));
        }
        (void) sendmsg(connection, &m, MSG_NOSIGNAL);
}

/* 512 bytes: u32 magic, version, length, kind; u64 started, finished; boot id; u32 value, step; u64 run, which is the
 * daemon's; detail[256]; zeros; u32 CRC-32 of all before. */
static void write_record(uint32_t kind, uint32_t value) {
        uint32_t crc = 0xffffffff;

        memcpy(record, "XEDP", 4);
        put32(record + 4, 1);
        put32(record + 8, 512);
        put32(record + 12, kind);
        put64(record + 16, started_usec);
        put64(record + 24, kind == 1 ? 0 : now_nsec() / 1000);
        memcpy(record + 32, boot_id, 16);
        put32(record + 48, value);
        for (int i = 0; i < 508; i++) {
                crc ^= record[i];
                for (int bit = 0; bit < 8; bit++)
                        crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
        }
        put32(record + 508, ~crc);
        if (pwrite(roles[ROLE_EXIT_RECORD], record, 512, 0) != 512)
                fail("exit record");
}

/* A chunk: u64 nanoseconds, u32 length, u8 stream, 3 zeros; then the bytes. */
static void log_chunk(unsigned stream, const void *data, size_t size) {
        unsigned char chunk[16 + 4096] = {};

        put64(chunk, now_nsec());
        put32(chunk + 8, (uint32_t) size);
        chunk[12] = (unsigned char) stream;
        if (size > 0)
                memcpy(chunk + 16, data, size);
        if (log_fd >= 0 && write(log_fd, chunk, 16 + size) != (ssize_t) (16 + size))
                fail("log");
}

static void open_log(void) {
        static const unsigned char header[16] = "PDLOG1\n\0\1\0\0\0\20\0\0";

        if (roles[ROLE_LOG_DIR] < 0)
                return;
        log_fd = openat(roles[ROLE_LOG_DIR], "00000001.log",
                        O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
        if (log_fd < 0 || write(log_fd, header, 16) != 16)
                fail("log");
        log_chunk(4, NULL, 0);
}

/* In the new namespaces: the layer becomes the root. */
static void run_workload(int tree_fd, int sync_fd, int out_fd, int err_fd) {
        int null_fd = open("/dev/null", O_RDWR);
        char go;

        if (read(sync_fd, &go, 1) != 1 || setgid(0) < 0 || setuid(0) < 0)
                fail("ids");
        if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
                        syscall(SYS_move_mount, tree_fd, "", AT_FDCWD, "/mnt", 4) < 0 ||
                        chdir("/mnt") < 0 || mount("proc", "proc", "proc", 0, NULL) < 0 ||
                        mount("/dev", "dev", NULL, MS_BIND | MS_REC, NULL) < 0 ||
                        syscall(SYS_pivot_root, ".", ".") < 0 || umount2(".", MNT_DETACH) < 0)
                fail("root");
        (void) dup2(null_fd, 0);
        (void) dup2(out_fd, 1);
        (void) dup2(err_fd, 2);
        environ = envp;
        (void) execvp(argv[0], argv);
        fail(argv[0]);
}

static void write_map(long pid, const char *name, const uint32_t *map) {
        char path[64], text[64];
        int fd;

        (void) snprintf(path, sizeof(path), "/proc/%ld/%s", pid, name);
        (void) snprintf(text, sizeof(text), "%u %u %u\n", map[0], map[1], map[2]);
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (fd < 0 || write(fd, text, strlen(text)) < 0)
                fail(path);
        (void) close(fd);
}

/* The layer, detached, with the stored ids shifted to the container's. */
static int shifted_layer(void) {
        int tree_fd = (int) syscall(
                        SYS_open_tree, layer_fd, "", O_CLOEXEC | 1 /* CLONE */ | AT_EMPTY_PATH);
        long holder = syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, NULL, NULL, NULL, NULL);
        uint64_t attributes[4] = { 0x100000 /* IDMAP */ };
        char path[64];

        if (holder == 0)
                for (;;)
                        (void) pause();
        if (tree_fd < 0 || holder < 0)
                fail("layer");
        write_map(holder, "uid_map", storage_map);
        write_map(holder, "gid_map", storage_map);
        (void) snprintf(path, sizeof(path), "/proc/%ld/ns/user", holder);
        attributes[3] = (uint64_t) open(path, O_RDONLY | O_CLOEXEC);
        if (syscall(SYS_mount_setattr, tree_fd, "", AT_EMPTY_PATH, attributes, sizeof(attributes)) <
                        0)
                fail("id map");
        (void) close((int) attributes[3]);
        (void) kill((pid_t) holder, SIGKILL);
        (void) waitpid((pid_t) holder, NULL, 0);
        return tree_fd;
}

static void start_workload(int *ret_out_fd, int *ret_err_fd) {
        uint64_t args[11] = { namespaces | 0x1000 /* PIDFD */ | 0x200000000 /* INTO_CGROUP */,
                (uint64_t) (uintptr_t) &pidfd, 0, 0, SIGCHLD, 0, 0, 0, 0, 0,
                (uint64_t) roles[ROLE_CGROUP] };
        int out[2], err[2], sync[2], tree_fd;
        long pid;

        tree_fd = shifted_layer();
        if (pipe2(out, O_CLOEXEC) < 0 || pipe2(err, O_CLOEXEC) < 0 || pipe2(sync, O_CLOEXEC) < 0 ||
                        fchown(out[1], uid_map[1], gid_map[1]) < 0 ||
                        fchown(err[1], uid_map[1], gid_map[1]) < 0)
                fail("start");
        pid = syscall(SYS_clone3, args, sizeof(args));
        if (pid < 0)
                fail("clone3");
        if (pid == 0)
                run_workload(tree_fd, sync[0], out[1], err[1]);
        child_pid = (uint32_t) pid;
        write_map(pid, "uid_map", uid_map);
        write_map(pid, "gid_map", gid_map);
        if (write(sync[1], "g", 1) != 1)
                fail("start");
        (void) close(tree_fd);
        (void) close(out[1]);
        (void) close(err[1]);
        *ret_out_fd = out[0];
        *ret_err_fd = err[0];
        started_usec = now_nsec() / 1000;
        phase = PHASE_RUNNING;
}

/* Return: 0 at the stream's end. */
static int take_output(unsigned stream, int fd) {
        char data[4096];
        ssize_t n = read(fd, data, sizeof(data));

        if (n <= 0)
                return 0;
        log_chunk(stream, data, (size_t) n);
        for (unsigned i = 0; i < n_followers; i++)
                (void) !write(followers[i], data, (size_t) n);
        return 1;
}

static void take_request(void) {
        unsigned char packet[4096] = {};
        char room[CMSG_SPACE(4 * sizeof(int))];
        struct iovec iov = { packet, sizeof(packet) };
        struct msghdr m = { .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = room,
                .msg_controllen = sizeof(room) };
        unsigned char reply[8] = {};
        struct cmsghdr *c;

        if (recvmsg(connection, &m, MSG_CMSG_CLOEXEC) <= 0) {
                (void) close(connection);
                connection = -1;
                return;
        }
        if (memcmp(packet, "CMDP", 4) != 0)
                return;
        c = CMSG_FIRSTHDR(&m);
        switch (packet[6]) {
        case ATTACH: { /* u32 mask: 1 stdin, 2 stdout, 4 stderr, one fd each, in this order */
                int fds[4], bit, n = 0;

                if (c)
                        memcpy(fds, CMSG_DATA(c), c->cmsg_len - CMSG_LEN(0));
                for (bit = 1; bit <= 4; bit *= 2)
                        if (get32(packet + 16) & (uint32_t) bit) {
                                if (bit == 1)
                                        (void) close(fds[n]);
                                else if (n_followers < FOLLOWERS_MAX)
                                        followers[n_followers++] = fds[n];
                                n++;
                        }
                break;
        }
        case SIGNAL: /* i32 signal */
                if (syscall(SYS_pidfd_send_signal, pidfd, get32(packet + 16), NULL, 0) < 0)
                        put32(reply, (uint32_t) -errno);
                break;
        case TAKEN:
                taken = 1;
                return;
        default:
                return;
        }
        send_packet(REPLY, get32(packet + 12), reply, sizeof(reply), -1);
}

/* u32 phase, u32 pid, u64 started, id[64] */
static void accept_daemon(void) {
        unsigned char state[80];
        int fd = accept4(roles[ROLE_LISTEN], NULL, NULL, SOCK_CLOEXEC);

        if (fd < 0)
                return;
        if (connection >= 0)
                (void) close(connection);
        connection = fd;
        put32(state, phase);
        put32(state + 4, child_pid);
        put64(state + 8, started_usec);
        memcpy(state + 16, container_id, 64);
        send_packet(STATE, 0, state, sizeof(state), phase == PHASE_RUNNING ? pidfd : -1);
        if (phase == PHASE_EXITED)
                send_packet(EXITED, 0, record, sizeof(record), -1);
}

static void workload_ended(int out_fd, int err_fd) {
        int status;

        (void) waitpid((pid_t) child_pid, &status, 0);
        while (take_output(1, out_fd))
                ;
        while (take_output(2, err_fd))
                ;
        log_chunk(5, NULL, 0);
        if (WIFEXITED(status))
                write_record(2, (uint32_t) WEXITSTATUS(status));
        else
                write_record(3, (uint32_t) WTERMSIG(status));
        phase = PHASE_EXITED;
        send_packet(EXITED, 0, record, sizeof(record), -1);
        for (unsigned i = 0; i < n_followers; i++)
                (void) close(followers[i]);
        n_followers = 0;
}

int main(void) {
        unsigned char started[16] = {};
        int out_fd, err_fd;

        for (int i = 0; i < ROLES; i++)
                roles[i] = -1;
        read_plan();
        connection = roles[ROLE_CONTROL];
        for (int i = 0; i < ROLES; i++)
                (void) fcntl(roles[i], F_SETFD, FD_CLOEXEC); /* absent ones are refused */
        (void) fcntl(PLAN_FD, F_SETFD, FD_CLOEXEC);
        (void) fcntl(layer_fd, F_SETFD, FD_CLOEXEC);
        if (pread(roles[ROLE_EXIT_RECORD], record, 512, 0) != 512)
                fail("exit record");
        open_log();
        start_workload(&out_fd, &err_fd);
        write_record(1, 0);
        put32(started, child_pid);
        put64(started + 8, started_usec);
        send_packet(STARTED, 0, started, sizeof(started), pidfd);

        while (phase != PHASE_EXITED || (connection >= 0 && !taken)) {
                struct pollfd p[] = { { phase == PHASE_EXITED ? -1 : pidfd, POLLIN, 0 },
                        { connection, POLLIN, 0 }, { roles[ROLE_LISTEN], POLLIN, 0 },
                        { out_fd, POLLIN, 0 }, { err_fd, POLLIN, 0 } };

                if (poll(p, 5, -1) < 0)
                        continue;
                if (p[1].revents)
                        take_request();
                if (p[3].revents && !take_output(1, out_fd))
                        out_fd = -1;
                if (p[4].revents && !take_output(2, err_fd))
                        err_fd = -1;
                if (p[2].revents)
                        accept_daemon();
                if (p[0].revents)
                        workload_ended(out_fd, err_fd);
        }
        return 0;
}
