/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resource-options.h"
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

static int set_text(ContainerOptions *o, const char *key, const char *s, Failure *f) {
        return container_options_set(
                        o, key, &(OptionValue) { .kind = OPTION_STRING, .string = s }, f);
}

static int set_number(ContainerOptions *o, const char *key, uint64_t number, Failure *f) {
        return container_options_set(
                        o, key, &(OptionValue) { .kind = OPTION_NUMBER, .number = number }, f);
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

static void test_resource_option_sets_each(void **state) {
        ContainerOptions *o = *state;
        const Resources *r = &o->spec->resources;

        assert_true(r->oom_group);
        assert_int_equal(set_number(o, "memory", 64 * MIB, NULL), 0);
        assert_int_equal(set_number(o, "memory-swap", 128 * MIB, NULL), 0);
        assert_int_equal(set_number(o, "memory-reservation", 32 * MIB, NULL), 0);
        assert_int_equal(set_number(o, "cpu-quota", 50000, NULL), 0);
        assert_int_equal(set_number(o, "cpu-period", 200000, NULL), 0);
        assert_int_equal(set_text(o, "cpu-shares", "512", NULL), 0);
        assert_int_equal(set_text(o, "cpuset-cpus", "0", NULL), 0);
        assert_int_equal(set_text(o, "cpuset-mems", "0", NULL), 0);
        assert_int_equal(set_text(o, "pids-limit", "100", NULL), 0);
        assert_int_equal(set_text(o, "oom-score-adj", "100", NULL), 0);
        assert_int_equal(container_options_set(o, "oom-group",
                                         &(OptionValue) { .kind = OPTION_SWITCH }, NULL),
                        0);
        assert_int_equal(container_options_check(o, NULL), 0);
        assert_true(r->memory == 64 * MIB && r->memory_swap == 128 * MIB &&
                        r->memory_reservation == 32 * MIB && r->cpu_quota == 50000 &&
                        r->cpu_period == 200000 && r->cpu_shares == 512 && r->pids_limit == 100 &&
                        r->oom_score_adj == 100 && !r->oom_group);
        assert_string_equal(r->cpuset_cpus, "0");
        assert_string_equal(r->cpuset_mems, "0");
        assert_int_equal(o->resources_given, 0xfff & ~RESOURCE_CPUS);
        assert_int_equal(set_text(o, "cpus", "1.5", NULL), 0);
        assert_true(r->nano_cpus == UINT64_C(1500000000));
        assert_int_equal(o->resources_given, 0xfff);
        assert_true(container_options_check(o, NULL) < 0); /* a quota and CPUs */
}

static void test_resource_option_takes_what_means_no_limit(void **state) {
        ContainerOptions *o = *state;
        const Resources *r = &o->spec->resources;
        static const char *const numbers[] = { "memory", "memory-reservation", "cpu-quota",
                "cpu-period" };
        static const char *const texts[] = { "cpu-shares", "cpus", "pids-limit", "oom-score-adj" };

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                assert_int_equal(set_number(o, numbers[i], UINT64_MAX, NULL), 0);
                assert_int_equal(set_number(o, numbers[i], 0, NULL), 0);
        }
        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                assert_int_equal(set_text(o, texts[i], "", NULL), 0);
                assert_int_equal(set_text(o, texts[i], "0", NULL), 0);
        }
        assert_int_equal(set_text(o, "pids-limit", "-1", NULL), 0);
        assert_int_equal(set_text(o, "cpuset-cpus", "0", NULL), 0);
        assert_int_equal(set_text(o, "cpuset-cpus", "", NULL), 0);
        assert_true(resources_is_default(r));
        assert_int_equal(set_number(o, "memory-swap", UINT64_MAX, NULL), 0);
        assert_true(r->memory_swap == UINT64_MAX);
        assert_int_equal(set_number(o, "memory-swap", 0, NULL), 0);
        assert_true(resources_is_default(r));
}

static void test_resource_option_refuses_values(void **state) {
        static const char *const table[][2] = {
                { "cpu-shares", "-1" }, { "cpu-shares", "many" },
                { "cpu-shares", "9223372036854775808" }, { "cpus", "-1" }, { "cpus", "1,5" },
                { "cpus", "two" }, { "cpus", "1." }, { "pids-limit", "-2" },
                { "pids-limit", "few" }, { "oom-score-adj", "1001" }, { "oom-score-adj", "-1001" },
                { "oom-score-adj", "1.5" },
        };
        ContainerOptions *o = *state;

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};

                assert_true(set_text(o, table[i][0], table[i][1], &f) < 0);
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
                assert_non_null(strstr(failure_message(&f), table[i][0]));
                assert_non_null(strstr(failure_message(&f), table[i][1]));
        }
        assert_errno(ERANGE, set_number(o, "memory", (uint64_t) INT64_MAX + 1, NULL));
        assert_errno(ERANGE, set_number(o, "memory-swap", UINT64_MAX - 1, NULL));
        assert_true(resources_is_default(&o->spec->resources));
}

static void test_resource_option_is_updatable(void **state) {
        assert_true(container_option_is_updatable("memory"));
        assert_true(container_option_is_updatable("pids-limit"));
        assert_true(container_option_is_updatable("oom-group"));
        assert_true(container_option_is_updatable("restart"));
        assert_false(container_option_is_updatable("oom-score-adj"));
        assert_false(container_option_is_updatable("env"));
        assert_false(container_option_is_updatable("colour"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_resource_option_sets_each, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_resource_option_takes_what_means_no_limit, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_resource_option_refuses_values, setup, teardown),
                cmocka_unit_test(test_resource_option_is_updatable),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
