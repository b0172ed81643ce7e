/* SPDX-License-Identifier: Apache-2.0 */
#include "model/confinement-json.h"
#include "base/str.h"
#include "model/json.h"
#include "unit.h"

#define LIST(...) ((char *[]){ __VA_ARGS__, NULL })

static void test_confinement_to_json_comes_back(void **state) {
        const Confinement before = { .cap_add = LIST("ALL"), .cap_drop = LIST("CAP_KILL"),
                .seccomp = (char *) "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}",
                .new_privileges = true, .mask = LIST("/a"), .unmask = LIST("ALL", "/b"),
                .sysctls = LIST("net.a=1"), .shm_size = 4096 };
        _cleanup_json_ json_t *j = json_object();
        Confinement after = {};

        assert_int_equal(confinement_to_json(&before, j), 0);
        assert_int_equal(confinement_from_json(j, &after), 0);
        assert_true(strv_equal(after.cap_add, before.cap_add));
        assert_true(strv_equal(after.cap_drop, before.cap_drop));
        assert_string_equal(after.seccomp, before.seccomp);
        assert_true(after.new_privileges && !after.no_new_privileges);
        assert_true(strv_equal(after.mask, before.mask));
        assert_true(strv_equal(after.unmask, before.unmask));
        assert_true(strv_equal(after.sysctls, before.sysctls));
        assert_int_equal(after.shm_size, before.shm_size);
        confinement_done(&after);
}

static void test_confinement_to_json_leaves_out_the_default(void **state) {
        _cleanup_json_ json_t *j = json_object();
        Confinement after = {};

        assert_int_equal(confinement_to_json(&(Confinement){}, j), 0);
        assert_int_equal(json_object_size(j), 0);
        assert_int_equal(confinement_from_json(j, &after), 0);
        assert_null(after.cap_add);
}

static void test_confinement_from_json_refuses_other_types(void **state) {
        static const char *const table[] = {
                "{\"confinement\":1}",
                "{\"confinement\":{\"cap_add\":\"ALL\"}}",
                "{\"confinement\":{\"seccomp\":{}}}",
                "{\"confinement\":{\"new_privileges\":1}}",
                "{\"confinement\":{\"shm_size\":\"64m\"}}",
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_json_ json_t *j = json_loads(table[i], 0, NULL);
                Confinement c = {};

                assert_errno(EBADMSG, confinement_from_json(j, &c));
                confinement_done(&c);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_confinement_to_json_comes_back),
                cmocka_unit_test(test_confinement_to_json_leaves_out_the_default),
                cmocka_unit_test(test_confinement_from_json_refuses_other_types),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
