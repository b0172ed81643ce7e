/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/confine-calls.c: the system calls of a worker that has its fds already. An allow list by hand instead of
 * libseccomp: lists of plain numbers, no argument is looked at, and the kernel turns such a filter into a bitmap, so that
 * it costs nothing. There is no call in it that makes a process, a socket, a mount, a key, or executes; the one role
 * with a network has sockets of two families besides, and threads.
 */
#include <asm/ioctls.h>
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
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
        SYS_openat2, SYS_ppoll,
#ifdef SYS_poll
        SYS_poll,
#endif
};

static const unsigned short calls_of_receivers[] = { SYS_recvmsg, SYS_ftruncate };

static const unsigned short calls_of_lookers[] = {
        SYS_readlinkat, SYS_flistxattr, SYS_fgetxattr, SYS_llistxattr, SYS_lgetxattr,
};

static const unsigned short calls_of_changers[] = {
        SYS_mkdirat, SYS_mknodat, SYS_linkat, SYS_symlinkat, SYS_unlinkat,
        SYS_renameat2, SYS_ftruncate, SYS_fallocate, SYS_fchmod, SYS_fchmodat, SYS_fchown,
        SYS_fchownat, SYS_fsetxattr, SYS_utimensat, SYS_fsync, SYS_fdatasync, SYS_syncfs,
};

/* Of who speaks with the network by libcurl and the resolver, with a thread for each name that is looked up. Whoever
 * listens needs bind() and accept(): they are not here. */
static const unsigned short calls_of_talkers[] = {
        SYS_connect, SYS_getsockname, SYS_getpeername, SYS_getsockopt, SYS_setsockopt, SYS_sendto,
        SYS_sendmsg, SYS_sendmmsg, SYS_recvfrom, SYS_recvmsg, SYS_shutdown,
        SYS_pipe2, SYS_eventfd2, SYS_set_robust_list, SYS_rseq, SYS_prlimit64, SYS_uname,
        SYS_faccessat, SYS_readlinkat, SYS_getuid, SYS_geteuid, SYS_getgid, SYS_getegid,
#ifdef SYS_access
        SYS_access, SYS_open, SYS_stat, SYS_lstat, SYS_readlink,
#endif
};

#define CLONE_OF_THREAD (CLONE_VM | CLONE_THREAD)
#define SOCKET_TYPE_BITS 0xf /* the rest are flags */
#define CHOICES_MAX 16
#define FILTER_MAX                                                                                 \
        (8 + 2 * (ELEMENTSOF(calls_of_all) + ELEMENTSOF(calls_of_changers) +                       \
                                 ELEMENTSOF(calls_of_talkers)) +                                   \
                        3 * (CHOICES_MAX + 3))

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

/*
 * A call that is allowed where its argument's lower half is one of @values.
 * What is no argument of more bits (families, requests, flags of clone) is cut to it by the kernel as well.
 */
static size_t allow_some(struct sock_filter *filter, unsigned short call, unsigned argument,
                const uint32_t *values, uint8_t n_values) {
        size_t n = 0;

        filter[n++] = (struct sock_filter) BPF_JUMP(EQUAL, call, 0, (uint8_t) (2 + 2 * n_values));
        filter[n++] = load((uint32_t) (offsetof(struct seccomp_data, args) + 8 * argument));
        for (size_t i = 0; i < n_values; i++) {
                filter[n++] = (struct sock_filter) BPF_JUMP(EQUAL, values[i], 0, 1);
                filter[n++] = give(SECCOMP_RET_ALLOW);
        }
        filter[n++] = give(SECCOMP_RET_ERRNO | EACCES);
        return n;
}

/* The same where the bits of @mask in the argument are @value. */
static size_t allow_bits(struct sock_filter *filter, unsigned short call, unsigned argument,
                uint32_t mask, uint32_t value) {
        size_t n = 0;

        filter[n++] = (struct sock_filter) BPF_JUMP(EQUAL, call, 0, 5);
        filter[n++] = load((uint32_t) (offsetof(struct seccomp_data, args) + 8 * argument));
        filter[n++] = (struct sock_filter) BPF_STMT(BPF_ALU | BPF_AND | BPF_K, mask);
        filter[n++] = (struct sock_filter) BPF_JUMP(EQUAL, value, 0, 1);
        filter[n++] = give(SECCOMP_RET_ALLOW);
        filter[n++] = give(SECCOMP_RET_ERRNO | EACCES);
        return n;
}

static size_t allow_talking(struct sock_filter *filter) {
        static const uint32_t families[] = { AF_INET, AF_INET6 },
                              requests[] = { FIONBIO, FIONREAD };
        size_t n = 0;

        n += allow_some(filter + n, SYS_socket, 0, families, ELEMENTSOF(families));
        n += allow_some(filter + n, SYS_ioctl, 1, requests, ELEMENTSOF(requests));
        /* libcurl's own bell. A pair of datagrams could be sent on to any socket that has a path. */
        n += allow_bits(filter + n, SYS_socketpair, 1, SOCKET_TYPE_BITS, SOCK_STREAM);
        /* a thread, which shares all; glibc tries clone3() first and takes its ENOSYS for an answer */
        n += allow_bits(filter + n, SYS_clone, 0, CLONE_OF_THREAD, CLONE_OF_THREAD);
        return n + allow(filter + n, calls_of_talkers, ELEMENTSOF(calls_of_talkers));
}

/* A filter of its own: the kernel takes the sterner verdict, and the long list stays one without arguments. */
int confine_code(void) {
        struct sock_filter filter[] = {
                load(offsetof(struct seccomp_data, nr)),
                BPF_JUMP(EQUAL, SYS_mmap, 2, 0),
                BPF_JUMP(EQUAL, SYS_mprotect, 1, 0),
                give(SECCOMP_RET_ALLOW),
                load((uint32_t) (offsetof(struct seccomp_data, args) + 8 * 2)),
                BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 0, 1),
                give(SECCOMP_RET_ERRNO | EACCES),
                give(SECCOMP_RET_ALLOW),
        };
        struct sock_fprog program = { .len = ELEMENTSOF(filter), .filter = filter };

        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
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
        if (access == CONFINE_NETWORK)
                n += allow_talking(filter + n);
        if (access == CONFINE_LOOK)
                n += allow(filter + n, calls_of_lookers, ELEMENTSOF(calls_of_lookers));
        if (access == CONFINE_RECEIVE)
                n += allow(filter + n, calls_of_receivers, ELEMENTSOF(calls_of_receivers));
        if (access == CONFINE_DELETE || access == CONFINE_FILL)
                n += allow(filter + n, calls_of_changers, ELEMENTSOF(calls_of_changers));
        filter[n++] = give(SECCOMP_RET_ERRNO | ENOSYS);

        program.len = (unsigned short) n;
        return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0) < 0 ? -errno : 0;
}
