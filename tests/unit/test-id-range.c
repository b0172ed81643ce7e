/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "unit.h"
#include "runtime/id-range.h"

typedef struct Fixture {
        char path[64];
        int dir_fd;
        IdRanges *ranges;
} Fixture;

static int set_up(void **state) {
        static Fixture f;

        f = (Fixture){ .path = "/tmp/id-range-XXXXXX" };
        if (!mkdtemp(f.path))
                return -1;
        f.dir_fd = open(f.path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = &f;
        return id_ranges_new(f.dir_fd, NULL, &f.ranges);
}

static int tear_down(void **state) {
        Fixture *f = *state;

        f->ranges = id_ranges_free(f->ranges);
        close(f->dir_fd);
        return rmdir(f->path); /* fails if a lease's file stayed */
}

static void test_id_range_lease_gives_no_range_twice(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, b = ID_LEASE_NONE;

        assert_int_equal(id_range_lease(f->ranges, 0, &a), 0);
        assert_int_equal(a.first, ID_RANGE_FIRST);
        assert_int_equal(id_range_lease(f->ranges, 0, &b), 0);
        assert_int_equal(b.first, ID_RANGE_FIRST + ID_RANGE_COUNT);
        id_range_release(f->ranges, &a);
        id_range_release(f->ranges, &b);
        assert_int_equal(a.fd, -EBADF);
}

static void test_id_range_lease_gives_a_released_one_again(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, b = ID_LEASE_NONE;

        assert_int_equal(id_range_lease(f->ranges, 7, &a), 0);
        id_range_release(f->ranges, &a);
        assert_int_equal(id_range_lease(f->ranges, 99, &b), 0);
        assert_int_equal(b.first, ID_RANGE_FIRST + 7 * ID_RANGE_COUNT);
        id_range_release(f->ranges, &b);
}

static void test_id_range_lease_leaves_subids_out(void **state) {
        Fixture *f = *state;
        char path[80];
        const char *files[] = { path, "/nonexistent", NULL };
        static const char text[] = "alice:500000:65536\nnonsense\nbob::5\ncarol:655360:1\n";
        IdRanges *ranges;
        IdLease a = ID_LEASE_NONE;
        int fd;

        (void) snprintf(path, sizeof(path), "%s/subuid", f->path);
        fd = open(path, O_WRONLY | O_CREAT, 0600);
        assert_int_equal(write(fd, text, sizeof(text) - 1), sizeof(text) - 1);
        close(fd);
        assert_int_equal(id_ranges_new(f->dir_fd, files, &ranges), 0);
        assert_int_equal(unlink(path), 0);

        assert_int_equal(id_range_lease(ranges, 0, &a), 0);
        assert_int_equal(a.first, ID_RANGE_FIRST + ID_RANGE_COUNT);
        id_range_release(ranges, &a);
        id_ranges_free(ranges);
}

/* Another daemon of this host, or this one after it was killed: the monitor's copy of the fd keeps the lease. */
static void test_id_range_lease_respects_a_copy_of_the_fd(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, b = ID_LEASE_NONE, again = ID_LEASE_NONE;
        IdRanges *other;
        int copy;

        assert_int_equal(id_range_lease(f->ranges, 0, &a), 0);
        copy = dup(a.fd);
        id_lease_close(&a);
        assert_int_equal(id_ranges_new(f->dir_fd, NULL, &other), 0);
        assert_int_equal(id_range_lease(other, 0, &b), 0);
        assert_int_equal(b.first, ID_RANGE_FIRST + ID_RANGE_COUNT);

        assert_int_equal(id_range_retake(other, ID_RANGE_FIRST, &again), 0);
        assert_int_equal(again.first, ID_RANGE_FIRST);
        close(copy);
        id_range_release(other, &again);
        id_range_release(other, &b);
        id_ranges_free(other);
}

static void test_id_range_retake_refuses_what_is_no_range(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE;

        assert_errno(EINVAL, id_range_retake(f->ranges, 0, &a));
        assert_errno(EINVAL, id_range_retake(f->ranges, ID_RANGE_FIRST + 1, &a));
        assert_errno(EINVAL, id_range_retake(f->ranges, ID_RANGE_LAST + 1, &a));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_gives_no_range_twice, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_gives_a_released_one_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_leaves_subids_out, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_respects_a_copy_of_the_fd, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_retake_refuses_what_is_no_range, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
