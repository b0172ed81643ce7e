/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <unistd.h>
#include "runtime/id-range.h"

static void test_id_taken_parse_skips_malformed_lines(void **state) {
        IdTaken taken[4];

        assert_int_equal(id_taken_parse("alice:100000:65536\nnonsense\nbob::5\n1000:524288:1\n",
                                         taken, 4),
                        2);
        assert_int_equal(taken[0].first, 100000);
        assert_int_equal(taken[0].last, 165535);
        assert_int_equal(taken[1].first, 524288);
        assert_int_equal(id_taken_parse("a:1:1\nb:2:1\n", taken, 1), -E2BIG);
}

static void test_id_range_is_free_of_sees_each_overlap(void **state) {
        const IdTaken taken[] = {{600000, 600000}};

        assert_true(id_range_is_free_of(524288, taken, 1));
        assert_false(id_range_is_free_of(589824, taken, 1));
        assert_true(id_range_is_free_of(655360, taken, 1));
        assert_true(id_range_is_free_of(655360, NULL, 0));
}

static void test_id_range_lease_gives_no_range_twice(void **state) {
        char path[] = "/tmp/id-range-XXXXXX";
        uint32_t first, second, third;
        int dir_fd, a, b, c;

        assert_non_null(mkdtemp(path));
        dir_fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_true(dir_fd >= 0);
        assert_int_equal(id_range_lease(dir_fd, 0, NULL, 0, &first, &a), 0);
        assert_int_equal(first, ID_RANGE_FIRST);
        assert_int_equal(id_range_lease(dir_fd, 0, NULL, 0, &second, &b), 0);
        assert_int_equal(second, ID_RANGE_FIRST + ID_RANGE_COUNT);
        assert_int_equal(id_range_take(dir_fd, first), -EBUSY);

        /* A copy of the lease, as a monitor has it, keeps the range although the daemon's own is
         * closed. */
        c = dup(a);
        close(a);
        assert_int_equal(id_range_take(dir_fd, first), -EBUSY);
        assert_int_equal(id_range_drop(dir_fd, first, c), -EBADF);
        assert_int_equal(id_range_lease(dir_fd, 0, NULL, 0, &third, &c), 0);
        assert_int_equal(third, first);

        (void) id_range_drop(dir_fd, third, c);
        (void) id_range_drop(dir_fd, second, b);
        assert_int_equal(rmdir(path), 0);
        close(dir_fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_id_taken_parse_skips_malformed_lines),
                        cmocka_unit_test(test_id_range_is_free_of_sees_each_overlap),
                        cmocka_unit_test(test_id_range_lease_gives_no_range_twice),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
