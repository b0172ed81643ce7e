/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/seccomp-default.c: the default profile, a table. Its facts (which calls, for whom) are those of Docker's:
 * seccomp/default.json of github.com/moby/profiles at cd3bed8 (June 2026); a test holds them side by side where one is there.
 *
 * What it keeps from a container: what acts on the whole machine (clock, modules, reboot, swap, quotas), what makes or
 * enters namespaces and mounts, kernel keys, BPF, performance counters, file handles, and old calls that nobody needs.
 * Whoever is given the capability gets the calls that it is for. Two kinds of sockets stay out for all: AF_ALG and AF_VSOCK.
 */
#include <linux/capability.h>
#include "model/seccomp-profile.h"

#define CAP_BIT(c) (UINT64_C(1) << (c))
#define NAMES(list) .names = (list)
#define CALLS(...) NAMES(((const char *const[]){ __VA_ARGS__, NULL }))
#define ARG(i, op, a, b) .args = { { (i), SECCOMP_##op, (a), (b) } }, .n_args = 1
#define NEEDS(c) .includes = { .capabilities = CAP_BIT(c) }
#define ON(...) .includes = { .arches = { __VA_ARGS__ } }

/* CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET */
#define CLONE_NAMESPACES UINT64_C(0x7e020000)
#define FAMILY_ALG 38
#define FAMILY_VSOCK 40

static const SeccompArches arches[] = {
        { "x86_64", { "x86", "x32" } },
        { "aarch64", { "arm" } },
        { "mips64", { "mips", "mips64n32" } },
        { "mips64n32", { "mips", "mips64" } },
        { "mipsel64", { "mipsel", "mipsel64n32" } },
        { "mipsel64n32", { "mipsel", "mipsel64" } },
        { "s390x", { "s390" } },
        { "riscv64", { NULL } },
        { "loongarch64", { NULL } },
};

static const char *const everybody[] = {
        "accept", "accept4", "access", "adjtimex", "alarm", "bind", "brk", "cachestat",
        "capget", "capset", "chdir", "chmod", "chown", "chown32", "clock_adjtime",
        "clock_adjtime64", "clock_getres", "clock_getres_time64", "clock_gettime",
        "clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "close", "close_range",
        "connect", "copy_file_range", "creat", "dup", "dup2", "dup3", "epoll_create",
        "epoll_create1", "epoll_ctl", "epoll_ctl_old", "epoll_pwait", "epoll_pwait2",
        "epoll_wait", "epoll_wait_old", "eventfd", "eventfd2", "execve", "execveat", "exit",
        "exit_group", "faccessat", "faccessat2", "fadvise64", "fadvise64_64", "fallocate",
        "fanotify_mark", "fchdir", "fchmod", "fchmodat", "fchmodat2", "fchown", "fchown32",
        "fchownat", "fcntl", "fcntl64", "fdatasync", "fgetxattr", "flistxattr", "flock", "fork",
        "fremovexattr", "fsetxattr", "fstat", "fstat64", "fstatat64", "fstatfs", "fstatfs64",
        "fsync", "ftruncate", "ftruncate64", "futex", "futex_requeue", "futex_time64",
        "futex_wait", "futex_waitv", "futex_wake", "futimesat", "getcpu", "getcwd", "getdents",
        "getdents64", "getegid", "getegid32", "geteuid", "geteuid32", "getgid", "getgid32",
        "getgroups", "getgroups32", "getitimer", "getpeername", "getpgid", "getpgrp", "getpid",
        "getppid", "getpriority", "getrandom", "getresgid", "getresgid32", "getresuid",
        "getresuid32", "getrlimit", "get_robust_list", "getrusage", "getsid", "getsockname",
        "getsockopt", "get_thread_area", "gettid", "gettimeofday", "getuid", "getuid32",
        "getxattr", "getxattrat", "inotify_add_watch", "inotify_init", "inotify_init1",
        "inotify_rm_watch", "io_cancel", "ioctl", "io_destroy", "io_getevents", "io_pgetevents",
        "io_pgetevents_time64", "ioprio_get", "ioprio_set", "io_setup", "io_submit", "ipc",
        "kill", "landlock_add_rule", "landlock_create_ruleset", "landlock_restrict_self",
        "lchown", "lchown32", "lgetxattr", "link", "linkat", "listen", "listmount", "listxattr",
        "listxattrat", "llistxattr", "_llseek", "lremovexattr", "lseek", "lsetxattr", "lstat",
        "lstat64", "madvise", "map_shadow_stack", "membarrier", "memfd_create", "memfd_secret",
        "mincore", "mkdir", "mkdirat", "mknod", "mknodat", "mlock", "mlock2", "mlockall",
        "mmap", "mmap2", "mprotect", "mq_getsetattr", "mq_notify", "mq_open", "mq_timedreceive",
        "mq_timedreceive_time64", "mq_timedsend", "mq_timedsend_time64", "mq_unlink", "mremap",
        "mseal", "msgctl", "msgget", "msgrcv", "msgsnd", "msync", "munlock", "munlockall",
        "munmap", "name_to_handle_at", "nanosleep", "newfstatat", "_newselect", "open",
        "openat", "openat2", "pause", "pidfd_open", "pidfd_send_signal", "pipe", "pipe2",
        "pkey_alloc", "pkey_free", "pkey_mprotect", "poll", "ppoll", "ppoll_time64", "prctl",
        "pread64", "preadv", "preadv2", "prlimit64", "process_mrelease", "pselect6",
        "pselect6_time64", "pwrite64", "pwritev", "pwritev2", "read", "readahead", "readlink",
        "readlinkat", "readv", "recv", "recvfrom", "recvmmsg", "recvmmsg_time64", "recvmsg",
        "remap_file_pages", "removexattr", "removexattrat", "rename", "renameat", "renameat2",
        "restart_syscall", "riscv_hwprobe", "rmdir", "rseq", "rt_sigaction", "rt_sigpending",
        "rt_sigprocmask", "rt_sigqueueinfo", "rt_sigreturn", "rt_sigsuspend", "rt_sigtimedwait",
        "rt_sigtimedwait_time64", "rt_tgsigqueueinfo", "sched_getaffinity", "sched_getattr",
        "sched_getparam", "sched_get_priority_max", "sched_get_priority_min",
        "sched_getscheduler", "sched_rr_get_interval", "sched_rr_get_interval_time64",
        "sched_setaffinity", "sched_setattr", "sched_setparam", "sched_setscheduler",
        "sched_yield", "seccomp", "select", "semctl", "semget", "semop", "semtimedop",
        "semtimedop_time64", "send", "sendfile", "sendfile64", "sendmmsg", "sendmsg", "sendto",
        "setfsgid", "setfsgid32", "setfsuid", "setfsuid32", "setgid", "setgid32", "setgroups",
        "setgroups32", "setitimer", "setpgid", "setpriority", "setregid", "setregid32",
        "setresgid", "setresgid32", "setresuid", "setresuid32", "setreuid", "setreuid32",
        "setrlimit", "set_robust_list", "setsid", "setsockopt", "set_thread_area",
        "set_tid_address", "setuid", "setuid32", "setxattr", "setxattrat", "shmat", "shmctl",
        "shmdt", "shmget", "shutdown", "sigaltstack", "signalfd", "signalfd4", "sigprocmask",
        "sigreturn", "socketcall", "socketpair", "splice", "stat", "stat64", "statfs",
        "statfs64", "statmount", "statx", "symlink", "symlinkat", "sync", "sync_file_range",
        "syncfs", "sysinfo", "tee", "tgkill", "time", "timer_create", "timer_delete",
        "timer_getoverrun", "timer_gettime", "timer_gettime64", "timer_settime",
        "timer_settime64", "timerfd_create", "timerfd_gettime", "timerfd_gettime64",
        "timerfd_settime", "timerfd_settime64", "times", "tkill", "truncate", "truncate64",
        "ugetrlimit", "umask", "uname", "unlink", "unlinkat", "uretprobe", "utime", "utimensat",
        "utimensat_time64", "utimes", "vfork", "vmsplice", "wait4", "waitid", "waitpid",
        "write", "writev", NULL
};

static const SeccompRule rules[] = {
        { NAMES(everybody) },
        { CALLS("process_vm_readv", "process_vm_writev", "ptrace"),
                        .includes = { .kernel = 4, .major = 8 } },
        { CALLS("socket"), ARG(0, LT, FAMILY_ALG, 0) },
        { CALLS("socket"), ARG(0, EQ, 39, 0) },
        { CALLS("socket"), ARG(0, GT, FAMILY_VSOCK, 0) },

        /* PER_LINUX, PER_LINUX32, the same with UNAME26, and the question what it is */
        { CALLS("personality"), ARG(0, EQ, 0x0, 0) },
        { CALLS("personality"), ARG(0, EQ, 0x8, 0) },
        { CALLS("personality"), ARG(0, EQ, 0x20000, 0) },
        { CALLS("personality"), ARG(0, EQ, 0x20008, 0) },
        { CALLS("personality"), ARG(0, EQ, 0xffffffff, 0) },

        { CALLS("sync_file_range2", "swapcontext"), ON("ppc64le") },
        { CALLS("arm_fadvise64_64", "arm_sync_file_range", "sync_file_range2", "breakpoint",
                          "cacheflush", "set_tls"),
                        ON("arm", "arm64") },
        { CALLS("arch_prctl"), ON("amd64", "x32") },
        { CALLS("modify_ldt"), ON("amd64", "x32", "x86") },
        { CALLS("s390_pci_mmio_read", "s390_pci_mmio_write", "s390_runtime_instr"),
                        ON("s390", "s390x") },
        { CALLS("riscv_flush_icache"), ON("riscv64") },

        { CALLS("open_by_handle_at"), NEEDS(CAP_DAC_READ_SEARCH) },
        { CALLS("bpf", "clone", "clone3", "fanotify_init", "fsconfig", "fsmount", "fsopen",
                          "fspick", "lookup_dcookie", "lsm_get_self_attr", "lsm_list_modules",
                          "lsm_set_self_attr", "mount", "mount_setattr", "move_mount", "open_tree",
                          "perf_event_open", "quotactl", "quotactl_fd", "setdomainname",
                          "sethostname", "setns", "syslog", "umount", "umount2", "unshare"),
                        NEEDS(CAP_SYS_ADMIN) },

        /* No new namespaces. The flags of clone3 are in memory, where a filter cannot look: it is as if the kernel had
         * it not, and libraries take clone. s390 has the flags in the second argument. */
        { CALLS("clone"), ARG(0, MASKED_EQ, CLONE_NAMESPACES, 0),
                        .excludes = { .capabilities = CAP_BIT(CAP_SYS_ADMIN),
                                        .arches = { "s390", "s390x" } } },
        { CALLS("clone"), ARG(1, MASKED_EQ, CLONE_NAMESPACES, 0), ON("s390", "s390x"),
                        .excludes = { .capabilities = CAP_BIT(CAP_SYS_ADMIN) } },
        { CALLS("clone3"), .action = SECCOMP_ERRNO, .return_value = ENOSYS,
                        .excludes = { .capabilities = CAP_BIT(CAP_SYS_ADMIN) } },

        { CALLS("reboot"), NEEDS(CAP_SYS_BOOT) },
        { CALLS("chroot"), NEEDS(CAP_SYS_CHROOT) },
        { CALLS("delete_module", "init_module", "finit_module"), NEEDS(CAP_SYS_MODULE) },
        { CALLS("acct"), NEEDS(CAP_SYS_PACCT) },
        { CALLS("kcmp", "pidfd_getfd", "process_madvise", "process_vm_readv", "process_vm_writev",
                          "ptrace"),
                        NEEDS(CAP_SYS_PTRACE) },
        { CALLS("iopl", "ioperm"), NEEDS(CAP_SYS_RAWIO) },
        { CALLS("settimeofday", "stime", "clock_settime", "clock_settime64"), NEEDS(CAP_SYS_TIME) },
        { CALLS("vhangup"), NEEDS(CAP_SYS_TTY_CONFIG) },
        { CALLS("get_mempolicy", "mbind", "set_mempolicy", "set_mempolicy_home_node"),
                        NEEDS(CAP_SYS_NICE) },
        { CALLS("syslog"), NEEDS(CAP_SYSLOG) },
        { CALLS("bpf"), NEEDS(CAP_BPF) },
        { CALLS("perf_event_open"), NEEDS(CAP_PERFMON) },
};

static const SeccompProfile profile = {
        .default_action = SECCOMP_ERRNO,
        .default_return = EPERM,
        .arches = arches,
        .n_arches = sizeof(arches) / sizeof(arches[0]),
        .rules = rules,
        .n_rules = sizeof(rules) / sizeof(rules[0]),
};

const SeccompProfile *seccomp_default_profile(void) {
        return &profile;
}
