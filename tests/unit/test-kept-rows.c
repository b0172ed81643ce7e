/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "store-fixture.h"
#include "store/kept-rows.h"

static int setup(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(store_open_memory(&store, &f), &f);
        *state = store;
        return 0;
}

static int teardown(void **state) {
        store_free(*state);
        return 0;
}

static void keep(Store *store, unsigned n, uint64_t until_usec) {
        LayerRow row = { .diff_id = hex_of(n), .size_bytes = 10, .n_entries = n };
        _cleanup_failure_ Failure f = {};

        assert_ok(store_keep_layer(store, &row, until_usec, &f), &f);
}

static void add_layered(Store *store, unsigned n, unsigned layer) {
        char *layers[] = { hex_of(layer), NULL };
        LayerRow row = { .diff_id = layers[0], .size_bytes = 99 };
        ImageRow image = {
                .id = hex_of(n),
                .config = (char *) "{}",
                .layers = layers,
        };
        _cleanup_failure_ Failure f = {};

        assert_ok(store_add_image(store, &image, &row, NULL, &f), &f);
}

/* How many go at this time. */
static size_t collect(Store *store, uint64_t now_usec, uint64_t *ret_next) {
        _cleanup_strv_free_ char **layers = NULL;
        _cleanup_failure_ Failure f = {};

        assert_ok(store_collect_layers(store, now_usec, &layers, ret_next, &f), &f);
        return strv_length(layers);
}

static int hold(Store *store, unsigned n, uint64_t until_usec) {
        _cleanup_failure_ Failure f = {};
        LayerRow row = {};
        int r;

        r = store_hold_layer(store, hex_of(n), until_usec, &row, &f);
        assert_true(r >= 0);
        if (r > 0)
                assert_string_equal(row.diff_id, hex_of(n));
        layer_row_done(&row);
        return r;
}

static void test_store_collect_layers_takes_those_whose_time_is_over(void **state) {
        uint64_t next;

        assert_int_equal(collect(*state, 0, &next), 0);
        assert_true(next == UINT64_MAX);
        keep(*state, 1, 100);
        keep(*state, 2, 200);
        assert_int_equal(collect(*state, 99, &next), 0);
        assert_int_equal(next, 100);
        assert_int_equal(collect(*state, 100, &next), 1);
        assert_int_equal(next, 200);
        assert_int_equal(hold(*state, 1, 300), 0);
        assert_int_equal(hold(*state, 2, 300), 1);
        assert_int_equal(hold(*state, 2, 250), 1); /* the later time stays */
        assert_int_equal(collect(*state, 299, &next), 0);
        assert_int_equal(next, 300);
}

static void test_store_keep_layer_outlives_its_image(void **state) {
        _cleanup_failure_ Failure f = {};
        char **gone = NULL;
        uint64_t next;

        keep(*state, 1, 100);
        add_layered(*state, 50, 1); /* has it now: it is not kept any more */
        assert_int_equal(collect(*state, 1000, &next), 0);
        assert_true(next == UINT64_MAX);
        assert_int_equal(hold(*state, 1, 2000), 1); /* for a pull that is under way */
        assert_int_equal(store_remove_image(*state, hex_of(50), &gone, NULL, &f), 1);
        assert_int_equal(strv_length(gone), 0);
        strv_free(gone);
        assert_int_equal(collect(*state, 2000, &next), 1);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(test_store_collect_layers_takes_those_whose_time_is_over),
                T(test_store_keep_layer_outlives_its_image),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
