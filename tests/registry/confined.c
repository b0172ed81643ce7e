/* SPDX-License-Identifier: Apache-2.0 */
/*
 * confined PORT SOCKET: becomes what the role fetch is while it works, and tries what it should and what it should not. Prints a
 * line for each: its name and "ok" or the errno's name. Somebody listens at PORT of 127.0.0.1, and at SOCKET, which everybody may
 * write to. check-fetch.py knows the answers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>
#include "puller/confine.h"
#include "puller/fetch-confine.h"

static void show(const char *name, long r) {
        printf("%s %s\n", name, r >= 0 ? "ok" : strerrorname_np(errno));
}

static void try_open(const char *path, int flags) {
        char name[256];

        (void) snprintf(name, sizeof(name), "%s:%s",
                        flags & O_CREAT     ? "create"
                        : flags == O_RDONLY ? "read"
                                            : "write",
                        path);
        show(name, open(path, flags | O_CLOEXEC, 0600));
}

static void try_socket(const char *name, int family, int type, int protocol) {
        show(name, socket(family, type | SOCK_CLOEXEC, protocol));
}

static void *nothing(void *argument) {
        return argument;
}

static void try_files(void) {
        static const char *const readable[] = { "/etc/hosts", "/etc/nsswitch.conf",
                "/etc/ssl/openssl.cnf" },
                                 *const closed[] = { "/etc/passwd", "/etc/hostname", "/etc/shadow",
                                         "/proc/self/status", "/proc/1/environ",
                                         "/sys/kernel/uevent_seqnum", "/dev/urandom",
                                         "/var/lib/dpkg/status", "/bin/sh", "/root", "/" };

        for (size_t i = 0; i < sizeof(readable) / sizeof(*readable); i++)
                try_open(readable[i], O_RDONLY);
        for (size_t i = 0; i < sizeof(closed) / sizeof(*closed); i++)
                try_open(closed[i], O_RDONLY);
        try_open("/etc/hosts", O_WRONLY);
        try_open("/tmp/confined-was-here", O_WRONLY | O_CREAT);
        show("mkdir", mkdir("/tmp/confined-was-here", 0700));
        show("unlink", unlink("/tmp/no-such-file"));
        show("chmod", chmod("/tmp", 0777));
}

static void try_sockets(uint16_t port, const char *path) {
        struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
        struct sockaddr_un there = { .sun_family = AF_UNIX };
        int fd, pair[2];

        to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        show("tcp", fd);
        show("connect", connect(fd, (struct sockaddr *) &to, sizeof(to)));
        try_socket("tcp6", AF_INET6, SOCK_STREAM, 0);
        try_socket("udp", AF_INET, SOCK_DGRAM, 0);
        try_socket("raw", AF_INET, SOCK_RAW, IPPROTO_ICMP);
        try_socket("packet", AF_PACKET, SOCK_RAW, 0);
        try_socket("unix", AF_UNIX, SOCK_STREAM, 0);
        try_socket("netlink", AF_NETLINK, SOCK_RAW, 0);
        try_socket("vsock", AF_VSOCK, SOCK_STREAM, 0);
        try_socket("alg", AF_ALG, SOCK_SEQPACKET, 0);
        /* what a pair of its own could be connected to */
        show("pair-of-datagrams", socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair));
        show("pair", socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair));
        (void) snprintf(there.sun_path, sizeof(there.sun_path), "%s", path);
        show("pair-connect", connect(pair[0], (struct sockaddr *) &there, sizeof(there)));
        show("pair-send", sendto(pair[0], "x", 1, MSG_NOSIGNAL, (struct sockaddr *) &there,
                                          sizeof(there)));
        fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        to.sin_port = 0;
        show("bind", bind(fd, (struct sockaddr *) &to, sizeof(to)));
        show("listen", listen(fd, 1));
        show("accept", accept(fd, NULL, NULL));
        show("ioctl-siocgifconf", syscall(SYS_ioctl, fd, 0x8912UL, NULL));
}

static void try_processes(void) {
        char *const argv[] = { (char *) "/bin/true", NULL };
        pthread_t thread;
        int r;

        r = pthread_create(&thread, NULL, nothing, NULL);
        errno = r;
        show("thread", -r);
        if (r == 0)
                (void) pthread_join(thread, NULL);
        show("fork", syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0));
        show("clone-vm", syscall(SYS_clone, CLONE_VM | CLONE_VFORK | SIGCHLD, 0, 0, 0, 0));
        show("clone3", syscall(SYS_clone3, NULL, 0));
        show("exec", execv(argv[0], argv));
        show("kill-parent", kill(getppid(), 0));
        show("ptrace", ptrace(PTRACE_TRACEME, 0, 0, 0));
        show("unshare", unshare(CLONE_NEWUSER));
        show("mount", mount("x", "/tmp", "tmpfs", 0, NULL));
        show("setuid", setuid(0));
        show("chroot", chroot("/tmp"));
        show("keyctl", syscall(SYS_keyctl, 0, 0, 0));
        show("bpf", syscall(SYS_bpf, 0, 0, 0));
        show("io_uring", syscall(SYS_io_uring_setup, 1, NULL));
        show("memfd", syscall(SYS_memfd_create, "x", 0));
        show("process_vm_readv", syscall(SYS_process_vm_readv, getppid(), NULL, 0, NULL, 0, 0));
        show("prctl", prctl(PR_SET_DUMPABLE, 1, 0, 0, 0));
        show("perf", syscall(SYS_perf_event_open, NULL, 0, -1, -1, 0));
}

static void try_names(void) {
        struct addrinfo hints = { .ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM },
                        *found = NULL;
        int r;

        r = getaddrinfo("localhost", "443", &hints, &found);
        errno = EIO;
        show("resolve", r == 0 ? 0 : -1);
        if (r == 0)
                freeaddrinfo(found);
}

int main(int argc, char **argv) {
        _cleanup_failure_ Failure failure = {};

        if (argc != 3 || confine_begin(NULL, 0, &failure) < 0 ||
                        fetch_confine(getppid(), &failure) < 0) {
                fprintf(stderr, "confined: %s\n", failure_message(&failure));
                return EXIT_FAILURE;
        }
        setvbuf(stdout, NULL, _IOLBF, 0);
        try_files();
        try_sockets((uint16_t) atoi(argv[1]), argv[2]);
        try_processes();
        try_names();
        return EXIT_SUCCESS;
}
