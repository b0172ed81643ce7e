/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/gunzip.h"
#include <errno.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

/* Two members, "hello, " and "world\n" (mtime 0, no name), as gzip -n writes them. */
static const uint8_t zipped[] = {
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0xcb, 0x48, 0xcd, 0xc9,
        0xc9, 0xd7, 0x51, 0x00, 0x00, 0x99, 0x56, 0xea, 0x11, 0x07, 0x00, 0x00, 0x00,
        0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x2b, 0xcf, 0x2f, 0xca,
        0x49, 0xe1, 0x02, 0x00, 0xa8, 0x61, 0x38, 0xdd, 0x06, 0x00, 0x00, 0x00,
};

/* Feeds @step bytes at a time. Return: 0 and the text, or what gunzip_read() gave. */
static int gunzip(const uint8_t *data, size_t size, size_t step, char text[static 64]) {
        _cleanup_(gunzip_freep) Gunzip *g = NULL;
        size_t used = 0, at = 0;
        int r;

        assert_int_equal(gunzip_new(&g), 0);
        for (;;) {
                size_t n;

                r = gunzip_read(g, text + used, step, &n);
                if (r <= 0) {
                        text[used] = '\0';
                        return r;
                }
                used += n;
                assert_true(used < 32);
                if (n == 0) {
                        gunzip_feed(g, data + at, MIN2(step, size - at));
                        at += MIN2(step, size - at);
                }
        }
}

static void test_gunzip_read_joins_members_however_they_are_cut(void **state) {
        char text[64];

        for (size_t step = 1; step <= 32; step++) {
                assert_int_equal(gunzip(zipped, sizeof(zipped), step, text), 0);
                assert_string_equal(text, "hello, world\n");
        }
}

static void test_gunzip_read_passes_over_what_follows(void **state) {
        uint8_t more[sizeof(zipped) + 8] = {};
        char text[64];

        memcpy(more, zipped, sizeof(zipped));
        assert_int_equal(gunzip(more, sizeof(more), 7, text), 0);
        assert_string_equal(text, "hello, world\n");
}

static void test_gunzip_read_refuses_what_is_cut_off(void **state) {
        const size_t first = 27;
        char text[64];

        for (size_t size = 0; size < sizeof(zipped); size++)
                if (size != first) /* a whole member: nobody can tell that another one belongs to it */
                        assert_errno(EBADMSG, gunzip(zipped, size, 5, text));
        assert_int_equal(gunzip(zipped, first, 5, text), 0);
}

static void test_gunzip_read_refuses_each_wrong_byte_of_the_trailer(void **state) {
        char text[64];

        for (size_t i = 1; i <= 8; i++) {
                uint8_t wrong[sizeof(zipped)];

                memcpy(wrong, zipped, sizeof(zipped));
                wrong[sizeof(zipped) - i] ^= 4;
                assert_errno(EBADMSG, gunzip(wrong, sizeof(wrong), 9, text));
        }
}

static void test_gunzip_wanted_knows_the_mark(void **state) {
        assert_true(gunzip_wanted(zipped, sizeof(zipped)));
        assert_true(gunzip_wanted(zipped, 3));
        assert_false(gunzip_wanted(zipped, 2));
        assert_false(gunzip_wanted(zipped + 1, 20));
        assert_false(gunzip_wanted("", 0));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_gunzip_read_joins_members_however_they_are_cut),
                cmocka_unit_test(test_gunzip_read_passes_over_what_follows),
                cmocka_unit_test(test_gunzip_read_refuses_what_is_cut_off),
                cmocka_unit_test(test_gunzip_read_refuses_each_wrong_byte_of_the_trailer),
                cmocka_unit_test(test_gunzip_wanted_knows_the_mark),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
