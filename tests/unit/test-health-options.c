/* SPDX-License-Identifier: Apache-2.0 */
#include "model/health-options.h"
#include <string.h>
#include "base/str.h"
#include "unit.h"

static int set(ContainerOptions *o, const char *key, const char *text, Failure *f) {
        return container_options_set(
                        o, key, &(OptionValue){ .kind = OPTION_STRING, .string = text }, f);
}

static int setup(void **state) {
        *state = calloc(1, sizeof(ContainerOptions));
        return container_options_init(*state, "bb:1");
}

static int teardown(void **state) {
        container_options_done(*state);
        free(*state);
        return 0;
}

static void test_health_option_of_every_option(void **state) {
        static const char *const durations[] = { "health-interval", "health-timeout",
                "health-start-period", "health-start-interval" };
        ContainerOptions *o = *state;
        HealthConfig *c = &o->spec->health;

        assert_int_equal(set(o, "health-cmd", "test -e /up", NULL), 0);
        assert_int_equal(set(o, "health-retries", "4", NULL), 0);
        assert_int_equal(set(o, "health-on-failure", "restart", NULL), 0);
        for (uint64_t i = 0; i < ELEMENTSOF(durations); i++)
                assert_int_equal(container_options_set(o, durations[i],
                                                 &(OptionValue){ .kind = OPTION_NUMBER,
                                                                 .number = 1000 * (i + 1) },
                                                 NULL),
                                0);
        assert_int_equal(container_options_check(o, NULL), 0);
        assert_int_equal(c->probe, HEALTH_PROBE_SHELL);
        assert_string_equal(c->command[0], "test -e /up");
        assert_null(c->command[1]);
        assert_int_equal(c->retries, 4);
        assert_int_equal(c->on_failure, HEALTH_ACTION_RESTART);
        assert_int_equal(c->interval_usec, 1000);
        assert_int_equal(c->timeout_usec, 2000);
        assert_int_equal(c->start_period_usec, 3000);
        assert_int_equal(c->start_interval_usec, 4000);

        assert_int_equal(set(o, "health-cmd", "true", NULL), 0); /* the last one counts */
        assert_string_equal(c->command[0], "true");
}

static void test_health_option_probes(void **state) {
        ContainerOptions *o = *state;
        HealthConfig *c = &o->spec->health;
        char *words[] = { (char *) "curl", (char *) "-f", NULL };

        assert_int_equal(container_options_set(o, "health-cmd-exec",
                                         &(OptionValue){ .kind = OPTION_STRINGS, .strings = words },
                                         NULL),
                        0);
        assert_int_equal(c->probe, HEALTH_PROBE_EXEC);
        assert_string_equal(c->command[1], "-f");
        health_config_done(c);
        assert_int_equal(set(o, "health-http", "8080/up", NULL), 0);
        assert_int_equal(c->probe, HEALTH_PROBE_HTTP);
        assert_int_equal(c->port, 8080);
        assert_string_equal(c->path, "/up");
        health_config_done(c);
        assert_int_equal(set(o, "health-tcp", "5432", NULL), 0);
        assert_int_equal(c->probe, HEALTH_PROBE_TCP);
        assert_int_equal(c->port, 5432);
}

static void test_health_option_of_nothing_sets_nothing(void **state) {
        static const char *const keys[] = { "health-cmd", "health-http", "health-tcp",
                "health-retries", "health-on-failure" };
        ContainerOptions *o = *state;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                assert_int_equal(set(o, keys[i], "", NULL), 0);
        assert_int_equal(container_options_set(o, "health-cmd-exec",
                                         &(OptionValue){ .kind = OPTION_STRINGS }, NULL),
                        0);
        assert_int_equal(o->spec->health.probe, HEALTH_PROBE_NONE);
        assert_int_equal(o->spec->health.retries, 0);
        assert_false(o->spec->health.disabled);
}

static void test_health_option_one_kind_of_probe(void **state) {
        static const char *const probes[][2] = { { "health-cmd", "true" }, { "health-http", "80" },
                { "health-tcp", "80" } };
        ContainerOptions *o = *state;

        for (size_t i = 0; i < ELEMENTSOF(probes); i++)
                for (size_t k = 0; k < ELEMENTSOF(probes); k++) {
                        _cleanup_failure_ Failure f = {};

                        assert_int_equal(set(o, probes[i][0], probes[i][1], NULL), 0);
                        assert_int_equal(set(o, probes[k][0], probes[k][1], &f) < 0, i != k);
                        if (i != k)
                                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
                        health_config_done(&o->spec->health);
                }
}

static void test_health_option_disabled_stands_alone(void **state) {
        ContainerOptions *o = *state;
        _cleanup_failure_ Failure f = {};

        assert_int_equal(container_options_set(o, "no-healthcheck",
                                         &(OptionValue){ .kind = OPTION_SWITCH, .enabled = true },
                                         NULL),
                        0);
        assert_true(o->spec->health.disabled);
        assert_int_equal(container_options_check(o, NULL), 0);
        assert_int_equal(set(o, "health-tcp", "80", NULL), 0);
        assert_true(container_options_check(o, &f) < 0);
        assert_int_equal(f.code, FAILURE_INVALID_SPEC);

        health_config_done(&o->spec->health);
        assert_int_equal(set(o, "health-cmd", "none", NULL), 0);
        assert_true(o->spec->health.disabled);
}

static void test_health_option_refuses_values(void **state) {
        static const char *const table[][2] = { { "health-http", "web" }, { "health-tcp", "80/x" },
                { "health-retries", "-1" }, { "health-retries", "many" },
                { "health-on-failure", "reboot" } };
        ContainerOptions *o = *state;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};

                assert_true(set(o, table[i][0], table[i][1], &f) < 0);
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
                assert_non_null(strchr(failure_message(&f), '\''));
                health_config_done(&o->spec->health);
        }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(test_health_option_of_every_option),
                T(test_health_option_probes),
                T(test_health_option_of_nothing_sets_nothing),
                T(test_health_option_one_kind_of_probe),
                T(test_health_option_disabled_stands_alone),
                T(test_health_option_refuses_values),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
