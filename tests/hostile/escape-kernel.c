/* SPDX-License-Identifier: Apache-2.0 */
/* tests/hostile/escape-kernel.c: out by what the kernel does for whoever may ask. */
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "escape.h"

/* In a child: with the namespaces, or without where they cannot be had, which is told. Returns its status. */
static int in_namespaces(int flags, int (*fn)(void)) {
        int status;
        pid_t pid;

        fflush(stdout);
        pid = fork();
        if (pid == 0) {
                if (flags)
                        (void) told("unshare", unshare(flags));
                pid = flags & CLONE_NEWPID ? fork() : 0;
                if (pid > 0) {
                        (void) waitpid(pid, &status, 0);
                        _exit(WIFEXITED(status) ? WEXITSTATUS(status) : 2);
                }
                status = fn();
                fflush(stdout);
                _exit(status);
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status)
                                                                               : 2;
}

/* What is there is written back, so nothing is broken where it works. */
static bool can_write_back(const char *path) {
        char text[4096];
        ssize_t n = 0;
        int fd;

        fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
                n = read(fd, text, sizeof(text));
                close(fd);
        }
        fd = open(path, O_WRONLY | O_CLOEXEC);
        if (!told(path, fd))
                return false;
        if (n <= 0)
                return true; /* to be open for writing is enough */
        if (!told("write", write(fd, text, (size_t) n))) {
                close(fd);
                return false;
        }
        close(fd);
        return true;
}

/* CVE-2022-0492: a new user namespace was enough to mount a hierarchy of version 1. */
static int release_agent(void) {
        static const char *const controllers[] = { "memory", "rdma", "cpu", "pids", "misc",
                "devices", "none,name=x" };
        char path[128];

        (void) mkdir("/tmp/cgroup", 0755);
        for (size_t i = 0; i < sizeof(controllers) / sizeof(controllers[0]); i++) {
                if (!told(controllers[i],
                                    mount("cgroup", "/tmp/cgroup", "cgroup", 0, controllers[i])))
                        continue;
                (void) snprintf(path, sizeof(path), "/tmp/cgroup/release_agent");
                if (can_write_back(path))
                        return escaped("the release agent can be set");
                (void) umount2("/tmp/cgroup", MNT_DETACH);
        }
        if (told("cgroup2", mount("cgroup2", "/tmp/cgroup", "cgroup2", 0, NULL)))
                (void) umount2("/tmp/cgroup", MNT_DETACH);
        return 0;
}

int escape_release_agent(char **arguments) {
        static const int flags[] = { 0, CLONE_NEWNS,
                CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP };
        static const char *const there[] = { "/sys/fs/cgroup/release_agent",
                "/sys/fs/cgroup/memory/release_agent", "/sys/fs/cgroup/pids/release_agent" };

        for (size_t i = 0; i < sizeof(there) / sizeof(there[0]); i++)
                if (can_write_back(there[i]))
                        return escaped("the release agent can be set");
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
                if (in_namespaces(flags[i], release_agent) == 1)
                        return 1;
        return held();
}

static const char *const kernel_files[] = {
        "sys/kernel/core_pattern",
        "sys/kernel/modprobe",
        "sys/kernel/hotplug",
        "sys/kernel/poweroff_cmd",
        "sys/vm/panic_on_oom",
        "sys/fs/binfmt_misc/register",
        "sysrq-trigger",
};

static bool can_set_kernel(const char *proc) {
        char path[128];

        for (size_t i = 0; i < sizeof(kernel_files) / sizeof(kernel_files[0]); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", proc, kernel_files[i]);
                if (can_write_back(path))
                        return true;
        }
        return false;
}

int escape_core_pattern(char **arguments) {
        if (can_set_kernel("/proc") || can_write_back("/sys/kernel/uevent_helper") ||
                        can_write_back("/sys/power/state"))
                return escaped("the kernel would run a program of ours, or do as we say");
        return held();
}

/* Where the masks are the only wall: of what everybody may read, only they keep it away. */
static bool strict;

/* kcore has the kernel's memory, and the masks put nothing there to read. */
static bool can_see(const char *proc) {
        static const char *const masked[] = { "kcore", "timer_list", "latency_stats", "sched_debug",
                "keys" };
        size_t n = sizeof(masked) / sizeof(masked[0]) - !strict;
        char path[128], byte;

        for (size_t i = 0; i < n; i++) {
                ssize_t got;
                int fd;

                (void) snprintf(path, sizeof(path), "%s/%s", proc, masked[i]);
                fd = open(path, O_RDONLY | O_CLOEXEC);
                got = fd < 0 ? -1 : read(fd, &byte, 1);
                (void) told(path, got > 0 ? 0 : -1);
                if (fd >= 0)
                        close(fd);
                if (got > 0)
                        return true;
        }
        return false;
}

static int look_beneath(void) {
        static const char *const masks[] = { "/proc/kcore", "/proc/keys", "/proc/timer_list",
                "/proc/sysrq-trigger", "/proc/sys", "/sys/firmware", "/proc/acpi" };

        (void) mkdir("/tmp/proc", 0755);
        if (told("proc", mount("proc", "/tmp/proc", "proc", 0, NULL)) &&
                        (can_see("/tmp/proc") || can_set_kernel("/tmp/proc")))
                return escaped("a second /proc has no masks");
        if (told("bind", mount("/proc", "/tmp/proc", NULL, MS_BIND, NULL)) &&
                        (can_see("/tmp/proc") || can_set_kernel("/tmp/proc")))
                return escaped("/proc bound elsewhere has no masks");
        (void) told("remount", mount(NULL, "/proc", NULL, MS_REMOUNT | MS_BIND, NULL));
        (void) told("remount sys", mount(NULL, "/proc/sys", NULL, MS_REMOUNT | MS_BIND, NULL));
        for (size_t i = 0; i < sizeof(masks) / sizeof(masks[0]); i++)
                (void) told(masks[i], umount2(masks[i], MNT_DETACH));
        return can_see("/proc") || can_set_kernel("/proc") ? escaped("the masks came off") : 0;
}

static int look_everywhere(void) {
        static const int flags[] = { 0, CLONE_NEWNS, CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID };

        if (can_see("/proc"))
                return escaped("there is no mask");
        for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++)
                if (in_namespaces(flags[i], look_beneath) == 1)
                        return 1;
        return held();
}

int escape_masked(char **arguments) {
        strict = true;
        return look_everywhere();
}

/* Whoever may mount in the container's user namespace takes its masks off: then what they hid still is the host's. */
int escape_beneath(char **arguments) {
        return look_everywhere();
}

/* CVE-2017-5226, CVE-2023-28100: what is typed for the caller runs as the caller. Whether it reached him is seen outside. */
int escape_terminal(char **arguments) {
        static const char *const names[] = { "/dev/tty", "/dev/console", "/dev/pts/0", "/dev/pts/1",
                "/dev/tty1", "/dev/stdin" };
        const char typed[] = "echo typed-by-the-workload\n", paste[2] = { 3, 0 };
        int fds[3 + sizeof(names) / sizeof(names[0])];
        size_t n = 0;

        for (int fd = 0; fd < 3; fd++)
                fds[n++] = fd;
        for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
                fds[n++] = open(names[i], O_RDWR | O_CLOEXEC);
        for (size_t i = 0; i < n; i++) {
                for (const char *c = typed; fds[i] >= 0 && *c; c++)
                        if (ioctl(fds[i], TIOCSTI, c) < 0)
                                break;
                if (fds[i] >= 0)
                        (void) ioctl(fds[i], TIOCLINUX, paste);
        }
        return held();
}

static long keyctl(int operation, const void *a, const void *b, const void *c, const void *d) {
        return syscall(SYS_keyctl, operation, a, b, c, d);
}

static long keyring_of(long special) {
        return keyctl(KEYCTL_GET_KEYRING_ID, (void *) special, (void *) 0, NULL, NULL);
}

/* Keyrings are not namespaced by themselves: a session's goes to whom it starts, a user's to whom has the uid. */
int escape_keys(char **arguments) {
        static const long rings[] = { KEY_SPEC_THREAD_KEYRING, KEY_SPEC_PROCESS_KEYRING,
                KEY_SPEC_SESSION_KEYRING, KEY_SPEC_USER_KEYRING, KEY_SPEC_USER_SESSION_KEYRING,
                KEY_SPEC_GROUP_KEYRING };
        char secret[64];
        long key;

        for (size_t i = 0; i < sizeof(rings) / sizeof(rings[0]); i++) {
                (void) told("keyring", keyring_of(rings[i]));
                key = keyctl(KEYCTL_SEARCH, (void *) rings[i], "user", arguments[0], NULL);
                if (key >= 0)
                        return escaped("key %ld is found", key);
        }
        if (told("request_key", syscall(SYS_request_key, "user", arguments[0], NULL, 0)))
                return escaped("the key is had by its name");
        /* By number: two of the kernel's are made one after the other, so guesses are cheap. */
        for (key = 1; key < 4096; key++)
                if (keyctl(KEYCTL_READ, (void *) key, secret, (void *) sizeof(secret), NULL) > 0)
                        return escaped("key %ld is read", key);
        return held();
}

/* On the host: the command, and whom it starts, have a session keyring with the key, as after a login. */
int escape_key_session(char **arguments) {
        if (keyctl(KEYCTL_JOIN_SESSION_KEYRING, NULL, NULL, NULL, NULL) < 0 ||
                        syscall(SYS_add_key, "user", arguments[0], "secret", 6,
                                        KEY_SPEC_SESSION_KEYRING) < 0 ||
                        syscall(SYS_add_key, "user", arguments[0], "secret", 6,
                                        KEY_SPEC_USER_KEYRING) < 0) {
                perror("key-session");
                return 2;
        }
        if (!arguments[1])
                return 0;
        execvp(arguments[1], arguments + 1);
        perror(arguments[1]);
        return 2;
}
