/* SPDX-License-Identifier: Apache-2.0 */
/* image/image-store.c: the tree of images on disk. Knows names and directories; not what is in a
 * layer, nor any row. */
#include <fcntl.h>
#include <inttypes.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"
#include "image/image-internal.h"
#include "model/digest.h"
#include "model/id.h"
#include "model/names.h"

#define NUMBER_MAX sizeof("18446744073709551615")

bool image_name_is_hex(const char *name) {
        return id_is_valid(name);
}

static void number_to_name(uint64_t number, char ret[static NUMBER_MAX]) {
        (void) snprintf(ret, NUMBER_MAX, "%" PRIu64, number);
}

int image_store_open(int state_dir_fd, ImageStore **ret, Failure *reterr) {
        _cleanup_(image_store_freep) ImageStore *images = NULL;
        _cleanup_close_ int top = -EBADF, blobs = -EBADF;

        images = malloc(sizeof(*images));
        if (!images)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *images = (ImageStore) { -EBADF, -EBADF, -EBADF, -EBADF, 0 };

        top = mkdir_open_at(state_dir_fd, STATE_DIR_IMAGES, 0700);
        if (top < 0)
                return fail_errno(
                                reterr, top, "Failed to open the directory '%s'", STATE_DIR_IMAGES);

        blobs = mkdir_open_at(top, "blobs", 0700);
        if (blobs < 0)
                return fail_errno(reterr, blobs, "Failed to open the directory '%s/blobs'",
                                STATE_DIR_IMAGES);

        const struct {
                int parent, *fd;
                const char *name;
        } dirs[] = {
                { blobs, &images->blobs_fd, "sha256" },
                { top, &images->layers_fd, "layers" },
                { top, &images->staging_fd, "staging" },
                { top, &images->trash_fd, "trash" },
        };

        for (size_t i = 0; i < ELEMENTSOF(dirs); i++) {
                *dirs[i].fd = mkdir_open_at(dirs[i].parent, dirs[i].name, 0700);
                if (*dirs[i].fd < 0)
                        return fail_errno(reterr, *dirs[i].fd,
                                        "Failed to open the directory '%s' in '%s'", dirs[i].name,
                                        STATE_DIR_IMAGES);
        }

        *ret = TAKE_PTR(images);
        return 0;
}

ImageStore *image_store_free(ImageStore *images) {
        if (!images)
                return NULL;

        images->blobs_fd = close_fd(images->blobs_fd);
        images->layers_fd = close_fd(images->layers_fd);
        images->staging_fd = close_fd(images->staging_fd);
        images->trash_fd = close_fd(images->trash_fd);
        free(images);
        return NULL;
}

int image_store_stage(ImageStore *images, uint64_t *ret_number, int *ret_fd, Failure *reterr) {
        char name[NUMBER_MAX];
        uint64_t number;
        int fd, r;

        /* What a former process left may have our first numbers until it is swept. */
        do {
                number = images->next_number++;
                number_to_name(number, name);
                r = mkdirat(images->staging_fd, name, 0700) < 0 ? -errno : 0;
        } while (r == -EEXIST);

        fd = r < 0 ? r : open_dir_at(images->staging_fd, name);
        if (fd < 0) {
                if (r >= 0)
                        (void) unlinkat(images->staging_fd, name, AT_REMOVEDIR); /* it is empty */
                return fail_errno(reterr, fd, "Failed to make a directory to unpack into");
        }

        *ret_number = number;
        *ret_fd = fd;
        return 0;
}

int image_to_trash(ImageStore *images, int dir_fd, const char *name) {
        char to[NUMBER_MAX];

        for (;;) {
                number_to_name(images->next_number++, to);
                if (renameat2(dir_fd, name, images->trash_fd, to, RENAME_NOREPLACE) >= 0)
                        return 1;
                if (errno == ENOENT)
                        return 0;
                if (errno != EEXIST)
                        return -errno;
        }
}

int image_store_discard(ImageStore *images, uint64_t number) {
        char name[NUMBER_MAX];
        int r;

        number_to_name(number, name);
        r = image_to_trash(images, images->staging_fd, name);
        if (r < 0)
                return r;

        return r > 0 ? 0 : -ENOENT;
}

int image_store_commit_layer(ImageStore *images, uint64_t number, const char *diff_id, int *ret_fd,
                Failure *reterr) {
        _cleanup_close_ int staged = -EBADF, root = -EBADF;
        char name[NUMBER_MAX];
        int r;

        if (!image_name_is_hex(diff_id))
                return fail(reterr, FAILURE_INTERNAL, EINVAL, "'%s' is not a layer's digest",
                                diff_id);

        number_to_name(number, name);
        staged = open_dir_at(images->staging_fd, name);
        if (staged < 0)
                return fail_errno(
                                reterr, staged, "Failed to open the unpacked layer '%s'", diff_id);

        /* The unpacker met hostile bytes: what it left must be a directory, not a link to one. */
        root = open_dir_at(staged, "root");
        if (root < 0)
                return fail_errno(reterr, root,
                                "Failed to open the tree of the unpacked layer '%s'", diff_id);

        *ret_fd = images->layers_fd;
        if (renameat2(images->staging_fd, name, images->layers_fd, diff_id, RENAME_NOREPLACE) >= 0)
                return 1;
        if (errno != EEXIST)
                return fail_errno(reterr, errno, "Failed to store the layer '%s'", diff_id);

        r = image_to_trash(images, images->staging_fd, name);
        if (r < 0)
                return fail_errno(reterr, r,
                                "Failed to discard what was unpacked of the layer '%s'", diff_id);

        return 0;
}

bool image_store_has_layer(ImageStore *images, const char *diff_id) {
        return image_name_is_hex(diff_id) && faccessat(images->layers_fd, diff_id, F_OK,
                                                             AT_SYMLINK_NOFOLLOW) >= 0;
}

int image_store_read_blob(ImageStore *images, const char *digest, size_t max, char **ret_data,
                size_t *ret_size) {
        _cleanup_free_ char *data = NULL;
        Digest wanted, found;
        size_t size;
        int r;

        r = digest_from_hex(digest, &wanted);
        if (r < 0)
                return -ENOENT;

        r = read_file_at(images->blobs_fd, digest, max, &data, &size);
        if (r < 0)
                return r;

        r = digest_of(data, size, &found);
        if (r < 0)
                return r;
        if (!digest_equal(&wanted, &found))
                return -EBADMSG;

        *ret_data = TAKE_PTR(data);
        *ret_size = size;
        return 0;
}

int image_store_write_blob(ImageStore *images, const char *digest, const void *data, size_t size,
                int ret_fds[2], Failure *reterr) {
        _cleanup_free_ char *old = NULL;
        size_t old_size;
        bool is_new;
        int fd, r;

        if (!image_name_is_hex(digest))
                return fail(reterr, FAILURE_INTERNAL, EINVAL, "'%s' is not a document's digest",
                                digest);

        /* One that a loss of power left empty or half-written is replaced. */
        is_new = image_store_read_blob(images, digest, size, &old, &old_size) < 0;
        if (is_new) {
                r = write_file_at(images->blobs_fd, digest, data, size, 0600, 0);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to store the document '%s'", digest);
        }

        fd = openat(images->blobs_fd, digest, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to open the document '%s'", digest);

        ret_fds[0] = fd;
        ret_fds[1] = images->blobs_fd;
        return is_new;
}

static int open_layer(ImageStore *images, const char *diff_id) {
        _cleanup_close_ int layer = -EBADF;
        int fd;

        /* Two steps, so that a link in the place of either is refused without openat2(). */
        layer = openat(images->layers_fd, diff_id, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (layer < 0)
                return -errno;

        fd = openat(layer, "root", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? -errno : fd;
}

int image_store_open_layers(ImageStore *images, char *const *diff_ids, int *fds, size_t n_fds,
                Failure *reterr) {
        size_t n = strv_length(diff_ids);

        if (n > n_fds)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The image has %zu layers, the limit is %zu", n, n_fds);

        for (size_t i = 0; i < n; i++) {
                const char *diff_id = diff_ids[n - 1 - i];
                int fd = image_name_is_hex(diff_id) ? open_layer(images, diff_id) : -ENOENT;

                if (fd < 0) {
                        while (i > 0)
                                close_fd(fds[--i]);
                        if (fd == -ENOENT)
                                return fail(reterr, FAILURE_INTERNAL, ENOENT,
                                                "The image's layer '%s' is missing", diff_id);
                        return fail_errno(reterr, fd, "Failed to open the image's layer '%s'",
                                        diff_id);
                }
                fds[i] = fd;
        }

        return (int) n;
}

int image_store_open_layer(ImageStore *images, const char *diff_id, Failure *reterr) {
        int fd = image_name_is_hex(diff_id) ? open_dir_at(images->layers_fd, diff_id) : -ENOENT;

        return fd < 0 ? fail_errno(reterr, fd, "Failed to open the layer '%s'", diff_id) : fd;
}

int image_store_open_blob(ImageStore *images, const char *digest, Failure *reterr) {
        int fd = -1;

        errno = ENOENT;
        if (image_name_is_hex(digest))
                fd = openat(images->blobs_fd, digest, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        return fd < 0 ? fail_errno(reterr, errno, "Failed to open the document '%s'", digest) : fd;
}

int image_store_layers_fd(const ImageStore *images) {
        return images->layers_fd;
}
