/* SPDX-License-Identifier: Apache-2.0 */
/* Trees over answers that are made up; programs as libseccomp makes them are test-seccomp-filter.c's. */
#include "runtime/seccomp-tree.h"
#include "bpf.h"
#include "unit.h"

#define ARCH_A 0xc000003eU
#define ARCH_B 0x40000003U
#define TAIL 0x7ff00000U /* what the tail says of everything */

static const struct sock_filter tail[] = { { BPF_RET | BPF_K, 0, 0, TAIL } };

/* Changes its mind at each multiple of @step; each fifth time it depends. */
static uint32_t answer(uint32_t arch, uint32_t number, void *userdata) {
        uint32_t step = *(const uint32_t *) userdata, n = number / step + (arch == ARCH_B);

        return n % 5 == 4 ? SECCOMP_ANSWER_DEPENDS : SECCOMP_RET_ERRNO | (n % 1000);
}

static uint32_t ask(const StrBuf *program, uint32_t arch, uint32_t number) {
        const struct seccomp_data data = { .nr = (int) number, .arch = arch };

        return bpf_run((const struct sock_filter *) program->data,
                        program->size / sizeof(struct sock_filter), &data);
}

static void check_tree(uint32_t step, uint32_t n) {
        static const uint32_t arches[] = { ARCH_A, ARCH_B };
        _cleanup_strbuf_ StrBuf points = {}, out = {};

        for (uint32_t i = n; i-- > 0;) { /* in no order */
                uint32_t point = i * step;

                assert_int_equal(strbuf_append(&points, &point, sizeof(point)), 0);
                assert_int_equal(strbuf_append(&points, &point, sizeof(point)), 0);
        }
        assert_int_equal(seccomp_tree_append(&out, arches, 2, &points, answer, &step, tail, 1), 0);
        for (uint32_t number = 0; number < n * step; number++)
                for (size_t a = 0; a < 2; a++) {
                        uint32_t want = answer(arches[a], number, &step);

                        assert_int_equal(ask(&out, arches[a], number),
                                        want == SECCOMP_ANSWER_DEPENDS ? TAIL : want);
                }
        assert_int_equal(ask(&out, 0xc00000b7, 0), TAIL);
}

static void test_seccomp_tree_append_answers_as_asked(void **state) {
        check_tree(3, 1);
        check_tree(3, 2);
        check_tree(1, 50);
        check_tree(2, 254);
        check_tree(2, 255);
        check_tree(1, 1100); /* further than a conditional jump reaches */
}

static void test_seccomp_answer(void **state) {
        const struct sock_filter program[] = {
                { BPF_LD | BPF_W | BPF_ABS, 0, 0, 4 },
                { BPF_JMP | BPF_JEQ | BPF_K, 1, 0, ARCH_A },
                { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_KILL_THREAD },
                { BPF_LD | BPF_W | BPF_ABS, 0, 0, 0 },
                { BPF_JMP | BPF_JGE | BPF_K, 0, 1, 10 },
                { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ALLOW },
                { BPF_LD | BPF_W | BPF_ABS, 0, 0, 16 /* the first argument */ },
                { BPF_RET | BPF_K, 0, 0, SECCOMP_RET_LOG },
        };
        size_t n = sizeof(program) / sizeof(program[0]);
        _cleanup_strbuf_ StrBuf points = {};

        assert_int_equal(seccomp_answer(program, n, ARCH_B, 0), SECCOMP_RET_KILL_THREAD);
        assert_int_equal(seccomp_answer(program, n, ARCH_A, 10), SECCOMP_RET_ALLOW);
        assert_int_equal(seccomp_answer(program, n, ARCH_A, 9), SECCOMP_ANSWER_DEPENDS);
        assert_int_equal(seccomp_answer(program, 4, ARCH_A, 9), SECCOMP_ANSWER_DEPENDS);
        assert_int_equal(seccomp_points(program, n, &points), 0);
        assert_int_equal(points.size, 5 * sizeof(uint32_t)); /* 0, and two of each comparison */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_seccomp_tree_append_answers_as_asked),
                cmocka_unit_test(test_seccomp_answer),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
