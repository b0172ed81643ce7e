/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/listing.c and table.c: what arrives on standard output. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "base/fd.h"
#include "cli/listing.h"
#include "cli/table.h"
#include "unit.h"

static const Column columns[] = {
        { "ID", "CONTAINER ID", true },
        { "Names", "NAME", true },
        { "State", "STATE", false },
        {},
};

static int capture_begin(int *ret_saved) {
        int file = memfd_create("test", MFD_CLOEXEC);

        *ret_saved = dup(STDOUT_FILENO);
        assert_true(file >= 0 && *ret_saved >= 0);
        assert_int_equal(fflush(stdout), 0);
        assert_true(dup2(file, STDOUT_FILENO) >= 0);
        return file;
}

static void capture_end(int file, int saved, char text[static 1024]) {
        ssize_t n;

        (void) fflush(stdout);
        assert_true(dup2(saved, STDOUT_FILENO) >= 0);
        close(saved);
        n = pread_full(file, text, 1023, 0);
        assert_true(n >= 0);
        text[n] = '\0';
        close(file);
}

/* Prints two rows; gives what arrived on standard output. */
static int print(const char *format, char text[static 1024], Failure *f) {
        static char *labels[] = { (char *) "k=v", (char *) "flag", NULL };
        _cleanup_(listing_freep) Listing *l = NULL;
        int saved, file = capture_begin(&saved), r;

        r = listing_new(format, columns, &l, f);
        if (r >= 0)
                r = listing_add(l, (const char *[]) { "abc", "web", "running" }, labels, f);
        if (r >= 0)
                r = listing_add(l, (const char *[]) { "d", "a-long-name", NULL }, NULL, f);
        if (r >= 0)
                r = listing_print(l, f);
        capture_end(file, saved, text);
        return r;
}

static void assert_printed(const char *format, const char *expected) {
        _cleanup_failure_ Failure f = {};
        char text[1024];

        if (print(format, text, &f) < 0)
                fail_msg("%s: %s", format, failure_message(&f));
        assert_string_equal(text, expected);
}

static void test_listing_without_a_format_is_a_table(void **state) {
        static const char table[] = "CONTAINER ID   NAME\n"
                                    "abc            web\n"
                                    "d              a-long-name\n";

        assert_printed(NULL, table);
        assert_printed("table", table);
}

static void test_table_without_lines_has_its_headers(void **state) {
        static const char *const headers[] = { "CONTAINER ID", "NAME", NULL };
        _cleanup_(table_freep) Table *t = NULL;
        int saved, file = capture_begin(&saved);
        char text[1024];

        assert_int_equal(table_new(headers, &t), 0);
        assert_int_equal(table_print(t), 0);
        capture_end(file, saved, text);
        assert_string_equal(text, "CONTAINER ID   NAME\n");
}

static void test_listing_as_json_is_an_object_a_line(void **state) {
        assert_printed("json", "{\"ID\":\"abc\",\"Names\":\"web\",\"State\":\"running\"}\n"
                               "{\"ID\":\"d\",\"Names\":\"a-long-name\",\"State\":\"\"}\n");
}

static void test_listing_with_a_template_is_a_line_a_row(void **state) {
        assert_printed("{{.Names}}", "web\na-long-name\n");
        assert_printed("{{.ID}}\\t{{.State}}\\n-", "abc\trunning\n-\nd\t\n-\n");
        assert_printed("{{.Label \"k\"}}|{{.Label \"flag\"}}", "v|\n|\n");
}

static void test_listing_with_a_table_template_has_the_fields_headers(void **state) {
        assert_printed("table {{.Names}}\\t{{.ID}}", "NAME          CONTAINER ID\n"
                                                     "web           abc\n"
                                                     "a-long-name   d\n");
}

static void test_listing_refuses_an_unknown_field_by_name(void **state) {
        static const char *const formats[] = { "{{.Nmaes}}", "table {{.Nmaes}}" };
        char text[1024];

        for (size_t i = 0; i < 2; i++) {
                _cleanup_failure_ Failure f = {};

                assert_int_equal(print(formats[i], text, &f), -EINVAL);
                assert_non_null(strstr(failure_message(&f), "'Nmaes'"));
                assert_string_equal(text, "");
        }
}

static void test_format_unescape_leaves_actions_alone(void **state) {
        _cleanup_free_ char *text = NULL;

        assert_int_equal(format_unescape("a\\tb\\n{{print \"\\t\"}}\\x\\", &text), 0);
        assert_string_equal(text, "a\tb\n{{print \"\\t\"}}\\x\\");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_listing_without_a_format_is_a_table),
                cmocka_unit_test(test_table_without_lines_has_its_headers),
                cmocka_unit_test(test_listing_as_json_is_an_object_a_line),
                cmocka_unit_test(test_listing_with_a_template_is_a_line_a_row),
                cmocka_unit_test(test_listing_with_a_table_template_has_the_fields_headers),
                cmocka_unit_test(test_listing_refuses_an_unknown_field_by_name),
                cmocka_unit_test(test_format_unescape_leaves_actions_alone),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
