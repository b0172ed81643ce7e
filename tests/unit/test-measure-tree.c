/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/measure-tree.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/fd.h"
#include "puller/delete-tree.h"
#include "unit.h"

#define BYTES 300000
#define SLACK 100000 /* directories, and what the file system rounds up to */

typedef struct Dir {
        char path[40];
        int fd;
} Dir;

static int setup(void **state) {
        Dir *d = calloc(1, sizeof(*d));

        strcpy(d->path, "/tmp/test-measure-tree-XXXXXX");
        if (!mkdtemp(d->path))
                return -1;
        d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = d;
        return d->fd < 0 || mkdirat(d->fd, "t", 0700) < 0 ? -1 : 0;
}

static int teardown(void **state) {
        Dir *d = *state;

        (void) delete_tree_at(d->fd, "t");
        close(d->fd);
        if (rmdir(d->path) < 0)
                return -1;
        free(d);
        return 0;
}

/* Written out, so that its blocks are allocated. */
static void make_file(int dir_fd, const char *name) {
        static const char data[BYTES] = { 1 };
        _cleanup_close_ int fd = -EBADF;

        fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);
        assert_true(fd >= 0);
        assert_int_equal(write_full(fd, data, sizeof(data)), 0);
        assert_int_equal(fsync(fd), 0);
}

static uint64_t measure(const Dir *d) {
        uint64_t bytes = 0;

        assert_int_equal(measure_tree_at(d->fd, "t", &bytes), 0);
        return bytes;
}

static void assert_about(uint64_t bytes, uint64_t files) {
        assert_in_range(bytes, files * BYTES, files * BYTES + SLACK);
}

static void test_measure_tree_takes_what_is_not_there(void **state) {
        Dir *d = *state;
        uint64_t bytes = 7;

        skip_without_openat2();
        assert_int_equal(measure_tree_at(d->fd, "nothing", &bytes), 0);
        assert_int_equal(bytes, 7);
}

static void test_measure_tree_counts_what_is_below(void **state) {
        Dir *d = *state;

        skip_without_openat2();
        make_file(d->fd, "t/a");
        assert_about(measure(d), 1);
        assert_int_equal(mkdirat(d->fd, "t/d", 0700), 0);
        make_file(d->fd, "t/d/b");
        assert_about(measure(d), 2);
        assert_int_equal(linkat(d->fd, "t/a", d->fd, "t/d/again", 0), 0);
        assert_about(measure(d), 2);
}

static void test_measure_tree_follows_no_link(void **state) {
        Dir *d = *state;
        uint64_t bytes = 0;

        skip_without_openat2();
        make_file(d->fd, "t/a");
        assert_int_equal(symlinkat("/usr", d->fd, "t/link"), 0);
        assert_about(measure(d), 1);
        assert_int_equal(symlinkat("/usr", d->fd, "t/top"), 0);
        assert_int_equal(measure_tree_at(d->fd, "t/top", &bytes), 0);
        assert_int_equal(bytes, 0);
}

static void test_measure_tree_leaves_no_sparse_file_as_large_as_it_says(void **state) {
        Dir *d = *state;
        _cleanup_close_ int fd = -EBADF;

        skip_without_openat2();
        fd = openat(d->fd, "t/sparse", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        assert_int_equal(ftruncate(fd, (off_t) 1 << 40), 0);
        assert_about(measure(d), 0);
}

/* Down to what a path can name, and past it. */
static void test_measure_tree_ends_however_deep_it_is(void **state) {
        Dir *d = *state;
        _cleanup_close_ int fd = -EBADF;

        skip_without_openat2();
        fd = openat(d->fd, "t", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(fd >= 0);
        for (int i = 0; i < PATH_MAX; i++) {
                int below;

                if (i == 1000)
                        make_file(fd, "f");
                assert_int_equal(mkdirat(fd, "d", 0700), 0);
                below = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(below >= 0);
                close(fd);
                fd = below;
        }
        make_file(fd, "f"); /* which no path names */
        assert_in_range(measure(d), BYTES, 2 * BYTES + (uint64_t) PATH_MAX * 4096);
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                test(test_measure_tree_takes_what_is_not_there),
                test(test_measure_tree_counts_what_is_below),
                test(test_measure_tree_follows_no_link),
                test(test_measure_tree_leaves_no_sparse_file_as_large_as_it_says),
                test(test_measure_tree_ends_however_deep_it_is),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
