/* SPDX-License-Identifier: Apache-2.0 */
#include "base/base64.h"
#include <string.h>
#include "base/cleanup.h"
#include "base/macro.h"
#include "unit.h"

/* RFC 4648, section 10 */
static const struct {
        const char *bytes, *text;
} pairs[] = {
        { "", "" },         { "f", "Zg==" },         { "fo", "Zm8=" },         { "foo", "Zm9v" },
        { "foob", "Zm9vYg==" }, { "fooba", "Zm9vYmE=" }, { "foobar", "Zm9vYmFy" },
        { "\xff\xfe\xfd", "//79" }, { "\xfb\xef", "++8=" },
};

static void test_base64_goes_round(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(pairs); i++) {
                _cleanup_free_ char *text = NULL, *bytes = NULL;
                size_t size;

                assert_int_equal(base64_encode(pairs[i].bytes, strlen(pairs[i].bytes), &text), 0);
                assert_string_equal(text, pairs[i].text);
                assert_int_equal(base64_decode(text, &bytes, &size), 0);
                assert_int_equal(size, strlen(pairs[i].bytes));
                assert_string_equal(bytes, pairs[i].bytes);
        }
}

static void test_base64_every_byte_and_length(void **state) {
        char all[256];

        for (size_t i = 0; i < sizeof(all); i++)
                all[i] = (char) (255 - i);
        for (size_t n = 0; n <= sizeof(all); n++) {
                _cleanup_free_ char *text = NULL, *bytes = NULL;
                size_t size;

                assert_int_equal(base64_encode(all, n, &text), 0);
                assert_int_equal(base64_decode(text, &bytes, &size), 0);
                assert_int_equal(size, n);
                assert_memory_equal(bytes, all, n);
        }
}

static void test_base64_decode_takes_no_padding(void **state) {
        _cleanup_free_ char *bytes = NULL;
        size_t size;

        assert_int_equal(base64_decode("Zm8", &bytes, &size), 0);
        assert_string_equal(bytes, "fo");
}

static void test_base64_decode_refuses(void **state) {
        static const char *const bad[] = { "Z", "Zm9vY", "Zg=", "Zg===", "=", "====", "Zm=v",
                "Zm9v\n",
                "Zm 9v", "Zh==", "Zm9=", "Zm-v", "Zm\xc3\xa9", "Zg==Zg==" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char *bytes = NULL;
                size_t size;

                assert_errno(EINVAL, base64_decode(bad[i], &bytes, &size));
                assert_null(bytes);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_base64_goes_round),
                cmocka_unit_test(test_base64_every_byte_and_length),
                cmocka_unit_test(test_base64_decode_takes_no_padding),
                cmocka_unit_test(test_base64_decode_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
