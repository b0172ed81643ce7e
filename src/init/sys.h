/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/sys.h: the kernel calls of a start that the C libraries wrap differently or not at all. Each
 * returns its result or a negative errno. Knows no plan. Constants are the kernel's (linux/mount.h,
 * linux/openat2.h, linux/sched.h), named here since those headers clash with the libraries' own.
 */
#pragma once
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/clone-call.h"

#define PD_CLONE_PIDFD 0x1000ULL
#define PD_CLONE_NEWCGROUP 0x02000000ULL
#define PD_CLONE_INTO_CGROUP 0x200000000ULL
#define PD_OPEN_TREE_CLONE 1U
#define PD_AT_RECURSIVE 0x8000U
#define PD_MOVE_FROM_EMPTY 0x04U
#define PD_MOVE_TO_EMPTY 0x40U
#define PD_ATTR_RDONLY 0x01U
#define PD_ATTR_NOSUID 0x02U
#define PD_ATTR_NODEV 0x04U
#define PD_ATTR_NOEXEC 0x08U
#define PD_ATTR_NOATIME 0x10U
#define PD_ATTR_STRICTATIME 0x20U
#define PD_ATTR_IDMAP 0x100000U
#define PD_RESOLVE_NO_MAGICLINKS 0x02ULL
#define PD_RESOLVE_NO_SYMLINKS 0x04ULL
#define PD_RESOLVE_IN_ROOT 0x10ULL
#define PD_FSCONFIG_SET_FLAG 0U
#define PD_FSCONFIG_SET_STRING 1U
#define PD_FSCONFIG_CREATE 6U

struct pd_mount_attr {
        uint64_t attr_set, attr_clr, propagation, userns_fd;
};
struct pd_open_how {
        uint64_t flags, mode, resolve;
};

static inline long sys_result(long r) {
        return r < 0 ? -errno : r;
}

static inline int sys_clone3(CloneArgs *args) {
        return (int) sys_result(syscall(SYS_clone3, args, sizeof(*args)));
}

static inline int sys_pidfd_open(pid_t pid) {
        return (int) sys_result(syscall(SYS_pidfd_open, pid, 0));
}

static inline int sys_open_tree(int dir_fd, const char *path, unsigned flags) {
        return (int) sys_result(syscall(SYS_open_tree, dir_fd, path, flags | O_CLOEXEC));
}

static inline int sys_move_mount(int from_fd, int to_fd, const char *to) {
        return (int) sys_result(syscall(SYS_move_mount, from_fd, "", to_fd, to,
                        PD_MOVE_FROM_EMPTY | (*to ? 0 : PD_MOVE_TO_EMPTY)));
}

static inline int sys_mount_setattr(
                int fd, const char *path, unsigned flags, struct pd_mount_attr *attr) {
        return (int) sys_result(syscall(SYS_mount_setattr, fd, path, flags, attr, sizeof(*attr)));
}

static inline int sys_fsopen(const char *fstype) {
        return (int) sys_result(syscall(SYS_fsopen, fstype, 1 /* FSOPEN_CLOEXEC */));
}

static inline int sys_fsconfig(int fd, unsigned command, const char *key, const char *value) {
        return (int) sys_result(syscall(SYS_fsconfig, fd, command, key, value, 0));
}

static inline int sys_fsmount(int fd, unsigned attributes) {
        return (int) sys_result(syscall(SYS_fsmount, fd, 1 /* FSMOUNT_CLOEXEC */, attributes));
}

static inline int sys_openat2(
                int dir_fd, const char *path, uint64_t flags, uint64_t mode, uint64_t resolve) {
        struct pd_open_how how = {.flags = flags, .mode = mode, .resolve = resolve};

        return (int) sys_result(syscall(SYS_openat2, dir_fd, path, &how, sizeof(how)));
}

static inline int sys_pivot_root(const char *new_root, const char *old) {
        return (int) sys_result(syscall(SYS_pivot_root, new_root, old));
}

static inline int sys_pidfd_send_signal(int pidfd, int signal) {
        return (int) sys_result(syscall(SYS_pidfd_send_signal, pidfd, signal, NULL, 0));
}

static inline int sys_close_range(unsigned first, unsigned last, unsigned flags) {
        return (int) sys_result(syscall(SYS_close_range, first, last, flags));
}
