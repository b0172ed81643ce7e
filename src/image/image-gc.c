/* SPDX-License-Identifier: Apache-2.0 */
/* image/image-gc.c: what nobody names leaves the tree, by a rename; deleting is a worker's. Knows
 * no row. */
#include <dirent.h>
#include <fcntl.h>
#include "base/fd.h"
#include "base/str.h"
#include "image/image-gc.h"
#include "image/image-internal.h"

int image_gc_layer(ImageStore *images, const char *diff_id) {
        return image_name_is_hex(diff_id) ? image_to_trash(images, images->layers_fd, diff_id)
                                          : -EINVAL;
}

int image_gc_blob(ImageStore *images, const char *digest) {
        return image_name_is_hex(digest) ? image_to_trash(images, images->blobs_fd, digest)
                                         : -EINVAL;
}

/* All names of a directory but . and .. */
static int list_names(int dir_fd, char ***ret) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *entry;
        int fd;

        /* An open file description of its own: the position of the borrowed one is not touched. */
        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;

        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return -errno;
        }

        while ((errno = 0, entry = readdir(dir))) {
                if (streq(entry->d_name, ".") || streq(entry->d_name, ".."))
                        continue;
                if (strv_push(&names, entry->d_name) < 0)
                        return -ENOMEM;
        }
        if (errno != 0)
                return -errno;

        *ret = TAKE_PTR(names);
        return 0;
}

static int compare_names(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int sweep(ImageStore *images, int dir_fd, const char *const *keep, size_t n_keep) {
        _cleanup_strv_free_ char **names = NULL;
        int n = 0, r;

        r = list_names(dir_fd, &names);
        if (r < 0)
                return r;

        STRV_FOREACH(name, names) {
                if (n_keep > 0 && bsearch(name, keep, n_keep, sizeof(*keep), compare_names))
                        continue;

                r = image_to_trash(images, dir_fd, *name);
                if (r < 0)
                        return r;
                n += r;
        }

        return n;
}

int image_gc_sweep(ImageStore *images, const char *const *layers, size_t n_layers,
                const char *const *blobs, size_t n_blobs) {
        int n = 0, r;

        r = sweep(images, images->staging_fd, NULL, 0);
        if (r < 0)
                return r;
        n += r;

        r = sweep(images, images->layers_fd, layers, n_layers);
        if (r < 0)
                return r;
        n += r;

        r = sweep(images, images->blobs_fd, blobs, n_blobs);
        if (r < 0)
                return r;

        return n + r;
}

int image_gc_list_trash(ImageStore *images, int *ret_fd, char ***ret_names) {
        char **names = NULL;
        int r;

        r = list_names(images->trash_fd, &names);
        if (r < 0)
                return r;

        *ret_fd = images->trash_fd;
        *ret_names = names;
        return (int) strv_length(names);
}
