/* SPDX-License-Identifier: Apache-2.0 */
#include "model/save-plan.h"
#include <string.h>
#include "base/str.h"
#include "unit.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"

static void test_save_plan_goes_round_and_lists_each_layer_once(void **state) {
        static const char text[] =
                        "{\"format\":\"oci-archive\",\"images\":["
                        "{\"config\":\"" A "\",\"layers\":[\"" A "\",\"" B "\"],"
                        "\"references\":[\"docker.io/library/bb:1\"]},"
                        "{\"config\":\"" B "\",\"layers\":[\"" A "\"]}]}";
        _cleanup_(save_plan_done) SavePlan plan = {};
        _cleanup_free_ char *json = NULL;

        assert_int_equal(save_plan_from_json(text, strlen(text), &plan), 0);
        assert_int_equal(plan.format, SAVE_OCI_ARCHIVE);
        assert_int_equal(plan.n_images, 2);
        assert_int_equal(strv_length(plan.layers), 2);
        assert_string_equal(plan.layers[1], B);
        assert_null(plan.images[1].references);
        assert_int_equal(save_plan_to_json(&plan, &json), 0);
        assert_string_equal(json, text);
}

static void test_save_plan_from_json_refuses(void **state) {
        static const char *const bad[] = {
                "", "[]", "{}", "{\"format\":\"zip\",\"images\":[]}",
                "{\"format\":\"oci-archive\"}",
                "{\"format\":\"oci-archive\",\"images\":[1]}",
                "{\"format\":\"oci-archive\",\"images\":[{\"config\":\"x\"}]}",
                "{\"format\":\"oci-archive\",\"images\":"
                "[{\"config\":\"" A "\",\"layers\":[\"..\"]}]}",
        };
        SavePlan plan = {};

        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++)
                assert_errno(EBADMSG, save_plan_from_json(bad[i], strlen(bad[i]), &plan));
}

static void test_save_format_names(void **state) {
        assert_int_equal(save_format_from_string("docker-archive"), SAVE_DOCKER_ARCHIVE);
        assert_int_equal(save_format_from_string("tar"), _SAVE_FORMAT_INVALID);
        assert_null(save_format_to_string(_SAVE_FORMAT_MAX));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_save_plan_goes_round_and_lists_each_layer_once),
                cmocka_unit_test(test_save_plan_from_json_refuses),
                cmocka_unit_test(test_save_format_names),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
