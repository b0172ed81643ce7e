/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/framed.c. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/framed.h"
#include "unit.h"

static int file_with(const void *data, size_t size) {
        int fd = memfd_create("test", MFD_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(write_full(fd, data, size), 0);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

static void assert_file(int fd, const char *expected) {
        char text[4096];
        ssize_t n = pread_full(fd, text, sizeof(text) - 1, 0);

        assert_true(n >= 0);
        text[n] = '\0';
        assert_string_equal(text, expected);
        close(fd);
}

#define OUT(length) "\1\0\0\0\0\0\0" length
#define ERR(length) "\2\0\0\0\0\0\0" length

static void test_framed_copy_parts_the_streams(void **state) {
        static const char data[] = OUT("\3") "abc" ERR("\2") "ed" OUT("\0")
                        OUT("\1") "x" OUT("\2") "yz" ERR("\1") "!";
        int from = file_with(data, sizeof(data) - 1), out = file_with("", 0),
            err = file_with("", 0);

        assert_int_equal(framed_copy(from, out, err), 0);
        assert_file(out, "abcxyz");
        assert_file(err, "ed!");
        close(from);
}

static void test_framed_copy_of_nothing_is_nothing(void **state) {
        int from = file_with("", 0), out = file_with("", 0), err = file_with("", 0);

        assert_int_equal(framed_copy(from, out, err), 0);
        assert_file(out, "");
        assert_file(err, "");
        close(from);
}

static void test_framed_copy_gathers_more_chunks_than_one_call_takes(void **state) {
        _cleanup_strbuf_ StrBuf in = {}, expected = {};
        int from, out = file_with("", 0), err = file_with("", 0);

        for (int i = 0; i < 1500; i++) {
                assert_int_equal(strbuf_append(&in, OUT("\2"), 8), 0);
                assert_int_equal(strbuf_printf(&in, "%c\n", 'a' + i % 26), 0);
                assert_int_equal(strbuf_printf(&expected, "%c\n", 'a' + i % 26), 0);
        }
        from = file_with(in.data, in.size);
        assert_int_equal(framed_copy(from, out, err), 0);
        assert_file(out, expected.data);
        assert_file(err, "");
        close(from);
}

static void test_framed_copy_refuses_what_is_no_frame_or_cut_off(void **state) {
        static const struct {
                const char *data;
                size_t size;
        } rows[] = {
                        {"\3\0\0\0\0\0\0\1x", 9},
                        {"\0\0\0\0\0\0\0\1x", 9},
                        {"\1\0\1\0\0\0\0\1x", 9},
                        {"plain text", 10},
                        {"\1\0\0", 3},
                        {"\1\0\0\0\0\0\0\5abc", 11},
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                int from = file_with(rows[i].data, rows[i].size), out = file_with("", 0),
                    err = file_with("", 0);

                assert_int_equal(framed_copy(from, out, err), -EBADMSG);
                close(from);
                close(out);
                close(err);
        }
}

static void test_plain_copy_copies_a_pipe_whatever_the_target(void **state) {
        int p[2], to = file_with("", 0), appended;
        char path[FD_PATH_MAX];

        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        assert_int_equal(write_full(p[1], "abc", 3), 0);
        close(p[1]);
        assert_int_equal(plain_copy(p[0], to), 0);
        close(p[0]);

        /* A file opened for appending cannot be spliced to. */
        fd_path(to, path);
        appended = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
        assert_true(appended >= 0);
        assert_int_equal(pipe2(p, O_CLOEXEC), 0);
        assert_int_equal(write_full(p[1], "def", 3), 0);
        close(p[1]);
        assert_int_equal(plain_copy(p[0], appended), 0);
        close(p[0]);
        close(appended);
        assert_file(to, "abcdef");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_framed_copy_parts_the_streams),
                cmocka_unit_test(test_framed_copy_of_nothing_is_nothing),
                cmocka_unit_test(test_framed_copy_gathers_more_chunks_than_one_call_takes),
                cmocka_unit_test(test_framed_copy_refuses_what_is_no_frame_or_cut_off),
                cmocka_unit_test(test_plain_copy_copies_a_pipe_whatever_the_target),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
