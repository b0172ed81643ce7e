/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/flags.c. */
#include <string.h>
#include "base/str.h"
#include "cli/flags.h"
#include "unit.h"

static const Flag table[] = {
        { "detach", 'd', FLAG_SWITCH, NULL, NULL, "Leave" },
        { "interactive", 'i', FLAG_SWITCH, "interactive", NULL, "Stdin" },
        { "env", 'e', FLAG_LIST, "env", "KEY=VALUE", "Variable" },
        { "name", 0, FLAG_STRING, "name", "NAME", "A name" },
        { "last", 'n', FLAG_NUMBER, NULL, "N", "Newest" },
        { "hidden", 0, FLAG_STRING, "hidden", "", NULL },
        {},
};
static const Flag more[] = {
        { "sig-proxy", 0, FLAG_SWITCH, NULL, NULL, "Signals" },
        {},
};
static const Flag *const tables[] = { table, more, NULL };

#define PARSE(flags_first, ret, reterr, ...) \
        arguments_parse(tables, flags_first, (char *[]) { __VA_ARGS__, NULL }, ret, reterr)

static void test_arguments_parse_reads_every_spelling(void **state) {
        _cleanup_(arguments_done) Arguments a = {};
        _cleanup_free_ const char **env = NULL;
        long n;

        assert_int_equal(PARSE(false, &a, NULL, "-di", "--env", "A=1", "-eB=2", "-e", "C=3",
                                         "--env=D==", "x", "--name=old", "--name", "new", "-n5",
                                         "y", "--sig-proxy=false"),
                        0);
        assert_true(arguments_switch(&a, "detach", false));
        assert_true(arguments_switch(&a, "interactive", false));
        assert_false(arguments_switch(&a, "sig-proxy", true));
        assert_string_equal(arguments_string(&a, "name"), "new");
        assert_int_equal(arguments_number(&a, "last", &n, NULL), 1);
        assert_int_equal(n, 5);
        assert_int_equal(a.n_operands, 2);
        assert_string_equal(a.operands[0], "x");
        assert_string_equal(a.operands[1], "y");
        assert_null(a.operands[2]);
        assert_int_equal(arguments_list(&a, "env", &env), 0);
        assert_string_equal(env[0], "A=1");
        assert_string_equal(env[1], "B=2");
        assert_string_equal(env[2], "C=3");
        assert_string_equal(env[3], "D==");
        assert_null(env[4]);
}

static void test_arguments_parse_with_flags_first_leaves_the_command_alone(void **state) {
        _cleanup_(arguments_done) Arguments a = {};

        assert_int_equal(PARSE(true, &a, NULL, "-d", "bb", "ls", "-l", "--name", "--", "-"), 0);
        assert_int_equal(a.n_values, 1);
        assert_int_equal(a.n_operands, 6);
        assert_string_equal(a.operands[2], "-l");
        assert_string_equal(a.operands[4], "--");
}

static void test_arguments_parse_ends_flags_at_two_dashes(void **state) {
        _cleanup_(arguments_done) Arguments a = {};

        assert_int_equal(PARSE(false, &a, NULL, "x", "--", "-d", "--env"), 0);
        assert_int_equal(a.n_values, 0);
        assert_int_equal(a.n_operands, 3);
        assert_string_equal(a.operands[1], "-d");
}

static void test_arguments_parse_takes_a_lone_dash_as_an_operand(void **state) {
        _cleanup_(arguments_done) Arguments a = {};

        assert_int_equal(PARSE(false, &a, NULL, "-", "name"), 0);
        assert_string_equal(a.operands[0], "-");
}

static void test_arguments_parse_refuses_and_names_the_flag(void **state) {
        static const struct {
                const char *words[3], *named;
        } rows[] = {
                { { "--nosuch" }, "'--nosuch'" },
                { { "--nam", "x" }, "'--nam'" },
                { { "-x" }, "'-x'" },
                { { "-dxi" }, "'-x'" },
                { { "--env" }, "'--env'" },
                { { "-e" }, "'-e'" },
                { { "--detach=maybe" }, "'maybe'" },
                { { "---" }, "'---'" },
                { { "--=x" }, "'--'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_(arguments_done) Arguments a = {};
                _cleanup_failure_ Failure f = {};

                assert_int_equal(arguments_parse(tables, false, (char **) rows[i].words, &a, &f),
                                -EINVAL);
                if (!strstr(failure_message(&f), rows[i].named))
                        fail_msg("%s: %s", rows[i].words[0], failure_message(&f));
        }
}

static void test_arguments_number_refuses_what_is_none(void **state) {
        static const char *const refused[] = { "", "x", "5x", "99999999999999999999", "1.5" };

        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_(arguments_done) Arguments a = {};
                _cleanup_failure_ Failure f = {};
                long n = 7;

                assert_int_equal(PARSE(false, &a, NULL, (char *) "--last", (char *) refused[i]), 0);
                assert_int_equal(arguments_number(&a, "last", &n, &f), -EINVAL);
                assert_int_equal(n, 7);
        }
}

static void test_flags_print_shows_all_but_the_hidden(void **state) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        FILE *out = open_memstream(&text, &size);

        assert_non_null(out);
        flags_print(tables, out);
        assert_int_equal(fclose(out), 0);
        assert_non_null(strstr(text, "  -e, --env KEY=VALUE           Variable\n"));
        assert_non_null(strstr(text, "      --sig-proxy               Signals\n"));
        assert_null(strstr(text, "hidden"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_arguments_parse_reads_every_spelling),
                cmocka_unit_test(test_arguments_parse_with_flags_first_leaves_the_command_alone),
                cmocka_unit_test(test_arguments_parse_ends_flags_at_two_dashes),
                cmocka_unit_test(test_arguments_parse_takes_a_lone_dash_as_an_operand),
                cmocka_unit_test(test_arguments_parse_refuses_and_names_the_flag),
                cmocka_unit_test(test_arguments_number_refuses_what_is_none),
                cmocka_unit_test(test_flags_print_shows_all_but_the_hidden),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
