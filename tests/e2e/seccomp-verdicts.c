/* SPDX-License-Identifier: Apache-2.0 */
/*
 * seccomp-verdicts PID: what the filter of a process says of each system call, a line each, by architecture, number and some
 * arguments. Takes the filter from the kernel (ptrace(2), PTRACE_SECCOMP_GET_FILTER), so it is what is in force, whoever
 * loaded it. Needs root, and a process with one filter.
 */
#include <errno.h>
#include <linux/audit.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include "../unit/bpf.h"

#ifndef PTRACE_SECCOMP_GET_FILTER
#define PTRACE_SECCOMP_GET_FILTER 0x420c
#endif
#define PROGRAM_MAX 4096
#define NUMBERS_MAX 600
#define X32_BIT 0x40000000

static const struct {
        const char *name;
        uint32_t arch;
        int base;
} arches[] = {
#if defined(__x86_64__)
        { "x86_64", AUDIT_ARCH_X86_64, 0 },
        { "x32", AUDIT_ARCH_X86_64, X32_BIT },
        { "i386", AUDIT_ARCH_I386, 0 },
#elif defined(__aarch64__)
        { "aarch64", AUDIT_ARCH_AARCH64, 0 },
        { "arm", AUDIT_ARCH_ARM, 0 },
#endif
        { "s390x", AUDIT_ARCH_S390X, 0 },
};

/* Families of sockets, personalities, namespaces of clone. */
static const uint64_t values[] = { 0, 8, 37, 38, 39, 40, 41, 0x20000, 0x20008, 0x40000, 0xffffffff,
        0x10000000, 0x7e020000, 0x11, UINT64_C(1) << 40 };

int main(int argc, char **argv) {
        static struct sock_filter program[PROGRAM_MAX];
        int pid = argc == 2 ? atoi(argv[1]) : 0, status;
        long n;

        if (pid <= 0 || ptrace(PTRACE_ATTACH, pid, NULL, NULL) < 0 || waitpid(pid, &status, 0) < 0)
                return perror("attach"), 1;
        n = ptrace(PTRACE_SECCOMP_GET_FILTER, pid, NULL, program);
        if (n < 0)
                return perror("filter"), 1;
        (void) ptrace(PTRACE_DETACH, pid, NULL, NULL); /* our end does it as well */
        fprintf(stderr, "%ld instructions\n", n);

        for (size_t a = 0; a < sizeof(arches) / sizeof(arches[0]); a++)
                for (int number = 0; number < NUMBERS_MAX; number++) {
                        printf("%s %d", arches[a].name, number);
                        for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
                                const struct seccomp_data data = {
                                        .nr = arches[a].base + number,
                                        .arch = arches[a].arch,
                                        .args = { values[v], values[v], values[v], 0, 0, 0 },
                                };

                                printf(" %08x", bpf_run(program, (size_t) n, &data));
                        }
                        putchar('\n');
                }
        return 0;
}
