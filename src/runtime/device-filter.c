/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/device-filter.c: see device-filter.h. cgroup2 has no file for this: a BPF program is called with what is asked
 * for, and says 1 or 0. One is written here, a few instructions a rule; the first rule that allows all of it decides.
 */
#include "runtime/device-filter.h"
#include <errno.h>
#include <linux/bpf.h>
#include <stddef.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/fd.h"

#define PER_RULE 9U
#define AROUND 8U /* before and after the rules */

typedef struct Program {
        struct bpf_insn insns[AROUND + DEVICE_RULES_MAX * PER_RULE];
        size_t n;
} Program;

enum { RESULT = BPF_REG_0, CONTEXT, TYPE, ACCESS, MAJOR, MINOR, SCRATCH };

static void put(Program *p, uint8_t code, uint8_t to, uint8_t from, int16_t offset, int32_t value) {
        p->insns[p->n++] = (struct bpf_insn){
                .code = code,
                .dst_reg = to & 0xf,
                .src_reg = from & 0xf,
                .off = offset,
                .imm = value,
        };
}

static void put_load(Program *p, uint8_t to, size_t offset) {
        put(p, BPF_LDX | BPF_MEM | BPF_W, to, CONTEXT, (int16_t) offset, 0);
}

static void put_result(Program *p, int result) {
        put(p, BPF_ALU64 | BPF_MOV | BPF_K, RESULT, 0, 0, result);
        put(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* Registers from struct bpf_cgroup_dev_ctx: the type is in the lower half of its word, the access in the upper. */
static void put_start(Program *p) {
        put_load(p, TYPE, offsetof(struct bpf_cgroup_dev_ctx, access_type));
        put(p, BPF_ALU64 | BPF_MOV | BPF_X, ACCESS, TYPE, 0, 0);
        put(p, BPF_ALU64 | BPF_AND | BPF_K, TYPE, 0, 0, 0xffff);
        put(p, BPF_ALU64 | BPF_RSH | BPF_K, ACCESS, 0, 0, 16);
        put_load(p, MAJOR, offsetof(struct bpf_cgroup_dev_ctx, major));
        put_load(p, MINOR, offsetof(struct bpf_cgroup_dev_ctx, minor));
}

/* Return: is it a rule that allows everything? What follows one is never reached, which the kernel refuses. */
static bool put_rule(Program *p, const DeviceRule *rule) {
        size_t first = p->n;

        if (rule->type != 'a')
                put(p, BPF_JMP | BPF_JNE | BPF_K, TYPE, 0, 0,
                                rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
        if (rule->access != DEVICE_ALL) { /* none that is asked for may be missing */
                put(p, BPF_ALU64 | BPF_MOV | BPF_X, SCRATCH, ACCESS, 0, 0);
                put(p, BPF_ALU64 | BPF_AND | BPF_K, SCRATCH, 0, 0, (int32_t) rule->access);
                put(p, BPF_JMP | BPF_JNE | BPF_X, SCRATCH, ACCESS, 0, 0);
        }
        if (rule->major != DEVICE_ANY)
                put(p, BPF_JMP | BPF_JNE | BPF_K, MAJOR, 0, 0, rule->major);
        if (rule->minor != DEVICE_ANY)
                put(p, BPF_JMP | BPF_JNE | BPF_K, MINOR, 0, 0, rule->minor);
        put_result(p, 1);

        for (size_t i = first; i < p->n; i++) /* each jump is to the next rule */
                if (BPF_OP(p->insns[i].code) == BPF_JNE && BPF_CLASS(p->insns[i].code) == BPF_JMP)
                        p->insns[i].off = (int16_t) (p->n - i - 1);
        return p->n - first == 2;
}

static int bpf(int command, union bpf_attr *attr) {
        long r = syscall(SYS_bpf, command, attr, sizeof(*attr));

        return r < 0 ? -errno : (int) r;
}

int device_filter_attach(int cgroup_fd, const DeviceRule *rules, size_t n_rules) {
        union bpf_attr load = {}, attach = {};
        _cleanup_close_ int fd = -EBADF;
        static Program p; /* 36 KiB; written anew each time */
        bool all = false;

        if (n_rules > DEVICE_RULES_MAX)
                return -E2BIG;
        p.n = 0;
        put_start(&p);
        for (size_t i = 0; i < n_rules && !all; i++)
                all = put_rule(&p, &rules[i]);
        if (!all)
                put_result(&p, 0);

        load.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE;
        load.insns = (uint64_t) (uintptr_t) p.insns;
        load.insn_cnt = (uint32_t) p.n;
        load.license = (uint64_t) (uintptr_t) "Apache-2.0";
        memcpy(load.prog_name, "pd_devices", sizeof("pd_devices"));
        fd = bpf(BPF_PROG_LOAD, &load);
        if (fd < 0)
                return fd;

        attach.target_fd = (uint32_t) cgroup_fd;
        attach.attach_bpf_fd = (uint32_t) fd;
        attach.attach_type = BPF_CGROUP_DEVICE;
        return bpf(BPF_PROG_ATTACH, &attach);
}
