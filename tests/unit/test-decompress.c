/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/decompress.h"
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <zstd.h>
#include "base/fd.h"
#include "base/str.h"
#include "unit.h"

#define TEXT_BYTES 700000U

static uint8_t text[TEXT_BYTES], packed[2 * TEXT_BYTES];

/* Bytes that compress somewhat. */
static void make_text(void) {
        uint32_t x = 1;

        for (size_t i = 0; i < sizeof(text); i++) {
                x = x * 1103515245U + 12345U;
                text[i] = (uint8_t) (x >> 28);
        }
}

static size_t pack(uint8_t *to, const void *data, size_t size) {
        ZSTD_CCtx *c = ZSTD_createCCtx();
        size_t n;

        assert_non_null(c);
        (void) ZSTD_CCtx_setParameter(c, ZSTD_c_checksumFlag, 1);
        n = ZSTD_compress2(c, to, ZSTD_compressBound(size), data, size);
        assert_false(ZSTD_isError(n));
        ZSTD_freeCCtx(c);
        return n;
}

/* Return: how many bytes came, all those of the text; or what the decompressor gave. */
static ssize_t read_all(const void *data, size_t size, Failure *f) {
        _cleanup_(decompressor_freep) Decompressor *d = NULL;
        _cleanup_close_ int fd = memfd_create("test", MFD_CLOEXEC);
        size_t used = 0;
        ssize_t n;

        assert_int_equal(pwrite_full(fd, data, size, 0), 0);
        assert_int_equal(decompressor_new(fd, "a", NULL, NULL, &d, f), 0);
        for (;;) {
                const void *piece;

                n = decompressor_read(d, &piece);
                if (n <= 0)
                        break;
                assert_true(used + (size_t) n <= sizeof(text));
                assert_memory_equal(piece, text + used, (size_t) n);
                used += (size_t) n;
        }
        assert_int_equal(decompressor_failed(d), n < 0);
        if (n < 0)
                assert_int_equal(decompressor_fail(d, f), n);
        else
                assert_int_equal(decompressor_input(d), size);
        return n < 0 ? n : (ssize_t) used;
}

static void test_decompressor_read_gives_plain_bytes_as_they_are(void **state) {
        _cleanup_failure_ Failure f = {};

        assert_int_equal(read_all("", 0, &f), 0);
        assert_int_equal(read_all(text, 1, &f), 1);
        assert_int_equal(read_all(text, sizeof(text), &f), sizeof(text));
}

static void test_decompressor_read_joins_frames_and_skips_skippable_ones(void **state) {
        static const uint8_t skipped[] = { 0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 'a', 'b', 'c' };
        _cleanup_failure_ Failure f = {};
        size_t n = sizeof(skipped);

        memcpy(packed, skipped, sizeof(skipped));
        n += pack(packed + n, text, 300000);
        n += pack(packed + n, text, 0);
        memcpy(packed + n, skipped, sizeof(skipped));
        n += sizeof(skipped);
        n += pack(packed + n, text + 300000, sizeof(text) - 300000);
        assert_int_equal(read_all(packed, n, &f), sizeof(text));
}

static void test_decompressor_read_refuses_zstd_that_is_cut_off(void **state) {
        _cleanup_failure_ Failure f = {};
        size_t n = pack(packed, text, 3000);

        assert_int_equal(read_all(packed, n, &f), 3000);
        for (size_t i = 4; i < n; i++)
                assert_errno(EBADMSG, read_all(packed, i, &f));
        assert_string_equal(f.message, "'a' is damaged or cut off: its zstd data does not add up");
}

static void test_decompressor_read_takes_off_what_is_within(void **state) {
        _cleanup_failure_ Failure f = {};
        _cleanup_free_ uint8_t *inner = malloc(ZSTD_compressBound(sizeof(text)));
        size_t n;

        assert_non_null(inner);
        n = pack(inner, text, sizeof(text));
        n = pack(packed, inner, n);
        assert_int_equal(read_all(packed, n, &f), sizeof(text));
        n = pack(inner, text, sizeof(text));
        n = pack(packed, inner, n - 9);
        assert_errno(EBADMSG, read_all(packed, n, &f));
}

static void test_decompressor_read_tells_what_read_gave(void **state) {
        _cleanup_(decompressor_freep) Decompressor *d = NULL;
        _cleanup_failure_ Failure f = {};
        const void *piece;

        assert_int_equal(decompressor_new(-EBADF, "a", NULL, NULL, &d, &f), 0);
        assert_errno(EBADF, decompressor_read(d, &piece));
        assert_errno(EBADF, decompressor_read(d, &piece)); /* it stays so */
        assert_errno(EBADF, decompressor_fail(d, &f));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_decompressor_read_gives_plain_bytes_as_they_are),
                cmocka_unit_test(test_decompressor_read_joins_frames_and_skips_skippable_ones),
                cmocka_unit_test(test_decompressor_read_refuses_zstd_that_is_cut_off),
                cmocka_unit_test(test_decompressor_read_takes_off_what_is_within),
                cmocka_unit_test(test_decompressor_read_tells_what_read_gave),
        };

        make_text();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
