/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/confine-calls.c: the system calls of a worker that has its fds already. An allow list by hand instead of
 * libseccomp: two lists of plain numbers, no argument is looked at, and the kernel turns such a filter into a bitmap,
 * so that it costs nothing. There is no call in it that makes a process, a socket, a mount, a key, or executes.
 */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "base/str.h"
#include "puller/confine.h"

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE AUDIT_ARCH_RISCV64
#else
#define ARCHITECTURE 0U /* no filter here: the other walls stand */
#endif

#define X32_BIT 0x40000000U
#define EQUAL (BPF_JMP | BPF_JEQ | BPF_K)
#define NOT_BELOW (BPF_JMP | BPF_JGE | BPF_K)

static const unsigned short calls_of_all[] = {
        /* memory, time, ends */
        SYS_brk, SYS_mmap, SYS_mprotect, SYS_mremap, SYS_munmap, SYS_madvise, SYS_futex,
        SYS_getrandom, SYS_clock_gettime, SYS_clock_getres, SYS_clock_nanosleep, SYS_gettimeofday,
        SYS_restart_syscall, SYS_rt_sigaction, SYS_rt_sigprocmask, SYS_rt_sigreturn, SYS_getpid,
        SYS_gettid, SYS_tgkill, SYS_exit, SYS_exit_group, SYS_sysinfo, SYS_sched_getaffinity,
        SYS_sched_yield,
        /* fds */
        SYS_read, SYS_readv, SYS_pread64, SYS_write, SYS_writev, SYS_pwrite64, SYS_lseek, SYS_close,
        SYS_fcntl, SYS_fstat, SYS_newfstatat, SYS_statx, SYS_fstatfs, SYS_getdents64, SYS_openat,
        SYS_ppoll,
#ifdef SYS_poll
        SYS_poll,
#endif
};

static const unsigned short calls_of_changers[] = {
        SYS_openat2, SYS_mkdirat, SYS_mknodat, SYS_linkat, SYS_symlinkat, SYS_unlinkat,
        SYS_renameat2, SYS_ftruncate, SYS_fallocate, SYS_fchmod, SYS_fchmodat, SYS_fchown,
        SYS_fchownat, SYS_fsetxattr, SYS_utimensat, SYS_fsync, SYS_fdatasync, SYS_syncfs,
};

#define FILTER_MAX (8 + 2 * (ELEMENTSOF(calls_of_all) + ELEMENTSOF(calls_of_changers)))

static struct sock_filter load(uint32_t offset) {
        return (struct sock_filter) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offset);
}

static struct sock_filter give(uint32_t verdict) {
        return (struct sock_filter) BPF_STMT(BPF_RET | BPF_K, verdict);
}

static size_t allow(struct sock_filter *filter, const unsigned short *calls, size_t n) {
        for (size_t i = 0; i < n; i++) {
                filter[2 * i] = (struct sock_filter) BPF_JUMP(EQUAL, calls[i], 0, 1);
                filter[2 * i + 1] = give(SECCOMP_RET_ALLOW);
        }
        return 2 * n;
}

int confine_system_calls(ConfineAccess access) {
        struct sock_filter filter[FILTER_MAX];
        struct sock_fprog program = { .filter = filter };
        size_t n = 0;

        if (ARCHITECTURE == 0U)
                return 0;

        filter[n++] = load(offsetof(struct seccomp_data, arch));
        filter[n++] = (struct sock_filter) BPF_JUMP(EQUAL, ARCHITECTURE, 1, 0);
        filter[n++] = give(SECCOMP_RET_KILL_PROCESS);
        filter[n++] = load(offsetof(struct seccomp_data, nr));
        filter[n++] = (struct sock_filter) BPF_JUMP(NOT_BELOW, X32_BIT, 0, 1);
        filter[n++] = give(SECCOMP_RET_KILL_PROCESS);
        n += allow(filter + n, calls_of_all, ELEMENTSOF(calls_of_all));
        if (access != CONFINE_READ)
                n += allow(filter + n, calls_of_changers, ELEMENTSOF(calls_of_changers));
        filter[n++] = give(SECCOMP_RET_ERRNO | ENOSYS);

        program.len = (unsigned short) n;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}
