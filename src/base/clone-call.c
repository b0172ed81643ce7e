/* SPDX-License-Identifier: Apache-2.0 */
/* base/clone-call.c: see clone-call.h. */
#include "base/clone-call.h"
#include <errno.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#if !CLONE_CALL_SHARES
long clone_call(CloneArgs *args, int (*fn)(void *), void *arg) {
        long r;

        args->flags &= ~(uint64_t) CLONE_VM;
        args->stack = args->stack_size = 0;
        r = syscall(SYS_clone3, args, sizeof(*args));
        if (r == 0)
                _exit(fn(arg));
        return r < 0 ? -errno : r;
}
#elif defined(__x86_64__)
long clone_call(CloneArgs *args, int (*fn)(void *), void *arg) {
        register int (*f)(void *) __asm__("r12") = fn;
        register void *p __asm__("r13") = arg;
        long r;

        __asm__ volatile("syscall\n\t"
                         "test %%rax, %%rax\n\t"
                         "jnz 1f\n\t"
                         "xor %%ebp, %%ebp\n\t"
                         "mov %%r13, %%rdi\n\t"
                         "call *%%r12\n\t"
                         "mov %%eax, %%edi\n\t"
                         "mov %[exit], %%eax\n\t"
                         "syscall\n\t"
                         "hlt\n"
                         "1:"
                         : "=a"(r)
                         : "a"((long) SYS_clone3), "D"(args), "S"(sizeof(*args)), "r"(f),
                         "r"(p), [exit] "i"(SYS_exit)
                         : "rcx", "r11", "memory", "cc");
        return r;
}
#else
long clone_call(CloneArgs *args, int (*fn)(void *), void *arg) {
        register long x8 __asm__("x8") = SYS_clone3;
        register long x0 __asm__("x0") = (long) args;
        register long x1 __asm__("x1") = (long) sizeof(*args);
        register int (*f)(void *) __asm__("x19") = fn;
        register void *p __asm__("x20") = arg;

        __asm__ volatile("svc #0\n\t"
                         "cbnz x0, 1f\n\t"
                         "mov x29, #0\n\t"
                         "mov x0, x20\n\t"
                         "blr x19\n\t"
                         "mov x8, %[exit]\n\t"
                         "svc #0\n"
                         "1:"
                         : "+r"(x0)
                         : "r"(x8), "r"(x1), "r"(f), "r"(p), [exit] "i"(SYS_exit)
                         : "memory", "cc");
        return x0;
}
#endif
