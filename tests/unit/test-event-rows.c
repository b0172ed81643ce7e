/* SPDX-License-Identifier: Apache-2.0 */
#include <signal.h>
#include <sys/wait.h>
#include "base/str.h"
#include "store-fixture.h"

#define T0 UINT64_C(1700000000000000)

static const EventBounds small = { .rows = 10, .age_usec = 1000, .batch = 4 };

/* What store_list_events() gave: numbers and what else a test looks at. */
typedef struct Listed {
        uint64_t numbers[64], times[64];
        EventAction actions[64];
        char names[64][16], exit_code[16];
        size_t n;
} Listed;

static int take(const Event *e, void *userdata) {
        Listed *l = userdata;
        const char *code = event_get(e, EVENT_ATTRIBUTE_EXIT_CODE);

        assert_true(l->n < ELEMENTSOF(l->numbers));
        l->numbers[l->n] = e->number;
        l->times[l->n] = e->time_usec;
        l->actions[l->n] = e->action;
        (void) snprintf(l->names[l->n++], sizeof(l->names[0]), "%s", e->name);
        if (code)
                (void) snprintf(l->exit_code, sizeof(l->exit_code), "%s", code);
        return 0;
}

static Listed listed(Store *store, EventQuery q) {
        _cleanup_failure_ Failure f = {};
        Listed l = {};

        if (q.limit == 0)
                q.limit = 64;
        if (q.until_usec == 0)
                q.until_usec = UINT64_MAX;
        assert_ok(store_list_events(store, &q, take, &l, &f), &f);
        return l;
}

static Event event(EventAction action, uint64_t time_usec) {
        return (Event){ .time_usec = time_usec, .action = action, .id = hex_of(2), .name = "web",
                .owner = 1000 };
}

static uint64_t add(Store *store, uint64_t time_usec) {
        _cleanup_failure_ Failure f = {};
        Event e = event(EVENT_START, time_usec);
        EventList events = { &e, 1 };

        assert_ok(store_add_events(store, &events, &f), &f);
        return e.number;
}

static Store *open_store(StateDir *d) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(store_open(d->fd, &store, &f), &f);
        return store;
}

static void test_store_add_events_gives_numbers_in_order(void **state) {
        _cleanup_failure_ Failure f = {};
        Event e[2] = { event(EVENT_CREATE, T0), event(EVENT_DIE, T0 + 1) };
        EventList events = { e, 2 }, none = { NULL, 0 };
        Store *store = open_store(*state);
        Listed l;

        assert_int_equal(store_last_event(store), 0);
        event_set_number(&e[1], EVENT_ATTRIBUTE_EXIT_CODE, 7);
        assert_ok(store_add_events(store, &events, &f), &f);
        assert_ok(store_add_events(store, &none, &f), &f);
        assert_ok(store_add_events(store, NULL, &f), &f);
        assert_int_equal(e[0].number, 1);
        assert_int_equal(e[1].number, 2);
        assert_int_equal(store_last_event(store), 2);

        l = listed(store, (EventQuery){});
        assert_int_equal(l.n, 2);
        assert_int_equal(l.numbers[1], 2);
        assert_int_equal(l.times[1], T0 + 1);
        assert_int_equal(l.actions[0], EVENT_CREATE);
        assert_int_equal(l.actions[1], EVENT_DIE);
        assert_string_equal(l.names[0], "web");
        assert_string_equal(l.exit_code, "7");
        store_free(store);

        store = open_store(*state);
        assert_int_equal(add(store, T0), 3);
        store_free(store);
}

static void test_store_changes_and_events_are_one_transaction(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow row = container_row(2, (char *) "web");
        ContainerRow same = container_row(3, (char *) "web");
        Event e = event(EVENT_CREATE, T0);
        EventList events = { &e, 1 };
        Store *store = open_store(*state);
        char **layers = NULL;

        add_image(store, 1);
        assert_ok(store_add_container(store, &row, &events, &f), &f);
        assert_int_equal(e.number, 1);

        /* What is refused is not told, and takes no number. */
        e.number = 0;
        assert_failure(store_add_container(store, &same, &events, &f), &f,
                        FAILURE_CONTAINER_EXISTS, EEXIST, "'web'");
        assert_failure(store_update_container(store, hex_of(9), &row.run, &events, &f), &f,
                        FAILURE_NO_SUCH_CONTAINER, ENOENT, "No container");
        assert_failure(store_tag_image(store, hex_of(9), "x:1", 0, &events, &f), &f,
                        FAILURE_NO_SUCH_IMAGE, ENOENT, "No image");
        assert_failure(store_remove_image(store, hex_of(1), &layers, &events, &f), &f,
                        FAILURE_IMAGE_IN_USE, EBUSY, "'web'");
        assert_int_equal(store_remove_container(store, hex_of(9), &events, &f), 0);
        assert_int_equal(untag(store, "x:1", &events, &f), 0);
        assert_int_equal(e.number, 0);
        assert_int_equal(listed(store, (EventQuery){}).n, 1);

        assert_ok(store_update_container(store, row.id, &row.run, &events, &f), &f);
        assert_int_equal(e.number, 2);
        assert_ok(store_rename_container(store, row.id, "other", &events, &f), &f);
        assert_ok(store_update_container_spec(store, row.id, "{}", &events, &f), &f);
        assert_int_equal(store_remove_container(store, row.id, &events, &f), 1);
        assert_int_equal(e.number, 5);
        assert_ok(store_tag_image(store, hex_of(1), "x:1", 0, &events, &f), &f);
        assert_int_equal(untag(store, "x:1", &events, &f), 1);
        assert_int_equal(store_remove_image(store, hex_of(1), &layers, &events, &f), 1);
        assert_int_equal(e.number, 8);
        assert_int_equal(listed(store, (EventQuery){}).n, 8);
        strv_free(layers);
        store_free(store);
}

static void test_store_lose_events_leaves_a_hole(void **state) {
        Store *store = open_store(*state);
        Listed l;

        assert_int_equal(add(store, T0), 1);
        store_lose_events(store, 2);
        assert_int_equal(store_last_event(store), 1);
        assert_int_equal(add(store, T0), 4);
        assert_int_equal(add(store, T0), 5);
        l = listed(store, (EventQuery){ .after = 1 });
        assert_int_equal(l.n, 2);
        assert_int_equal(l.numbers[0], 4);
        store_free(store);
}

static void test_store_list_events_by_number_and_in_pages(void **state) {
        Store *store = open_store(*state);
        uint64_t after = 0, seen = 0;
        Listed l;

        for (unsigned i = 1; i <= 25; i++)
                assert_int_equal(add(store, T0 + i), i);
        while ((l = listed(store, (EventQuery){ .after = after, .limit = 10 })).n > 0) {
                for (size_t i = 0; i < l.n; i++)
                        assert_int_equal(l.numbers[i], ++seen);
                after = l.numbers[l.n - 1];
        }
        assert_int_equal(seen, 25);
        assert_int_equal(listed(store, (EventQuery){ .after = 25 }).n, 0);
        assert_int_equal(listed(store, (EventQuery){ .after = UINT64_MAX }).n, 0);
        store_free(store);
}

static void test_store_list_events_by_time(void **state) {
        Store *store = open_store(*state);

        assert_int_equal(listed(store, (EventQuery){ .since_usec = T0 }).n, 0);
        for (unsigned i = 1; i <= 25; i++) {
                if (i % 7 == 0)
                        store_lose_events(store, 3);
                (void) add(store, T0 + 10 * i);
        }
        for (unsigned i = 1; i <= 25; i++) {
                assert_int_equal(listed(store, (EventQuery){ .since_usec = T0 + 10 * i }).n,
                                26 - i);
                assert_int_equal(listed(store, (EventQuery){ .since_usec = T0 + 10 * i + 1 }).n,
                                25 - i);
                assert_int_equal(listed(store, (EventQuery){ .until_usec = T0 + 10 * i }).n, i);
                assert_int_equal(listed(store, (EventQuery){ .until_usec = T0 + 10 * i - 1 }).n,
                                i - 1);
        }
        assert_int_equal(listed(store, (EventQuery){ .since_usec = UINT64_MAX }).n, 0);
        assert_int_equal(listed(store, (EventQuery){ .until_usec = 1 }).n, 0);
        assert_int_equal(
                        listed(store, (EventQuery){ .after = 5, .since_usec = T0 + 10 }).numbers[0],
                        6);
        store_free(store);
}

/* The clock is set back by a lot: nothing that happened since is missed. */
static void test_store_list_events_misses_none_when_time_goes_back(void **state) {
        Store *store = open_store(*state);
        Listed l;

        (void) add(store, T0 + 1000);
        (void) add(store, T0 + 2000);
        (void) add(store, T0 + 500);
        store_free(store);
        store = open_store(*state);
        (void) add(store, T0 + 600);

        l = listed(store, (EventQuery){ .since_usec = T0 + 550 });
        assert_int_equal(l.n, 4);
        l = listed(store, (EventQuery){ .since_usec = T0 + 1500 });
        assert_int_equal(l.n, 3);
        assert_int_equal(l.times[2], T0 + 600);
        assert_int_equal(listed(store, (EventQuery){ .until_usec = T0 + 1500 }).n, 1);
        store_free(store);
}

static int stop_at_two(const Event *e, void *userdata) {
        return e->number == 2 ? -ECANCELED : 0;
}

static void test_store_list_events_ends_where_it_is_told_to(void **state) {
        _cleanup_failure_ Failure f = {};
        const EventQuery all = { .until_usec = UINT64_MAX, .limit = 64 };
        Store *store = open_store(*state);

        for (unsigned i = 0; i < 3; i++)
                (void) add(store, T0);
        assert_int_equal(store_list_events(store, &all, stop_at_two, NULL, &f), -ECANCELED);
        assert_false(failure_is_set(&f));
        store_free(store);
}

static void test_store_list_events_refuses_a_row_that_makes_no_sense(void **state) {
        _cleanup_failure_ Failure f = {};
        const EventQuery all = { .until_usec = UINT64_MAX, .limit = 64 };
        Store *store = open_store(*state);
        Listed l = {};

        (void) add(store, T0);
        assert_int_equal(sqlite3_exec(store->db, "UPDATE events SET action = 'fly'", 0, 0, 0),
                        SQLITE_OK);
        assert_failure(store_list_events(store, &all, take, &l, &f), &f, FAILURE_INTERNAL, EBADMSG,
                        "makes no sense");
        store_free(store);
}

static void trim(Store *store, uint64_t now_usec, int expected) {
        _cleanup_failure_ Failure f = {};
        int r;

        r = store_trim_events(store, &small, now_usec, &f);
        assert_ok(r, &f);
        assert_int_equal(r, expected);
}

static void test_store_trim_events_by_number_in_batches(void **state) {
        Store *store = open_store(*state);
        Listed l;

        trim(store, T0, 0);
        for (unsigned i = 0; i < 19; i++)
                (void) add(store, T0);
        trim(store, T0, 1);
        trim(store, T0, 1);
        assert_int_equal(listed(store, (EventQuery){}).numbers[0], 9);
        trim(store, T0, 0);
        trim(store, T0, 0);
        l = listed(store, (EventQuery){});
        assert_int_equal(l.n, small.rows);
        assert_int_equal(l.numbers[0], 10);
        assert_int_equal(add(store, T0), 20);
        store_free(store);
}

static void test_store_trim_events_by_age_but_the_last(void **state) {
        Store *store = open_store(*state);
        Listed l;

        for (unsigned i = 0; i < 5; i++)
                (void) add(store, T0 + 100 * i);
        trim(store, T0 + small.age_usec + 200, 0);
        assert_int_equal(listed(store, (EventQuery){}).numbers[0], 3);
        trim(store, T0 * 2, 0);
        l = listed(store, (EventQuery){});
        assert_int_equal(l.n, 1);
        assert_int_equal(l.numbers[0], 5);

        /* From the last one the next number follows, for the next daemon as well. */
        store_free(store);
        store = open_store(*state);
        assert_int_equal(add(store, T0 * 2), 6);
        trim(store, T0, 0); /* a clock that was set back takes nothing away */
        assert_int_equal(listed(store, (EventQuery){}).n, 2);
        store_free(store);
}

/* The numbers of a process that was killed go on; those that a lost second may have told are passed over. */
static void test_store_skip_events_after_a_loss_of_power(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store = open_store(*state);
        uint64_t next;
        pid_t pid;
        int status;

        store_free(store);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                store = open_store(*state);
                (void) add(store, T0);
                (void) add(store, T0);
                (void) kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

        store = open_store(*state);
        assert_int_equal(add(store, T0), 3);
        assert_ok(store_skip_events(store, &f), &f);
        next = add(store, T0);
        assert_true(next > 3 + 1000);
        store_free(store);

        /* After an end in order there is nothing to pass over. */
        store = open_store(*state);
        assert_ok(store_skip_events(store, &f), &f);
        assert_int_equal(add(store, T0), next + 1);
        store_free(store);
}

static void test_store_add_events_reserves_numbers_far_ahead(void **state) {
        Store *store = open_store(*state);

        (void) add(store, T0);
        for (unsigned i = 0; i < 20; i++) {
                store_lose_events(store, 1000);
                (void) add(store, T0);
                assert_true(store->events.reserved >= store->events.last + 4096);
        }
        store_free(store);
}

/* Version 3 brings events to what each older version has. */
static void add_image_by_hand(Store *store, unsigned n) {
        char sql[512];

        (void) snprintf(sql, sizeof(sql),
                        "INSERT INTO images (id, size_bytes, created_usec, config) VALUES ('%s', "
                        "1, 1, '{}')",
                        hex_of(n));
        assert_int_equal(sqlite3_exec(store->db, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void test_migration_3_keeps_what_older_versions_have(void **state) {
        static const char *const copies[] = { STORE_DB ".v1", STORE_DB ".v2" };
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;

        for (size_t version = 1; version <= 2; version++) {
                ImageRow *rows;
                Store *store;
                size_t n;

                assert_ok(store_open_with(d->fd, store_migrations, version, &store, &f), &f);
                add_image_by_hand(store, 1); /* today's calls know today's tables */
                store_free(store);

                store = open_store(d);
                assert_ok(store_load_images(store, &rows, &n, &f), &f);
                assert_int_equal(n, 1);
                image_rows_free(rows, n);
                assert_int_equal(listed(store, (EventQuery){}).n, 0);
                assert_int_equal(add(store, T0), 1);
                store_free(store);
                assert_int_equal(faccessat(d->fd, copies[version - 1], F_OK, 0), 0);
                assert_int_equal(unlinkat(d->fd, STORE_DB, 0), 0);
        }
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, state_dir_setup, state_dir_teardown)
        const struct CMUnitTest tests[] = {
                T(test_store_add_events_gives_numbers_in_order),
                T(test_store_changes_and_events_are_one_transaction),
                T(test_store_lose_events_leaves_a_hole),
                T(test_store_list_events_by_number_and_in_pages),
                T(test_store_list_events_by_time),
                T(test_store_list_events_misses_none_when_time_goes_back),
                T(test_store_list_events_ends_where_it_is_told_to),
                T(test_store_list_events_refuses_a_row_that_makes_no_sense),
                T(test_store_trim_events_by_number_in_batches),
                T(test_store_trim_events_by_age_but_the_last),
                T(test_store_skip_events_after_a_loss_of_power),
                T(test_store_add_events_reserves_numbers_far_ahead),
                T(test_migration_3_keeps_what_older_versions_have),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
