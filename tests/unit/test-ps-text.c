/* SPDX-License-Identifier: Apache-2.0 */
/* test-ps-text.c: times and lines of ps. */
#include "cli/ps-text.h"
#include <errno.h>
#include <stdlib.h>
#include "base/str.h"
#include "unit.h"

#define DAY USEC_PER_DAY
#define NOW (UINT64_C(1767366245) * USEC_PER_SEC) /* 2026-01-02 15:04:05 UTC */

static void test_ps_start_text(void **state) {
        static const struct {
                usec_t started;
                const char *text;
        } rows[] = {
                { NOW, "15:04" },
                { NOW - 10 * USEC_PER_HOUR, "05:04" },
                { NOW - DAY, "Jan01" },
                { NOW - 3 * DAY, "2025" },
        };
        char text[PS_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ps_start_text(rows[i].started, NOW, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void test_ps_time_text(void **state) {
        static const struct {
                usec_t t;
                const char *text;
        } rows[] = {
                { 0, "00:00:00" },
                { 65 * USEC_PER_SEC + 999999, "00:01:05" },
                { DAY - 1, "23:59:59" },
                { 2 * DAY + 3 * USEC_PER_HOUR + 4 * USEC_PER_MINUTE, "2-03:04:00" },
        };
        char text[PS_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                ps_time_text(rows[i].t, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void test_ps_pid_column(void **state) {
        assert_int_equal(ps_pid_column("    PID TTY          TIME CMD\n"), 0);
        assert_int_equal(ps_pid_column("UID          PID    PPID  C STIME\n"), 1);
        assert_int_equal(ps_pid_column("COMMAND PPID SPID\n"), -ENOENT);
        assert_int_equal(ps_pid_column(""), -ENOENT);
}

static void test_ps_line_pid(void **state) {
        assert_int_equal(ps_line_pid("   4711 pts/0    00:00:00 sh\n", 0), 4711);
        assert_int_equal(ps_line_pid("root 4711 1\n", 1), 4711);
        assert_int_equal(ps_line_pid("root 4711\n", 1), 4711);
        assert_int_equal(ps_line_pid("root - 1\n", 1), 0);
        assert_int_equal(ps_line_pid("root\n", 1), 0);
        assert_int_equal(ps_line_pid("root 99999999999999999999\n", 1), 0);
        assert_int_equal(ps_line_pid("", 0), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ps_start_text),
                cmocka_unit_test(test_ps_time_text),
                cmocka_unit_test(test_ps_pid_column),
                cmocka_unit_test(test_ps_line_pid),
        };

        if (setenv("TZ", "UTC", 1) < 0)
                return 1;
        return cmocka_run_group_tests(tests, NULL, NULL);
}
