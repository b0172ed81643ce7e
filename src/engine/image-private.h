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
        char **digests;      /* owned: the same of what it was pulled by: NAME@sha256:HEX */
        uid_t owner;         /* of its first tag, or else digest; (uid_t) -1: nobody's */
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

/** image_tag_of() - is @reference the name of one of its tags, rather than an id or a part of one? @ret: normalized, owned by the caller. */
int image_tag_of(Manager *m, const Image *i, const char *reference, char **ret);

/** image_owner_of_tag() - of one of its tags, normalized; (uid_t) -1: it has no such tag. */
uid_t image_owner_of_tag(const Image *i, const char *normalized);

/**
 * image_check_tags() - before image_add(): that it takes no tag from another user, unless it may
 * Asked before the work began (manager_tag_owner()), the answer may be old by now. Return: 0 or FAILURE_ACCESS_DENIED.
 */
int image_check_tags(Manager *m, const ImageRow *row, uid_t owner, bool may_take, Failure *reterr);

/** image_share_left() - bytes that one more image of @owner may have. Return: 0, FAILURE_LIMIT_REACHED, FAILURE_INTERNAL. */
int image_share_left(Manager *m, uid_t owner, uint64_t *ret, Failure *reterr);

/**
 * image_delete() - rows, names, files: all of it goes
 * @untagged, @deleted: string lists, owned by the caller
 * Return: 0, or FAILURE_IMAGE_IN_USE naming a container, or what the store gives; then nothing has changed.
 */
int image_delete(Manager *m, Image *i, char ***untagged, char ***deleted, Failure *reterr);

/* image-tags.c: the object's own list of names, not the store's. These four but one: 0 or -ENOMEM. */
int image_read_tags(Image *i); /* after a change */
int image_remember_tag(Manager *m, Image *i, const char *reference, uid_t owner);
void image_forget_tag(Manager *m, Image *i, const char *reference);
int image_tell_changed(Manager *m, Image *i); /* reads them, too */

/* layer-uses.c: which layers there are, and in how many images; layer_uses_note(): one that may be new. */
int layer_uses_load(Manager *m, Failure *reterr);
void layer_uses_free(Manager *m);
void layer_uses_note(Manager *m, const LayerRow *row);
int layer_uses_add(Manager *m, char *const *diff_ids);
bool layer_uses_has(const Manager *m, const char *diff_id); /* has any image it? */
void layer_uses_drop(Manager *m, char *const *diff_ids);
void layer_uses_forget(Manager *m, char *const *diff_ids); /* they are kept no more, and no image has them */

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

/** image_record() - an event beside no row: what cannot be stored is logged, and leaves a hole. @reference may be NULL. */
void image_record(Manager *m, EventAction action, const char *id, const char *reference,
                uint32_t owner);

/** image_events_added() - what image_add() is about to do; image_events_deleted() - what becomes of a whole image. */
int image_events_added(Manager *m, const ImageRow *row, EventAction action, uint32_t owner,
                ImageEvents *ret);
int image_events_deleted(const Image *i, ImageEvents *ret);
