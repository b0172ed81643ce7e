/* SPDX-License-Identifier: Apache-2.0 */
#include "model/container-options.h"
#include <signal.h>
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static int set_text(ContainerOptions *o, const char *key, const char *s, Failure *f) {
        return container_options_set(
                        o, key, &(OptionValue){ .kind = OPTION_STRING, .string = s }, f);
}

static int set_texts(ContainerOptions *o, const char *key, char *const *l, Failure *f) {
        return container_options_set(
                        o, key, &(OptionValue){ .kind = OPTION_STRINGS, .strings = l }, f);
}

static int set_switch(ContainerOptions *o, const char *key, bool enabled) {
        return container_options_set(
                        o, key, &(OptionValue){ .kind = OPTION_SWITCH, .enabled = enabled }, NULL);
}

static void assert_weakening(const ContainerOptions *o, const char *expected) {
        _cleanup_free_ char *text = NULL;
        Weakening w;

        container_options_weakening(o, &w);
        assert_int_equal(weakening_to_string(&w, &text), 0);
        if (expected)
                assert_string_equal(text, expected);
        else
                assert_null(text);
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

static void test_container_options_set_texts(void **state) {
        ContainerOptions *o = *state;

        assert_int_equal(set_text(o, "name", "web", NULL), 0);
        assert_int_equal(set_text(o, "request-id", "r1", NULL), 0);
        assert_int_equal(set_text(o, "hostname", "h", NULL), 0);
        assert_int_equal(set_text(o, "workdir", "/w", NULL), 0);
        assert_int_equal(set_text(o, "user", "app", NULL), 0);
        assert_int_equal(set_text(o, "network", "none", NULL), 0);
        assert_int_equal(set_text(o, "stop-signal", "INT", NULL), 0);
        assert_int_equal(set_text(o, "log-driver", "none", NULL), 0);
        assert_int_equal(set_text(o, "restart", "on-failure:3", NULL), 0);
        assert_int_equal(container_options_check(o, NULL), 0);
        assert_string_equal(o->name, "web");
        assert_string_equal(o->request_id, "r1");
        assert_string_equal(o->spec->image, "bb:1");
        assert_string_equal(o->spec->hostname, "h");
        assert_string_equal(o->spec->working_dir, "/w");
        assert_string_equal(o->spec->user, "app");
        assert_int_equal(o->spec->stop_signal, SIGINT);
        assert_int_equal(o->spec->log_driver, LOG_DRIVER_NONE);
        assert_int_equal(o->spec->restart.mode, RESTART_ON_FAILURE);
        assert_true(o->restart_given && o->resources_given == 0);
        assert_weakening(o, NULL);
}

static void test_container_options_empty_is_not_given(void **state) {
        static const char *const keys[] = {
                "name", "request-id", "hostname", "workdir", "user", "network", "stop-signal",
                "log-driver", "restart",
        };
        ContainerOptions *o = *state;

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                assert_int_equal(set_text(o, keys[i], "", NULL), 0);
        assert_int_equal(container_options_check(o, NULL), 0);
        assert_null(o->name);
        assert_null(o->spec->hostname);
        assert_int_equal(o->spec->stop_signal, 0);
}

static void test_container_options_set_lists(void **state) {
        ContainerOptions *o = *state;
        char *command[] = { (char *) "echo", (char *) "x", NULL };
        char *env[] = { (char *) "A=1", NULL };
        char *tmpfs[] = { (char *) "/run", (char *) "/tmp:size=1m", NULL };
        char *ulimit[] = { (char *) "nofile=1:2", NULL };
        char *log_opt[] = { (char *) "max-size=1m", (char *) "max-file=2", NULL };

        for (unsigned twice = 0; twice < 2; twice++) {
                assert_int_equal(set_texts(o, "command", command, NULL), 0);
                assert_int_equal(set_texts(o, "entrypoint", command, NULL), 0);
                assert_int_equal(set_texts(o, "env", env, NULL), 0);
                assert_int_equal(set_texts(o, "label", env, NULL), 0);
                assert_int_equal(set_texts(o, "tmpfs", tmpfs, NULL), 0);
                assert_int_equal(set_texts(o, "ulimit", ulimit, NULL), 0);
                assert_int_equal(set_texts(o, "log-opt", log_opt, NULL), 0);
        }
        assert_int_equal(container_options_check(o, NULL), 0);
        assert_int_equal(strv_length(o->spec->command), 2);
        assert_int_equal(strv_length(o->spec->env), 1);
        assert_int_equal(o->spec->n_tmpfs, 2);
        assert_int_equal(o->spec->n_ulimits, 1);
        assert_true(o->spec->log_max_size == MIB);
        assert_int_equal(o->spec->log_max_files, 2);

        assert_int_equal(set_texts(o, "tmpfs", NULL, NULL), 0);
        assert_int_equal(set_texts(o, "ulimit", NULL, NULL), 0);
        assert_int_equal(set_texts(o, "log-opt", NULL, NULL), 0);
        assert_int_equal(o->spec->n_tmpfs + o->spec->n_ulimits, 0);
        assert_int_equal(o->spec->log_max_files, LOG_FILES_DEFAULT);
}

static void test_container_options_entrypoint_of_nothing(void **state) {
        ContainerOptions *o = *state;
        char *nothing[] = { (char *) "", NULL };

        assert_int_equal(set_texts(o, "entrypoint", nothing, NULL), 0);
        assert_null(o->spec->entrypoint);
        assert_true(o->spec->entrypoint_set);
        o->spec->entrypoint_set = false;
        assert_int_equal(set_texts(o, "entrypoint", NULL, NULL), 0);
        assert_true(o->spec->entrypoint_set);
}

static void test_container_options_set_switches_and_numbers(void **state) {
        ContainerOptions *o = *state;

        assert_int_equal(set_switch(o, "tty", true), 0);
        assert_int_equal(set_switch(o, "interactive", true), 0);
        assert_int_equal(set_switch(o, "read-only", true), 0);
        assert_int_equal(set_switch(o, "init", true), 0);
        assert_int_equal(set_switch(o, "rm", true), 0);
        assert_true(o->spec->tty && o->spec->open_stdin && o->spec->read_only && o->spec->init &&
                        o->spec->remove);
        assert_int_equal(set_switch(o, "rm", false), 0);
        assert_false(o->spec->remove);
        assert_int_equal(
                        container_options_set(o, "stop-timeout",
                                        &(OptionValue){ .kind = OPTION_NUMBER, .number = 7 }, NULL),
                        0);
        assert_true(o->spec->stop_timeout_usec == 7);
        assert_errno(ERANGE, container_options_set(o, "stop-timeout",
                                             &(OptionValue){ .kind = OPTION_NUMBER,
                                                             .number = STOP_TIMEOUT_MAX_USEC + 1 },
                                             NULL));
        assert_int_equal(container_options_set(o, "stop-timeout",
                                         &(OptionValue){ .kind = OPTION_NUMBER,
                                                         .number = UINT64_MAX },
                                         NULL),
                        0);
}

static void test_container_options_refuses_values(void **state) {
        static const struct {
                const char *key, *value;
                FailureCode code;
        } table[] = {
                { "name", "/web", FAILURE_INVALID_ARGS },
                { "name", HEX64, FAILURE_INVALID_ARGS },
                { "request-id", "a b", FAILURE_INVALID_ARGS },
                { "stop-signal", "SIGNONE", FAILURE_INVALID_ARGS },
                { "restart", "sometimes", FAILURE_INVALID_ARGS },
                { "log-driver", "syslog", FAILURE_UNSUPPORTED },
                { "log-driver", "paper", FAILURE_INVALID_ARGS },
        };
        ContainerOptions *o = *state;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};

                assert_true(set_text(o, table[i].key, table[i].value, &f) < 0);
                assert_int_equal(f.code, table[i].code);
                assert_non_null(strchr(failure_message(&f), '\''));
        }
        assert_null(o->name);
}

static void test_container_options_refuses_list_values(void **state) {
        static const char *const table[][2] = {
                { "tmpfs", "run" }, { "ulimit", "x=1" }, { "log-opt", "x=1" },
        };
        static const char *const many[] = { "tmpfs", "ulimit", "log-opt" };
        ContainerOptions *o = *state;
        char *l[TMPFS_MAX + 2] = {};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};

                l[0] = (char *) table[i][1];
                assert_true(set_texts(o, table[i][0], l, &f) < 0);
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
        }
        for (size_t i = 0; i <= TMPFS_MAX; i++)
                l[i] = (char *) "/run";
        for (size_t i = 0; i < ELEMENTSOF(many); i++) {
                _cleanup_failure_ Failure f = {};

                assert_true(set_texts(o, many[i], l, &f) < 0);
                assert_int_equal(f.code, FAILURE_LIMIT_REACHED);
        }
        assert_int_equal(o->spec->n_tmpfs + o->spec->n_ulimits, 0);
}

static void test_container_option_kind(void **state) {
        static const char *const later[] = { "publish", "memory-swappiness", "volume",
                "kernel-memory", "mounts" };
        _cleanup_failure_ Failure f = {};

        assert_int_equal(container_option_kind("env", NULL), OPTION_STRINGS);
        assert_int_equal(container_option_kind("tty", NULL), OPTION_SWITCH);
        assert_int_equal(container_option_kind("stop-timeout", NULL), OPTION_NUMBER);
        assert_int_equal(container_option_kind("name", NULL), OPTION_STRING);
        assert_errno(EINVAL, (int) container_option_kind("colour", &f));
        assert_int_equal(f.code, FAILURE_INVALID_ARGS);
        assert_non_null(strstr(failure_message(&f), "'colour'"));
        for (size_t i = 0; i < ELEMENTSOF(later); i++) {
                assert_errno(EOPNOTSUPP, (int) container_option_kind(later[i], &f));
                assert_int_equal(f.code, FAILURE_UNSUPPORTED);
        }
}

static void test_container_options_set_refuses_keys_and_types(void **state) {
        ContainerOptions *o = *state;
        _cleanup_failure_ Failure f = {};

        assert_errno(EINVAL, set_text(o, "colour", "red", &f));
        assert_errno(EOPNOTSUPP, set_text(o, "kernel-memory", "1g", &f));
        assert_errno(EINVAL, set_text(o, "env", "A=1", &f));
        assert_string_equal(failure_message(&f), "The option 'env' is of type 'as'");
}

static void test_option_kind_to_signature(void **state) {
        assert_string_equal(option_kind_to_signature(OPTION_STRING), "s");
        assert_string_equal(option_kind_to_signature(OPTION_STRINGS), "as");
        assert_string_equal(option_kind_to_signature(OPTION_NUMBER), "t");
        assert_string_equal(option_kind_to_signature(OPTION_SWITCH), "b");
        assert_null(option_kind_to_signature(_OPTION_KIND_MAX));
        assert_null(option_kind_to_signature(_OPTION_KIND_INVALID));
}

static void test_container_options_check_and_privilege(void **state) {
        ContainerOptions *o = *state;
        _cleanup_failure_ Failure f = {};

        assert_weakening(o, NULL);
        assert_int_equal(set_text(o, "network", "host", NULL), 0);
        assert_weakening(o, "network");
        assert_int_equal(set_text(o, "oom-score-adj", "-1", NULL), 0);
        assert_weakening(o, "network,oom-score-adj");
        assert_int_equal(set_text(o, "network", "", NULL), 0);
        assert_weakening(o, "oom-score-adj");
        assert_int_equal(set_text(o, "oom-score-adj", "1000", NULL), 0);
        assert_weakening(o, NULL);
        assert_int_equal(set_text(o, "workdir", "w", NULL), 0);
        assert_errno(EINVAL, container_options_check(o, &f));
        assert_int_equal(f.code, FAILURE_INVALID_SPEC);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_container_options_set_texts, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_options_empty_is_not_given, setup, teardown),
                cmocka_unit_test_setup_teardown(test_container_options_set_lists, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_options_entrypoint_of_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_options_set_switches_and_numbers, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_options_refuses_values, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_options_refuses_list_values, setup, teardown),
                cmocka_unit_test(test_container_option_kind),
                cmocka_unit_test_setup_teardown(
                                test_container_options_set_refuses_keys_and_types, setup, teardown),
                cmocka_unit_test(test_option_kind_to_signature),
                cmocka_unit_test_setup_teardown(
                                test_container_options_check_and_privilege, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
