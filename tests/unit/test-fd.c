/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include "base/str.h"
#include "unit.h"

typedef struct Dir {
        char path[32];
        int fd;
} Dir;

static int setup(void **state) {
        Dir *d = calloc(1, sizeof(*d));

        strcpy(d->path, "/tmp/test-fd-XXXXXX");
        if (!mkdtemp(d->path))
                return -1;
        d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = d;
        return d->fd < 0 ? -1 : 0;
}

static int teardown(void **state) {
        static const char *const names[] = { "f", "link", "fifo", "sub/f", "sub/in", "sub/out" };
        Dir *d = *state;

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                (void) unlinkat(d->fd, names[i], 0);
        (void) unlinkat(d->fd, "sub", AT_REMOVEDIR);
        close(d->fd);
        if (rmdir(d->path) < 0) /* a temporary file stayed */
                return -1;
        free(d);
        return 0;
}

static void test_write_file_at_replaces_whole(void **state) {
        Dir *d = *state;
        _cleanup_free_ char *text = NULL;
        struct stat st;
        size_t size;

        assert_int_equal(write_file_at(d->fd, "f", "first, longer", 13, 0640, WRITE_SYNC), 0);
        assert_int_equal(write_file_at(d->fd, "f", "a\0b", 3, 0640, 0), 0);
        assert_int_equal(read_file_at(d->fd, "f", 3, &text, &size), 0);
        assert_int_equal(size, 3);
        assert_memory_equal(text, "a\0b", 4);
        assert_int_equal(fstatat(d->fd, "f", &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
}

static void test_write_file_at_new_refuses_what_is_there(void **state) {
        Dir *d = *state;
        _cleanup_free_ char *text = NULL;

        assert_int_equal(write_file_at(d->fd, "f", "1", 1, 0600, WRITE_NEW), 0);
        assert_errno(EEXIST, write_file_at(d->fd, "f", "2", 1, 0600, WRITE_NEW));
        assert_int_equal(read_file_at(d->fd, "f", 16, &text, NULL), 0);
        assert_string_equal(text, "1");
}

static void test_write_file_at_replaces_a_link_not_its_target(void **state) {
        Dir *d = *state;
        _cleanup_free_ char *text = NULL;

        assert_int_equal(write_file_at(d->fd, "f", "old", 3, 0600, 0), 0);
        assert_int_equal(symlinkat("f", d->fd, "link"), 0);
        assert_int_equal(write_file_at(d->fd, "link", "new", 3, 0600, 0), 0);
        assert_int_equal(read_file_at(d->fd, "f", 16, &text, NULL), 0);
        assert_string_equal(text, "old");
}

static void test_read_file_at_refuses(void **state) {
        Dir *d = *state;
        char *text;

        assert_errno(ENOENT, read_file_at(d->fd, "f", 16, &text, NULL));
        assert_int_equal(write_file_at(d->fd, "f", "12345", 5, 0600, 0), 0);
        assert_errno(EFBIG, read_file_at(d->fd, "f", 4, &text, NULL));
        assert_int_equal(symlinkat("f", d->fd, "link"), 0);
        assert_errno(ELOOP, read_file_at(d->fd, "link", 16, &text, NULL));
        assert_int_equal(mkfifoat(d->fd, "fifo", 0600), 0);
        assert_errno(EBADF, read_file_at(d->fd, "fifo", 16, &text, NULL));
        assert_errno(EISDIR, read_file_at(d->fd, ".", 16, &text, NULL));
}

static void test_read_file_of_proc(void **state) {
        _cleanup_free_ char *text = NULL;
        size_t size;

        assert_int_equal(read_file("/proc/self/status", 1 << 20, &text, &size), 0);
        assert_int_equal(strlen(text), size);
        assert_non_null(strstr(text, "Pid:"));
}

static void test_open_beneath_stays_below(void **state) {
        Dir *d = *state;
        _cleanup_close_ int fd = -EBADF;
        int sub;

        skip_without_openat2();
        sub = mkdir_open_at(d->fd, "sub", 0700);
        assert_true(sub >= 0);
        assert_int_equal(write_file_at(sub, "f", "x", 1, 0600, 0), 0);
        assert_int_equal(symlinkat("f", sub, "in"), 0);
        assert_int_equal(symlinkat("/etc/passwd", sub, "out"), 0);

        fd = open_beneath(d->fd, "sub/f", O_RDONLY, 0);
        assert_true(fd >= 0);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        assert_errno(ELOOP, open_beneath(d->fd, "sub/in", O_RDONLY, 0));
        assert_errno(ELOOP, open_beneath(d->fd, "sub/out", O_RDONLY, 0));
        assert_errno(EXDEV, open_beneath(sub, "../f", O_RDONLY, 0));
        assert_errno(EXDEV, open_beneath(sub, "/etc/passwd", O_RDONLY, 0));
        close(sub);
}

static void test_open_beneath_makes_files(void **state) {
        Dir *d = *state;
        _cleanup_close_ int fd = -EBADF;
        struct stat st;

        skip_without_openat2();
        fd = open_beneath(d->fd, "f", O_WRONLY | O_CREAT | O_EXCL, 0600);
        assert_true(fd >= 0);
        assert_int_equal(fstat(fd, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_open_dir_at_refuses_links_and_files(void **state) {
        Dir *d = *state;

        assert_int_equal(write_file_at(d->fd, "f", "x", 1, 0600, 0), 0);
        assert_errno(ENOTDIR, open_dir_at(d->fd, "f"));
        assert_int_equal(symlinkat(".", d->fd, "link"), 0);
        assert_true(open_dir_at(d->fd, "link") < 0);
        assert_true(mkdir_open_at(d->fd, "link", 0700) < 0);
}

static void test_write_existing_at_makes_nothing(void **state) {
        Dir *d = *state;
        _cleanup_free_ char *text = NULL;

        assert_errno(ENOENT, write_existing_at(d->fd, "f", "1"));
        assert_int_equal(write_file_at(d->fd, "f", "xy", 2, 0600, 0), 0);
        assert_int_equal(write_existing_at(d->fd, "f", "1"), 0);
        assert_int_equal(read_file_at(d->fd, "f", 16, &text, NULL), 0);
        assert_string_equal(text, "1y");
}

static void *write_slowly(void *arg) {
        int fd = *(int *) arg;
        static char block[300000];

        memset(block, 'x', sizeof(block));
        assert_int_equal(write_full(fd, block, sizeof(block)), 0); /* more than a pipe holds */
        close(fd);
        return NULL;
}

static void test_read_full_and_write_full_over_a_pipe(void **state) {
        static char block[400000];
        pthread_t thread;
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(pthread_create(&thread, NULL, write_slowly, fds + 1), 0);
        assert_int_equal(read_full(fds[0], block, sizeof(block)), 300000);
        assert_int_equal(pthread_join(thread, NULL), 0);
        close(fds[0]);
        assert_errno(EBADF, read_full(-1, block, 1));
        assert_errno(EBADF, write_full(-1, block, 1));
}

static void test_pread_full_and_pwrite_full(void **state) {
        Dir *d = *state;
        _cleanup_close_ int fd = -EBADF;
        char out[8] = {};

        fd = openat(d->fd, "f", O_RDWR | O_CREAT | O_CLOEXEC, 0600);
        assert_int_equal(pwrite_full(fd, "abcd", 4, 2), 0);
        assert_int_equal(pread_full(fd, out, sizeof(out), 3), 3);
        assert_memory_equal(out, "bcd", 4);
        assert_errno(EBADF, pwrite_full(-1, "a", 1, 0));
        assert_errno(EBADF, pread_full(-1, out, 1, 0));
}

static void test_fd_flags(void **state) {
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(fd_set_cloexec(fds[0], false), 0);
        assert_int_equal(fcntl(fds[0], F_GETFD), 0);
        assert_int_equal(fd_set_cloexec(fds[0], true), 0);
        assert_int_equal(fcntl(fds[0], F_GETFD), FD_CLOEXEC);
        assert_int_equal(fd_set_nonblock(fds[0], true), 0);
        assert_errno(EAGAIN, (int) read_full(fds[0], &(char) { 0 }, 1));
        assert_int_equal(fd_set_nonblock(fds[0], false), 0);
        assert_false(fcntl(fds[0], F_GETFL) & O_NONBLOCK);

        fds[0] = fd_move_above(fds[0], 500);
        assert_true(fds[0] >= 500);
        assert_int_equal(fd_move_above(fds[0], 400), fds[0]);
        assert_true(fd_is_open(fds[0]));
        close(fds[0]);
        assert_false(fd_is_open(fds[0]));
        assert_false(fd_is_open(-EBADF));
        assert_errno(EBADF, fd_set_cloexec(fds[0], true));
        assert_errno(EBADF, fd_set_nonblock(fds[0], true));
        assert_errno(EBADF, fd_move_above(-1, 10));
        close(fds[1]);
}

static void test_close_all_from_leaves_those_below(void **state) {
        int low, high;

        low = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 900);
        high = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 1000);
        assert_true(low >= 900 && high >= 1000);
        assert_int_equal(close_all_from(high), 0);
        assert_true(fd_is_open(low));
        assert_false(fd_is_open(high));
        close(low);
}

static void test_fd_path_names_the_fd(void **state) {
        char path[FD_PATH_MAX];

        fd_path(2147483647, path);
        assert_string_equal(path, "/proc/self/fd/2147483647");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test_setup_teardown(
                                        test_write_file_at_replaces_whole, setup, teardown),
                        cmocka_unit_test_setup_teardown(
                                        test_write_file_at_new_refuses_what_is_there, setup,
                                        teardown),
                        cmocka_unit_test_setup_teardown(
                                        test_write_file_at_replaces_a_link_not_its_target, setup,
                                        teardown),
                        cmocka_unit_test_setup_teardown(test_read_file_at_refuses, setup, teardown),
                        cmocka_unit_test(test_read_file_of_proc),
                        cmocka_unit_test_setup_teardown(
                                        test_open_beneath_stays_below, setup, teardown),
                        cmocka_unit_test_setup_teardown(
                                        test_open_beneath_makes_files, setup, teardown),
                        cmocka_unit_test_setup_teardown(
                                        test_open_dir_at_refuses_links_and_files, setup, teardown),
                        cmocka_unit_test_setup_teardown(
                                        test_write_existing_at_makes_nothing, setup, teardown),
                        cmocka_unit_test(test_read_full_and_write_full_over_a_pipe),
                        cmocka_unit_test_setup_teardown(
                                        test_pread_full_and_pwrite_full, setup, teardown),
                        cmocka_unit_test(test_fd_flags),
                        cmocka_unit_test(test_close_all_from_leaves_those_below),
                        cmocka_unit_test(test_fd_path_names_the_fd),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
