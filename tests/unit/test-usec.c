/* SPDX-License-Identifier: Apache-2.0 */
#include "base/usec.h"
#include <string.h>
#include "base/str.h"
#include "unit.h"

static void test_usec_arithmetic_saturates(void **state) {
        assert_true(usec_add(1, 2) == 3);
        assert_true(usec_add(USEC_INFINITY, 1) == USEC_INFINITY);
        assert_true(usec_add(UINT64_MAX - 1, 5) == USEC_INFINITY);
        assert_true(usec_sub(3, 2) == 1);
        assert_true(usec_sub(2, 3) == 0);
        assert_true(usec_sub(USEC_INFINITY, 3) == USEC_INFINITY);
}

static void test_usec_to_timespec_splits(void **state) {
        struct timespec ts = usec_to_timespec(3000001);

        assert_int_equal(ts.tv_sec, 3);
        assert_int_equal(ts.tv_nsec, 1000);
}

static void test_clocks_go_on(void **state) {
        usec_t monotonic = now_monotonic();

        assert_true(now_monotonic() >= monotonic);
        assert_true(now_boottime() >= monotonic);
        assert_true(now_realtime() > 1700000000 * USEC_PER_SEC);
        assert_true(now_realtime_nsec() / 1000 >= now_realtime() - 60 * USEC_PER_SEC);
}

static void test_format_rfc3339(void **state) {
        static const struct {
                usec_t usec;
                const char *text;
        } table[] = {
                { 0, "0001-01-01T00:00:00Z" },
                { 1, "1970-01-01T00:00:00.000001Z" },
                { 1700000000000000, "2023-11-14T22:13:20Z" },
                { 1700000000500000, "2023-11-14T22:13:20.5Z" },
                { 1700000000120000, "2023-11-14T22:13:20.12Z" },
                { USEC_INFINITY, "9999-12-31T23:59:59Z" },
        };
        char text[RFC3339_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                assert_int_equal(format_rfc3339(table[i].usec, text), strlen(table[i].text));
                assert_string_equal(text, table[i].text);
        }
}

static void test_format_rfc3339_nano_has_nine_digits(void **state) {
        char text[RFC3339_MAX];

        assert_int_equal(format_rfc3339_nano(1700000000000000001, text), 30);
        assert_string_equal(text, "2023-11-14T22:13:20.000000001Z");
        assert_int_equal(format_rfc3339_nano(UINT64_MAX, text), 30);
        assert_string_equal(text, "2554-07-21T23:34:33.709551615Z");
}

static void test_format_human_duration(void **state) {
        static const struct {
                usec_t seconds;
                const char *text;
        } table[] = {
                        {0, "Less than a second"},
                        {1, "1 second"},
                        {2, "2 seconds"},
                        {59, "59 seconds"},
                        {60, "About a minute"},
                        {119, "About a minute"},
                        {120, "2 minutes"},
                        {3599, "59 minutes"},
                        {3600, "About an hour"},
                        {5400, "2 hours"},
                        {47 * 3600, "47 hours"},
                        {48 * 3600, "2 days"},
                        {13 * 86400, "13 days"},
                        {14 * 86400, "2 weeks"},
                        {59 * 86400, "8 weeks"},
                        {60 * 86400, "2 months"},
                        {729 * 86400, "24 months"},
                        {730 * 86400, "2 years"},
        };
        char text[HUMAN_DURATION_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_string_equal(format_human_duration(table[i].seconds * USEC_PER_SEC, text),
                                table[i].text);
        assert_string_equal(format_human_duration(USEC_PER_SEC - 1, text), "Less than a second");
        assert_non_null(strstr(format_human_duration(USEC_INFINITY, text), "years"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_usec_arithmetic_saturates),
                cmocka_unit_test(test_usec_to_timespec_splits),
                cmocka_unit_test(test_clocks_go_on),
                cmocka_unit_test(test_format_rfc3339),
                cmocka_unit_test(test_format_rfc3339_nano_has_nine_digits),
                cmocka_unit_test(test_format_human_duration),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
