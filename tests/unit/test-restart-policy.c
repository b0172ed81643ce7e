/* SPDX-License-Identifier: Apache-2.0 */
#include "model/restart-policy.h"
#include "base/str.h"
#include "base/usec.h"
#include "unit.h"

static void test_restart_policy_parse_accepts(void **state) {
        static const struct {
                const char *text;
                RestartMode mode;
                uint32_t tries;
                const char *printed;
        } table[] = {
                { "", RESTART_NO, 0, "no" }, { "no", RESTART_NO, 0, "no" },
                { "on-failure", RESTART_ON_FAILURE, 0, "on-failure" },
                { "on-failure:0", RESTART_ON_FAILURE, 0, "on-failure" },
                { "on-failure:4294967295", RESTART_ON_FAILURE, UINT32_MAX,
                  "on-failure:4294967295" },
                { "always", RESTART_ALWAYS, 0, "always" },
                { "unless-stopped", RESTART_UNLESS_STOPPED, 0, "unless-stopped" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char text[RESTART_POLICY_STRING_MAX];
                RestartPolicy policy;

                assert_int_equal(restart_policy_parse(table[i].text, &policy, NULL), 0);
                assert_int_equal(policy.mode, table[i].mode);
                assert_int_equal(policy.max_tries, table[i].tries);
                restart_policy_to_string(&policy, text);
                assert_string_equal(text, table[i].printed);
        }
}

static void test_restart_policy_parse_refuses(void **state) {
        static const char *const bad[] = { "never", "on-failure:", "on-failure:-1", "on-failure:x",
                "always:3", "ALWAYS", " no" };
        RestartPolicy policy = { .mode = RESTART_ALWAYS };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure f = {};

                assert_errno(EINVAL, restart_policy_parse(bad[i], &policy, &f));
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
                assert_int_equal(policy.mode, RESTART_ALWAYS);
        }
}

static void test_restart_policy_applies(void **state) {
        const RestartPolicy no = { RESTART_NO, 0 }, failure = { RESTART_ON_FAILURE, 0 },
                            three = { RESTART_ON_FAILURE, 3 }, always = { RESTART_ALWAYS, 0 },
                            unless = { RESTART_UNLESS_STOPPED, 0 };

        assert_false(restart_policy_applies(&no, 1, 0));
        assert_false(restart_policy_applies(&failure, 0, 0));
        assert_true(restart_policy_applies(&failure, 137, 1000000));
        assert_true(restart_policy_applies(&three, 1, 2));
        assert_false(restart_policy_applies(&three, 1, 3));
        assert_true(restart_policy_applies(&always, 0, 1000000));
        assert_true(restart_policy_applies(&unless, 0, 0));
}

static void test_restart_policy_resumes(void **state) {
        const RestartPolicy no = {}, on_failure = { RESTART_ON_FAILURE, 3 },
                            always = { RESTART_ALWAYS, 0 }, unless = { RESTART_UNLESS_STOPPED, 0 };

        assert_true(restart_policy_resumes(&always, true, false));
        assert_true(restart_policy_resumes(&unless, false, false));
        assert_true(restart_policy_resumes(&unless, false, true));
        assert_false(restart_policy_resumes(&unless, true, true));
        assert_false(restart_policy_resumes(&on_failure, false, false));
        assert_true(restart_policy_resumes(&on_failure, false, true));
        assert_false(restart_policy_resumes(&on_failure, true, true));
        assert_false(restart_policy_resumes(&no, false, true));
}

static void test_restart_delay_usec_doubles_to_a_minute(void **state) {
        static const uint64_t msec[] = { 100, 200, 400, 800, 1600, 3200, 6400, 12800, 25600, 51200,
                60000, 60000 };
        uint64_t delay = 0;

        for (size_t i = 0; i < ELEMENTSOF(msec); i++) {
                delay = restart_delay_usec(0, delay);
                assert_true(delay == msec[i] * USEC_PER_MSEC);
        }
        assert_true(restart_delay_usec(10 * USEC_PER_SEC, delay) == 0);
        assert_true(restart_delay_usec(10 * USEC_PER_SEC - 1, 0) == 100 * USEC_PER_MSEC);
        assert_true(restart_delay_usec(0, UINT64_MAX) == USEC_PER_MINUTE);
}

static void test_restart_mode_of_nothing(void **state) {
        char text[RESTART_POLICY_STRING_MAX];

        assert_int_equal(restart_mode_from_string(NULL), _RESTART_MODE_INVALID);
        assert_null(restart_mode_to_string(_RESTART_MODE_MAX));
        assert_null(restart_mode_to_string(_RESTART_MODE_INVALID));
        restart_policy_to_string(&(RestartPolicy) { .mode = _RESTART_MODE_MAX }, text);
        assert_string_equal(text, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_restart_policy_parse_accepts),
                cmocka_unit_test(test_restart_policy_parse_refuses),
                cmocka_unit_test(test_restart_policy_applies),
                cmocka_unit_test(test_restart_policy_resumes),
                cmocka_unit_test(test_restart_delay_usec_doubles_to_a_minute),
                cmocka_unit_test(test_restart_mode_of_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
