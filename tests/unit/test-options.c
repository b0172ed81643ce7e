/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/options.h"
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "base/usec.h"
#include "unit.h"

static const char *const variables[] = {
        "POCKETDOCKER_ROOT",
        "POCKETDOCKER_RUN_ROOT",
        "POCKETDOCKER_IDLE_SECONDS",
        "POCKETDOCKER_AUTHORIZATION_SECONDS",
};

static int setup(void **state) {
        for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
                (void) unsetenv(variables[i]);
        return 0;
}

static int parse(Options *o, Failure *failure, const char *a, const char *b, const char *c) {
        char *argv[] = { (char *) "pocketdockerd", (char *) a, (char *) b, (char *) c, NULL };
        int argc = 1;

        while (argv[argc])
                argc++;
        return options_parse(argc, argv, o, failure);
}

static void test_options_parse_has_the_places_of_the_service(void **state) {
        _cleanup_options_ Options o = {};
        Failure failure = {};

        assert_int_equal(parse(&o, &failure, NULL, NULL, NULL), 1);
        assert_string_equal(o.state_dir, "/var/lib/pocketdocker");
        assert_string_equal(o.run_dir, "/run/pocketdocker");
        assert_false(o.embedded);
        assert_int_equal(o.ready_fd, -EBADF);
        assert_int_equal(o.idle_usec, 30 * USEC_PER_SEC);
}

static void test_options_parse_prefers_the_command_line_to_the_environment(void **state) {
        _cleanup_options_ Options o = {};
        Failure failure = {};

        assert_int_equal(setenv("POCKETDOCKER_ROOT", "/env/state", 1), 0);
        assert_int_equal(setenv("POCKETDOCKER_RUN_ROOT", "/env/run", 1), 0);
        assert_int_equal(setenv("POCKETDOCKER_IDLE_SECONDS", "1.5", 1), 0);
        assert_int_equal(parse(&o, &failure, "--root=/flag/state", "--embedded", NULL), 1);
        assert_string_equal(o.state_dir, "/flag/state");
        assert_string_equal(o.run_dir, "/env/run");
        assert_true(o.embedded);
        assert_int_equal(o.idle_usec, 1500 * USEC_PER_MSEC);
}

static void test_options_parse_gives_each_state_directory_a_runtime_directory(void **state) {
        _cleanup_options_ Options plain = {}, slashes = {}, other = {};
        Failure failure = {};

        /* printf %s /nonexistent/a | sha256sum | cut -c1-16 */
        assert_int_equal(parse(&plain, &failure, "--embedded", "--root=/nonexistent/a", NULL), 1);
        assert_string_equal(plain.run_dir, "/run/pocketdocker-589efba30eabb47e");
        assert_int_equal(parse(&slashes, &failure, "--embedded", "--root=/nonexistent/a//", NULL),
                        1);
        assert_string_equal(slashes.run_dir, plain.run_dir);
        assert_int_equal(parse(&other, &failure, "--embedded", "--root=/nonexistent/b", NULL), 1);
        assert_string_not_equal(other.run_dir, plain.run_dir);
}

static void test_options_parse_makes_relative_places_absolute(void **state) {
        _cleanup_options_ Options o = {};
        Failure failure = {};
        char cwd[4096], expected[4200];

        assert_non_null(getcwd(cwd, sizeof(cwd)));
        (void) snprintf(expected, sizeof(expected), "%s/here", cwd);
        assert_int_equal(parse(&o, &failure, "--root", "here", "--run-root=/r"), 1);
        assert_string_equal(o.state_dir, expected);
}

static void test_options_parse_refuses_by_name(void **state) {
        static const char *const table[][3] = {
                { "--nonsense", NULL, "'--nonsense'" },
                { "--root", NULL, "'--root'" },
                { "argument", NULL, "'argument'" },
                { "--embedded", "argument", "'argument'" },
                { "--ready-fd=x", NULL, "'x'" },
                { "--ready-fd=-1", NULL, "'-1'" },
                { "--ready-fd=9999", NULL, "'9999'" },
                { "--user", NULL, "'--user'" },
        };

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                _cleanup_options_ Options o = {};
                _cleanup_failure_ Failure failure = {};

                assert_true(parse(&o, &failure, table[i][0], table[i][1], NULL) < 0);
                assert_non_null(strstr(failure_message(&failure), table[i][2]));
        }
}

static void test_options_parse_refuses_a_time_that_is_none(void **state) {
        _cleanup_options_ Options o = {};
        _cleanup_failure_ Failure failure = {};

        assert_int_equal(setenv("POCKETDOCKER_IDLE_SECONDS", "soon", 1), 0);
        assert_errno(EINVAL, parse(&o, &failure, NULL, NULL, NULL));
        assert_non_null(strstr(failure_message(&failure), "'soon'"));
}

static void test_options_parse_keeps_the_ready_fd_from_children(void **state) {
        _cleanup_options_ Options o = {};
        Failure failure = {};
        char flag[32];
        int fd = dup(STDERR_FILENO);

        assert_true(fd >= 0);
        (void) snprintf(flag, sizeof(flag), "--ready-fd=%d", fd);
        assert_int_equal(parse(&o, &failure, flag, NULL, NULL), 1);
        assert_int_equal(o.ready_fd, fd);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        (void) close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup(test_options_parse_has_the_places_of_the_service, setup),
                cmocka_unit_test_setup(
                                test_options_parse_prefers_the_command_line_to_the_environment,
                                setup),
                cmocka_unit_test_setup(
                                test_options_parse_gives_each_state_directory_a_runtime_directory,
                                setup),
                cmocka_unit_test_setup(test_options_parse_makes_relative_places_absolute, setup),
                cmocka_unit_test_setup(test_options_parse_refuses_by_name, setup),
                cmocka_unit_test_setup(test_options_parse_refuses_a_time_that_is_none, setup),
                cmocka_unit_test_setup(test_options_parse_keeps_the_ready_fd_from_children, setup),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
