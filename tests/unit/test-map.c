/* SPDX-License-Identifier: Apache-2.0 */
#include "base/map.h"
#include <stdio.h>
#include <string.h>
#include "unit.h"

static void test_map_finds_what_was_put(void **state) {
        _cleanup_(map_freep) Map *m = NULL;
        static int values[1000];
        char key[16];

        assert_int_equal(map_new(&m), 0);
        for (int i = 0; i < 1000; i++) {
                (void) snprintf(key, sizeof(key), "key%d", i);
                assert_int_equal(map_put(m, key, values + i), 0);
        }
        assert_int_equal(map_size(m), 1000);
        for (int i = 0; i < 1000; i++) {
                (void) snprintf(key, sizeof(key), "key%d", i);
                assert_ptr_equal(map_get(m, key), values + i);
        }
        assert_null(map_get(m, "key1000"));
        assert_null(map_get(m, ""));
}

static void test_map_put_refuses_a_second(void **state) {
        _cleanup_(map_freep) Map *m = NULL;
        int a, b;

        assert_int_equal(map_new(&m), 0);
        assert_int_equal(map_put(m, "k", &a), 0);
        assert_errno(EEXIST, map_put(m, "k", &b));
        assert_ptr_equal(map_get(m, "k"), &a);
        assert_ptr_equal(map_remove(m, "k"), &a);
        assert_null(map_remove(m, "k"));
        assert_int_equal(map_put(m, "k", &b), 0);
        assert_ptr_equal(map_get(m, "k"), &b);
}

static void test_map_iterates_in_order_of_insertion(void **state) {
        _cleanup_(map_freep) Map *m = NULL;
        static int values[100];
        size_t i = SIZE_MAX;
        int n = 0, *v;

        assert_int_equal(map_new_u64(&m), 0);
        for (int k = 0; k < 100; k++)
                assert_int_equal(map_put_u64(m, (uint64_t) k * 0x100000001ULL, values + k), 0);
        MAP_FOREACH (v, m)
                assert_ptr_equal(v, values + n++);
        assert_int_equal(n, 100);
        while ((v = map_prev(m, &i, NULL)))
                assert_ptr_equal(v, values + --n);
        assert_int_equal(n, 0);
}

static void test_map_remove_while_iterating(void **state) {
        _cleanup_(map_freep) Map *m = NULL;
        static int values[64];
        unsigned seen = 0;
        size_t i = 0;
        const char *key;
        char text[8];
        int *v;

        assert_int_equal(map_new(&m), 0);
        for (int k = 0; k < 64; k++) {
                (void) snprintf(text, sizeof(text), "%d", k);
                assert_int_equal(map_put(m, text, values + k), 0);
        }
        while ((v = map_next(m, &i, &key))) {
                seen++;
                if ((v - values) % 2 == 0)
                        assert_ptr_equal(map_remove(m, key), v);
        }
        assert_int_equal(seen, 64);
        assert_int_equal(map_size(m), 32);
        assert_ptr_equal(map_first(m), values + 1);
}

/* As a daemon uses it for months: few entries, each seldom the same. */
static void test_map_does_not_grow_by_turnover(void **state) {
        _cleanup_(map_freep) Map *m = NULL;
        static int value;
        int *v;

        assert_int_equal(map_new_u64(&m), 0);
        for (uint64_t k = 0; k < 200000; k++) {
                assert_int_equal(map_put_u64(m, k, &value), 0);
                if (k >= 10)
                        assert_ptr_equal(map_remove_u64(m, k - 10), &value);
        }
        assert_int_equal(map_size(m), 10);
        assert_ptr_equal(map_get_u64(m, 199999), &value);
        assert_null(map_get_u64(m, 199989));

        while ((v = map_first(m)))
                for (uint64_t k = 199990; k < 200000; k++)
                        (void) map_remove_u64(m, k);
        assert_int_equal(map_size(m), 0);
}

static void test_map_of_nothing(void **state) {
        _cleanup_(map_freep) Map *m = NULL;
        size_t i = 0;

        assert_int_equal(map_size(NULL), 0);
        assert_null(map_get(NULL, "k"));
        assert_null(map_next(NULL, &i, NULL));
        assert_null(map_prev(NULL, &i, NULL));
        assert_null(map_free(NULL));
        assert_int_equal(map_new(&m), 0);
        assert_null(map_first(m));
        assert_null(map_get(m, "k"));
        assert_null(map_remove(m, "k"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_map_finds_what_was_put),
                cmocka_unit_test(test_map_put_refuses_a_second),
                cmocka_unit_test(test_map_iterates_in_order_of_insertion),
                cmocka_unit_test(test_map_remove_while_iterating),
                cmocka_unit_test(test_map_does_not_grow_by_turnover),
                cmocka_unit_test(test_map_of_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
