/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>
#include "base/str.h"
#include "image/image-gc.h"
#include "store-fixture.h"

static ImageStore *open_images(StateDir *d) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images;

        assert_ok(image_store_open(d->fd, &images, &f), &f);
        return images;
}

static void add_layer(ImageStore *images, unsigned n) {
        _cleanup_failure_ Failure f = {};
        uint64_t number;
        int fd;

        assert_ok(image_store_stage(images, &number, &fd, &f), &f);
        assert_int_equal(mkdirat(fd, "root", 0755), 0);
        close_fd(fd);
        assert_int_equal(image_store_commit_layer(images, number, hex_of(n), &fd, &f), 1);
}

static bool has_layer(StateDir *d, unsigned n) {
        char path[256];

        (void) snprintf(path, sizeof(path), "images/layers/%s/root", hex_of(n));
        return faccessat(d->fd, path, F_OK, 0) == 0;
}

static int count_trash(ImageStore *images) {
        _cleanup_strv_free_ char **names = NULL;
        int fd;

        return image_gc_list_trash(images, &fd, &names);
}

static void test_image_gc_layer_takes_it_away_at_once(void **state) {
        ImageStore *images = open_images(*state);
        _cleanup_strv_free_ char **names = NULL;
        int fd;

        add_layer(images, 1);
        assert_int_equal(image_gc_layer(images, hex_of(1)), 1);
        assert_int_equal(image_gc_layer(images, hex_of(1)), 0);
        assert_int_equal(image_gc_layer(images, "../trash"), -EINVAL);
        assert_int_equal(image_gc_blob(images, hex_of(1)), 0);
        assert_false(has_layer(*state, 1));

        assert_int_equal(image_gc_list_trash(images, &fd, &names), 1);
        assert_int_equal(faccessat(fd, names[0], F_OK, 0), 0);
        image_store_free(images);
}

static void test_image_gc_sweep_leaves_what_is_named(void **state) {
        const char *layers[] = { hex_of(2), hex_of(4), hex_of(5) }, *blobs[] = { hex_of(7) };
        ImageStore *images = open_images(*state);
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;
        uint64_t number;
        char path[256];
        int fd;

        for (unsigned i = 1; i < 5; i++)
                add_layer(images, i);
        assert_ok(image_store_stage(images, &number, &fd, &f), &f);
        close_fd(fd);
        for (unsigned i = 7; i < 9; i++) {
                (void) snprintf(path, sizeof(path), "images/blobs/sha256/%s", hex_of(i));
                close_fd(openat(d->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        }
        close_fd(openat(d->fd, "images/blobs/sha256/.tmp.1", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));

        /* Layers 1 and 3, what is staged, blob 8 and a file that a crash left. */
        assert_int_equal(image_gc_sweep(images, layers, 3, blobs, 1), 5);
        assert_int_equal(count_trash(images), 5);
        assert_false(has_layer(d, 1));
        assert_true(has_layer(d, 2));
        assert_false(has_layer(d, 3));
        assert_true(has_layer(d, 4));
        assert_int_equal(image_store_discard(images, number), -ENOENT);
        assert_int_equal(image_gc_sweep(images, layers, 3, blobs, 1), 0);
        image_store_free(images);
}

static void test_image_gc_sweep_takes_all_when_nothing_is_named(void **state) {
        ImageStore *images = open_images(*state);

        add_layer(images, 1);
        assert_int_equal(image_gc_sweep(images, NULL, 0, NULL, 0), 1);
        image_store_free(images);

        images = open_images(*state); /* numbers begin anew, names in the trash stay apart */
        add_layer(images, 1);
        assert_int_equal(image_gc_sweep(images, NULL, 0, NULL, 0), 1);
        assert_int_equal(count_trash(images), 2);
        image_store_free(images);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, state_dir_setup, state_dir_teardown)
        const struct CMUnitTest tests[] = {
                T(test_image_gc_layer_takes_it_away_at_once),
                T(test_image_gc_sweep_leaves_what_is_named),
                T(test_image_gc_sweep_takes_all_when_nothing_is_named),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
