/* SPDX-License-Identifier: Apache-2.0 */
#include "model/weakening.h"
#include "base/cleanup.h"
#include "unit.h"

static void test_weakening_to_string_without_one(void **state) {
        Weakening w = {};
        char *text = (char *) "before";

        assert_int_equal(weakening_to_string(&w, &text), 0);
        assert_null(text);
}

static void test_weakening_add_keeps_order_and_each_once(void **state) {
        _cleanup_free_ char *text = NULL;
        Weakening w = {};

        weakening_add(&w, "privileged");
        weakening_add(&w, "cap-add");
        weakening_add(&w, "privileged");
        assert_int_equal(weakening_to_string(&w, &text), 0);
        assert_string_equal(text, "privileged,cap-add");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_weakening_to_string_without_one),
                cmocka_unit_test(test_weakening_add_keeps_order_and_each_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
