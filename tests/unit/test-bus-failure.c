/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/bus-failure.h"
#include <string.h>
#include "unit.h"

static void test_bus_text_keeps_what_is_text(void **state) {
        static const char *const texts[] = { "", "plain", "caf\xc3\xa9", "\xf0\x9f\x90\xb3" };
        char *buffer = NULL;

        for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
                assert_ptr_equal(bus_text(texts[i], &buffer), texts[i]);
        assert_null(buffer);
}

static void test_bus_text_replaces_each_bad_byte(void **state) {
        static const char *const table[][2] = {
                { "\xff", "?" },
                { "a\xff\xfe"
                  "b",
                                "a??b" },
                { "\xc3", "?" },
                { "x\xc3\xa9\xc3", "x\xc3\xa9?" },
                { "\xed\xa0\x80", "???" },
        };

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
                char *buffer = NULL;

                assert_string_equal(bus_text(table[i][0], &buffer), table[i][1]);
                free(buffer);
        }
}

static void test_bus_failure_set_takes_name_and_sentence(void **state) {
        sd_bus_error error = SD_BUS_ERROR_NULL;
        Failure failure = {};

        (void) fail(&failure, FAILURE_NO_SUCH_IMAGE, 0, "No image '%s'", "a\xff");
        assert_errno(ENOENT, bus_failure_set(&error, -EIO, &failure));
        assert_string_equal(error.name, "org.pocketdocker.Error.NoSuchImage");
        assert_string_equal(error.message, "No image 'a?'");
        sd_bus_error_free(&error);
        failure_done(&failure);
}

static void test_bus_failure_set_without_a_sentence_tells_the_errno(void **state) {
        sd_bus_error error = SD_BUS_ERROR_NULL;

        assert_errno(ENOMEM, bus_failure_set(&error, -ENOMEM, &(Failure){}));
        assert_string_equal(error.name, SD_BUS_ERROR_NO_MEMORY);
        sd_bus_error_free(&error);
        assert_true(bus_failure_set(&error, 0, NULL) < 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_bus_text_keeps_what_is_text),
                cmocka_unit_test(test_bus_text_replaces_each_bad_byte),
                cmocka_unit_test(test_bus_failure_set_takes_name_and_sentence),
                cmocka_unit_test(test_bus_failure_set_without_a_sentence_tells_the_errno),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
