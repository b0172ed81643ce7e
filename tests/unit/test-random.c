/* SPDX-License-Identifier: Apache-2.0 */
#include "base/random.h"
#include <string.h>
#include "unit.h"

static void test_random_bytes_differ(void **state) {
        uint8_t a[32] = {}, b[32] = {};

        assert_int_equal(random_bytes(a, sizeof(a)), 0);
        assert_int_equal(random_bytes(b, sizeof(b)), 0);
        assert_memory_not_equal(a, b, sizeof(a));
}

static void test_boot_id_get_is_the_same_twice(void **state) {
        uint8_t a[16] = {}, b[16] = {}, zero[16] = {};

        assert_int_equal(boot_id_get(a), 0);
        assert_int_equal(boot_id_get(b), 0);
        assert_memory_equal(a, b, sizeof(a));
        assert_memory_not_equal(a, zero, sizeof(a));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_random_bytes_differ),
                cmocka_unit_test(test_boot_id_get_is_the_same_twice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
