/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/seccomp-tree.c: see seccomp-tree.h. A conditional jump reaches 255 instructions forward, and none goes back; so
 * each node's lower half stands behind it and the upper half behind that.
 */
#include "runtime/seccomp-tree.h"
#include <linux/seccomp.h>
#include <stdlib.h>
#include <string.h>

#define NUMBER_AT 0U /* in struct seccomp_data */
#define ARCH_AT 4U

typedef struct Range {
        uint32_t first;
        uint32_t answer;
} Range;

typedef struct Tree {
        StrBuf code;   /* struct sock_filter[] */
        StrBuf ranges; /* Range[], of one architecture */
        StrBuf jumps;  /* size_t[]: instructions that go to the tail */
} Tree;

static bool jump(const struct sock_filter *i, uint32_t a, size_t *pc) {
        bool holds;

        switch (BPF_OP(i->code)) {
        case BPF_JA:
                *pc += i->k;
                return true;
        case BPF_JEQ:
                holds = a == i->k;
                break;
        case BPF_JGT:
                holds = a > i->k;
                break;
        case BPF_JGE:
                holds = a >= i->k;
                break;
        case BPF_JSET:
                holds = a & i->k;
                break;
        default:
                return false;
        }
        *pc += holds ? i->jt : i->jf;
        return true;
}

uint32_t seccomp_answer(
                const struct sock_filter *program, size_t n, uint32_t arch, uint32_t number) {
        uint32_t a = 0;

        for (size_t pc = 0; pc < n; pc++) {
                const struct sock_filter *i = program + pc;

                if (i->code == (BPF_RET | BPF_K))
                        return i->k;
                if (i->code == (BPF_LD | BPF_W | BPF_ABS) && (i->k == NUMBER_AT || i->k == ARCH_AT))
                        a = i->k == ARCH_AT ? arch : number;
                else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
                        a &= i->k;
                else if (BPF_CLASS(i->code) != BPF_JMP || BPF_SRC(i->code) != BPF_K ||
                                !jump(i, a, &pc))
                        return SECCOMP_ANSWER_DEPENDS;
        }
        return SECCOMP_ANSWER_DEPENDS;
}

static int add_point(StrBuf *points, uint32_t number) {
        return strbuf_append(points, &number, sizeof(number));
}

/* libseccomp compares a number and does nothing else with it, so between two points all have the same answer. What it compares an
 * argument with gives points too many, which costs nothing. */
int seccomp_points(const struct sock_filter *program, size_t n, StrBuf *points) {
        int r = add_point(points, 0);

        for (size_t i = 0; i < n && r >= 0; i++) {
                if (BPF_CLASS(program[i].code) != BPF_JMP || BPF_OP(program[i].code) == BPF_JA)
                        continue;
                r = add_point(points, program[i].k);
                if (r >= 0 && program[i].k < UINT32_MAX)
                        r = add_point(points, program[i].k + 1);
        }
        return r;
}

static int compare_points(const void *a, const void *b) {
        uint32_t x = *(const uint32_t *) a, y = *(const uint32_t *) b;

        return x < y ? -1 : x > y;
}

/* The tree's buffers remember a failure; seccomp_tree_append() looks at it once. */
static void put(Tree *t, uint16_t code, uint8_t if_true, uint8_t if_false, uint32_t k) {
        const struct sock_filter i = { code, if_true, if_false, k };

        (void) strbuf_append(&t->code, &i, sizeof(i)); /* as above */
}

static size_t here(const Tree *t) {
        return t->code.size / sizeof(struct sock_filter);
}

static struct sock_filter *at(Tree *t, size_t i) {
        static struct sock_filter nowhere;

        return t->code.error < 0 ? &nowhere : (struct sock_filter *) t->code.data + i;
}

static void put_jump_to_tail(Tree *t) {
        size_t i = here(t);

        (void) strbuf_append(&t->jumps, &i, sizeof(i)); /* as above */
        put(t, BPF_JMP | BPF_JA, 0, 0, 0);
}

static void put_ranges(Tree *t, const Range *ranges, size_t n) {
        size_t middle = n / 2, node = here(t), length;

        if (n == 1 && ranges->answer == SECCOMP_ANSWER_DEPENDS)
                put_jump_to_tail(t);
        else if (n == 1)
                put(t, BPF_RET | BPF_K, 0, 0, ranges->answer);
        if (n == 1)
                return;

        /* n - 1 nodes and n leaves: the lower half of up to 254 is within reach. */
        put(t, BPF_JMP | BPF_JGE | BPF_K, 0, 0, ranges[middle].first);
        if (n >= UINT8_MAX)
                put(t, BPF_JMP | BPF_JA, 0, 0, 0);
        put_ranges(t, ranges, middle);
        length = here(t) - node - 1;
        if (n >= UINT8_MAX) {
                at(t, node)->jf = 1;
                at(t, node + 1)->k = (uint32_t) length - 1;
        } else
                at(t, node)->jt = (uint8_t) length;
        put_ranges(t, ranges + middle, n - middle);
}

/* One architecture: fast past it, or a search for the number. */
static void put_arch(Tree *t, uint32_t arch, const StrBuf *points, SeccompAnswerFn fn,
                void *userdata) {
        const uint32_t *point = (const uint32_t *) points->data;
        size_t n = points->size / sizeof(*point), past;
        uint32_t before = 0;

        t->ranges.size = 0;
        for (size_t i = 0; i < n; i++) {
                const Range r = { point[i], fn(arch, point[i], userdata) };

                if (t->ranges.size > 0 && r.answer == before)
                        continue;
                before = r.answer;
                (void) strbuf_append(&t->ranges, &r, sizeof(r)); /* as above */
        }
        if (t->ranges.error < 0)
                return;

        put(t, BPF_LD | BPF_W | BPF_ABS, 0, 0, ARCH_AT);
        put(t, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, arch);
        past = here(t);
        put(t, BPF_JMP | BPF_JA, 0, 0, 0);
        put(t, BPF_LD | BPF_W | BPF_ABS, 0, 0, NUMBER_AT);
        put_ranges(t, (const Range *) t->ranges.data, t->ranges.size / sizeof(Range));
        at(t, past)->k = (uint32_t) (here(t) - past - 1);
}

static void tree_done(Tree *t) {
        strbuf_done(&t->code);
        strbuf_done(&t->ranges);
        strbuf_done(&t->jumps);
}

int seccomp_tree_append(StrBuf *out, const uint32_t *arches, size_t n_arches, StrBuf *points,
                SeccompAnswerFn fn, void *userdata, const struct sock_filter *tail, size_t n_tail) {
        _cleanup_(tree_done) Tree t = {};

        if (points->error < 0)
                return points->error;
        qsort(points->data, points->size / sizeof(uint32_t), sizeof(uint32_t), compare_points);
        for (size_t i = 0; i < n_arches; i++)
                put_arch(&t, arches[i], points, fn, userdata);
        if (t.code.error < 0 || t.ranges.error < 0 || t.jumps.error < 0)
                return -ENOMEM;
        for (size_t i = 0; i < t.jumps.size / sizeof(size_t); i++) {
                size_t from = ((const size_t *) t.jumps.data)[i];

                at(&t, from)->k = (uint32_t) (here(&t) - from - 1);
        }
        (void) strbuf_append(out, t.code.data, t.code.size); /* the next tells */
        return strbuf_append(out, tail, n_tail * sizeof(*tail));
}
