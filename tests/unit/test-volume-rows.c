/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "store-fixture.h"
#include "store/volume-rows.h"

static int setup(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(store_open_memory(&store, &f), &f);
        add_image(store, 1);
        *state = store;
        return 0;
}

static int teardown(void **state) {
        store_free(*state);
        return 0;
}

static VolumeRow volume_row(const char *name) {
        return (VolumeRow){ .name = (char *) name, .owner = 1000, .created_usec = 9 };
}

static size_t count(Store *store) {
        _cleanup_failure_ Failure f = {};
        VolumeRow *rows;
        size_t n;

        assert_ok(store_load_volumes(store, &rows, &n, &f), &f);
        volume_rows_free(rows, n);
        return n;
}

static void test_store_load_volumes_gives_what_was_added(void **state) {
        _cleanup_failure_ Failure f = {};
        char *labels[] = { (char *) "a=\"b\"", (char *) "k=", NULL };
        VolumeRow row = volume_row("b"), *rows;
        size_t n;

        assert_int_equal(count(*state), 0);
        row.labels = labels;
        row.anonymous = true;
        assert_ok(store_add_volume(*state, &row, NULL, &f), &f);
        row = volume_row("a");
        assert_ok(store_add_volume(*state, &row, NULL, &f), &f);

        assert_ok(store_load_volumes(*state, &rows, &n, &f), &f);
        assert_int_equal(n, 2);
        assert_string_equal(rows[0].name, "a");
        assert_null(rows[0].labels);
        assert_false(rows[0].anonymous);
        assert_string_equal(rows[1].name, "b");
        assert_int_equal(rows[1].owner, 1000);
        assert_int_equal(rows[1].created_usec, 9);
        assert_true(rows[1].anonymous);
        assert_true(strv_equal(rows[1].labels, labels));
        volume_rows_free(rows, n);
}

static void test_store_add_volume_refuses_a_name_that_is_taken(void **state) {
        _cleanup_failure_ Failure f = {};
        VolumeRow row = volume_row("a");

        assert_ok(store_add_volume(*state, &row, NULL, &f), &f);
        assert_failure(store_add_volume(*state, &row, NULL, &f), &f, FAILURE_VOLUME_EXISTS, EEXIST,
                        "'a'");
}

static void test_store_add_container_with_adds_all_or_nothing(void **state) {
        char *names[] = { (char *) "a", (char *) "b", NULL };
        ContainerRow one = container_row(1, (char *) "one"),
                     same = container_row(2, (char *) "one");
        VolumeRow fresh[] = { volume_row("a"), volume_row("b") }, other = volume_row("c");
        _cleanup_failure_ Failure f = {};

        assert_ok(store_add_container_with(*state, &one, fresh, 2, names, NULL, &f), &f);
        assert_int_equal(count(*state), 2);
        assert_failure(store_add_container_with(*state, &same, &other, 1, NULL, NULL, &f), &f,
                        FAILURE_CONTAINER_EXISTS, EEXIST, "'one'");
        assert_int_equal(count(*state), 2);
        assert_failure(store_remove_volume(*state, "a", NULL, &f), &f, FAILURE_VOLUME_IN_USE, EBUSY,
                        "'a'");
}

static void test_store_remove_container_with_leaves_what_others_have(void **state) {
        char *both[] = { (char *) "a", (char *) "b", NULL }, *first[] = { (char *) "a", NULL };
        ContainerRow one = container_row(1, (char *) "one"),
                     two = container_row(2, (char *) "two");
        VolumeRow fresh[] = { volume_row("a"), volume_row("b") };
        _cleanup_failure_ Failure f = {};

        assert_ok(store_add_container_with(*state, &one, fresh, 2, both, NULL, &f), &f);
        assert_ok(store_add_container_with(*state, &two, NULL, 0, first, NULL, &f), &f);
        assert_int_equal(store_remove_container_with(*state, one.id, both, NULL, &f), 1);
        assert_int_equal(count(*state), 1);
        assert_int_equal(store_remove_container_with(*state, one.id, both, NULL, &f), 0);
        assert_int_equal(store_remove_container_with(*state, two.id, NULL, NULL, &f), 1);
        assert_int_equal(store_remove_volume(*state, "a", NULL, &f), 1);
        assert_int_equal(store_remove_volume(*state, "a", NULL, &f), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                test_store_load_volumes_gives_what_was_added, setup, teardown),
                cmocka_unit_test_setup_teardown(test_store_add_volume_refuses_a_name_that_is_taken,
                                setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_store_add_container_with_adds_all_or_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_store_remove_container_with_leaves_what_others_have, setup,
                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
