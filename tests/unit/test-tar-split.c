/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/tar-split.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "puller/delete-tree.h"
#include "unit.h"

typedef struct Layer {
        char path[32];
        int fd, root_fd, split_fd;
        TarSplitWriter *writer;
} Layer;

static int setup(void **state) {
        static Layer layer;

        strcpy(layer.path, "/tmp/test-tar-split-XXXXXX");
        assert_non_null(mkdtemp(layer.path));
        layer.fd = open(layer.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(layer.fd >= 0);
        layer.root_fd = mkdir_open_at(layer.fd, "root", 0700);
        layer.split_fd = openat(layer.fd, TAR_SPLIT_NAME, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_true(layer.root_fd >= 0 && layer.split_fd >= 0);
        assert_int_equal(tar_split_writer_new(layer.split_fd, &layer.writer), 0);
        *state = &layer;
        return 0;
}

static int teardown(void **state) {
        Layer *layer = *state;
        const char *slash = strrchr(layer->path, '/');

        tar_split_writer_free(layer->writer);
        close_fd(layer->split_fd);
        close_fd(layer->root_fd);
        close_fd(layer->fd);
        layer->fd = open("/tmp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(delete_tree_at(layer->fd, slash + 1), 0);
        close_fd(layer->fd);
        return 0;
}

static void put(Layer *layer, const char *name, const char *text) {
        assert_int_equal(write_file_at(layer->root_fd, name, text, strlen(text), 0600, 0), 0);
}

/* Reads @step bytes at a time. Return: 0 and the text, or what the reader gave. */
static int again(Layer *layer, size_t step, char text[static 64], Failure *f) {
        _cleanup_(tar_split_reader_freep) TarSplitReader *reader = NULL;
        size_t used = 0;
        ssize_t n;
        int r;

        r = tar_split_reader_new(layer->fd, "l", &reader, f);
        if (r < 0)
                return r;
        while ((n = tar_split_read(reader, text + used, MIN2(step, 63 - used), f)) > 0)
                used += (size_t) n;
        text[used] = '\0';
        if (n == 0)
                assert_int_equal(used, tar_split_size(reader));
        return (int) n;
}

static void test_tar_split_read_gives_bytes_and_files_in_their_order(void **state) {
        _cleanup_failure_ Failure f = {};
        Layer *layer = *state;
        char text[64];

        skip_without_openat2();
        put(layer, "a", "hello");
        put(layer, "b", "world");
        assert_int_equal(tar_split_raw(layer->writer, "<", 1), 0);
        assert_int_equal(tar_split_raw(layer->writer, "", 0), 0);
        assert_int_equal(tar_split_file(layer->writer, "a", 5), 0);
        assert_int_equal(tar_split_raw(layer->writer, "><", 2), 0);
        assert_int_equal(tar_split_file(layer->writer, "empty", 0), 0);
        assert_int_equal(tar_split_file(layer->writer, "b", 5), 0);
        assert_int_equal(tar_split_raw(layer->writer, ">", 1), 0);
        assert_int_equal(tar_split_finish(layer->writer), 0);
        for (size_t step = 1; step < 20; step++) {
                assert_int_equal(again(layer, step, text, &f), 0);
                assert_string_equal(text, "<hello><world>");
        }
}

static void test_tar_split_read_finds_what_was_moved(void **state) {
        _cleanup_close_ int gone_fd = -EBADF, dir_fd = -EBADF;
        _cleanup_failure_ Failure f = {};
        Layer *layer = *state;
        uint32_t number;
        char text[64];

        skip_without_openat2();
        put(layer, "a", "third");
        gone_fd = mkdir_open_at(layer->fd, TAR_SPLIT_GONE, 0700);
        assert_true(gone_fd >= 0);
        assert_int_equal(write_file_at(gone_fd, "0", "first", 5, 0600, 0), 0);
        assert_int_equal(write_file_at(gone_fd, "1", "second", 6, 0600, 0), 0);
        dir_fd = mkdir_open_at(gone_fd, "2", 0700);
        assert_true(dir_fd >= 0);
        assert_int_equal(write_file_at(dir_fd, "x", "deep", 4, 0600, 0), 0);

        assert_int_equal(tar_split_file(layer->writer, "a", 5), 0);
        assert_int_equal(tar_split_moved(layer->writer, "a", &number), 0);
        assert_int_equal(number, 0);
        assert_int_equal(tar_split_file(layer->writer, "a", 6), 0);
        assert_int_equal(tar_split_moved(layer->writer, "a", &number), 0);
        assert_int_equal(number, 1);
        assert_int_equal(tar_split_file(layer->writer, "d/x", 4), 0);
        assert_int_equal(tar_split_moved(layer->writer, "d", &number), 0);
        assert_int_equal(tar_split_file(layer->writer, "a", 5), 0);
        assert_int_equal(tar_split_finish(layer->writer), 0);
        assert_int_equal(again(layer, 64, text, &f), 0);
        assert_string_equal(text, "firstseconddeepthird");
}

static void test_tar_split_file_refuses_a_path_that_is_none(void **state) {
        char path[ARCHIVE_PATH_MAX + 1];
        Layer *layer = *state;

        memset(path, 'a', sizeof(path));
        path[ARCHIVE_PATH_MAX] = '\0';
        assert_errno(EINVAL, tar_split_file(layer->writer, path, 1));
        assert_errno(EINVAL, tar_split_raw(layer->writer, "x", 1)); /* it stays so */
        assert_errno(EINVAL, tar_split_finish(layer->writer));
}

static void test_tar_split_read_refuses_what_has_changed(void **state) {
        _cleanup_failure_ Failure f = {};
        Layer *layer = *state;
        char text[64];

        skip_without_openat2();
        put(layer, "a", "hello");
        assert_int_equal(tar_split_file(layer->writer, "a", 5), 0);
        assert_int_equal(tar_split_finish(layer->writer), 0);

        put(layer, "a", "longer");
        assert_errno(EBADMSG, again(layer, 64, text, &f));
        assert_string_equal(f.message, "'a' of the layer 'l' is not the file that was stored");
        assert_int_equal(unlinkat(layer->root_fd, "a", 0), 0);
        assert_errno(ENOENT, again(layer, 64, text, &f));
        assert_int_equal(symlinkat("/etc/passwd", layer->root_fd, "a"), 0);
        assert_errno(ELOOP, again(layer, 64, text, &f));
        assert_int_equal(unlinkat(layer->root_fd, "a", 0), 0);
        assert_int_equal(mkfifoat(layer->root_fd, "a", 0600), 0);
        assert_errno(EBADMSG, again(layer, 64, text, &f));
}

static void test_tar_split_reader_new_refuses_what_cannot_be_made_again(void **state) {
        _cleanup_failure_ Failure f = {};
        Layer *layer = *state;
        char text[64];

        assert_errno(EBADMSG, again(layer, 64, text, &f)); /* never finished */
        tar_split_incomplete(layer->writer);
        assert_int_equal(tar_split_finish(layer->writer), 0);
        assert_errno(ENODATA, again(layer, 64, text, &f));
        assert_int_equal(f.code, FAILURE_NOT_AVAILABLE);
        assert_int_equal(unlinkat(layer->fd, TAR_SPLIT_NAME, 0), 0);
        assert_errno(ENODATA, again(layer, 64, text, &f));
        assert_int_equal(f.code, FAILURE_NOT_AVAILABLE);
}

static void test_tar_split_read_gives_no_other_bytes_whatever_has_changed(void **state) {
        uint8_t split[512], byte;
        _cleanup_failure_ Failure f = {};
        Layer *layer = *state;
        ssize_t size;
        char text[64];

        skip_without_openat2();
        put(layer, "a", "hello");
        assert_int_equal(tar_split_raw(layer->writer, "0123456789", 10), 0);
        assert_int_equal(tar_split_file(layer->writer, "a", 5), 0);
        assert_int_equal(tar_split_finish(layer->writer), 0);
        size = pread(layer->split_fd, split, sizeof(split), 0);
        assert_true(size > (ssize_t) TAR_SPLIT_HEADER_BYTES && size < (ssize_t) sizeof(split));

        for (ssize_t i = 0; i < size; i++) {
                byte = split[i] ^ 1;
                assert_int_equal(pwrite(layer->split_fd, &byte, 1, i), 1);
                /* a bit that means nothing, as those of the window's size, may change unnoticed */
                if (again(layer, 64, text, &f) >= 0)
                        assert_string_equal(text, "0123456789hello");
                assert_int_equal(pwrite(layer->split_fd, &split[i], 1, i), 1);
        }
        assert_int_equal(again(layer, 64, text, &f), 0);
        for (ssize_t i = size - 1; i >= 0; i--) {
                assert_int_equal(ftruncate(layer->split_fd, i), 0);
                assert_true(again(layer, 64, text, &f) < 0);
        }
}

static void test_tar_split_moved_ends_at_its_limit(void **state) {
        Layer *layer = *state;
        uint32_t number;

        for (uint32_t i = 0; i < TAR_SPLIT_MOVED_MAX; i++)
                assert_int_equal(tar_split_moved(layer->writer, "a", &number), 0);
        assert_errno(E2BIG, tar_split_moved(layer->writer, "a", &number));
        assert_int_equal(tar_split_raw(layer->writer, "x", 1), 0); /* unpacking goes on */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_tar_split_read_gives_bytes_and_files_in_their_order),
                TEST(test_tar_split_read_finds_what_was_moved),
                TEST(test_tar_split_file_refuses_a_path_that_is_none),
                TEST(test_tar_split_read_refuses_what_has_changed),
                TEST(test_tar_split_reader_new_refuses_what_cannot_be_made_again),
                TEST(test_tar_split_read_gives_no_other_bytes_whatever_has_changed),
                TEST(test_tar_split_moved_ends_at_its_limit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
