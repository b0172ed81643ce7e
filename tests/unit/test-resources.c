/* SPDX-License-Identifier: Apache-2.0 */
#include "model/resources.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define NANO UINT64_C(1000000000)

/* The vectors that runc and crun test with. */
static void test_cpu_shares_to_weight(void **state) {
        static const uint64_t table[][2] = {
                { 0, 0 }, { 1, 1 }, { 2, 1 }, { 3, 2 }, { 10, 4 }, { 128, 21 }, { 256, 35 },
                { 512, 59 }, { 1000, 99 }, { 1024, 100 }, { 2000, 170 }, { 2048, 174 },
                { 4096, 303 }, { 102400, 4429 }, { 262143, 10000 }, { 262144, 10000 },
                { INT64_MAX, 10000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(cpu_shares_to_weight(table[i][0]), table[i][1]);
}

static void assert_values(const Resources *r, const char *const texts[static RESOURCE_VALUES]) {
        ResourceValue values[RESOURCE_VALUES];

        resources_to_values(r, values);
        for (size_t i = 0; i < RESOURCE_VALUES; i++)
                assert_string_equal(values[i].text, texts[i]);
}

static void test_resources_to_values_of_nothing_are_the_kernels_own(void **state) {
        static const char *const files[RESOURCE_VALUES] = { "memory.max", "memory.swap.max",
                "memory.low", "memory.oom.group", "cpu.max", "cpu.weight", "cpuset.cpus",
                "cpuset.mems", "pids.max" };
        ResourceValue values[RESOURCE_VALUES];
        Resources r = RESOURCES_DEFAULT;

        assert_true(resources_is_default(&r));
        resources_to_values(&r, values);
        for (size_t i = 0; i < RESOURCE_VALUES; i++) {
                assert_string_equal(values[i].file, files[i]);
                assert_true(startswith(files[i], values[i].controller));
                assert_int_equal(values[i].of_container, streq(files[i], "cpu.weight"));
                assert_int_equal(values[i].is_default, !streq(files[i], "memory.oom.group"));
        }
        assert_values(&r, (const char *const[]) { "max", "max", "0", "1", "max 100000", "100", "",
                                          "", "max" });
        assert_null(resource_values_missing(values, NULL));
}

static void test_resources_to_values(void **state) {
        Resources r = {
                .memory = 64 * MIB,
                .memory_swap = 96 * MIB,
                .memory_reservation = 16 * MIB,
                .cpu_shares = 512,
                .nano_cpus = 3 * NANO / 2,
                .cpuset_cpus = (char *) "0-1",
                .cpuset_mems = (char *) "0",
                .pids_limit = 50,
        };

        assert_values(&r, (const char *const[]) { "67108864", "33554432", "16777216", "0",
                                          "150000 100000", "59", "0-1", "0", "50" });
        r = (Resources) { .memory = 64 * MIB, .cpu_quota = 20000 }; /* swap: as much again */
        assert_values(&r, (const char *const[]) { "67108864", "67108864", "0", "0", "20000 100000",
                                          "100", "", "", "max" });
        r = (Resources) { .memory = 64 * MIB, .memory_swap = 64 * MIB, .cpu_period = 50000 };
        assert_values(&r, (const char *const[]) { "67108864", "0", "0", "0", "max 50000", "100", "",
                                          "", "max" });
        r = (Resources) { .memory = 64 * MIB, .memory_swap = UINT64_MAX, .cpu_quota = 5000,
                .cpu_period = 10000 };
        assert_values(&r, (const char *const[]) { "67108864", "max", "0", "0", "5000 10000", "100",
                                          "", "", "max" });
}

static void test_resource_values_missing_names_what_was_asked_for(void **state) {
        char *memory[] = { (char *) "memory", NULL };
        ResourceValue values[RESOURCE_VALUES];
        const ResourceValue *v;

        resources_to_values(&(Resources) { .memory = 64 * MIB, .oom_group = true }, values);
        v = resource_values_missing(values, NULL);
        assert_non_null(v);
        assert_string_equal(v->option, "memory");
        assert_null(resource_values_missing(values, memory));
        resources_to_values(&(Resources) { .nano_cpus = NANO, .oom_group = true }, values);
        v = resource_values_missing(values, memory);
        assert_non_null(v);
        assert_string_equal(v->option, "cpus");
        assert_string_equal(v->controller, "cpu");
        resources_to_values(&(Resources) { .cpu_quota = 1000 }, values);
        assert_string_equal(resource_values_missing(values, memory)->option, "cpu-quota");
        resources_to_values(&(Resources) { .cpu_period = 1000 }, values);
        assert_string_equal(resource_values_missing(values, memory)->option, "cpu-period");
        resources_to_values(&(Resources) { .pids_limit = 1 }, values);
        assert_string_equal(resource_values_missing(values, memory)->controller, "pids");
}

static void test_resources_check_accepts(void **state) {
        const Resources table[] = {
                RESOURCES_DEFAULT,
                { .memory = MEMORY_LIMIT_MIN },
                { .memory = 64 * MIB, .memory_swap = 64 * MIB, .memory_reservation = 64 * MIB },
                { .memory = 64 * MIB, .memory_swap = UINT64_MAX },
                { .memory_reservation = 64 * MIB },
                { .cpu_quota = 1000, .cpu_period = 1000000 },
                { .nano_cpus = NANO / 100 },
                { .cpu_shares = 1 },
                { .cpuset_cpus = (char *) "0-3,7", .cpuset_mems = (char *) "0" },
                { .pids_limit = PIDS_LIMIT_MAX },
                { .oom_score_adj = -1000 },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(resources_check(&table[i], NULL), 0);
}

static void test_resources_check_refuses(void **state) {
        char huge[CPUSET_TEXT_MAX + 1] = "";
        const struct {
                Resources r;
                const char *named;
        } table[] = {
                { { .memory = MEMORY_LIMIT_MIN - 1 }, "'memory'" },
                { { .memory = UINT64_MAX }, "'memory'" },
                { { .memory_reservation = 1 }, "'memory-reservation'" },
                { { .memory = 32 * MIB, .memory_reservation = 64 * MIB }, "above" },
                { { .memory_swap = 64 * MIB }, "needs" },
                { { .memory_swap = UINT64_MAX }, "needs" },
                { { .memory = 64 * MIB, .memory_swap = 63 * MIB }, "below" },
                { { .memory = 64 * MIB, .memory_swap = UINT64_MAX - 1 }, "'memory-swap'" },
                { { .nano_cpus = NANO, .cpu_quota = 1000 }, "'cpu-quota'" },
                { { .nano_cpus = NANO, .cpu_period = 1000 }, "'cpu-period'" },
                { { .nano_cpus = NANO / 100 - 1 }, "'cpus'" },
                { { .nano_cpus = UINT64_MAX }, "'cpus'" },
                { { .cpu_period = 999 }, "'cpu-period'" },
                { { .cpu_period = 1000001 }, "'cpu-period'" },
                { { .cpu_quota = 999 }, "'cpu-quota'" },
                { { .cpu_quota = INT64_MAX }, "'cpu-quota'" },
                { { .cpu_shares = UINT64_MAX }, "'cpu-shares'" },
                { { .cpuset_cpus = (char *) "0-" }, "'cpuset-cpus'" },
                { { .cpuset_cpus = (char *) "" }, "'cpuset-cpus'" },
                { { .cpuset_mems = (char *) "one" }, "'cpuset-mems'" },
                { { .cpuset_mems = huge }, "longer" },
                { { .pids_limit = PIDS_LIMIT_MAX + 1ULL }, "'pids-limit'" },
                { { .oom_score_adj = 1001 }, "'oom-score-adj'" },
                { { .oom_score_adj = -1001 }, "'oom-score-adj'" },
        };

        memset(huge, '1', sizeof(huge) - 1);
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};

                assert_true(resources_check(&table[i].r, &f) < 0);
                if (!strstr(failure_message(&f), table[i].named))
                        fail_msg("row %zu: %s", i, failure_message(&f));
        }
}

static void test_resources_check_host(void **state) {
        const ResourceHost host = { .n_cpus = 2, .cpus = "0-1", .mems = "0" };
        const struct {
                Resources r;
                const char *named; /* NULL: accepted */
        } table[] = {
                { RESOURCES_DEFAULT, NULL },
                { { .nano_cpus = 2 * NANO }, NULL },
                { { .nano_cpus = 2 * NANO + 1 }, "'cpus' is above 2" },
                { { .cpuset_cpus = (char *) "1" }, NULL },
                { { .cpuset_cpus = (char *) "1-2" }, "'0-1' is available" },
                { { .cpuset_mems = (char *) "1" }, "'cpuset-mems'" },
        };
        const Resources much = { .nano_cpus = 64 * NANO, .cpuset_cpus = (char *) "63" };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};

                assert_int_equal(resources_check_host(&table[i].r, &host, &f) < 0,
                                table[i].named != NULL);
                if (table[i].named)
                        assert_non_null(strstr(failure_message(&f), table[i].named));
        }
        assert_int_equal(resources_check_host(&much, &(ResourceHost) {}, NULL), 0);
}

static void test_resources_merge(void **state) {
        const struct {
                Resources now, change;
                unsigned given;
                Resources merged;
        } table[] = {
                { { .memory = 64 * MIB, .pids_limit = 5 }, { .memory = 32 * MIB }, RESOURCE_MEMORY,
                  { .memory = 32 * MIB, .pids_limit = 5 } },
                { { .memory = 64 * MIB }, {}, 0, { .memory = 64 * MIB } },
                { { .memory = 64 * MIB, .memory_swap = UINT64_MAX }, {}, RESOURCE_MEMORY, {} },
                { { .nano_cpus = NANO }, { .cpu_quota = 5000 }, RESOURCE_CPU_QUOTA,
                  { .cpu_quota = 5000 } },
                { { .nano_cpus = NANO }, { .cpu_period = 5000 }, RESOURCE_CPU_PERIOD,
                  { .cpu_period = 5000 } },
                { { .cpu_quota = 5000, .cpu_period = 5000 }, { .nano_cpus = NANO }, RESOURCE_CPUS,
                  { .nano_cpus = NANO } },
                { { .pids_limit = 5, .cpu_shares = 3 }, {}, RESOURCE_PIDS_LIMIT,
                  { .cpu_shares = 3 } },
                { { .oom_group = true }, {}, RESOURCE_OOM_GROUP, {} },
                { {}, { .memory_reservation = MIB, .oom_score_adj = 7, .cpu_shares = 9 },
                  RESOURCE_MEMORY_RESERVATION | RESOURCE_OOM_SCORE_ADJ,
                  { .memory_reservation = MIB, .oom_score_adj = 7 } },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_resources_ Resources r = {};

                assert_int_equal(resources_merge(&table[i].now, &table[i].change, table[i].given,
                                                 &r),
                                0);
                assert_memory_equal(&r, &table[i].merged, sizeof(r));
        }
}

static void test_resources_merge_owns_its_lists(void **state) {
        Resources now = { .cpuset_cpus = (char *) "0", .cpuset_mems = (char *) "0" },
                  change = { .cpuset_cpus = (char *) "1" };
        _cleanup_resources_ Resources a = {}, b = {}, c = {};

        assert_int_equal(resources_merge(&now, &change, RESOURCE_CPUSET_CPUS, &a), 0);
        assert_string_equal(a.cpuset_cpus, "1");
        assert_string_equal(a.cpuset_mems, "0");
        assert_int_equal(resources_merge(&a, &change, RESOURCE_CPUSET_MEMS, &b), 0);
        assert_string_equal(b.cpuset_cpus, "1");
        assert_null(b.cpuset_mems);
        assert_int_equal(resources_copy(&b, &c), 0);
        assert_string_equal(c.cpuset_cpus, "1");
        assert_ptr_not_equal(c.cpuset_cpus, b.cpuset_cpus);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_cpu_shares_to_weight),
                cmocka_unit_test(test_resources_to_values_of_nothing_are_the_kernels_own),
                cmocka_unit_test(test_resources_to_values),
                cmocka_unit_test(test_resource_values_missing_names_what_was_asked_for),
                cmocka_unit_test(test_resources_check_accepts),
                cmocka_unit_test(test_resources_check_refuses),
                cmocka_unit_test(test_resources_check_host),
                cmocka_unit_test(test_resources_merge),
                cmocka_unit_test(test_resources_merge_owns_its_lists),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
