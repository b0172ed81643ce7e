/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image-history.h"
#include <string.h>
#include "unit.h"

#define A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define LAYERS "\"rootfs\":{\"diff_ids\":[\"sha256:" A "\",\"sha256:" B "\"]}"

static size_t steps_of(const char *json, ImageConfig **config, ImageStep **ret) {
        size_t n;

        assert_int_equal(image_config_parse(json, strlen(json), config, NULL), 0);
        assert_int_equal(image_steps(*config, ret, &n), 0);
        return n;
}

static void test_image_steps_are_newest_first_with_their_layers(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        _cleanup_free_ ImageStep *steps = NULL;

        assert_int_equal(steps_of("{\"history\":[{\"created\":\"1970-01-01T00:00:01Z\","
                                  "\"created_by\":\"ADD\"},"
                                  "{\"created_by\":\"ENV\",\"empty_layer\":true},"
                                  "{\"comment\":\"c\"}]," LAYERS "}",
                                         &config, &steps),
                        3);
        assert_string_equal(steps[0].comment, "c");
        assert_string_equal(steps[0].diff_id, B);
        assert_null(steps[1].diff_id);
        assert_string_equal(steps[2].created_by, "ADD");
        assert_string_equal(steps[2].diff_id, A);
        assert_true(steps[2].created_usec == 1000000);
}

static void test_image_steps_without_a_history_are_the_layers(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        _cleanup_free_ ImageStep *steps = NULL;

        assert_int_equal(steps_of("{\"created\":\"1970-01-01T00:00:02Z\"," LAYERS "}", &config,
                                         &steps),
                        2);
        assert_string_equal(steps[0].diff_id, B);
        assert_true(steps[1].created_usec == 2000000);
}

static void test_image_steps_take_layers_nobody_tells_of_for_the_oldest(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        _cleanup_free_ ImageStep *steps = NULL;

        assert_int_equal(steps_of("{\"history\":[{\"created_by\":\"x\"}]," LAYERS "}", &config,
                                         &steps),
                        2);
        assert_string_equal(steps[0].created_by, "x");
        assert_string_equal(steps[0].diff_id, B);
        assert_null(steps[1].created_by);
}

static void test_image_steps_of_a_history_with_more_layers_than_there_are(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL, *none = NULL;
        _cleanup_free_ ImageStep *steps = NULL, *no_steps = NULL;

        assert_int_equal(steps_of("{\"history\":[{\"created\":\"never\"},{},{}]," LAYERS "}",
                                         &config, &steps),
                        3);
        assert_null(steps[0].diff_id);
        assert_string_equal(steps[1].diff_id, B);
        assert_true(steps[2].created_usec == 0);
        assert_int_equal(steps_of("{}", &none, &no_steps), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_image_steps_are_newest_first_with_their_layers),
                cmocka_unit_test(test_image_steps_without_a_history_are_the_layers),
                cmocka_unit_test(test_image_steps_take_layers_nobody_tells_of_for_the_oldest),
                cmocka_unit_test(test_image_steps_of_a_history_with_more_layers_than_there_are),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
