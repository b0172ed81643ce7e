/* SPDX-License-Identifier: Apache-2.0 */
/* tests/unit/bpf.h: runs a filter of system calls as the kernel would; refuses what the kernel would. Source: seccomp(2), linux/filter.h */
#pragma once
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define BPF_INVALID 0xdeadbeefU

static inline bool bpf_jumps(const struct sock_filter *i, uint32_t a, size_t *pc) {
        switch (BPF_OP(i->code)) {
        case BPF_JA:
                *pc += i->k;
                return true;
        case BPF_JEQ:
                *pc += a == i->k ? i->jt : i->jf;
                return true;
        case BPF_JGT:
                *pc += a > i->k ? i->jt : i->jf;
                return true;
        case BPF_JGE:
                *pc += a >= i->k ? i->jt : i->jf;
                return true;
        case BPF_JSET:
                *pc += a & i->k ? i->jt : i->jf;
                return true;
        default:
                return false;
        }
}

/* SECCOMP_RET_…, or BPF_INVALID. */
static inline uint32_t bpf_run(
                const struct sock_filter *program, size_t n, const struct seccomp_data *data) {
        uint32_t a = 0, x = 0, memory[BPF_MEMWORDS] = {};

        for (size_t pc = 0; pc < n; pc++) {
                const struct sock_filter *i = program + pc;

                switch (i->code) {
                case BPF_LD | BPF_W | BPF_ABS:
                        if (i->k % 4 || i->k + 4 > sizeof(*data))
                                return BPF_INVALID;
                        memcpy(&a, (const char *) data + i->k, sizeof(a));
                        break;
                case BPF_LD | BPF_IMM:
                        a = i->k;
                        break;
                case BPF_LD | BPF_MEM:
                        if (i->k >= BPF_MEMWORDS)
                                return BPF_INVALID;
                        a = memory[i->k];
                        break;
                case BPF_ST:
                        if (i->k >= BPF_MEMWORDS)
                                return BPF_INVALID;
                        memory[i->k] = a;
                        break;
                case BPF_ALU | BPF_AND | BPF_K:
                        a &= i->k;
                        break;
                case BPF_MISC | BPF_TAX:
                        x = a;
                        break;
                case BPF_MISC | BPF_TXA:
                        a = x;
                        break;
                case BPF_RET | BPF_K:
                        return i->k;
                default:
                        if (BPF_CLASS(i->code) != BPF_JMP || BPF_SRC(i->code) != BPF_K ||
                                        !bpf_jumps(i, a, &pc))
                                return BPF_INVALID;
                }
        }
        return BPF_INVALID;
}
