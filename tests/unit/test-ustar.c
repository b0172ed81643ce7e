/* SPDX-License-Identifier: Apache-2.0 */
#include "model/ustar.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "unit.h"

static void seal(uint8_t *block) {
        unsigned sum = 0;

        memset(block + 148, ' ', 8);
        for (size_t i = 0; i < USTAR_BLOCK; i++)
                sum += block[i];
        (void) snprintf((char *) block + 148, 7, "%06o", sum);
}

static void test_ustar_goes_round(void **state) {
        static const uint64_t sizes[] = { 0, 1, 8589934591, 8589934592, 1ULL << 55 };
        uint8_t block[USTAR_BLOCK];
        UstarHeader h;

        for (size_t i = 0; i < sizeof(sizes) / sizeof(*sizes); i++) {
                assert_int_equal(ustar_encode("blobs/sha256/x", '0', sizes[i], block), 0);
                assert_int_equal(ustar_decode(block, &h), 1);
                assert_string_equal(h.name, "blobs/sha256/x");
                assert_int_equal(h.type, '0');
                assert_true(h.size == sizes[i]);
        }
        assert_int_equal(ustar_encode("blobs/", '5', 0, block), 0);
        assert_int_equal(ustar_decode(block, &h), 1);
        assert_int_equal(h.type, '5');
}

static void test_ustar_encode_refuses_a_long_name(void **state) {
        uint8_t block[USTAR_BLOCK];
        char name[102];

        memset(name, 'n', sizeof(name) - 1);
        name[101] = '\0';
        assert_errno(ENAMETOOLONG, ustar_encode(name, '0', 0, block));
        name[100] = '\0';
        assert_int_equal(ustar_encode(name, '0', 0, block), 0);
}

static void test_ustar_decode_joins_the_prefix_but_not_of_gnu(void **state) {
        uint8_t block[USTAR_BLOCK];
        UstarHeader h;

        assert_int_equal(ustar_encode("name", '0', 0, block), 0);
        memset(block + 345, 'p', 155);
        seal(block);
        assert_int_equal(ustar_decode(block, &h), 1);
        assert_int_equal(strlen(h.name), 155 + 1 + 4);
        memcpy(block + 257, "ustar  ", 8);
        seal(block);
        assert_int_equal(ustar_decode(block, &h), 1);
        assert_string_equal(h.name, "name");
        memset(block, 'n', 100);
        memcpy(block + 257, "ustar\00000", 8);
        seal(block);
        assert_int_equal(ustar_decode(block, &h), 1);
        assert_int_equal(strlen(h.name), 155 + 1 + 100);
}

static void test_ustar_decode_takes_the_old_form(void **state) {
        uint8_t block[USTAR_BLOCK];
        UstarHeader h;

        assert_int_equal(ustar_encode("dir/", '0', 0, block), 0);
        memset(block + 257, 0, 8);
        block[156] = 0;
        seal(block);
        assert_int_equal(ustar_decode(block, &h), 1);
        assert_int_equal(h.type, '5');
}

static void test_ustar_decode_refuses(void **state) {
        uint8_t block[USTAR_BLOCK] = {};
        UstarHeader h;

        assert_int_equal(ustar_decode(block, &h), 0);
        block[0] = 'x';
        assert_errno(EBADMSG, ustar_decode(block, &h));
        assert_int_equal(ustar_encode("x", '0', 5, block), 0);
        block[0] = 'y';
        assert_errno(EBADMSG, ustar_decode(block, &h));

        static const char *const bad[] = { "0000000000x", "9", "-1", "\xff\xff", "\x80\x01" };
        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                assert_int_equal(ustar_encode("x", '0', 5, block), 0);
                memset(block + 124, 0, 12);
                memcpy(block + 124, bad[i], strlen(bad[i]));
                seal(block);
                assert_errno(EBADMSG, ustar_decode(block, &h));
        }
}

static void test_ustar_padded(void **state) {
        assert_true(ustar_padded(0) == 0);
        assert_true(ustar_padded(1) == 512);
        assert_true(ustar_padded(512) == 512);
        assert_true(ustar_padded(UINT64_MAX) % 512 == 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_ustar_goes_round),
                cmocka_unit_test(test_ustar_encode_refuses_a_long_name),
                cmocka_unit_test(test_ustar_decode_joins_the_prefix_but_not_of_gnu),
                cmocka_unit_test(test_ustar_decode_takes_the_old_form),
                cmocka_unit_test(test_ustar_decode_refuses),
                cmocka_unit_test(test_ustar_padded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
