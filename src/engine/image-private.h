/* SPDX-License-Identifier: Apache-2.0 */
/* engine/image-private.h: an image from within. */
#pragma once
#include "engine/image.h"
#include "engine/manager-private.h"
#include "model/digest.h"
#include "store/image-rows.h"

struct Image {
        List list; /* in the manager's */
        ImageRow row;
        ImageConfig *config; /* owned */
        char **familiar;     /* owned: its tags for people, sorted */
        uid_t owner;         /* of its first tag; (uid_t) -1: nobody's */
};

/** image_open_layers() - topmost first; @fds has room for LAYERS_MAX; owned by the caller. Return: 0 or what fail() gives. */
int image_open_layers(Manager *m, const char *image_id, int *fds, size_t *ret_n, Failure *reterr);

/**
 * image_add() - an image whose files are committed becomes one of ours, or its tags are added to the one that is there
 * @row: taken over
 * @ret_stored: whether the rows name the files, which may be so on failure, too
 * Return: 0 or what fail() gives.
 */
int image_add(Manager *m, ImageRow *row, const LayerRow *layers, Image **ret, bool *ret_stored,
                Failure *reterr);

/** image_tell_changed() - its tags are not what they were. */
int image_tell_changed(Manager *m, Image *i);
