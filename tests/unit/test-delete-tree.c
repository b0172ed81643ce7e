/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/delete-tree.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "unit.h"

#define DEPTH 10000

typedef struct Dir {
        char path[40];
        int fd;
} Dir;

static int setup(void **state) {
        Dir *d = calloc(1, sizeof(*d));

        strcpy(d->path, "/tmp/test-delete-tree-XXXXXX");
        if (!mkdtemp(d->path))
                return -1;
        d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = d;
        return d->fd < 0 ? -1 : 0;
}

static int teardown(void **state) {
        Dir *d = *state;

        (void) unlinkat(d->fd, "kept", 0);
        close(d->fd);
        if (rmdir(d->path) < 0) /* something stayed */
                return -1;
        free(d);
        return 0;
}

static void make_file(int dir_fd, const char *name) {
        int fd = openat(dir_fd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0400);

        assert_true(fd >= 0);
        close(fd);
}

static void test_delete_tree_at_takes_what_is_not_there(void **state) {
        Dir *d = *state;

        assert_int_equal(delete_tree_at(d->fd, "nothing"), 0);
}

static void test_delete_tree_at_deletes_one_file(void **state) {
        Dir *d = *state;

        make_file(d->fd, "f");
        assert_int_equal(delete_tree_at(d->fd, "f"), 0);
}

static void test_delete_tree_at_follows_no_link(void **state) {
        Dir *d = *state;

        make_file(d->fd, "kept");
        assert_int_equal(mkdirat(d->fd, "t", 0700), 0);
        assert_int_equal(symlinkat("../kept", d->fd, "t/file"), 0);
        assert_int_equal(symlinkat("..", d->fd, "t/up"), 0);
        assert_int_equal(symlinkat("t", d->fd, "link"), 0);
        assert_int_equal(delete_tree_at(d->fd, "link"), 0);
        assert_int_equal(delete_tree_at(d->fd, "t"), 0);
        assert_int_equal(faccessat(d->fd, "kept", F_OK, 0), 0);
}

static void test_delete_tree_at_deletes_what_is_wide(void **state) {
        Dir *d = *state;
        char name[32];

        assert_int_equal(mkdirat(d->fd, "t", 0700), 0);
        for (int i = 0; i < 2000; i++) {
                snprintf(name, sizeof(name), "t/%d", i);
                if (i % 3 == 0) {
                        assert_int_equal(mkdirat(d->fd, name, 0700), 0);
                        strcat(name, "/f");
                }
                make_file(d->fd, name);
        }
        assert_int_equal(delete_tree_at(d->fd, "t"), 0);
}

/* Each level has a file beside the next one, so that nothing can be moved or removed as a whole by luck. */
static void test_delete_tree_at_deletes_what_is_deep(void **state) {
        Dir *d = *state;
        int fd = dup(d->fd);

        for (int i = 0; i < DEPTH; i++) {
                int next;

                assert_int_equal(mkdirat(fd, i == 0 ? "t" : "d", 0700), 0);
                next = openat(fd, i == 0 ? "t" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                assert_true(next >= 0);
                close(fd);
                fd = next;
                make_file(fd, "f");
        }
        close(fd);
        assert_int_equal(delete_tree_at(d->fd, "t"), 0);
}

/* Directories that are moved up take the name that they would like only if it is free. */
static void test_delete_tree_at_moves_beside_names_of_its_own_kind(void **state) {
        Dir *d = *state;
        char path[400] = "t";

        assert_int_equal(mkdirat(d->fd, "t", 0700), 0);
        assert_int_equal(mkdirat(d->fd, "t/.deep-0", 0700), 0);
        make_file(d->fd, "t/.deep-0/f");
        make_file(d->fd, "t/.deep-1");
        for (int i = 0; i < 100; i++) {
                strcat(path, "/d");
                assert_int_equal(mkdirat(d->fd, path, 0700), 0);
        }
        strcat(path, "/f");
        make_file(d->fd, path);
        assert_int_equal(delete_tree_at(d->fd, "t"), 0);
}

static void test_delete_tree_at_rejects_a_long_name(void **state) {
        Dir *d = *state;
        char name[300];

        memset(name, 'n', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        assert_errno(ENAMETOOLONG, delete_tree_at(d->fd, name));
}

#define test(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                test(test_delete_tree_at_takes_what_is_not_there),
                test(test_delete_tree_at_deletes_one_file),
                test(test_delete_tree_at_follows_no_link),
                test(test_delete_tree_at_deletes_what_is_wide),
                test(test_delete_tree_at_deletes_what_is_deep),
                test(test_delete_tree_at_moves_beside_names_of_its_own_kind),
                test(test_delete_tree_at_rejects_a_long_name),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
