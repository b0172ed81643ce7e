/* SPDX-License-Identifier: Apache-2.0 */
#include "store/image-shares.h"
#include "base/str.h"
#include "model/limits.h"
#include "store/kept-rows.h"
#include "store-fixture.h"

enum { ALICE = 1000, BOB = 1001 };

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

/* Image @n of the base layer 1 (of a GiB) and a layer @top. */
static int add(Store *store, unsigned n, unsigned top, uint64_t top_bytes, uint32_t owner,
                const char *tag, Failure *f) {
        char *layers[] = { hex_of(1), hex_of(top), NULL };
        LayerRow rows[] = {
                { .diff_id = layers[0], .size_bytes = GIB },
                { .diff_id = layers[1], .size_bytes = top_bytes },
        };
        TagRow row = { (char *) tag, owner };
        ImageRow image = {
                .id = hex_of(n),
                .config = (char *) "{}",
                .layers = layers,
                .owner = owner,
                .tags = &row,
                .n_tags = tag ? 1 : 0,
        };

        return store_add_image(store, &image, rows, NULL, f);
}

static void assert_share(Store *store, uint32_t owner, uint64_t images, uint64_t gib) {
        _cleanup_failure_ Failure f = {};
        ImageShare share;

        assert_ok(store_image_share(store, owner, &share, &f), &f);
        assert_int_equal(share.images, images);
        assert_int_equal(share.bytes, gib * GIB);
}

static void test_store_image_share_counts_a_layer_once(void **state) {
        assert_share(*state, ALICE, 0, 0);
        assert_int_equal(add(*state, 100, 2, 2 * GIB, ALICE, "a:1", NULL), 1);
        assert_int_equal(add(*state, 101, 3, 3 * GIB, ALICE, "a:2", NULL), 1);
        assert_share(*state, ALICE, 2, 6);
        assert_share(*state, BOB, 0, 0);
}

static void test_store_image_share_follows_the_tags(void **state) {
        assert_int_equal(add(*state, 100, 2, 2 * GIB, ALICE, "a:1", NULL), 1);
        assert_int_equal(store_tag_image(*state, hex_of(100), "b:1", BOB, NULL, NULL), 0);
        assert_share(*state, ALICE, 1, 3);
        assert_share(*state, BOB, 1, 3);
        assert_int_equal(untag(*state, "a:1", NULL, NULL), 1);
        assert_share(*state, ALICE, 0, 0);
        assert_share(*state, BOB, 1, 3);
        /* Without any tag it is the share of who brought it. */
        assert_int_equal(untag(*state, "b:1", NULL, NULL), 1);
        assert_share(*state, ALICE, 1, 3);
        assert_share(*state, BOB, 0, 0);
}

static void test_store_add_image_leaves_a_tag_that_stays_to_its_owner(void **state) {
        assert_int_equal(add(*state, 100, 2, GIB, ALICE, "a:1", NULL), 1);
        assert_int_equal(add(*state, 100, 2, GIB, BOB, "a:1", NULL), 0);
        assert_share(*state, ALICE, 1, 2);
        assert_share(*state, BOB, 0, 0);
        assert_int_equal(add(*state, 101, 3, GIB, BOB, "a:1", NULL), 1);
        assert_share(*state, BOB, 1, 2);
        assert_share(*state, ALICE, 1, 2); /* the one that has no tag any more */
}

static void test_store_add_image_refuses_more_bytes_than_one_user_may_have(void **state) {
        _cleanup_failure_ Failure f = {};
        const uint64_t rest = IMAGES_BYTES_PER_OWNER_MAX - GIB;

        assert_failure(add(*state, 100, 2, rest + 1, ALICE, NULL, &f), &f, FAILURE_LIMIT_REACHED,
                        EDQUOT, "64 GiB");
        assert_share(*state, ALICE, 0, 0);
        assert_int_equal(add(*state, 100, 2, rest, ALICE, NULL, NULL), 1);
        assert_true(add(*state, 101, 3, 1, ALICE, "a:1", NULL) < 0);
        assert_share(*state, ALICE, 1, IMAGES_BYTES_PER_OWNER_MAX / GIB);

        /* Others may, and root may have more than anyone. */
        assert_int_equal(add(*state, 101, 3, 1, BOB, "b:1", NULL), 1);
        assert_true(store_tag_image(*state, hex_of(101), "a:1", ALICE, NULL, NULL) < 0);
        assert_int_equal(add(*state, 102, 4, 2 * rest, 0, "r:1", NULL), 1);
}

static void test_store_add_image_refuses_more_images_than_one_user_may_have(void **state) {
        _cleanup_failure_ Failure f = {};

        for (unsigned i = 0; i < IMAGES_PER_OWNER_MAX; i++)
                assert_int_equal(add(*state, 100 + i, 2, 1, ALICE, NULL, NULL), 1);
        assert_failure(add(*state, 5000, 2, 1, ALICE, NULL, &f), &f, FAILURE_LIMIT_REACHED, EDQUOT,
                        "512 images");
        assert_int_equal(add(*state, 5000, 2, 1, BOB, NULL, NULL), 1);
}

static void test_store_image_share_counts_kept_layers(void **state) {
        LayerRow kept = { .diff_id = hex_of(7), .size_bytes = 2 * GIB, .owner = ALICE };

        assert_int_equal(store_keep_layer(*state, &kept, 1, NULL), 0);
        kept.owner = BOB;
        assert_int_equal(store_keep_layer(*state, &kept, 2, NULL), 0);
        assert_share(*state, ALICE, 0, 2);
        assert_share(*state, BOB, 0, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
                T(test_store_image_share_counts_a_layer_once),
                T(test_store_image_share_follows_the_tags),
                T(test_store_add_image_leaves_a_tag_that_stays_to_its_owner),
                T(test_store_add_image_refuses_more_bytes_than_one_user_may_have),
                T(test_store_add_image_refuses_more_images_than_one_user_may_have),
                T(test_store_image_share_counts_kept_layers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
