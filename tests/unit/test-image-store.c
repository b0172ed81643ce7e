/* SPDX-License-Identifier: Apache-2.0 */
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "image/image-store.h"
#include "model/digest.h"
#include "store-fixture.h"

static ImageStore *open_images(StateDir *d) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images;

        assert_ok(image_store_open(d->fd, &images, &f), &f);
        return images;
}

static uint64_t stage(ImageStore *images, bool with_root) {
        _cleanup_failure_ Failure f = {};
        uint64_t number;
        int fd;

        assert_ok(image_store_stage(images, &number, &fd, &f), &f);
        if (with_root)
                assert_int_equal(mkdirat(fd, "root", 0755), 0);
        close_fd(fd);
        return number;
}

static bool has_layer(StateDir *d, const char *diff_id) {
        char path[256];

        (void) snprintf(path, sizeof(path), "images/layers/%s/root", diff_id);
        return faccessat(d->fd, path, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static void test_image_store_open_makes_the_tree_for_its_owner_alone(void **state) {
        static const char *const dirs[] = { "images", "images/blobs/sha256", "images/layers",
                "images/staging", "images/trash" };
        StateDir *d = *state;
        struct stat st;

        image_store_free(open_images(d));
        image_store_free(open_images(d));
        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                assert_int_equal(fstatat(d->fd, dirs[i], &st, 0), 0);
                assert_int_equal(st.st_mode & 07777, 0700);
        }
        assert_null(image_store_free(NULL));
}

static void test_image_store_open_refuses_a_link_in_its_place(void **state) {
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;
        ImageStore *images;

        assert_int_equal(symlinkat("/tmp", d->fd, "images"), 0);
        assert_true(image_store_open(d->fd, &images, &f) < 0);
        assert_non_null(strstr(failure_message(&f), "'images'"));
}

static void test_image_store_stage_never_gives_a_directory_twice(void **state) {
        ImageStore *images = open_images(*state);
        uint64_t a = stage(images, false), b = stage(images, false);

        assert_int_not_equal(a, b);
        image_store_free(images);

        images = open_images(
                        *state); /* as a new process: what is left there is not taken for ours */
        b = stage(images, false);
        assert_int_not_equal(a, b);
        image_store_free(images);
}

static void test_image_store_commit_layer_gives_the_tree_its_name(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        int fd;

        assert_int_equal(image_store_commit_layer(images, stage(images, true), hex_of(1), &fd, &f),
                        1);
        assert_true(has_layer(*state, hex_of(1)));
        assert_int_equal(fsync(fd), 0);
        image_store_free(images);
}

static void test_image_store_commit_layer_keeps_the_first_of_two(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        uint64_t second;
        int fd;

        assert_int_equal(image_store_commit_layer(images, stage(images, true), hex_of(1), &fd, &f),
                        1);
        second = stage(images, true);
        assert_int_equal(image_store_commit_layer(images, second, hex_of(1), &fd, &f), 0);
        assert_int_equal(image_store_discard(images, second), -ENOENT); /* it is in the trash */
        image_store_free(images);
}

static void test_image_store_commit_layer_refuses_what_is_no_tree(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        StateDir *d = *state;
        uint64_t number;
        int fd;

        number = stage(images, false);
        assert_failure(image_store_commit_layer(images, number, hex_of(1), &fd, &f), &f,
                        FAILURE_INTERNAL, ENOENT, hex_of(1));

        assert_ok(image_store_stage(images, &number, &fd, &f), &f);
        assert_int_equal(symlinkat("/etc", fd, "root"), 0);
        close_fd(fd);
        assert_true(image_store_commit_layer(images, number, hex_of(1), &fd, &f) < 0);
        failure_done(&f);

        number = stage(images, true);
        assert_failure(image_store_commit_layer(images, number, "../../etc", &fd, &f), &f,
                        FAILURE_INTERNAL, EINVAL, "'../../etc'");
        assert_false(has_layer(d, hex_of(1)));
        image_store_free(images);
}

static void test_image_store_open_layers_gives_the_topmost_first(void **state) {
        char *diff_ids[] = { hex_of(1), hex_of(2), hex_of(3), NULL };
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        struct stat a, b;
        char path[256];
        int fds[3], fd;

        for (int i = 0; i < 3; i++)
                assert_int_equal(image_store_commit_layer(
                                                 images, stage(images, true), diff_ids[i], &fd, &f),
                                1);

        assert_int_equal(image_store_open_layers(images, diff_ids, fds, 3, &f), 3);
        for (int i = 0; i < 3; i++) {
                (void) snprintf(path, sizeof(path), "images/layers/%s/root", diff_ids[2 - i]);
                assert_int_equal(fstatat(((StateDir *) *state)->fd, path, &a, 0), 0);
                assert_int_equal(fstat(fds[i], &b), 0);
                assert_int_equal(a.st_ino, b.st_ino);
                assert_true(fcntl(fds[i], F_GETFL) & O_PATH);
                close_fd(fds[i]);
        }

        assert_failure(image_store_open_layers(images, diff_ids, fds, 2, &f), &f,
                        FAILURE_LIMIT_REACHED, E2BIG, "3 layers");
        image_store_free(images);
}

static void test_image_store_open_layers_opens_none_if_one_is_missing(void **state) {
        char *diff_ids[] = { hex_of(9), hex_of(2), NULL };
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        int fds[2], fd, probe;

        assert_int_equal(
                        image_store_commit_layer(images, stage(images, true), diff_ids[1], &fd, &f),
                        1);
        probe = dup(0);
        close_fd(probe);
        assert_failure(image_store_open_layers(images, diff_ids, fds, 2, &f), &f, FAILURE_INTERNAL,
                        ENOENT, hex_of(9));
        fd = dup(0);
        assert_int_equal(fd, probe); /* the lowest number is free again: none stayed open */
        close_fd(fd);
        image_store_free(images);
}

static void test_image_store_blob_is_read_as_it_was_written(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        _cleanup_free_ char *data = NULL;
        char hex[DIGEST_HEX_MAX];
        Digest digest;
        size_t size;
        int fds[2];

        assert_int_equal(digest_of("{}\n", 3, &digest), 0);
        digest_to_hex(&digest, hex);
        assert_int_equal(image_store_read_blob(images, hex, 100, &data, &size), -ENOENT);
        assert_int_equal(image_store_write_blob(images, hex, "{}\n", 3, fds, &f), 1);
        close_fd(fds[0]);
        assert_int_equal(image_store_write_blob(images, hex, "{}\n", 3, fds, &f), 0);
        close_fd(fds[0]);
        assert_int_equal(image_store_read_blob(images, hex, 2, &data, &size), -EFBIG);
        assert_int_equal(image_store_read_blob(images, hex, 3, &data, &size), 0);
        assert_int_equal(size, 3);
        assert_string_equal(data, "{}\n");
        image_store_free(images);
}

/* What a loss of power may leave: a name whose bytes never came. */
static void test_image_store_write_blob_replaces_a_damaged_one(void **state) {
        _cleanup_failure_ Failure f = {};
        ImageStore *images = open_images(*state);
        _cleanup_free_ char *data = NULL;
        char hex[DIGEST_HEX_MAX], path[256];
        StateDir *d = *state;
        Digest digest;
        size_t size;
        int fds[2];

        assert_int_equal(digest_of("{}\n", 3, &digest), 0);
        digest_to_hex(&digest, hex);
        (void) snprintf(path, sizeof(path), "images/blobs/sha256/%s", hex);
        close_fd(openat(d->fd, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
        assert_int_equal(image_store_read_blob(images, hex, 100, &data, &size), -EBADMSG);
        assert_int_equal(image_store_write_blob(images, hex, "{}\n", 3, fds, &f), 1);
        close_fd(fds[0]);
        assert_int_equal(image_store_read_blob(images, hex, 100, &data, &size), 0);
        image_store_free(images);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, state_dir_setup, state_dir_teardown)
        const struct CMUnitTest tests[] = {
                T(test_image_store_open_makes_the_tree_for_its_owner_alone),
                T(test_image_store_open_refuses_a_link_in_its_place),
                T(test_image_store_stage_never_gives_a_directory_twice),
                T(test_image_store_commit_layer_gives_the_tree_its_name),
                T(test_image_store_commit_layer_keeps_the_first_of_two),
                T(test_image_store_commit_layer_refuses_what_is_no_tree),
                T(test_image_store_open_layers_gives_the_topmost_first),
                T(test_image_store_open_layers_opens_none_if_one_is_missing),
                T(test_image_store_blob_is_read_as_it_was_written),
                T(test_image_store_write_blob_replaces_a_damaged_one),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
