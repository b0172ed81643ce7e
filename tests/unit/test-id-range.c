/* SPDX-License-Identifier: Apache-2.0 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
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

static void test_id_range_share_keeps_the_range_until_the_last_has_gone(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, b = ID_LEASE_NONE, c = ID_LEASE_NONE, next = ID_LEASE_NONE;
        uint32_t first;

        assert_int_equal(id_range_lease(f->ranges, 3, &a), 0);
        first = a.first;
        assert_int_equal(id_range_share(f->ranges, &a, &b), 0);
        assert_int_equal(id_range_share(f->ranges, &b, &c), 0);
        assert_int_equal(c.first, first);
        id_range_release(f->ranges, &a);
        id_range_release(f->ranges, &b);
        assert_int_equal(id_range_lease(f->ranges, 3, &next), 0);
        assert_int_not_equal(next.first, first); /* neither from the cache nor from the search */
        id_range_release(f->ranges, &c);
        assert_int_equal(id_range_lease(f->ranges, 3, &a), 0);
        assert_int_equal(a.first, first);
        id_range_release(f->ranges, &a);
        id_range_release(f->ranges, &next);
}

static void test_id_range_share_leaves_the_owner_its_lease(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, b = ID_LEASE_NONE, next = ID_LEASE_NONE;

        assert_int_equal(id_range_lease(f->ranges, 3, &a), 0);
        assert_int_equal(id_range_share(f->ranges, &a, &b), 0);
        id_range_release(f->ranges, &b);
        assert_int_equal(id_range_lease(f->ranges, 3, &next), 0);
        assert_int_not_equal(next.first, a.first);
        id_range_release(f->ranges, &next);
        id_range_release(f->ranges, &a);
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
        assert_int_equal(id_range_lease(ranges, 0, &a), 0);
        assert_int_equal(unlink(path), 0);

        assert_int_equal(a.first, ID_RANGE_FIRST + ID_RANGE_COUNT);
        id_range_release(ranges, &a);
        id_ranges_free(ranges);
}

static void write_text(const char *path, const char *text) {
        FILE *f = fopen(path, "w");

        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void test_id_range_lease_leaves_out_what_is_given_away_later(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, b = ID_LEASE_NONE, c = ID_LEASE_NONE;
        char path[160];
        const char *files[] = { path, "/nonexistent/subgid", NULL };
        IdRanges *ranges;

        (void) snprintf(path, sizeof(path), "%s/../id-range-subuid-%d", f->path, (int) getpid());
        assert_int_equal(id_ranges_new(f->dir_fd, files, &ranges), 0);
        assert_int_equal(id_range_lease(ranges, 0, &a), 0);
        assert_int_equal(id_range_lease(ranges, 1, &b), 0);
        id_range_release(ranges, &b); /* kept for the next, but it becomes another's */
        write_text(path, "somebody:589824:65536\nothers:655360:131072\n");
        assert_int_equal(id_range_lease(ranges, 1, &b), 0);
        assert_int_equal(b.first, ID_RANGE_FIRST + 4 * ID_RANGE_COUNT);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkdir(path, 0700), 0); /* what cannot be read may say anything */
        assert_true(id_range_lease(ranges, 1, &c) < 0);
        assert_true(id_range_lease(ranges, 1, &c) < 0);
        assert_int_equal(rmdir(path), 0);
        assert_int_equal(id_range_lease(ranges, 1, &c), 0);
        id_range_release(ranges, &a);
        id_range_release(ranges, &b);
        id_range_release(ranges, &c);
        id_ranges_free(ranges);
}

static void test_id_range_is_usable_until_it_is_given_away(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE, next = ID_LEASE_NONE;
        char path[160];
        const char *files[] = { path, NULL };
        IdRanges *ranges;

        (void) snprintf(path, sizeof(path), "%s/../id-range-usable-%d", f->path, (int) getpid());
        assert_int_equal(id_ranges_new(f->dir_fd, files, &ranges), 0);
        assert_int_equal(id_range_lease(ranges, 0, &a), 0);
        assert_true(id_range_is_usable(ranges, &a));
        write_text(path, "somebody:524288:65536\n");
        assert_false(id_range_is_usable(ranges, &a));
        id_range_release(ranges, &a); /* and is not kept for the next */
        assert_int_equal(id_range_lease(ranges, 0, &next), 0);
        assert_int_equal(next.first, ID_RANGE_FIRST + ID_RANGE_COUNT);
        id_range_release(ranges, &next);
        id_ranges_free(ranges);
        assert_int_equal(unlink(path), 0);
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

        assert_int_equal(id_range_retake(other, ID_RANGE_FIRST, false, &again), 0);
        assert_int_equal(again.first, ID_RANGE_FIRST);
        close(copy);
        id_range_release(other, &again);
        id_range_release(other, &b);
        id_ranges_free(other);
}

static void test_id_range_retake_refuses_what_is_no_range(void **state) {
        Fixture *f = *state;
        IdLease a = ID_LEASE_NONE;

        assert_errno(EINVAL, id_range_retake(f->ranges, 0, false, &a));
        assert_errno(EINVAL, id_range_retake(f->ranges, ID_RANGE_FIRST + 1, false, &a));
        assert_errno(EINVAL, id_range_retake(f->ranges, ID_RANGE_LAST + 1, false, &a));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_gives_no_range_twice, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_gives_a_released_one_again, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_share_keeps_the_range_until_the_last_has_gone, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_share_leaves_the_owner_its_lease, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_leaves_subids_out, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_leaves_out_what_is_given_away_later, set_up,
                                tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_is_usable_until_it_is_given_away, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_lease_respects_a_copy_of_the_fd, set_up, tear_down),
                cmocka_unit_test_setup_teardown(
                                test_id_range_retake_refuses_what_is_no_range, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
