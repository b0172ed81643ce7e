/* SPDX-License-Identifier: Apache-2.0 */
#include "base/crc.h"
#include "unit.h"

static void test_crc32_ieee_of_known_texts(void **state) {
        assert_int_equal(crc32_ieee(0, "", 0), 0);
        assert_int_equal(crc32_ieee(0, "a", 1), 0xe8b7be43);
        assert_int_equal(crc32_ieee(0, "123456789", 9), 0xcbf43926);
}

static void test_crc32_ieee_goes_on_where_it_stopped(void **state) {
        assert_int_equal(crc32_ieee(crc32_ieee(0, "1234", 4), "56789", 5), 0xcbf43926);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_crc32_ieee_of_known_texts),
                cmocka_unit_test(test_crc32_ieee_goes_on_where_it_stopped),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
