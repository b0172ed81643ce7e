/* SPDX-License-Identifier: Apache-2.0 */
#include "model/digest.h"
#include <string.h>
#include "base/str.h"
#include "unit.h"

#define ABC "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"

static void test_digest_of_abc(void **state) {
        char hex[DIGEST_HEX_MAX], text[DIGEST_MAX];
        Digest d, back;

        assert_int_equal(digest_of("abc", 3, &d), 0);
        digest_to_hex(&d, hex);
        assert_string_equal(hex, ABC);
        digest_to_string(&d, text);
        assert_string_equal(text, "sha256:" ABC);
        assert_int_equal(digest_from_string(text, &back), 0);
        assert_true(digest_equal(&d, &back));
        back.bytes[31] ^= 1;
        assert_false(digest_equal(&d, &back));
}

static void test_hasher_adds_up(void **state) {
        _cleanup_(hasher_freep) Hasher *h = NULL;
        Digest whole, parts;

        assert_int_equal(digest_of("abc", 3, &whole), 0);
        assert_int_equal(hasher_new(&h), 0);
        assert_int_equal(hasher_add(h, "a", 1), 0);
        assert_int_equal(hasher_add(h, "", 0), 0);
        assert_int_equal(hasher_add(h, "bc", 2), 0);
        assert_int_equal(hasher_finish(h, &parts), 0);
        assert_true(digest_equal(&whole, &parts));
        assert_null(hasher_free(NULL));
}

static void test_digest_from_string_refuses(void **state) {
        static const char *const bad[] = {
                "", "sha256:", ABC, "sha256:" ABC "0", "sha256:BA" ABC, "md5:abc", ":" ABC,
                "SHA512:" ABC ABC, "sha512:" ABC "!",
        };
        Digest d;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, digest_from_string(bad[i], &d));
        assert_errno(EOPNOTSUPP, digest_from_string("sha512:" ABC ABC, &d));
        assert_errno(EINVAL, digest_from_hex("ba78", &d));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_digest_of_abc),
                cmocka_unit_test(test_hasher_adds_up),
                cmocka_unit_test(test_digest_from_string_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
