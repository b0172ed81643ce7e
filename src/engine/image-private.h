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
 * @action: how it came: EVENT_IMAGE_IMPORT, EVENT_IMAGE_PULL; @owner: by whom
 * @ret_stored: whether the rows name the files, which may be so on failure, too
 * Return: 0 or what fail() gives.
 */
int image_add(Manager *m, ImageRow *row, const LayerRow *layers, EventAction action, uid_t owner,
                Image **ret, bool *ret_stored, Failure *reterr);

/** image_tell_changed() - its tags are not what they were. */
int image_tell_changed(Manager *m, Image *i);

/* image-events.c: events and the names they borrow; ids and owners are the images'. */
typedef struct ImageEvents {
        EventList list; /* owned events */
        char **names;   /* owned */
} ImageEvents;

void image_events_done(ImageEvents *l);
#define _cleanup_image_events_ _cleanup_(image_events_done)

/** image_events_add() - one more; @reference: a normalized tag, or NULL. These three: 0 or -ENOMEM. */
int image_events_add(ImageEvents *l, EventAction action, const char *id, const char *reference,
                uint32_t owner);

/** image_events_added() - what image_add() is about to do; image_events_deleted() - what becomes of a whole image. */
int image_events_added(Manager *m, const ImageRow *row, EventAction action, uint32_t owner,
                ImageEvents *ret);
int image_events_deleted(const Image *i, ImageEvents *ret);
