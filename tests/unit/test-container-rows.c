/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "store-fixture.h"

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

static ContainerRow load_only(Store *store) {
        _cleanup_failure_ Failure f = {};
        ContainerRow *rows, row;
        size_t n;

        assert_ok(store_load_containers(store, &rows, &n, &f), &f);
        assert_int_equal(n, 1);
        row = rows[0];
        free(rows);
        return row;
}

static void test_store_load_containers_gives_none_at_first(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow *rows = NULL;
        size_t n = 9;

        assert_ok(store_load_containers(*state, &rows, &n, &f), &f);
        assert_int_equal(n, 0);
        container_rows_free(rows, n);
}

static void assert_run_equal(const ContainerRun *a, const ContainerRun *b) {
        assert_int_equal(a->life.state, b->life.state);
        assert_int_equal(a->life.activity, b->life.activity);
        assert_int_equal(a->life.stop_pending, b->life.stop_pending);
        assert_int_equal(a->life.start_pending, b->life.start_pending);
        assert_int_equal(a->life.remove_pending, b->life.remove_pending);
        assert_int_equal(a->life.stopped_by_user, b->life.stopped_by_user);
        assert_int_equal(a->life.stopped_by_shutdown, b->life.stopped_by_shutdown);
        assert_int_equal(a->life.oom_killed, b->life.oom_killed);
        assert_int_equal(a->life.exit_code, b->life.exit_code);
        assert_int_equal(a->life.restart_count, b->life.restart_count);
        assert_int_equal(a->life.started_usec, b->life.started_usec);
        assert_int_equal(a->life.finished_usec, b->life.finished_usec);
        assert_int_equal(a->life.restart_delay_usec, b->life.restart_delay_usec);
        assert_int_equal(a->life.restart_at_usec, b->life.restart_at_usec);
        assert_int_equal(a->life.restart_pending, b->life.restart_pending);
        assert_int_equal(a->health_streak, b->health_streak);
        assert_int_equal(a->oom_kills, b->oom_kills);
        assert_int_equal(a->health, b->health);
        assert_int_equal(a->run, b->run);
        assert_int_equal(a->id_range, b->id_range);
        assert_true(streq_ptr(a->error, b->error));
}

static void test_store_add_container_keeps_every_column(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow row = container_row(2, (char *) "web"), read;

        row.owner = UINT32_MAX - 1;
        row.request_id = (char *) "r-1";
        row.run = (ContainerRun) {
                .life = {
                        .state = CONTAINER_RESTARTING, .activity = ACTIVITY_STOPPING,
                        .stop_pending = true, .remove_pending = true, .stopped_by_shutdown = true,
                        .oom_killed = true, .exit_code = 137, .restart_count = UINT32_MAX,
                        .started_usec = 1, .finished_usec = UINT64_C(4102444800000000),
                        .restart_delay_usec = 60000000, .restart_at_usec = INT64_MAX,
                        .restart_pending = true,
                },
                .health = HEALTH_UNHEALTHY, .health_streak = UINT32_MAX, .oom_kills = 4,
                .run = 12, .id_range = 0xfffe0000,
                .error = (char *) "it's \"broken\": \xc3\xa9",
        };
        assert_ok(store_add_container(*state, &row, NULL, &f), &f);

        read = load_only(*state);
        assert_string_equal(read.id, row.id);
        assert_string_equal(read.name, "web");
        assert_int_equal(read.owner, UINT32_MAX - 1);
        assert_string_equal(read.image_id, row.image_id);
        assert_string_equal(read.image, "bb:1");
        assert_int_equal(read.created_usec, 42);
        assert_string_equal(read.request_id, "r-1");
        assert_string_equal(read.spec, "{\"version\":1}");
        assert_run_equal(&read.run, &row.run);
        container_row_done(&read);
}

static void test_store_load_containers_is_oldest_first(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow *rows;
        char name[16];
        size_t n;

        for (unsigned i = 40; i > 0; i--) {
                ContainerRow row = container_row(i, name);

                (void) snprintf(name, sizeof(name), "c%u", i);
                assert_ok(store_add_container(*state, &row, NULL, &f), &f);
        }

        assert_ok(store_load_containers(*state, &rows, &n, &f), &f);
        assert_int_equal(n, 40);
        for (unsigned i = 0; i < 40; i++)
                assert_string_equal(rows[i].id, hex_of(40 - i));
        container_rows_free(rows, n);
}

static void test_store_add_container_refuses_a_taken_name(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "web"), b = container_row(3, (char *) "web");

        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_failure(store_add_container(*state, &b, NULL, &f), &f,
                        FAILURE_CONTAINER_EXISTS, EEXIST,
                        "'web'");
        a = load_only(*state);
        container_row_done(&a);
}

static void test_store_add_container_refuses_a_taken_id(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one"), b = container_row(2, (char *) "two");

        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_failure(store_add_container(*state, &b, NULL, &f), &f,
                        FAILURE_CONTAINER_EXISTS, EEXIST,
                        "'two'");
}

static void test_store_add_container_refuses_a_request_of_the_same_owner(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one"), b = container_row(3, (char *) "two");

        a.request_id = b.request_id = (char *) "again";
        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_failure(store_add_container(*state, &b, NULL, &f), &f,
                        FAILURE_CONTAINER_EXISTS, EEXIST,
                        "request");

        b.owner = a.owner + 1;
        assert_ok(store_add_container(*state, &b, NULL, &f), &f);
}

static void test_store_add_container_refuses_an_unknown_image(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one");

        a.image_id = hex_of(77);
        assert_failure(store_add_container(*state, &a, NULL, &f), &f, FAILURE_NO_SUCH_IMAGE, ENOENT,
                        hex_of(77));
}

static void test_store_update_container_changes_one_row(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one"), b = container_row(3, (char *) "two"),
                     *rows;
        ContainerRun run = { .life.state = CONTAINER_EXITED, .life.exit_code = 3, .run = 2 };
        size_t n;

        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_ok(store_add_container(*state, &b, NULL, &f), &f);
        assert_ok(store_update_container(*state, b.id, &run, NULL, &f), &f);

        assert_ok(store_load_containers(*state, &rows, &n, &f), &f);
        assert_run_equal(&rows[0].run, &a.run);
        assert_run_equal(&rows[1].run, &run);
        assert_string_equal(rows[1].name, "two");
        container_rows_free(rows, n);
}

static void test_store_update_container_names_one_that_is_gone(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRun run = {};

        assert_failure(store_update_container(*state, hex_of(5), &run, NULL, &f), &f,
                        FAILURE_NO_SUCH_CONTAINER, ENOENT, hex_of(5));
        assert_failure(store_update_container_spec(*state, hex_of(5), "{}", NULL, &f), &f,
                        FAILURE_NO_SUCH_CONTAINER, ENOENT, hex_of(5));
        assert_failure(store_rename_container(*state, hex_of(5), "x", NULL, &f), &f,
                        FAILURE_NO_SUCH_CONTAINER, ENOENT, hex_of(5));
}

static void test_store_rename_container_refuses_a_taken_name(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one"), b = container_row(3, (char *) "two");

        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_ok(store_add_container(*state, &b, NULL, &f), &f);
        assert_failure(store_rename_container(*state, b.id, "one", NULL, &f), &f,
                        FAILURE_CONTAINER_EXISTS, EEXIST, "'one'");
        assert_ok(store_rename_container(*state, b.id, "two", NULL, &f), &f); /* its own */
        assert_ok(store_rename_container(*state, b.id, "three", NULL, &f), &f);
        assert_ok(store_rename_container(*state, a.id, "two", NULL, &f), &f);
}

static void test_store_update_container_spec_replaces_it(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one"), read;

        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_ok(store_update_container_spec(*state, a.id, "{\"version\":2}", NULL, &f), &f);
        read = load_only(*state);
        assert_string_equal(read.spec, "{\"version\":2}");
        container_row_done(&read);
}

static void test_store_remove_container_tells_whether_there_was_one(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one");

        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
        assert_int_equal(store_remove_container(*state, a.id, NULL, &f), 1);
        assert_int_equal(store_remove_container(*state, a.id, NULL, &f), 0);
        assert_ok(store_add_container(*state, &a, NULL, &f), &f);
}

static void test_store_load_containers_refuses_a_state_of_no_meaning(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow a = container_row(2, (char *) "one"), *rows;
        Store *store = *state;
        size_t n;

        assert_ok(store_add_container(store, &a, NULL, &f), &f);
        assert_int_equal(sqlite3_exec(store->db, "UPDATE containers SET activity = 'dreaming'", 0,
                                         0, 0),
                        SQLITE_OK);
        assert_failure(store_load_containers(store, &rows, &n, &f), &f, FAILURE_INTERNAL, EBADMSG,
                        "'one'");
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(test_store_load_containers_gives_none_at_first),
                T(test_store_add_container_keeps_every_column),
                T(test_store_load_containers_is_oldest_first),
                T(test_store_add_container_refuses_a_taken_name),
                T(test_store_add_container_refuses_a_taken_id),
                T(test_store_add_container_refuses_a_request_of_the_same_owner),
                T(test_store_add_container_refuses_an_unknown_image),
                T(test_store_update_container_changes_one_row),
                T(test_store_update_container_names_one_that_is_gone),
                T(test_store_rename_container_refuses_a_taken_name),
                T(test_store_update_container_spec_replaces_it),
                T(test_store_remove_container_tells_whether_there_was_one),
                T(test_store_load_containers_refuses_a_state_of_no_meaning),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
