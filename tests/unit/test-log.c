/* SPDX-License-Identifier: Apache-2.0 */
#include "base/log.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "unit.h"

/* Runs with standard error in a pipe; what was written there comes back. */
static char captured[16384];

static void capture(void (*fn)(void)) {
        int fds[2], old = dup(STDERR_FILENO);
        ssize_t n;

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_true(dup2(fds[1], STDERR_FILENO) >= 0);
        close(fds[1]);
        fn();
        assert_true(dup2(old, STDERR_FILENO) >= 0);
        close(old);
        n = read_full(fds[0], captured, sizeof(captured) - 1);
        assert_true(n >= 0);
        captured[n] = '\0';
        close(fds[0]);
}

static void write_error(void) {
        errno = EPERM;
        assert_int_equal(log_error_errno(-ENOENT, "No '%s': %m", "x"), -ENOENT);
        assert_int_equal(errno, EPERM);
}

static void write_debug(void) {
        log_debug("hidden");
        assert_int_equal(log_debug_errno(EIO, "hidden"), -EIO);
}

static void write_with_context(void) {
        const LogContext context = {.container_id = "abc",
                        .container_name = "web",
                        .image = "bb",
                        .operation = "start"};

        (void) log_full(&context, LOG_INFO, 0, "Started 'web'");
}

static void test_log_writes_a_line(void **state) {
        log_open("test");
        capture(write_error);
        assert_string_equal(captured, "test: No 'x': No such file or directory\n");
}

static void test_log_is_silent_above_its_level(void **state) {
        log_open("test");
        capture(write_debug);
        assert_string_equal(captured, "");
        log_set_max_level(LOG_DEBUG);
        capture(write_debug);
        assert_string_equal(captured, "test: hidden\ntest: hidden\n");
        log_set_max_level(LOG_INFO);
        assert_int_equal(log_get_max_level(), LOG_INFO);
}

static void test_log_does_not_believe_another_stream(void **state) {
        (void) setenv("JOURNAL_STREAM", "1:2", 1);
        log_open("test");
        capture(write_with_context);
        assert_string_equal(captured, "test: Started 'web'\n");
        (void) setenv("JOURNAL_STREAM", "nonsense", 1);
        log_open("test");
        capture(write_with_context);
        assert_string_equal(captured, "test: Started 'web'\n");
        (void) unsetenv("JOURNAL_STREAM");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_log_writes_a_line),
                cmocka_unit_test(test_log_is_silent_above_its_level),
                cmocka_unit_test(test_log_does_not_believe_another_stream),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
