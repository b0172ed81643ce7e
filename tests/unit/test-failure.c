/* SPDX-License-Identifier: Apache-2.0 */
#include "model/failure.h"
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

static void test_fail_fills_in_and_keeps_errno(void **state) {
        _cleanup_failure_ Failure f = {};

        errno = EPERM;
        assert_int_equal(fail(&f, FAILURE_NO_SUCH_IMAGE, ENOENT, "No image '%s'", "bb"), -ENOENT);
        assert_int_equal(errno, EPERM);
        assert_true(failure_is_set(&f));
        assert_int_equal(f.code, FAILURE_NO_SUCH_IMAGE);
        assert_int_equal(f.errnum, ENOENT);
        assert_string_equal(failure_message(&f), "No image 'bb'");

        assert_int_equal(fail(&f, FAILURE_LIMIT_REACHED, -E2BIG, "Too many"), -E2BIG);
        assert_int_equal(f.errnum, E2BIG);
        assert_string_equal(failure_message(&f), "Too many");
        assert_int_equal(fail(NULL, FAILURE_LIMIT_REACHED, 0, "Too many"), -EDQUOT);
}

static void test_fail_of_a_code_that_is_none(void **state) {
        _cleanup_failure_ Failure f = {};

        assert_int_equal(fail(&f, FAILURE_NONE, 0, "x"), -EIO);
        assert_int_equal(f.code, FAILURE_INTERNAL);
        assert_int_equal(fail(&f, _FAILURE_CODE_MAX, 0, "x"), -EIO);
        assert_int_equal(f.code, FAILURE_INTERNAL);
}

static void test_fail_cleans_and_bounds_its_sentence(void **state) {
        _cleanup_failure_ Failure f = {};
        static char longest[3 * ERROR_MESSAGE_MAX];

        (void) fail(&f, FAILURE_INVALID_ARGS, 0, "'%s'", "a\nb\x1b[m\xff");
        assert_string_equal(failure_message(&f), "'a?b?[m?'");
        memset(longest, 'x', sizeof(longest) - 1);
        (void) fail(&f, FAILURE_INVALID_ARGS, 0, "%s", longest);
        assert_int_equal(strlen(failure_message(&f)), ERROR_MESSAGE_MAX - 1);
}

static void test_fail_errno_chooses_the_code(void **state) {
        static const struct {
                int errnum;
                FailureCode code;
        } table[] = {
                { ENOMEM, FAILURE_NO_MEMORY },
                { ENOSPC, FAILURE_DISK_FULL },
                { EDQUOT, FAILURE_DISK_FULL },
                { -EACCES, FAILURE_INTERNAL },
        };
        _cleanup_failure_ Failure f = {};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                assert_int_equal(fail_errno(&f, table[i].errnum, "Failed"), -abs(table[i].errnum));
                assert_int_equal(f.code, table[i].code);
        }
        assert_string_equal(failure_message(&f), "Failed: Permission denied");
        assert_int_equal(fail_errno(NULL, EIO, "Failed"), -EIO);
}

static void test_failure_copy_and_move(void **state) {
        _cleanup_failure_ Failure f = {}, copy = {}, moved = {};

        (void) fail(&f, FAILURE_CANCELLED, 0, "Stopped '%s'", "x");
        failure_copy(&f, &copy);
        failure_copy(&f, &copy);
        assert_string_equal(failure_message(&copy), "Stopped 'x'");
        failure_move(&f, &moved);
        assert_false(failure_is_set(&f));
        assert_string_equal(failure_message(&f), "");
        assert_int_equal(moved.code, FAILURE_CANCELLED);
        assert_false(failure_is_set(NULL));
        failure_copy(&f, &copy);
        assert_false(failure_is_set(&copy));
}

static void test_failure_message_without_memory(void **state) {
        const Failure f = { .code = FAILURE_NO_MEMORY };
        const Failure odd = { .code = _FAILURE_CODE_MAX };

        assert_string_equal(failure_message(&f), "Out of memory");
        assert_string_equal(failure_message(&odd), "");
}

static void test_failure_table_goes_round(void **state) {
        for (int i = FAILURE_NONE + 1; i < _FAILURE_CODE_MAX; i++) {
                const char *name = failure_to_bus_name((FailureCode) i);
                int status = failure_to_exit_status((FailureCode) i);
                const Failure f = { .code = (FailureCode) i };

                assert_int_equal(failure_from_bus_name(name), i);
                assert_true(startswith(name, "org.pocketdocker.Error.") ||
                            startswith(name, "org.freedesktop.DBus.Error."));
                assert_true(failure_to_errno((FailureCode) i) > 0);
                assert_int_equal(status, i == FAILURE_COMMAND_NOT_FOUND        ? 127
                                         : i == FAILURE_COMMAND_NOT_EXECUTABLE ? 126
                                                                               : 125);
                assert_true(strlen(failure_message(&f)) > 0);
        }
        assert_int_equal(failure_from_bus_name("org.example.Error"), _FAILURE_CODE_INVALID);
        assert_int_equal(failure_from_bus_name(NULL), _FAILURE_CODE_INVALID);
        assert_string_equal(failure_to_bus_name(FAILURE_NONE), "org.pocketdocker.Error.Internal");
        assert_int_equal(failure_to_errno(_FAILURE_CODE_MAX), EIO);
        assert_int_equal(failure_to_exit_status(_FAILURE_CODE_INVALID), 125);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fail_fills_in_and_keeps_errno),
                cmocka_unit_test(test_fail_of_a_code_that_is_none),
                cmocka_unit_test(test_fail_cleans_and_bounds_its_sentence),
                cmocka_unit_test(test_fail_errno_chooses_the_code),
                cmocka_unit_test(test_failure_copy_and_move),
                cmocka_unit_test(test_failure_message_without_memory),
                cmocka_unit_test(test_failure_table_goes_round),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
