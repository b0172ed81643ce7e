/* SPDX-License-Identifier: Apache-2.0 */
#include <poll.h>
#include "store/sync.h"
#include "store-fixture.h"

typedef struct Seen {
        int order[8];
        int errors[8];
        int n;
} Seen;

typedef struct Request {
        Seen *seen;
        int number;
        StoreSync **cancel; /* set: cancelled when this one is called */
} Request;

static void on_sync(int error, void *userdata) {
        Request *q = userdata;

        q->seen->order[q->seen->n] = q->number;
        q->seen->errors[q->seen->n++] = error;
        if (q->cancel)
                *q->cancel = store_sync_cancel(*q->cancel);
}

static void dispatch_until(Store *store, Seen *seen, int n) {
        while (seen->n < n) {
                struct pollfd p = { .fd = store_sync_fd(store), .events = POLLIN };

                assert_int_equal(poll(&p, 1, 30000), 1);
                assert_true(store_sync_dispatch(store) >= 0);
        }
}

static Store *open_store(StateDir *d) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(store_open(d->fd, &store, &f), &f);
        return store;
}

static void test_store_sync_calls_back_in_order_and_never_from_within(void **state) {
        Store *store = open_store(*state);
        Seen seen = {};
        Request q[5];

        add_image(store, 1);
        for (int i = 0; i < 5; i++) {
                q[i] = (Request) { &seen, i, NULL };
                assert_int_equal(store_sync(store, NULL, 0, on_sync, &q[i], NULL), 0);
                assert_int_equal(seen.n, 0);
        }
        dispatch_until(store, &seen, 5);
        for (int i = 0; i < 5; i++) {
                assert_int_equal(seen.order[i], i);
                assert_int_equal(seen.errors[i], 0);
        }
        assert_int_equal(store_sync_dispatch(store), 0);
        store_free(store);
}

static void test_store_sync_cancel_silences_one(void **state) {
        Store *store = open_store(*state);
        Seen seen = {};
        Request a = { &seen, 1, NULL }, b = { &seen, 2, NULL };
        StoreSync *sync;

        assert_int_equal(store_sync(store, NULL, 0, on_sync, &a, &sync), 0);
        assert_int_equal(store_sync(store, NULL, 0, on_sync, &b, NULL), 0);
        assert_null(store_sync_cancel(sync));
        assert_null(store_sync_cancel(NULL));
        dispatch_until(store, &seen, 1);
        assert_int_equal(seen.order[0], 2);
        store_free(store);
}

static void test_store_sync_cancel_from_a_callback_silences_a_later_one(void **state) {
        _cleanup_failure_ Failure f = {};
        Seen seen = {};
        StoreSync *second;
        Request a = { &seen, 1, &second }, b = { &seen, 2, NULL }, c = { &seen, 3, NULL };
        Store *store;

        assert_ok(store_open_memory(&store, &f),
                        &f); /* all are done at once, so one dispatch sees the three */
        assert_int_equal(store_sync(store, NULL, 0, on_sync, &a, NULL), 0);
        assert_int_equal(store_sync(store, NULL, 0, on_sync, &b, &second), 0);
        assert_int_equal(store_sync(store, NULL, 0, on_sync, &c, NULL), 0);
        assert_int_equal(store_sync_dispatch(store), 2);
        assert_int_equal(seen.order[1], 3);
        store_free(store);
}

static void test_store_sync_tells_a_file_that_cannot_be_synced(void **state) {
        StateDir *d = *state;
        Store *store = open_store(d);
        Seen seen = {};
        Request bad = { &seen, 1, NULL }, good = { &seen, 2, NULL };
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_int_equal(store_sync(store, fds, 1, on_sync, &bad, NULL), 0);
        close_fd(fds[0]);
        close_fd(fds[1]);
        assert_int_equal(store_sync(store, &d->fd, 1, on_sync, &good, NULL), 0);
        dispatch_until(store, &seen, 2);
        assert_int_equal(seen.errors[0], -EINVAL);
        assert_int_equal(seen.errors[1], 0);
        store_free(store);
}

static void test_store_sync_refuses_an_fd_that_is_not_open(void **state) {
        Store *store = open_store(*state);
        int fd = -EBADF;

        assert_int_equal(store_sync(store, &fd, 1, on_sync, NULL, NULL), -EBADF);
        store_free(store);
}

static void test_store_free_drops_what_was_not_dispatched(void **state) {
        Store *store = open_store(*state);
        Seen seen = {};
        Request a = { &seen, 1, NULL };

        add_image(store, 1);
        assert_int_equal(store_sync(store, NULL, 0, on_sync, &a, NULL), 0);
        assert_null(store_free(store));
        assert_int_equal(seen.n, 0);
        assert_null(store_free(NULL));
}

/* A log that has grown is copied away, and what it keeps is bounded, while rows come and go. */
static void test_sync_thread_bounds_the_log(void **state) {
        StateDir *d = *state;
        Store *store = open_store(d);
        _cleanup_failure_ Failure f = {};
        _cleanup_free_ char *spec = malloc(100001);
        ContainerRow row = container_row(2, (char *) "web");
        off_t largest = 0;
        struct stat st;

        memset(spec, 'x', 100000);
        spec[100000] = '\0';
        row.spec = spec;
        add_image(store, 1);
        for (int i = 0; i < 200; i++) {
                assert_ok(store_add_container(store, &row, NULL, &f), &f);
                assert_int_equal(store_remove_container(store, row.id, NULL, &f), 1);
                assert_int_equal(store_sync_wait(store), 0);
                assert_int_equal(fstatat(d->fd, STORE_WAL, &st, 0), 0);
                if (st.st_size > largest)
                        largest = st.st_size;
        }
        assert_in_range(largest, 1, 24 * 1024 * 1024); /* 200 rounds write 40 MiB */
        store_free(store);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, state_dir_setup, state_dir_teardown)
        const struct CMUnitTest tests[] = {
                T(test_store_sync_calls_back_in_order_and_never_from_within),
                T(test_store_sync_cancel_silences_one),
                cmocka_unit_test(test_store_sync_cancel_from_a_callback_silences_a_later_one),
                T(test_store_sync_tells_a_file_that_cannot_be_synced),
                T(test_store_sync_refuses_an_fd_that_is_not_open),
                T(test_store_free_drops_what_was_not_dispatched),
                T(test_sync_thread_bounds_the_log),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
