/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of model/sha256.c: against the standard's own examples, and against libcrypto's at every length of a few blocks. */
#include <string.h>
#include "base/str.h"
#include "model/digest.h"
#include "model/sha256.h"
#include "unit.h"

static void test_sha256_gives_the_standards_examples(void **state) {
        static const struct {
                const char *text, *hex;
        } rows[] = {
                { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
                { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
                { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
                  "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                uint8_t hash[32];
                char hex[65];

                sha256(rows[i].text, strlen(rows[i].text), hash);
                hex_encode(hash, sizeof(hash), hex);
                assert_string_equal(hex, rows[i].hex);
        }
}

static void test_sha256_agrees_with_the_hasher_at_every_length(void **state) {
        uint8_t data[300], hash[32];
        Hasher *h;
        Digest d;

        for (size_t i = 0; i < sizeof(data); i++)
                data[i] = (uint8_t) (i * 31 + 7);
        for (size_t n = 0; n <= sizeof(data); n++) {
                sha256(data, n, hash);
                assert_int_equal(hasher_new(&h), 0);
                assert_int_equal(hasher_add(h, data, n), 0);
                assert_int_equal(hasher_finish(h, &d), 0);
                hasher_free(h);
                assert_memory_equal(hash, d.bytes, sizeof(hash));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_sha256_gives_the_standards_examples),
                cmocka_unit_test(test_sha256_agrees_with_the_hasher_at_every_length),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
