/* SPDX-License-Identifier: Apache-2.0 */
#include "model/capability.h"
#include <linux/capability.h>
#include "unit.h"

static void test_capability_from_name(void **state) {
        assert_int_equal(capability_from_name("CAP_CHOWN"), CAP_CHOWN);
        assert_int_equal(capability_from_name("net_raw"), CAP_NET_RAW);
        assert_int_equal(capability_from_name("Cap_Sys_Admin"), CAP_SYS_ADMIN);
        assert_int_equal(capability_from_name("CHECKPOINT_RESTORE"), CAP_CHECKPOINT_RESTORE);
        assert_errno(EINVAL, capability_from_name(""));
        assert_errno(EINVAL, capability_from_name("ALL"));
        assert_errno(EINVAL, capability_from_name("CAP_"));
        assert_errno(EINVAL, capability_from_name("CAP_CAP_CHOWN"));
}

static void test_capability_to_name_gives_back(void **state) {
        for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
                assert_int_equal(capability_from_name(capability_to_name(i)), i);
        assert_null(capability_to_name(CAPABILITY_COUNT));
        assert_int_equal(CAPABILITY_COUNT, CAP_LAST_CAP + 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_capability_from_name),
                cmocka_unit_test(test_capability_to_name_gives_back),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
