/* SPDX-License-Identifier: Apache-2.0 */
/* tests/hostile/escape-processes.c: out by other processes: the host's, and the engine's while they come in. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "escape.h"

static int open_of(const char *pid, const char *name, int flags) {
        char path[64];

        (void) snprintf(path, sizeof(path), "/proc/%.16s/%s", pid, name);
        return open(path, flags | O_CLOEXEC | O_NONBLOCK);
}

/* CVE-2019-5736: what runs cannot be written; what is held open can, once it has ended. */
static bool can_write(int fd) {
        char path[64];
        void *p;
        int w;

        (void) snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
        w = open(path, O_WRONLY | O_CLOEXEC);
        if (w < 0)
                w = open(path, O_RDWR | O_CLOEXEC);
        if (w < 0) {
                p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
                return p != MAP_FAILED;
        }
        if (write(w, "overwritten", 11) > 0 || ftruncate(w, 0) == 0)
                return true;
        close(w);
        return false;
}

/* The engine's programs that were seen, held until they can be written. */
static int held_fds[64];
static size_t n_held, n_seen;
static bool only_writes;

/* Tried by number: there may be no time to list them. What is inside, and what is no directory, leads nowhere. */
static bool leads_out(const char *pid) {
        bool out = false;
        char name[16];

        for (int n = 3; n < 24 && !out; n++) {
                int fd;

                (void) snprintf(name, sizeof(name), "fd/%d", n);
                fd = open_of(pid, name, O_PATH | O_DIRECTORY);
                out = fd >= 0 && !is_inside(fd) && escaped("process %s has a directory open", pid);
                close(fd);
        }
        return out;
}

static bool look_at(const char *pid) {
        int exe, fd;

        if (leads_out(pid))
                return true;
        exe = open_of(pid, "exe", O_RDONLY);
        if (exe < 0) {
                n_seen += errno == EACCES || errno == EPERM;
                return false; /* it may not be looked at, or is gone */
        }
        if (is_inside(exe)) {
                close(exe);
                return false; /* one of ours, as the container's root may */
        }
        printf("process %s runs a program from elsewhere\n", pid);
        if (n_held < sizeof(held_fds) / sizeof(held_fds[0]))
                held_fds[n_held++] = exe;
        if (only_writes)
                return false;

        /* It is one that comes in: nothing that it brings may be reached. */
        for (int i = 0; i < 2; i++) {
                fd = open_of(pid, i == 0 ? "root" : "cwd", O_RDONLY | O_DIRECTORY);
                if (fd >= 0 && !is_inside(fd)) {
                        (void) escaped("a directory of process %s is open", pid);
                        return true;
                }
        }
        if (open_of(pid, "mem", O_RDWR) >= 0) {
                (void) escaped("the memory of process %s is open", pid);
                return true;
        }
        if (ptrace(PTRACE_SEIZE, atoi(pid), NULL, NULL) == 0) {
                (void) escaped("process %s is traced", pid);
                return true;
        }
        return false;
}

/* Also CVE-2016-9962, and a setns() that the container's own binary waits for. */
int escape_watch(char **arguments) {
        struct dirent *e;
        size_t turns = 0;
        DIR *d;

        only_writes = arguments[0];
        puts("watching");
        while (access("/stop", F_OK) < 0) {
                d = opendir("/proc");
                while (d && (e = readdir(d)))
                        if (e->d_name[0] >= '1' && e->d_name[0] <= '9' &&
                                        atoi(e->d_name) != getpid() && look_at(e->d_name))
                                return 1;
                if (d)
                        closedir(d);
                for (size_t i = 0; i < n_held; i++)
                        if (can_write(held_fds[i]))
                                return escaped("a program of the engine is overwritten");
                turns++;
        }
        printf("%zu turns, %zu programs from elsewhere, %zu refusals\n", turns, n_held, n_seen);
        return held();
}

int escape_signal(char **arguments) {
        pid_t pid = (pid_t) atoi(arguments[0]);
        char byte;
        struct iovec here = { &byte, 1 }, there = { (void *) 0x400000, 1 };
        int fd;

        if (told("ptrace", ptrace(PTRACE_SEIZE, pid, NULL, NULL)))
                return escaped("process %d is traced", (int) pid);
        if (told("process_vm_readv", process_vm_readv(pid, &here, 1, &there, 1, 0)))
                return escaped("the memory of process %d is read", (int) pid);
        fd = (int) syscall(SYS_pidfd_open, pid, 0);
        if (told("pidfd_open", fd) && told("pidfd_send_signal", syscall(SYS_pidfd_send_signal, fd,
                                                                                SIGKILL, NULL, 0)))
                return escaped("process %d is killed", (int) pid);
        if (told("kill", kill(pid, SIGKILL)) || told("kill -", kill(-pid, SIGKILL)))
                return escaped("process %d is killed", (int) pid);
        /* All that it may reach; who looks from outside knows who was not to be among them. */
        (void) told("kill -1", kill(-1, SIGKILL));
        return held();
}

/* Ids of another container, or the host's root, by their number outside. */
int escape_ids(char **arguments) {
        unsigned id = (unsigned) strtoul(arguments[0], NULL, 10);
        char map[64];
        int fd, status;
        pid_t pid;

        fd = open("/tmp/file", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        if (fd < 0)
                return 2;
        if (told("chown", fchown(fd, id, id)))
                return escaped("a file belongs to %u", id);
        (void) snprintf(map, sizeof(map), "0 %u 1", id);
        fflush(stdout);
        pid = fork();
        if (pid == 0) {
                if (told("unshare", unshare(CLONE_NEWUSER))) {
                        fd = open("/proc/self/uid_map", O_WRONLY | O_CLOEXEC);
                        if (told("uid_map", write(fd, map, strlen(map))))
                                _exit(escaped("%u is mapped", id));
                }
                _exit(0);
        }
        if (waitpid(pid, &status, 0) == pid && WIFEXITED(status) && WEXITSTATUS(status) == 1)
                return 1;
        if (told("setresuid", setresuid(id, id, id)))
                return escaped("we are %u", id);
        return held();
}
