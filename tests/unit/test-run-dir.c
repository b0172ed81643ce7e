/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/run-dir.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "unit.h"

/* A directory of this test's own; what is made in it is small and of known names. */
static int setup(void **state) {
        char *directory = strdup("/tmp/test-run-dir.XXXXXX");

        *state = directory;
        return directory && mkdtemp(directory) ? 0 : -1;
}

static void remove_tree(const char *path) {
        _cleanup_free_ char *command = NULL;

        assert_int_equal(str_printf(&command, "rm -rf -- '%s'", path), 0);
        assert_int_equal(system(command), 0);
}

static int teardown(void **state) {
        remove_tree(*state);
        free(*state);
        return 0;
}

static void below(char *buffer, size_t size, void **state, const char *name) {
        (void) snprintf(buffer, size, "%s/%s", (const char *) *state, name);
}

static void test_directory_make_trusted_makes_what_is_missing_for_the_owner_alone(void **state) {
        char path[256];
        struct stat st;

        below(path, sizeof(path), state, "a/b/c");
        assert_int_equal(directory_make_trusted(path, NULL), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        assert_int_equal(directory_make_trusted(path, NULL), 0);
}

static void test_directory_make_trusted_refuses_what_others_may_write(void **state) {
        char parent[256], path[256];
        Failure failure = {};

        below(parent, sizeof(parent), state, "open");
        below(path, sizeof(path), state, "open/below");
        assert_int_equal(mkdir(parent, 0700), 0);
        assert_int_equal(chmod(parent, 0777), 0);
        assert_true(directory_make_trusted(path, &failure) < 0);
        assert_non_null(strstr(failure_message(&failure), parent));

        assert_int_equal(chmod(parent, 01777), 0);
        assert_int_equal(directory_make_trusted(path, &failure), 0);
        failure_done(&failure);
}

static void test_directory_make_trusted_looks_where_a_link_leads(void **state) {
        char open_dir[256], link_path[256], path[256];
        Failure failure = {};

        below(open_dir, sizeof(open_dir), state, "open");
        below(link_path, sizeof(link_path), state, "link");
        below(path, sizeof(path), state, "link/x");
        assert_int_equal(mkdir(open_dir, 0700), 0);
        assert_int_equal(chmod(open_dir, 0777), 0);
        assert_int_equal(symlink(open_dir, link_path), 0);
        assert_true(directory_make_trusted(path, &failure) < 0);
        assert_non_null(strstr(failure_message(&failure), open_dir));
        failure_done(&failure);
}

static void test_directory_make_trusted_refuses_a_file(void **state) {
        Failure failure = {};
        char path[256];
        int fd;

        below(path, sizeof(path), state, "file");
        fd = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
        assert_true(fd >= 0);
        (void) close(fd);
        assert_errno(ENOTDIR, directory_make_trusted(path, &failure));
        assert_non_null(strstr(failure_message(&failure), path));
        failure_done(&failure);
}

static void test_run_dir_open_is_for_one_at_a_time(void **state) {
        RunDir first = RUN_DIR_INIT, second = RUN_DIR_INIT;
        Failure failure = {};
        char path[256];

        below(path, sizeof(path), state, "run");
        assert_int_equal(run_dir_open(path, false, &first, &failure), 1);
        assert_errno(EBUSY, run_dir_open(path, false, &second, &failure));
        assert_non_null(strstr(failure_message(&failure), path));
        run_dir_done(&first);
        assert_int_equal(run_dir_open(path, false, &second, &failure), 1);
        run_dir_done(&second);
        failure_done(&failure);
}

static void test_run_dir_open_closes_the_directory_to_others(void **state) {
        RunDir d = RUN_DIR_INIT;
        struct stat st;
        char path[256];

        below(path, sizeof(path), state, "run");
        assert_int_equal(mkdir(path, 0755), 0);
        assert_int_equal(run_dir_open(path, true, &d, NULL), 1);
        assert_int_equal(fstat(d.dir_fd, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0700);
        run_dir_done(&d);
}

static void test_ready_tell_writes_one_or_a_sentence_and_closes(void **state) {
        Failure failure = {};
        char text[64] = {};
        int fds[2], fd;

        assert_int_equal(pipe(fds), 0);
        fd = fds[1];
        ready_tell(&fd, NULL);
        assert_int_equal(fd, -EBADF);
        assert_int_equal(read(fds[0], text, sizeof(text)), 1);
        assert_int_equal(text[0], '1');
        assert_int_equal(read(fds[0], text, sizeof(text)), 0);
        (void) close(fds[0]);

        assert_int_equal(pipe(fds), 0);
        fd = fds[1];
        (void) fail(&failure, FAILURE_INTERNAL, 0, "No such luck");
        ready_tell(&fd, &failure);
        assert_int_equal(read(fds[0], text, sizeof(text) - 1), 12);
        assert_string_equal(text, "No such luck");
        (void) close(fds[0]);
        failure_done(&failure);

        ready_tell(&fd, NULL); /* nobody waits */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_directory_make_trusted_makes_what_is_missing_for_the_owner_alone),
                TEST(test_directory_make_trusted_refuses_what_others_may_write),
                TEST(test_directory_make_trusted_looks_where_a_link_leads),
                TEST(test_directory_make_trusted_refuses_a_file),
                TEST(test_run_dir_open_is_for_one_at_a_time),
                TEST(test_run_dir_open_closes_the_directory_to_others),
                TEST(test_ready_tell_writes_one_or_a_sentence_and_closes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
