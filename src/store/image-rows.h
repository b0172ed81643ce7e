/* SPDX-License-Identifier: Apache-2.0 */
/* store/image-rows.h: images, their layers and tags as rows. Knows no file of an image. */
#pragma once
#include "store/event-rows.h"

/* Digests are 64 hex digits of SHA-256, without `sha256:`. Strings and lists are owned by the row.
 */

typedef struct LayerRow {
        char *diff_id;       /* of the uncompressed tar */
        uint64_t size_bytes; /* of its files */
        uint64_t n_entries;
        uint32_t owner; /* for store_keep_layer(): whose share it counts against */
        char *devices; /* JSON array of the device nodes that could not be made; NULL: none */
} LayerRow;

typedef struct TagRow {
        char *reference; /* normalised, domain/path:tag or domain/path@sha256:HEX; unique */
        uint32_t owner;  /* uid that made it */
} TagRow;

typedef struct ImageRow {
        char *id;              /* digest of the config document */
        uint64_t size_bytes;   /* of its unpacked layers */
        uint64_t created_usec; /* when it came to this store */
        uint32_t owner;        /* uid that brought it; (uint32_t) -1: not known */
        char *config;          /* the config document, byte for byte */
        char **layers;         /* diff ids, base first; NULL-terminated */
        TagRow *tags;          /* by reference */
        size_t n_tags;
} ImageRow;

void layer_row_done(LayerRow *row);
void image_row_done(ImageRow *row);
LayerRow *layer_rows_free(LayerRow *rows, size_t n);
ImageRow *image_rows_free(ImageRow *rows, size_t n);

/** store_load_images() - all of them, oldest first; the caller frees them with image_rows_free().
 */
int store_load_images(Store *store, ImageRow **ret, size_t *ret_n, Failure *reterr);

/** store_load_layers() - all layers that have a row; layer_rows_free(). */
int store_load_layers(Store *store, LayerRow **ret, size_t *ret_n, Failure *reterr);

/**
 * store_add_image() - an image, its layers and its tags, in one transaction
 * @image:    its tags are added, or taken from the image that has them, but one that stays where it is stays its owner's;
 *            its layers need not be kept any more
 * @layers:   one for each of image->layers, in their order
 * @events:   here and below: what is told of the change, stored with it (store/event-rows.h); NULL: nothing
 *
 * An image or a layer that is there already stays as it is. The layers' files are committed before
 * this call.
 *
 * Return: 1 if the image is new, 0 if it was there, or what fail() gives: FAILURE_DISK_FULL,
 * FAILURE_LIMIT_REACHED (image->owner would have more than he may), FAILURE_INTERNAL.
 */
int store_add_image(Store *store, const ImageRow *image, const LayerRow *layers, EventList *events,
                Failure *reterr);

/** store_tag_image() - add a tag or move it here; one that is here stays its owner's. Return: 0,
 * FAILURE_NO_SUCH_IMAGE, FAILURE_LIMIT_REACHED, FAILURE_DISK_FULL, FAILURE_INTERNAL. */
int store_tag_image(Store *store, const char *id, const char *reference, uint32_t owner,
                EventList *events, Failure *reterr);

/** store_untag_images() - take tags away, all or none; the images stay. @references: NULL-terminated, not empty. Return: how
 * many there were, FAILURE_DISK_FULL or FAILURE_INTERNAL. */
int store_untag_images(
                Store *store, char *const *references, EventList *events, Failure *reterr);

/**
 * store_remove_image() - an image goes with its tags, and each layer that no other image has and
 * that is not kept
 * @ret_layers:   diff ids of the layers that went, NULL-terminated, strv_free(); for image_gc
 *
 * Return: 1, 0 if there was none, or what fail() gives: FAILURE_IMAGE_IN_USE (names a container),
 * FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int store_remove_image(Store *store, const char *id, char ***ret_layers, EventList *events,
                Failure *reterr);
