/* SPDX-License-Identifier: Apache-2.0 */
/* image/image-gc.h: what nobody names leaves the tree. Knows no row: what is to stay comes as a
 * list. */
#pragma once
#include "image/image-store.h"

/**
 * image_gc_layer(), image_gc_blob() - one that no row names any more goes to the trash
 *
 * Its row is gone first. The rename is at once; image_gc_list_trash() tells what a worker is to
 * delete.
 *
 * Return: 1, 0 if there was none, or negative errno.
 */
int image_gc_layer(ImageStore *images, const char *diff_id);
int image_gc_blob(ImageStore *images, const char *digest);

/**
 * image_gc_sweep() - at start: all that is staged, and all layers and blobs that are not named, go
 * to the trash
 * @layers:   diff ids that have a row, sorted by strcmp(); borrowed
 * @blobs:    digests that have a row, sorted by strcmp(); borrowed
 *
 * Return: how many went, or negative errno.
 */
int image_gc_sweep(ImageStore *images, const char *const *layers, size_t n_layers,
                const char *const *blobs, size_t n_blobs);

/**
 * image_gc_list_trash() - what is to be deleted now
 * @ret_fd:     trash/, borrowed: for `pocketdocker-files remove --dir-fd`
 * @ret_names:  names in it, NULL-terminated, owned by the caller: strv_free()
 *
 * Return: how many, -ENOMEM, or negative errno.
 */
int image_gc_list_trash(ImageStore *images, int *ret_fd, char ***ret_names);
