/* SPDX-License-Identifier: Apache-2.0 */
/* image/image-store.h: the tree of images on disk. Knows names and directories; not what is in a
 * layer, nor any row. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

/*
 * Under the state directory, all 0700:
 *   images/blobs/sha256/HEX     config and manifest documents
 *   images/layers/HEX/root      a layer's tree, owned by the foreign id range; HEX is its diff id
 *   images/layers/HEX/split     what makes its tar again, and gone/ with it (puller/tar-split.h)
 *   images/staging/N/           a layer being unpacked; N is never used again by this process
 *   images/trash/N              what a worker is to delete
 * What a tree cannot hold (device nodes) is in the layer's row.
 * Nothing outside staging/ and trash/ is ever half-made: it gets its name by a rename. HEX: 64 hex
 * digits.
 */
typedef struct ImageStore ImageStore;

/**
 * image_store_open() - open the tree, made if there is none
 * @state_dir_fd:  borrowed
 *
 * Return: 0, -ENOMEM, or what fail() gives (FAILURE_INTERNAL, FAILURE_DISK_FULL).
 */
int image_store_open(int state_dir_fd, ImageStore **ret, Failure *reterr);
ImageStore *image_store_free(ImageStore *images);
DEFINE_CLEANUP(ImageStore *, image_store_free);

/**
 * image_store_stage() - make an empty staging directory
 * @ret_number:   names it in the calls below
 * @ret_fd:       the directory, O_RDONLY|O_DIRECTORY|O_CLOEXEC, the caller's; given to the
 * unpacker, which makes root/ in it
 *
 * Return: 0, or FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int image_store_stage(ImageStore *images, uint64_t *ret_number, int *ret_fd, Failure *reterr);

/** image_store_discard() - a staging directory goes to the trash. Return: 0, or negative errno
 * (-ENOENT: there is none). */
int image_store_discard(ImageStore *images, uint64_t number);

/**
 * image_store_commit_layer() - a staged tree becomes the layer @diff_id
 * @ret_fd:   layers/, to be given to store_sync(); borrowed
 *
 * The unpacker has synced the tree. If the layer is there already, the staged one goes to the
 * trash.
 *
 * Return: 1 if it is new, 0 if it was there, or what fail() gives: FAILURE_INTERNAL (no tree was
 * staged), FAILURE_DISK_FULL.
 */
int image_store_commit_layer(ImageStore *images, uint64_t number, const char *diff_id, int *ret_fd,
                Failure *reterr);

/** image_store_has_layer() - is there a tree of this name? */
bool image_store_has_layer(ImageStore *images, const char *diff_id);

/**
 * image_store_write_blob() - store a document under its digest; the caller has checked that it fits
 * @ret_fds:  the file (the caller's, to be closed) and its directory (borrowed), to be given to
 * store_sync()
 *
 * Return: 1 if it is new, 0 if it was there, or FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int image_store_write_blob(ImageStore *images, const char *digest, const void *data, size_t size,
                int ret_fds[2], Failure *reterr);

/** image_store_read_blob() - a document of at most @max bytes; NUL-terminated, owned by the caller.
 * Return: 0, -ENOENT, -EFBIG, -ENOMEM, -EBADMSG (not what its name says). */
int image_store_read_blob(ImageStore *images, const char *digest, size_t max, char **ret_data,
                size_t *ret_size);

/** image_store_open_layer() - layers/HEX itself, for a worker that saves it; image_store_open_blob() - a document, to be read. Both
 * are the caller's. Return: an fd, or what fail() gives. */
int image_store_open_layer(ImageStore *images, const char *diff_id, Failure *reterr);
int image_store_open_blob(ImageStore *images, const char *digest, Failure *reterr);

/** image_store_layers_fd() - layers/, borrowed: below it is all that such a worker reads. */
int image_store_layers_fd(const ImageStore *images);

/**
 * image_store_open_layers() - the trees of an image, for a start
 * @diff_ids: base first, NULL-terminated, as in ImageRow
 * @fds:      room for as many; filled with the topmost first, O_PATH|O_DIRECTORY|O_CLOEXEC, the
 * caller's
 *
 * Return: how many, or what fail() gives: FAILURE_INTERNAL with ENOENT naming a layer that is
 * missing. On failure none is open.
 */
int image_store_open_layers(
                ImageStore *images, char *const *diff_ids, int *fds, size_t n_fds, Failure *reterr);
