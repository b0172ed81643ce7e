/* SPDX-License-Identifier: Apache-2.0 */
/* test-process.c: /proc/PID/stat and status, whatever a process calls itself. */
#include "model/process.h"
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

#define NUMBERS                                                                                    \
        " S 3989 4001 4001 34816 4007 4194304 1 2 3 4 250 50 0 0 20 0 1 0 12345 1000 5 "           \
        "18446744073709551615 1 2"

static void test_process_read_stat_of_any_name(void **state) {
        static const struct {
                const char *text, *name;
        } cases[] = {
                { "4001 (sh)" NUMBERS, "sh" },
                { "4001 ()" NUMBERS, "" },
                { "4001 (a b)" NUMBERS, "a b" },
                { "4001 () R 1 (x))" NUMBERS, ") R 1 (x)" },
                { "4001 (a\nb\xff)" NUMBERS "\n", "a?b?" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Process p = {};

                assert_int_equal(process_read_stat(&p, cases[i].text, 100), 0);
                assert_string_equal(p.name, cases[i].name);
                assert_int_equal(p.pid, 4001);
                assert_int_equal(p.parent, 3989);
                assert_int_equal(p.cpu_usec, 3 * USEC_PER_SEC);
                assert_int_equal(p.started_usec, 123450 * USEC_PER_MSEC);
                assert_string_equal(p.terminal, "pts/0");
        }
}

static void test_process_read_stat_terminals(void **state) {
        static const struct {
                const char *text, *terminal;
        } cases[] = {
                { "1 (a) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0", "" },
                { "1 (a) S 0 1 1 1025 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0", "tty1" },
                { "1 (a) S 0 1 1 34821 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0", "pts/5" },
                { "1 (a) S 0 1 1 35072 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0", "pts/256" },
                { "1 (a) S 0 1 1 1088 -1 0 0 0 0 0 0 0 0 0 0 0 1 0 0", "4:64" },
        };

        for (size_t i = 0; i < ELEMENTSOF(cases); i++) {
                Process p = {};

                assert_int_equal(process_read_stat(&p, cases[i].text, 100), 0);
                assert_string_equal(p.terminal, cases[i].terminal);
        }
}

static void test_process_read_stat_refuses_what_is_none(void **state) {
        static const char *const texts[] = { "", "1", "1 (", "1 (a", "1 a)", ")(", "1 (a) S",
                "x (a)" NUMBERS,
                "1 (a) S 0 1 1 0 -1 0 0 0 0 0 0 0 0 0 0 0 1" };
        Process p;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++)
                assert_int_equal(process_read_stat(&p, texts[i], 100), -EBADMSG);
}

static void test_process_read_status(void **state) {
        Process p = {};

        assert_int_equal(process_read_status(&p,
                                         "Name:\tUid\nState:\tS (sleeping)\n"
                                         "Uid:\t0\t165536\t0\t0\nGid:\t1\t1\t1\t1\n"
                                         "NSpid:\t4001\t7\t1\n"),
                        0);
        assert_int_equal(p.uid, 165536);
        assert_int_equal(p.inner, 7);
        assert_int_equal(process_read_status(&p, "Uid:\t0\t1\t0\t0\nNSpid:\t4001\n"), 0);
        assert_int_equal(p.inner, 4001);
        assert_int_equal(process_read_status(&p, ""), -EBADMSG);
        assert_int_equal(process_read_status(&p, "Uid:\t0\nNSpid:\t1\n"), -EBADMSG);
        assert_int_equal(process_read_status(&p, "Uid:\t0\t0\nNSpid:\tx\n"), -EBADMSG);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_process_read_stat_of_any_name),
                cmocka_unit_test(test_process_read_stat_terminals),
                cmocka_unit_test(test_process_read_stat_refuses_what_is_none),
                cmocka_unit_test(test_process_read_status),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
