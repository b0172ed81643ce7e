/* SPDX-License-Identifier: Apache-2.0 */
#include "model/id.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void test_id_from_bytes_is_valid(void **state) {
        uint8_t random[ID_BYTES];
        char id[ID_MAX], shortened[ID_SHORT_MAX];

        memset(random, 0xa7, sizeof(random));
        id_from_bytes(random, id);
        assert_true(id_is_valid(id));
        id_shorten(id, shortened);
        assert_string_equal(shortened, "a7a7a7a7a7a7");
}

static void test_id_from_bytes_does_not_look_like_a_number(void **state) {
        uint8_t random[ID_BYTES];
        char id[ID_MAX];

        memset(random, 0x99, sizeof(random));
        id_from_bytes(random, id);
        assert_true(id_is_valid(id));
        assert_true(strspn(id, "0123456789") < ID_SHORT_HEX);
        random[5] = 0x9a; /* the 12th digit is a letter */
        id_from_bytes(random, id);
        assert_memory_equal(id, "99999999999a", 12);
}

static void test_id_is_valid_and_prefix(void **state) {
        assert_true(id_is_valid(HEX64));
        assert_false(id_is_valid(HEX64 "0"));
        assert_false(id_is_valid("0123"));
        assert_false(id_is_valid(NULL));
        assert_true(id_is_prefix("0"));
        assert_true(id_is_prefix(HEX64));
        assert_false(id_is_prefix(HEX64 "0"));
        assert_false(id_is_prefix(""));
        assert_false(id_is_prefix("0A"));
        assert_false(id_is_prefix(NULL));
}

static void test_container_name_is_valid(void **state) {
        static const char *const good[] = { "a", "ab", "web.1", "0-9", "A_b-c.d", ("abc" HEX64) };
        static const char *const bad[] = {
                "", "-a", ".a", "_a", "a/b", "a b", "/web", "a\n", "w\xc3\xa4", "a:b", HEX64,
        };
        char longest[CONTAINER_NAME_MAX + 2];

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(container_name_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(container_name_is_valid(bad[i]));
        assert_false(container_name_is_valid(NULL));
        memset(longest, 'a', sizeof(longest) - 1);
        longest[sizeof(longest) - 1] = '\0';
        assert_false(container_name_is_valid(longest));
        longest[sizeof(longest) - 2] = '\0';
        assert_true(container_name_is_valid(longest));
}

static void test_generated_name_is_a_name(void **state) {
        char name[GENERATED_NAME_MAX], other[GENERATED_NAME_MAX];

        for (unsigned i = 0; i < 256; i++)
                for (unsigned attempt = 0; attempt < 6; attempt++) {
                        uint8_t random[8];

                        memset(random, (int) i, sizeof(random));
                        generated_name(random, attempt, name);
                        assert_true(container_name_is_valid(name));
                }
        generated_name((const uint8_t[8]) {}, 0, name);
        generated_name((const uint8_t[8]) {}, 1, other);
        assert_string_not_equal(name, other);
}

static void test_request_id_is_valid(void **state) {
        char longest[REQUEST_ID_MAX + 1];

        assert_true(request_id_is_valid("a"));
        assert_true(request_id_is_valid("0b3e:/~!"));
        assert_false(request_id_is_valid(""));
        assert_false(request_id_is_valid(NULL));
        assert_false(request_id_is_valid("a b"));
        assert_false(request_id_is_valid("\xc3\xa4"));
        memset(longest, 'a', REQUEST_ID_MAX);
        longest[REQUEST_ID_MAX] = '\0';
        assert_false(request_id_is_valid(longest));
        longest[REQUEST_ID_MAX - 1] = '\0';
        assert_true(request_id_is_valid(longest));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_id_from_bytes_is_valid),
                cmocka_unit_test(test_id_from_bytes_does_not_look_like_a_number),
                cmocka_unit_test(test_id_is_valid_and_prefix),
                cmocka_unit_test(test_container_name_is_valid),
                cmocka_unit_test(test_generated_name_is_a_name),
                cmocka_unit_test(test_request_id_is_valid),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
