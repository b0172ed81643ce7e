/* SPDX-License-Identifier: Apache-2.0 */
#include "model/cpuset.h"
#include <errno.h>
#include "base/macro.h"
#include "unit.h"

static void test_cpuset_parse_accepts_lists(void **state) {
        static const struct {
                const char *text;
                unsigned n;
        } table[] = {
                { "", 0 }, { "0", 1 }, { "0-3", 4 }, { "0-3,8", 5 }, { "1,1,0-1", 2 },
                { "7-7", 1 }, { "8191", 1 }, { "0-8191", 8192 }, { "00", 1 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                CpuSet set;

                assert_int_equal(cpuset_parse(table[i].text, &set), 0);
                assert_int_equal(cpuset_count(&set), table[i].n);
        }
}

static void test_cpuset_parse_refuses_the_rest(void **state) {
        static const struct {
                const char *text;
                int error;
        } table[] = {
                { ",", EINVAL }, { "0,", EINVAL }, { ",0", EINVAL }, { "0,,1", EINVAL },
                { "3-1", EINVAL }, { "-1", EINVAL }, { "1-", EINVAL }, { "0-3-5", EINVAL },
                { "a", EINVAL }, { "0 1", EINVAL }, { "0-3:1/2", EINVAL }, { "8192", ERANGE },
                { "0-8192", ERANGE }, { "99999999999999999999", ERANGE },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                CpuSet set = { .bits = { 42 } };

                assert_errno(table[i].error, cpuset_parse(table[i].text, &set));
                assert_int_equal(set.bits[0], 42);
        }
}

static void test_cpuset_contains(void **state) {
        CpuSet whole, part, none;

        assert_int_equal(cpuset_parse("0-3,100", &whole), 0);
        assert_int_equal(cpuset_parse("", &none), 0);
        assert_int_equal(cpuset_parse("1,100", &part), 0);
        assert_true(cpuset_contains(&whole, &part));
        assert_true(cpuset_contains(&whole, &whole));
        assert_true(cpuset_contains(&none, &none));
        assert_true(cpuset_contains(&whole, &none));
        assert_false(cpuset_contains(&none, &part));
        assert_int_equal(cpuset_parse("4", &part), 0);
        assert_false(cpuset_contains(&whole, &part));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpuset_parse_accepts_lists),
                cmocka_unit_test(test_cpuset_parse_refuses_the_rest),
                cmocka_unit_test(test_cpuset_contains),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
