/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "store-fixture.h"

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

/* An image of two layers, the base being 1, and one tag. */
static int add(Store *store, unsigned n, unsigned top, const char *reference, Failure *f) {
        char *layers[] = { hex_of(1), hex_of(top), NULL };
        LayerRow rows[] = {
                        {.diff_id = layers[0], .size_bytes = 10, .n_entries = 1},
                        {.diff_id = layers[1],
                                        .size_bytes = 20,
                                        .n_entries = 2,
                                        .devices = (char *) "[\"dev/null\"]"},
        };
        TagRow tag = { (char *) reference, 1000 };
        ImageRow image = {
                        .id = hex_of(n),
                        .size_bytes = 30,
                        .created_usec = n,
                        .config = (char *) "{\"os\":\"linux\"}",
                        .layers = layers,
                        .tags = &tag,
                        .n_tags = reference ? 1 : 0,
        };

        return store_add_image(store, &image, rows, NULL, f);
}

static size_t load(Store *store, ImageRow **ret) {
        _cleanup_failure_ Failure f = {};
        size_t n;

        assert_ok(store_load_images(store, ret, &n, &f), &f);
        return n;
}

static void test_store_add_image_keeps_every_column(void **state) {
        _cleanup_failure_ Failure f = {};
        LayerRow *layers;
        ImageRow *images;
        size_t n;

        assert_int_equal(add(*state, 100, 2, "docker.io/library/bb:1", &f), 1);

        n = load(*state, &images);
        assert_int_equal(n, 1);
        assert_string_equal(images[0].id, hex_of(100));
        assert_int_equal(images[0].size_bytes, 30);
        assert_int_equal(images[0].created_usec, 100);
        assert_string_equal(images[0].config, "{\"os\":\"linux\"}");
        assert_int_equal(strv_length(images[0].layers), 2);
        assert_string_equal(images[0].layers[0], hex_of(1));
        assert_string_equal(images[0].layers[1], hex_of(2));
        assert_int_equal(images[0].n_tags, 1);
        assert_string_equal(images[0].tags[0].reference, "docker.io/library/bb:1");
        assert_int_equal(images[0].tags[0].owner, 1000);
        image_rows_free(images, n);

        assert_ok(store_load_layers(*state, &layers, &n, &f), &f);
        assert_int_equal(n, 2);
        assert_null(layers[0].devices);
        assert_string_equal(layers[1].devices, "[\"dev/null\"]");
        assert_int_equal(layers[1].size_bytes, 20);
        assert_int_equal(layers[1].n_entries, 2);
        layer_rows_free(layers, n);
}

static void test_store_add_image_twice_keeps_one(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageRow *images;
        size_t n;

        assert_int_equal(add(*state, 100, 2, "a:1", &f), 1);
        assert_int_equal(add(*state, 100, 2, "a:2", &f), 0);

        n = load(*state, &images);
        assert_int_equal(n, 1);
        assert_int_equal(images[0].n_tags, 2);
        assert_int_equal(strv_length(images[0].layers), 2);
        image_rows_free(images, n);
}

static void test_store_add_image_moves_a_tag(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageRow *images;
        size_t n;

        assert_int_equal(add(*state, 100, 2, "a:1", &f), 1);
        assert_int_equal(add(*state, 101, 3, "a:1", &f), 1);

        n = load(*state, &images);
        assert_int_equal(n, 2);
        assert_int_equal(images[0].n_tags, 0);
        assert_int_equal(images[1].n_tags, 1);
        image_rows_free(images, n);
}

static void test_store_tag_image_refuses_an_unknown_image(void **state) {
        _cleanup_failure_ Failure f = {};

        assert_failure(store_tag_image(*state, hex_of(9), "a:1", 0, NULL, &f), &f,
                        FAILURE_NO_SUCH_IMAGE,
                        ENOENT, hex_of(9));
}

static void test_store_untag_image_tells_whether_there_was_one(void **state) {
        _cleanup_failure_ Failure f = {};

        assert_int_equal(add(*state, 100, 2, NULL, &f), 1);
        assert_ok(store_tag_image(*state, hex_of(100), "a:1", 0, NULL, &f), &f);
        assert_int_equal(untag(*state, "a:1", NULL, &f), 1);
        assert_int_equal(untag(*state, "a:1", NULL, &f), 0);
}

static void test_store_remove_image_keeps_layers_that_another_has(void **state) {
        _cleanup_failure_ Failure f = {};
        char **gone = NULL;

        assert_int_equal(add(*state, 100, 2, "a:1", &f), 1);
        assert_int_equal(add(*state, 101, 3, "a:2", &f), 1);

        assert_int_equal(store_remove_image(*state, hex_of(100), &gone, NULL, &f), 1);
        assert_int_equal(strv_length(gone), 1);
        assert_string_equal(gone[0], hex_of(2));
        gone = strv_free(gone);

        assert_int_equal(store_remove_image(*state, hex_of(101), &gone, NULL, &f), 1);
        assert_int_equal(strv_length(gone), 2);
        gone = strv_free(gone);

        assert_int_equal(store_remove_image(*state, hex_of(101), &gone, NULL, &f), 0);
        assert_int_equal(strv_length(gone), 0);
        strv_free(gone);
        assert_int_equal(untag(*state, "a:2", NULL, &f), 0);
}

static void test_store_remove_image_refuses_while_a_container_has_it(void **state) {
        _cleanup_failure_ Failure f = {};
        ContainerRow row = container_row(50, (char *) "web");
        char **gone = NULL;
        ImageRow *images;
        size_t n;

        assert_int_equal(add(*state, 100, 2, "a:1", &f), 1);
        row.image_id = hex_of(100);
        assert_ok(store_add_container(*state, &row, NULL, &f), &f);

        assert_failure(store_remove_image(*state, hex_of(100), &gone, NULL, &f), &f,
                        FAILURE_IMAGE_IN_USE,
                        EBUSY, "'web'");
        assert_null(gone);

        n = load(*state, &images);
        assert_int_equal(n, 1);
        assert_int_equal(images[0].n_tags, 1); /* the transaction took nothing */
        assert_int_equal(strv_length(images[0].layers), 2);
        image_rows_free(images, n);

        assert_int_equal(store_remove_container(*state, hex_of(50), NULL, &f), 1);
        assert_int_equal(store_remove_image(*state, hex_of(100), &gone, NULL, &f), 1);
        strv_free(gone);
}

/* A step in the middle fails: the rows before it are not there either, and the next call finds no
 * open transaction. */
static void test_store_add_image_is_whole_or_nothing(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store = *state;
        ImageRow *images;
        size_t n;

        assert_int_equal(sqlite3_exec(store->db,
                                         "CREATE TRIGGER t BEFORE INSERT ON tags BEGIN SELECT "
                                         "RAISE(ABORT, 'no'); END",
                                         0, 0, 0),
                        SQLITE_OK);
        assert_true(add(store, 100, 2, "a:1", &f) < 0);
        failure_done(&f);

        n = load(store, &images);
        assert_int_equal(n, 0);
        image_rows_free(images, n);

        assert_int_equal(sqlite3_exec(store->db, "DROP TRIGGER t", 0, 0, 0), SQLITE_OK);
        assert_int_equal(add(store, 100, 2, "a:1", &f), 1);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
        const struct CMUnitTest tests[] = {
                T(test_store_add_image_keeps_every_column),
                T(test_store_add_image_twice_keeps_one),
                T(test_store_add_image_moves_a_tag),
                T(test_store_tag_image_refuses_an_unknown_image),
                T(test_store_untag_image_tells_whether_there_was_one),
                T(test_store_remove_image_keeps_layers_that_another_has),
                T(test_store_remove_image_refuses_while_a_container_has_it),
                T(test_store_add_image_is_whole_or_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
