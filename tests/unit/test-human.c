/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/human.c. */
#include <stdlib.h>
#include <string.h>
#include "base/str.h"
#include "cli/human.h"
#include "unit.h"

static void test_human_size_has_three_digits(void **state) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } rows[] = {
                        {0, "0B"},
                        {999, "999B"},
                        {1000, "1kB"},
                        {1234567, "1.23MB"},
                        {999900, "999.9kB"},
                        {50000000000, "50GB"},
                        {UINT64_MAX, "18.4EB"},
        };
        char text[HUMAN_SIZE_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                human_size(rows[i].bytes, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void test_human_size_binary_has_four_digits(void **state) {
        static const struct {
                uint64_t bytes;
                const char *text;
        } rows[] = {
                        {0, "0B"},
                        {1023, "1023B"},
                        {1024, "1KiB"},
                        {1234567, "1.177MiB"},
                        {8200000000, "7.637GiB"},
                        {UINT64_MAX, "16EiB"},
        };
        char text[HUMAN_SIZE_MAX];

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                human_size_binary(rows[i].bytes, text);
                assert_string_equal(text, rows[i].text);
        }
}

static void test_human_ago_counts_from_now(void **state) {
        char text[HUMAN_AGO_MAX];

        human_ago(0, 5, text);
        assert_string_equal(text, "");
        human_ago(10 * USEC_PER_SEC, 190 * USEC_PER_SEC, text);
        assert_string_equal(text, "3 minutes ago");
        human_ago(20 * USEC_PER_SEC, 10 * USEC_PER_SEC, text);
        assert_string_equal(text, "Less than a second ago");
}

static void test_human_date_is_dockers_form(void **state) {
        char text[HUMAN_DATE_MAX];

        human_date(1700000000 * USEC_PER_SEC, text);
        assert_string_equal(text, "2023-11-14 22:13:20 +0000 UTC");
        human_date(0, text);
        assert_string_equal(text, "");
}

static void test_human_shorten_cuts_between_characters(void **state) {
        static const struct {
                const char *text, *shortened;
        } rows[] = {
                { "abc", "abc" },     { "abcde", "abcde" },       { "abcdefgh", "abcd…" },
                { "äöüßé", "äöüßé" }, { "äöüßéàè", "äöüß…" }, { "", "" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                char text[64];

                strcpy(text, rows[i].text);
                human_shorten(text, 5);
                assert_string_equal(text, rows[i].shortened);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_human_size_has_three_digits),
                cmocka_unit_test(test_human_size_binary_has_four_digits),
                cmocka_unit_test(test_human_ago_counts_from_now),
                cmocka_unit_test(test_human_date_is_dockers_form),
                cmocka_unit_test(test_human_shorten_cuts_between_characters),
        };

        setenv("TZ", "UTC", 1);
        return cmocka_run_group_tests(tests, NULL, NULL);
}
