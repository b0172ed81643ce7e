/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "model/health.h"
#include "model/limits.h"
#include "unit.h"

static void test_health_words_go_round(void **state) {
        for (int i = 0; i < _HEALTH_PROBE_MAX; i++)
                assert_int_equal(health_probe_from_string(health_probe_to_string((HealthProbe) i)),
                                i);
        for (int i = 0; i < _HEALTH_ACTION_MAX; i++)
                assert_int_equal(health_action_from_string(
                                                 health_action_to_string((HealthAction) i)),
                                i);
        assert_null(health_probe_to_string(_HEALTH_PROBE_MAX));
        assert_null(health_action_to_string((HealthAction) -1));
        assert_int_equal(health_probe_from_string("ping"), _HEALTH_PROBE_INVALID);
        assert_int_equal(health_probe_from_string(NULL), _HEALTH_PROBE_INVALID);
        assert_int_equal(health_action_from_string("reboot"), _HEALTH_ACTION_INVALID);
        assert_int_equal(health_action_from_string(NULL), _HEALTH_ACTION_INVALID);
}

static void test_health_port_parse(void **state) {
        static const struct {
                const char *text;
                uint16_t port;
                const char *path;
        } accepted[] = {
                { "80", 80, NULL },
                { "65535/", 65535, "/" },
                { "8080/health?full=1", 8080, "/health?full=1" },
        };
        static const char *const refused[] = { "", "0", "65536", "-1", "80x", "/", "/health",
                "http", " 80", "80 /x" };
        _cleanup_failure_ Failure f = {};
        uint16_t port = 7;
        char *path = NULL;

        for (size_t i = 0; i < ELEMENTSOF(accepted); i++) {
                assert_int_equal(health_port_parse(accepted[i].text, &port, &path, &f), 0);
                assert_int_equal(port, accepted[i].port);
                assert_true(streq_ptr(path, accepted[i].path));
                free(path);
                path = NULL;
        }
        port = 7;
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                assert_true(health_port_parse(refused[i], &port, &path, &f) < 0);
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
                assert_int_equal(port, 7);
                assert_null(path);
        }
        assert_true(health_port_parse("80/x", &port, NULL, &f) <
                        0); /* no path where there is none */
        assert_int_equal(health_port_parse("443", &port, NULL, &f), 0);
        assert_int_equal(port, 443);
}

#define WORDS(...) ((char *[]){ __VA_ARGS__, NULL })

static void test_health_config_check(void **state) {
        static char long_path[HEALTH_PATH_MAX + 1], long_word[HEALTH_COMMAND_BYTES_MAX + 1];
        static char *many[HEALTH_COMMAND_MAX + 2];
        const HealthConfig accepted[] = {
                {},
                { .disabled = true },
                { .interval_usec = 1000, .retries = 1 },
                { .probe = HEALTH_PROBE_SHELL, .command = WORDS("true || false") },
                { .probe = HEALTH_PROBE_EXEC,
                                .command = WORDS("a", "", "b"),
                                .start_period_usec = 1000 },
                { .probe = HEALTH_PROBE_TCP, .port = 1, .on_failure = HEALTH_ACTION_STOP },
                { .probe = HEALTH_PROBE_HTTP, .port = 65535, .path = (char *) "/a%20b?c" },
        };
        const HealthConfig refused[] = {
                { .disabled = true, .retries = 1 },
                { .disabled = true, .interval_usec = 1000 },
                { .disabled = true, .timeout_usec = 1000 },
                { .disabled = true, .start_period_usec = 1000 },
                { .disabled = true, .start_interval_usec = 1000 },
                { .disabled = true, .on_failure = HEALTH_ACTION_KILL },
                { .disabled = true, .probe = HEALTH_PROBE_TCP, .port = 1 },
                { .interval_usec = 999 },
                { .timeout_usec = 1 },
                { .start_period_usec = 999 },
                { .start_interval_usec = HEALTH_TIME_MAX_USEC + 1 },
                { .probe = HEALTH_PROBE_SHELL },
                { .probe = HEALTH_PROBE_SHELL, .command = WORDS("a", "b") },
                { .probe = HEALTH_PROBE_SHELL, .command = WORDS("\xff") },
                { .probe = HEALTH_PROBE_EXEC, .command = WORDS("") },
                { .probe = HEALTH_PROBE_EXEC, .command = many },
                { .probe = HEALTH_PROBE_SHELL, .command = WORDS(long_word) },
                { .probe = HEALTH_PROBE_TCP },
                { .probe = HEALTH_PROBE_HTTP, .port = 1, .path = (char *) "x" },
                { .probe = HEALTH_PROBE_HTTP, .port = 1, .path = (char *) "/a b" },
                { .probe = HEALTH_PROBE_HTTP, .port = 1, .path = (char *) "/\r\nX: y" },
                { .probe = HEALTH_PROBE_HTTP, .port = 1, .path = (char *) "/\xc3\xa4" },
                { .probe = HEALTH_PROBE_HTTP, .port = 1, .path = long_path },
                { .probe = _HEALTH_PROBE_MAX },
                { .on_failure = _HEALTH_ACTION_MAX },
        };
        _cleanup_failure_ Failure f = {};

        memset(long_path, '/', sizeof(long_path) - 1);
        memset(long_word, 'x', sizeof(long_word) - 1);
        for (size_t i = 0; i <= HEALTH_COMMAND_MAX; i++)
                many[i] = (char *) "x";
        for (size_t i = 0; i < ELEMENTSOF(accepted); i++)
                if (health_config_check(&accepted[i], &f) < 0)
                        fail_msg("number %zu: %s", i, failure_message(&f));
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                if (health_config_check(&refused[i], &f) >= 0)
                        fail_msg("number %zu was accepted", i);
                assert_true(f.code == FAILURE_INVALID_SPEC || f.code == FAILURE_LIMIT_REACHED);
        }
}

static void test_health_config_resolve_takes_the_image_below_the_caller(void **state) {
        const Healthcheck image = { .test = WORDS("CMD-SHELL", "true"),
                .interval_usec = 5 * USEC_PER_SEC,
                .retries = 9,
                .start_period_usec = 1000 };
        HealthConfig c = { .interval_usec = USEC_PER_SEC, .on_failure = HEALTH_ACTION_KILL };
        _cleanup_failure_ Failure f = {};

        assert_int_equal(health_config_resolve(&c, &image, &f), 0);
        assert_int_equal(c.probe, HEALTH_PROBE_SHELL);
        assert_string_equal(c.command[0], "true");
        assert_int_equal(c.interval_usec, USEC_PER_SEC);
        assert_int_equal(c.retries, 9);
        assert_int_equal(c.timeout_usec, HEALTH_TIMEOUT_USEC);
        assert_int_equal(c.start_period_usec, 1000);
        assert_int_equal(c.start_interval_usec, HEALTH_START_INTERVAL_USEC);
        health_config_done(&c);

        c = (HealthConfig){ .probe = HEALTH_PROBE_TCP, .port = 80 };
        assert_int_equal(health_config_resolve(&c, &image, &f), 0);
        assert_int_equal(c.probe, HEALTH_PROBE_TCP);
        assert_null(c.command);
        assert_int_equal(c.interval_usec, 5 * USEC_PER_SEC);

        c = (HealthConfig){ .disabled = true };
        assert_int_equal(health_config_resolve(&c, &image, &f), 0);
        assert_int_equal(c.probe, HEALTH_PROBE_NONE);
        assert_int_equal(c.interval_usec, 0);
}

static void test_health_config_resolve_has_defaults(void **state) {
        HealthConfig c = { .probe = HEALTH_PROBE_TCP, .port = 80 };
        _cleanup_failure_ Failure f = {};

        assert_int_equal(health_config_resolve(&c, NULL, &f), 0);
        assert_int_equal(c.interval_usec, 30 * USEC_PER_SEC);
        assert_int_equal(c.timeout_usec, 30 * USEC_PER_SEC);
        assert_int_equal(c.retries, 3);
        assert_int_equal(c.start_period_usec, 0);
        assert_int_equal(c.start_interval_usec, 5 * USEC_PER_SEC);
        c = (HealthConfig){ .interval_usec = USEC_PER_SEC };
        assert_int_equal(health_config_resolve(&c, NULL, &f), 0);
        assert_int_equal(c.probe, HEALTH_PROBE_NONE);
}

static void test_health_config_resolve_reads_tests_as_docker_does(void **state) {
        const struct {
                char **test;
                int probe; /* -1: refused */
        } table[] = {
                { NULL, HEALTH_PROBE_NONE },
                { WORDS(""), HEALTH_PROBE_NONE },
                { WORDS("NONE"), HEALTH_PROBE_NONE },
                { WORDS("NONE", "x"), HEALTH_PROBE_NONE },
                { WORDS("CMD", "a", "b"), HEALTH_PROBE_EXEC },
                { WORDS("CMD-SHELL", "a b"), HEALTH_PROBE_SHELL },
                { WORDS("CMD"), -1 },
                { WORDS("CMD-SHELL"), -1 },
                { WORDS("CMD-SHELL", "a", "b"), -1 },
                { WORDS("curl"), -1 },
                { WORDS("CMD", ""), -1 },
        };
        _cleanup_failure_ Failure f = {};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const Healthcheck image = { .test = table[i].test };
                HealthConfig c = {};
                int r = health_config_resolve(&c, &image, &f);

                if ((r < 0) != (table[i].probe < 0))
                        fail_msg("number %zu gives %d", i, r);
                if (r >= 0)
                        assert_int_equal(c.probe, table[i].probe);
                else
                        assert_int_equal(f.code, FAILURE_INVALID_SPEC);
                health_config_done(&c);
        }
}

static void test_health_config_resolve_refuses_what_cannot_be(void **state) {
        const Healthcheck quick = { .test = WORDS("CMD", "true"), .timeout_usec = 1 };
        HealthConfig c = { .on_failure = HEALTH_ACTION_STOP };
        _cleanup_failure_ Failure f = {};

        assert_true(health_config_resolve(&c, NULL, &f) < 0);
        assert_int_equal(f.code, FAILURE_INVALID_SPEC);
        c = (HealthConfig){};
        assert_true(health_config_resolve(&c, &quick, &f) < 0);
        health_config_done(&c);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_health_words_go_round),
                cmocka_unit_test(test_health_port_parse),
                cmocka_unit_test(test_health_config_check),
                cmocka_unit_test(test_health_config_resolve_takes_the_image_below_the_caller),
                cmocka_unit_test(test_health_config_resolve_has_defaults),
                cmocka_unit_test(test_health_config_resolve_reads_tests_as_docker_does),
                cmocka_unit_test(test_health_config_resolve_refuses_what_cannot_be),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
