/* SPDX-License-Identifier: Apache-2.0 */
#include "base/parse.h"
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <time.h>
#include "base/str.h"
#include "unit.h"

static void test_parse_integers(void **state) {
        uint64_t u = 1;
        uint32_t v = 1;
        int64_t i = 1;

        assert_int_equal(parse_u64("18446744073709551615", &u), 0);
        assert_true(u == UINT64_MAX);
        assert_errno(ERANGE, parse_u64("18446744073709551616", &u));
        assert_true(u == UINT64_MAX);
        assert_int_equal(parse_u32("4294967295", &v), 0);
        assert_errno(ERANGE, parse_u32("4294967296", &v));
        assert_int_equal(parse_i64("-9223372036854775808", &i), 0);
        assert_true(i == INT64_MIN);
        assert_int_equal(parse_i64("+9223372036854775807", &i), 0);
        assert_true(i == INT64_MAX);
        assert_errno(ERANGE, parse_i64("9223372036854775808", &i));
        assert_errno(ERANGE, parse_i64("-9223372036854775809", &i));
}

static void test_parse_u64_refuses(void **state) {
        static const char *const bad[] = {
                        "", " 1", "1 ", "-1", "+1", "0x1", "1e3", "1.0", "one", "\xd9\xa1"};
        uint64_t u;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, parse_u64(bad[i], &u));
}

static void test_parse_bool(void **state) {
        bool b = false;

        assert_int_equal(parse_bool("TRUE", &b), 0);
        assert_true(b);
        assert_int_equal(parse_bool("0", &b), 0);
        assert_false(b);
        assert_errno(EINVAL, parse_bool("yes", &b));
        assert_errno(EINVAL, parse_bool("", &b));
}

static void test_parse_nano(void **state) {
        static const struct {
                const char *text;
                uint64_t nano;
        } good[] = {
                { "0", 0 }, { "2", 2000000000 }, { "1.5", 1500000000 }, { ".25", 250000000 },
                { "0.000000001", 1 }, { "0.0000000019", 1 },
        };
        static const char *const bad[] = { "", ".", "1.", "-1", "+1", "1.5.5", "1e3", " 1", "1 " };
        uint64_t nano = 42;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_int_equal(parse_nano(good[i].text, &nano), 0);
                assert_true(nano == good[i].nano);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, parse_nano(bad[i], &nano));
        assert_errno(ERANGE, parse_nano("18446744074", &nano));
}

static void test_parse_bytes(void **state) {
        static const struct {
                const char *text;
                uint64_t bytes;
        } good[] = {
                        {"0", 0},
                        {"512", 512},
                        {"512b", 512},
                        {"64k", 65536},
                        {"64KB", 65536},
                        {"64KiB", 65536},
                        {"1.5g", 1610612736},
                        {"20m", 20971520},
                        {".5k", 512},
                        {"1p", 1ULL << 50},
                        {"0.0001k", 0},
                        {"1t", 1ULL << 40},
        };
        static const char *const bad[] = {"", "k", "-1", "1x", "1 k", "1kk", "1.k", ".", "1e3",
                        "1ki", "1kib2", "1.5.1"};
        uint64_t bytes;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_int_equal(parse_bytes(good[i].text, &bytes), 0);
                assert_true(bytes == good[i].bytes);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, parse_bytes(bad[i], &bytes));
        assert_errno(ERANGE, parse_bytes("99999999p", &bytes));
}

static void test_parse_duration(void **state) {
        static const struct {
                const char *text;
                usec_t usec;
        } good[] = {
                        {"0", 0},
                        {"300ms", 300000},
                        {"1h2m3.5s", 3723500000},
                        {"10us", 10},
                        {"10\xc2\xb5s", 10},
                        {"1500ns", 1},
                        {"1.5h", 5400000000},
                        {".5s", 500000},
                        {"1m1m", 120000000},
        };
        static const char *const bad[] = { "", "1", "s", "-1s", "1s ", "1d", "1.s", "1sm", "00" };
        usec_t usec;

        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_int_equal(parse_duration(good[i].text, &usec), 0);
                assert_true(usec == good[i].usec);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, parse_duration(bad[i], &usec));
        assert_errno(ERANGE, parse_duration("9999999h", &usec));
        assert_errno(ERANGE, parse_duration("5000000h5000000h", &usec));
}

static void test_parse_seconds(void **state) {
        usec_t usec;

        assert_int_equal(parse_seconds("10", &usec), 0);
        assert_true(usec == 10 * USEC_PER_SEC);
        assert_int_equal(parse_seconds("0", &usec), 0);
        assert_true(usec == 0);
        assert_int_equal(parse_seconds("2.25", &usec), 0);
        assert_true(usec == 2250000);
        assert_int_equal(parse_seconds("1m30s", &usec), 0);
        assert_true(usec == 90 * USEC_PER_SEC);
        assert_int_equal(parse_seconds("-1", &usec), 0);
        assert_true(usec == USEC_INFINITY);
        assert_errno(EINVAL, parse_seconds("-2", &usec));
        assert_errno(EINVAL, parse_seconds("", &usec));
        assert_errno(ERANGE, parse_seconds("18446744073709551615", &usec));
}

static void test_parse_time(void **state) {
        static const struct {
                const char *text;
                usec_t usec;
        } good[] = {
                { "1700000000", 1700000000000000 },
                { "1700000000.25", 1700000000250000 },
                { "10m", 1000000000000000 - 600000000 },
                { "2023-11-14T22:13:20Z", 1700000000000000 },
                { "2023-11-14T23:13:20.5+01:00", 1700000000500000 },
                { "2023-11-14T17:43:20.123456789-04:30", 1700000000123456 },
                { "2023-11-14t22:13z", 1699999980000000 },
                { "1970-01-01T00:00:00Z", 0 },
                { "2024-02-29T00:00:00Z", 1709164800000000 },
                /* without a zone: the one of this test */
                { "2023-11-14T19:13:20", 1700000000000000 },
                { "2023-11-14", 1699930800000000 },
        };
        static const char *const bad[] = {
                        "",
                        "yesterday",
                        "2023-11-14T",
                        "2023-11-14T22",
                        "2023-13-01",
                        "2023-02-29",
                        "2023-11-14T24:00:00Z",
                        "2023-11-14T22:60Z",
                        "2023-11-14T22:13:20X",
                        "2023-11-14T22:13:20+1:00",
                        "2023-11-14T22:13:20+01:00x",
                        "2023-11-14T22:13:20.Z",
                        "23-11-14",
                        "2023-00-01",
                        "2023-01-00",
                        "2023-11-14T22:13:20+24:00",
                        "10x",
        };
        usec_t usec;

        (void) setenv("TZ", "TST+3", 1);
        tzset();
        for (size_t i = 0; i < ELEMENTSOF(good); i++) {
                assert_int_equal(parse_time(good[i].text, 1000000000000000, &usec), 0);
                assert_true(usec == good[i].usec);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, parse_time(bad[i], 1000000000000000, &usec));
        assert_errno(ERANGE, parse_time("1h", 1000, &usec));
        assert_errno(ERANGE, parse_time("9999999999h", 1000, &usec));
        assert_errno(ERANGE, parse_time("1969-12-31T23:59:59Z", 1000, &usec));
}

static void test_parse_signal(void **state) {
        static const char *const bad[] = {"", "0", "65", "-1", "SIG", "SIGNONE", "TERM ", "RTMIN+",
                        "RTMIN-1", "RTMAX+1", "RTMIN+99", "15x"};

        assert_int_equal(parse_signal("SIGTERM"), SIGTERM);
        assert_int_equal(parse_signal("term"), SIGTERM);
        assert_int_equal(parse_signal("15"), 15);
        assert_int_equal(parse_signal("SIGPOLL"), SIGIO);
        assert_int_equal(parse_signal("RTMIN"), SIGRTMIN);
        assert_int_equal(parse_signal("SIGRTMIN+3"), SIGRTMIN + 3);
        assert_int_equal(parse_signal("rtmax-2"), SIGRTMAX - 2);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, parse_signal(bad[i]));
}

static void test_signal_to_string_goes_round(void **state) {
        char buffer[16];

        for (int sig = 1; sig <= SIGRTMAX; sig++) {
                const char *s = signal_to_string(sig, buffer);

                if (sig == 32 || sig == 33) /* libc's own */
                        assert_null(s);
                else
                        assert_int_equal(parse_signal(s), sig);
        }
        assert_null(signal_to_string(0, buffer));
        assert_null(signal_to_string(SIGRTMAX + 1, buffer));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_parse_integers),
                cmocka_unit_test(test_parse_u64_refuses),
                cmocka_unit_test(test_parse_bool),
                cmocka_unit_test(test_parse_bytes),
                cmocka_unit_test(test_parse_nano),
                cmocka_unit_test(test_parse_duration),
                cmocka_unit_test(test_parse_seconds),
                cmocka_unit_test(test_parse_time),
                cmocka_unit_test(test_parse_signal),
                cmocka_unit_test(test_signal_to_string_goes_round),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
