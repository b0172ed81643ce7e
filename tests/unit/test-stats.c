/* SPDX-License-Identifier: Apache-2.0 */
/* test-stats.c: files as a kernel 6.12 has them, and what must not be made of others. */
#include "model/stats.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

#define UNKNOWN STATS_UNKNOWN

static const char cpu_stat[] = "usage_usec 1500000\nuser_usec 1000000\nsystem_usec 500000\n"
                               "core_sched.force_idle_usec 0\nnr_periods 7\n";
static const char memory_stat[] = "anon 4096\nfile 300000\nkernel 1234\nfile_mapped 17\n"
                                  "inactive_anon 0\nactive_file 100000\ninactive_file 200000\n";
static const char net_dev[] =
                "Inter-|   Receive                                    |  Transmit\n"
                " face |bytes    packets errs drop fifo frame compress|bytes    packets\n"
                "    lo: 999 1 0 0 0 0 0 0 999 1 0 0 0 0 0 0\n"
                "  eth0: 1000 10 0 0 0 0 0 0 200 2 0 0 0 0 0 0\n"
                "veth12:18000000000 10 0 0 0 0 0 0 5 2 0 0 0 0 0 0\n";

static void test_stats_read_takes_files_as_the_kernel_writes_them(void **state) {
        Stats s;

        stats_init(&s);
        stats_read_cpu(&s, cpu_stat);
        stats_read_memory(&s, "1000000\n", "max\n", memory_stat, "8192\n", 4000000);
        stats_read_pids(&s, "12\n");
        stats_read_io(&s, "8:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=5 dios=0\n"
                          "254:16 rbytes=1 wbytes=2 rios=1 wios=2 dbytes=0 dios=0\n");
        stats_read_network(&s, net_dev);
        assert_int_equal(s.values[STATS_CPU_USAGE], 1500000);
        assert_int_equal(s.values[STATS_CPU_USER], 1000000);
        assert_int_equal(s.values[STATS_CPU_SYSTEM], 500000);
        assert_int_equal(s.values[STATS_MEMORY_USAGE], 800000);
        assert_int_equal(s.values[STATS_MEMORY_LIMIT], 4000000);
        assert_int_equal(s.values[STATS_MEMORY_CACHE], 300000);
        assert_int_equal(s.values[STATS_MEMORY_ANONYMOUS], 4096);
        assert_int_equal(s.values[STATS_MEMORY_SWAP], 8192);
        assert_int_equal(s.values[STATS_PIDS], 12);
        assert_int_equal(s.values[STATS_BLOCK_READ], 4097);
        assert_int_equal(s.values[STATS_BLOCK_WRITTEN], 8194);
        assert_int_equal(s.values[STATS_NETWORK_RECEIVED], 18000001000);
        assert_int_equal(s.values[STATS_NETWORK_SENT], 205);
}

static void test_stats_read_leaves_unknown_what_is_not_there(void **state) {
        static const char *const texts[] = { NULL, "", "\n", "garbage", "usage_usec\nfile x\n",
                "99999999999999999999999\n", "-1\n", "18446744073709551615\n" };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                Stats s;

                stats_init(&s);
                stats_read_cpu(&s, texts[i]);
                stats_read_memory(&s, texts[i], texts[i], texts[i], texts[i], 1);
                stats_read_pids(&s, texts[i]);
                for (size_t f = 0; f < ELEMENTSOF(s.values); f++)
                        assert_int_equal(s.values[f], UNKNOWN);
        }
}

static void test_stats_read_io_and_network_of_none_is_nothing(void **state) {
        Stats s;

        stats_init(&s);
        stats_read_io(&s, NULL);
        stats_read_network(&s, NULL);
        assert_int_equal(s.values[STATS_BLOCK_READ], UNKNOWN);
        assert_int_equal(s.values[STATS_NETWORK_SENT], UNKNOWN);
        stats_read_io(&s, "");
        stats_read_network(&s, "titles\n    lo: 9 1 0 0 0 0 0 0 9 1 0 0 0 0 0 0\n eth0: 5 cut");
        assert_int_equal(s.values[STATS_BLOCK_READ], 0);
        assert_int_equal(s.values[STATS_BLOCK_WRITTEN], 0);
        assert_int_equal(s.values[STATS_NETWORK_RECEIVED], 0);
        assert_int_equal(s.values[STATS_NETWORK_SENT], 0);
        stats_read_io(&s, "8:0 rbytes=18446744073709551614 wbytes=x\n8:1 rbytes=9\n");
        assert_int_equal(s.values[STATS_BLOCK_READ], UNKNOWN - 1);
}

static void test_stats_read_memory_of_a_limit(void **state) {
        Stats s;

        stats_init(&s);
        stats_read_memory(&s, "1000\n", "2000\n", "inactive_file 5000\n", NULL, 9000);
        assert_int_equal(s.values[STATS_MEMORY_USAGE], 1000);
        assert_int_equal(s.values[STATS_MEMORY_LIMIT], 2000);
        assert_int_equal(s.values[STATS_MEMORY_SWAP], UNKNOWN);
        stats_read_memory(&s, "1000\n", "20000\n", NULL, NULL, 9000);
        assert_int_equal(s.values[STATS_MEMORY_LIMIT], 9000);
}

static void test_stats_percentages(void **state) {
        Stats a, b;
        double percent;

        stats_init(&a);
        stats_init(&b);
        assert_false(stats_cpu_percent(&a, &b, &percent));
        assert_false(stats_memory_percent(&b, &percent));
        a.values[STATS_CPU_USAGE] = 1000;
        a.values[STATS_TIMESTAMP_MONOTONIC] = 500000;
        b.values[STATS_CPU_USAGE] = 1501000;
        assert_false(stats_cpu_percent(&a, &b, &percent));
        b.values[STATS_TIMESTAMP_MONOTONIC] = 1500000;
        assert_true(stats_cpu_percent(&a, &b, &percent));
        assert_true(percent > 149.999 && percent < 150.001);
        assert_false(stats_cpu_percent(&b, &a, &percent)); /* it began anew */
        assert_false(stats_cpu_percent(&b, &b, &percent));
        b.values[STATS_MEMORY_USAGE] = 250;
        b.values[STATS_MEMORY_LIMIT] = 1000;
        assert_true(stats_memory_percent(&b, &percent));
        assert_true(percent > 24.999 && percent < 25.001);
        b.values[STATS_MEMORY_LIMIT] = 0;
        assert_false(stats_memory_percent(&b, &percent));
}

static void test_stats_json_there_and_back(void **state) {
        char id[65], name[128], line[STATS_LINE_MAX];
        Stats s, back;
        size_t n;

        memset(id, 'f', 64);
        memset(name, 'n', 127);
        id[64] = name[127] = '\0';
        stats_init(&s);
        n = stats_to_json(&s, "1", "web", line);
        assert_string_equal(line, "{\"Id\":\"1\",\"Name\":\"web\"}\n");
        assert_int_equal(n, strlen(line));
        assert_int_equal(stats_from_json(line, &back), 0);
        assert_memory_equal(&s, &back, sizeof(s));

        for (size_t i = 0; i < ELEMENTSOF(s.values); i++)
                s.values[i] = INT64_MAX - i;
        n = stats_to_json(&s, id, name, line);
        assert_in_range(n, 1, STATS_LINE_MAX - 1);
        assert_int_equal(stats_from_json(line, &back), 0);
        assert_memory_equal(&s, &back, sizeof(s));
}

static void test_stats_from_json_refuses_what_is_none(void **state) {
        static const char *const lines[] = { "", "{", "[]x", "{\"Pids\":\"7\"}", "{\"Pids\":-7}" };
        Stats s;

        for (size_t i = 0; i < ELEMENTSOF(lines); i++)
                assert_int_equal(stats_from_json(lines[i], &s), -EBADMSG);
        assert_int_equal(stats_from_json("{\"Later\":{},\"Pids\":7}", &s), 0);
        assert_int_equal(s.values[STATS_PIDS], 7);
}

static void test_stats_field_names_are_there(void **state) {
        for (int i = 0; i < _STATS_FIELD_MAX; i++)
                assert_non_null(stats_field_name((StatsField) i));
        assert_null(stats_field_name(_STATS_FIELD_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_stats_read_takes_files_as_the_kernel_writes_them),
                cmocka_unit_test(test_stats_read_leaves_unknown_what_is_not_there),
                cmocka_unit_test(test_stats_read_io_and_network_of_none_is_nothing),
                cmocka_unit_test(test_stats_read_memory_of_a_limit),
                cmocka_unit_test(test_stats_percentages),
                cmocka_unit_test(test_stats_json_there_and_back),
                cmocka_unit_test(test_stats_from_json_refuses_what_is_none),
                cmocka_unit_test(test_stats_field_names_are_there),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
