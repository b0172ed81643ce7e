/* SPDX-License-Identifier: Apache-2.0 */
#include "base/file-identity.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "unit.h"

typedef struct Dir {
        char path[40];
        int fd;
} Dir;

static int setup(void **state) {
        Dir *d = calloc(1, sizeof(*d));

        strcpy(d->path, "/var/tmp/test-file-identity-XXXXXX");
        if (!mkdtemp(d->path))
                return -1;
        d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = d;
        return d->fd < 0 ? -1 : 0;
}

static int teardown(void **state) {
        Dir *d = *state;

        (void) unlinkat(d->fd, "a", 0);
        (void) unlinkat(d->fd, "b", 0);
        (void) unlinkat(d->fd, "dir", AT_REMOVEDIR);
        close(d->fd);
        if (rmdir(d->path) < 0)
                return -1;
        free(d);
        return 0;
}

static void make(const Dir *d, const char *name) {
        int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        close(fd);
}

static void identity_of(const Dir *d, const char *name, int flags, char *ret) {
        int fd = openat(d->fd, name, flags | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(file_identity(fd, ret), 0);
        assert_true(strlen(ret) > 0 && strlen(ret) < FILE_IDENTITY_MAX);
        close(fd);
}

static void test_file_identity_stays_whatever_becomes_of_the_file(void **state) {
        char first[FILE_IDENTITY_MAX], again[FILE_IDENTITY_MAX];
        const Dir *d = *state;
        int fd;

        make(d, "a");
        identity_of(d, "a", O_RDONLY, first);
        identity_of(d, "a", O_PATH, again);
        assert_string_equal(first, again);

        fd = openat(d->fd, "a", O_WRONLY | O_CLOEXEC);
        assert_int_equal(write(fd, "x", 1), 1);
        assert_int_equal(fchmod(fd, 0400), 0);
        close(fd);
        assert_int_equal(renameat(d->fd, "a", d->fd, "b"), 0);
        identity_of(d, "b", O_PATH, again);
        assert_string_equal(first, again);
}

static void test_file_identity_is_one_files_alone(void **state) {
        char a[FILE_IDENTITY_MAX], b[FILE_IDENTITY_MAX], dir[FILE_IDENTITY_MAX];
        const Dir *d = *state;

        make(d, "a");
        make(d, "b");
        assert_int_equal(mkdirat(d->fd, "dir", 0700), 0);
        identity_of(d, "a", O_PATH, a);
        identity_of(d, "b", O_PATH, b);
        identity_of(d, "dir", O_RDONLY | O_DIRECTORY, dir);
        assert_string_not_equal(a, b);
        assert_string_not_equal(a, dir);
}

/* File systems give a freed number to the next file: a name and a number alone would be believed. */
static void test_file_identity_is_another_for_what_takes_the_name(void **state) {
        char before[FILE_IDENTITY_MAX], after[FILE_IDENTITY_MAX];
        const Dir *d = *state;

        for (int i = 0; i < 16; i++) {
                make(d, "a");
                identity_of(d, "a", O_PATH, before);
                assert_int_equal(unlinkat(d->fd, "a", 0), 0);
                make(d, "a");
                identity_of(d, "a", O_PATH, after);
                assert_string_not_equal(before, after);
                assert_int_equal(unlinkat(d->fd, "a", 0), 0);
        }
}

static void test_file_identity_of_no_fd_fails(void **state) {
        char identity[FILE_IDENTITY_MAX];

        assert_errno(EBADF, file_identity(-1, identity));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                test_file_identity_stays_whatever_becomes_of_the_file, setup,
                                teardown),
                cmocka_unit_test_setup_teardown(
                                test_file_identity_is_one_files_alone, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_file_identity_is_another_for_what_takes_the_name, setup,
                                teardown),
                cmocka_unit_test(test_file_identity_of_no_fd_fails),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
