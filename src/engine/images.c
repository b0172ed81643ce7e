/* SPDX-License-Identifier: Apache-2.0 */
/* engine/images.c: the images of the store as objects: loaded, found, added, untagged, deleted. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/image-private.h"
#include "image/image-gc.h"
#include "model/id.h"
#include "model/image-ref.h"
#include "model/limits.h"

static Image *image_free(Image *i) {
        if (!i)
                return NULL;
        image_row_done(&i->row);
        image_config_free(i->config);
        strv_free(i->familiar);
        free(i);
        return NULL;
}

static void image_freep(Image **i) {
        image_free(*i);
}

/* Its tags as people read them, and who answers for it. */
static int read_tags(Image *i) {
        _cleanup_strv_free_ char **familiar = NULL;
        int r;

        for (size_t k = 0; k < i->row.n_tags; k++) {
                char *s;

                r = image_ref_familiar_from(i->row.tags[k].reference, &s);
                if (r >= 0)
                        r = strv_consume(&familiar, s);
                if (r < 0)
                        return r;
        }
        strv_sort(familiar);
        strv_free(i->familiar);
        i->familiar = TAKE_PTR(familiar);
        i->owner = i->row.n_tags > 0 ? i->row.tags[0].owner : (uid_t) -1;
        return 0;
}

static void unlink_image(Manager *m, Image *i) {
        for (size_t k = 0; k < i->row.n_tags; k++)
                if (map_get(m->tags, i->row.tags[k].reference) == i)
                        (void) map_remove(m->tags, i->row.tags[k].reference);
        if (map_get(m->images, i->row.id) == i)
                (void) map_remove(m->images, i->row.id);
        list_remove(&i->list);
}

/* @row is taken over on success. */
static int link_image(Manager *m, ImageRow *row, Image **ret, Failure *reterr) {
        _cleanup_(image_freep) Image *i = NULL;
        int r;

        i = calloc(1, sizeof(*i));
        if (!i)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        list_init(&i->list);
        r = image_config_parse(row->config, strlen(row->config), &i->config, reterr);
        if (r < 0)
                return r;
        i->row = *row;
        r = read_tags(i);
        if (r >= 0)
                r = map_put(m->images, i->row.id, i);
        for (size_t k = 0; r >= 0 && k < i->row.n_tags; k++)
                r = map_put(m->tags, i->row.tags[k].reference, i);
        if (r < 0) {
                unlink_image(m, i);
                i->row = (ImageRow){}; /* still the caller's */
                return fail_errno(reterr, r, "Failed to load the image '%s'", row->id);
        }
        list_prepend(&m->image_list, &i->list);
        *row = (ImageRow){};
        *ret = TAKE_PTR(i);
        return 0;
}

int images_load(Manager *m, Failure *reterr) {
        ImageRow *rows = NULL;
        size_t n = 0;
        int r;

        r = store_load_images(m->store, &rows, &n, reterr);
        for (size_t k = 0; r >= 0 && k < n; k++) {
                Image *i;

                r = link_image(m, &rows[k], &i, reterr);
        }
        image_rows_free(rows, n);
        return r < 0 ? r : 0;
}

void images_free(Manager *m) {
        Image *i;

        while ((i = list_first(&m->image_list, Image, list))) {
                unlink_image(m, i);
                image_free(i);
        }
}

int image_open_layers(Manager *m, const char *image_id, int *fds, size_t *ret_n, Failure *reterr) {
        Image *i = map_get(m->images, image_id);
        int r;

        if (!i) /* a row cannot go while a container's row names it */
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, 0, "No such image: '%s'", image_id);
        r = image_store_open_layers(m->image_store, i->row.layers, fds, LAYERS_MAX, reterr);
        if (r < 0)
                return r;
        *ret_n = (size_t) r;
        return 0;
}

int image_tell_changed(Manager *m, Image *i) {
        int r;

        r = read_tags(i);
        if (r >= 0 && m->observing && m->observer->image_changed)
                m->observer->image_changed(i, m->observer_userdata);
        return r;
}

/* Out of the object's list, not out of the store. */
static void forget_tag(Manager *m, Image *i, const char *reference) {
        for (size_t k = 0; k < i->row.n_tags; k++) {
                if (!streq(i->row.tags[k].reference, reference))
                        continue;
                (void) map_remove(m->tags, reference);
                free(i->row.tags[k].reference);
                i->row.tags[k] = i->row.tags[--i->row.n_tags];
                return;
        }
}

static int remember_tag(Manager *m, Image *i, const char *reference, uid_t owner) {
        char *copy = strdup(reference);
        TagRow *tags;

        tags = copy ? reallocarray(i->row.tags, i->row.n_tags + 1, sizeof(*tags)) : NULL;
        if (!tags || map_put(m->tags, reference, i) < 0) {
                if (tags)
                        i->row.tags = tags;
                free(copy);
                return -ENOMEM;
        }
        i->row.tags = tags;
        tags[i->row.n_tags++] = (TagRow){ .reference = copy, .owner = owner };
        return 0;
}

/* The store has it: the objects follow. */
static int take_image(Manager *m, ImageRow *row, Image **ret, Failure *reterr) {
        Image *i;
        int r;

        for (size_t k = 0; k < row->n_tags; k++) { /* a tag has one image: it moves here */
                Image *other = map_get(m->tags, row->tags[k].reference);

                if (!other)
                        continue;
                forget_tag(m, other, row->tags[k].reference);
                if (!streq(other->row.id, row->id))
                        (void) image_tell_changed(m, other); /* without memory its names are late */
        }
        i = map_get(m->images, row->id);
        if (i) {
                for (size_t k = 0; k < row->n_tags; k++)
                        if (remember_tag(m, i, row->tags[k].reference, row->tags[k].owner) < 0)
                                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                *ret = i;
                return image_tell_changed(m, i);
        }
        r = link_image(m, row, &i, reterr);
        if (r < 0)
                return r;
        if (m->observing && m->observer->image_added)
                m->observer->image_added(i, m->observer_userdata);
        *ret = i;
        return 0;
}

int image_add(Manager *m, ImageRow *row, const LayerRow *layers, EventAction action, uid_t owner,
                Image **ret, bool *ret_stored, Failure *reterr) {
        _cleanup_image_events_ ImageEvents events = {};
        int r;

        *ret_stored = false;
        r = image_events_added(m, row, action, owner, &events);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = store_add_image(m->store, row, layers, &events.list, reterr);
        *ret_stored = r >= 0;
        if (r < 0)
                return r;
        r = take_image(m, row, ret, reterr);
        manager_tell(m, &events.list);
        return r;
}

int manager_find_image(Manager *m, const char *reference, Image **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        _cleanup_free_ char *normalized = NULL;
        const char *prefix = startswith(reference, DIGEST_PREFIX) ?: reference;
        Image *i, *found = NULL;
        int r;

        r = image_ref_parse(reference, &ref, reterr);
        if (r < 0 && !id_is_prefix(prefix))
                return r;
        if (r >= 0 && ref->id)
                found = map_get(m->images, ref->id);
        else if (r >= 0) {
                r = image_ref_normalized(ref, &normalized);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                found = map_get(m->tags, normalized);
        }
        if (!found && id_is_prefix(prefix))
                LIST_FOREACH(i, &m->image_list, Image, list)
                        if (startswith(i->row.id, prefix)) {
                                if (found)
                                        return fail(reterr, FAILURE_AMBIGUOUS, ENOTUNIQ,
                                                        "More than one image has an id that begins "
                                                        "with '%s'",
                                                        prefix);
                                found = i;
                        }
        if (!found)
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, 0, "No such image: '%s'", reference);
        if (reterr)
                failure_done(reterr);
        *ret = found;
        return 0;
}

Image *manager_get_image(Manager *m, const char *id) {
        return map_get(m->images, id);
}

Image *manager_next_image(Manager *m, Image *after) {
        List *next = after ? after->list.next : m->image_list.next;

        return next == &m->image_list ? NULL : list_entry(next, Image, list);
}

/* Is @reference the name of a tag, rather than an id or a part of one? @ret: normalized, owned by the caller. */
static int tag_of(Manager *m, const Image *i, const char *reference, char **ret) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        int r;

        r = image_ref_parse(reference, &ref, NULL);
        if (r < 0 || ref->id)
                return 0;
        r = image_ref_normalized(ref, ret);
        if (r < 0)
                return r;
        return map_get(m->tags, *ret) == i;
}

static void drop_files(Manager *m, const Image *i, char *const *layers) {
        STRV_FOREACH(layer, layers)
                if (image_gc_layer(m->image_store, *layer) < 0)
                        log_warning("Failed to put away the layer '%s', leaving it to the next "
                                    "start",
                                        *layer);
        if (image_gc_blob(m->image_store, i->row.id) < 0)
                log_warning("Failed to put away the config of the image '%s', leaving it to the "
                            "next start",
                                i->row.id);
        trash_add_images(m->trash);
}

static int delete_image(Manager *m, Image *i, char ***untagged, char ***deleted, Failure *reterr) {
        _cleanup_strv_free_ char **layers = NULL, **names = NULL, **ids = NULL;
        _cleanup_image_events_ ImageEvents events = {};
        int r;

        if (strv_copy(i->familiar, &names) < 0 || strv_push(&ids, i->row.id) < 0 ||
                        image_events_deleted(i, &events) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = store_remove_image(m->store, i->row.id, &layers, &events.list, reterr);
        if (r < 0)
                return r;
        manager_tell(m, &events.list);
        drop_files(m, i, layers);
        if (m->observer->image_removed)
                m->observer->image_removed(i, m->observer_userdata);
        unlink_image(m, i);
        image_free(i);
        *untagged = TAKE_PTR(names);
        *deleted = TAKE_PTR(ids);
        return 0;
}

static int untag(Manager *m, Image *i, const char *reference, char ***untagged, Failure *reterr) {
        _cleanup_image_events_ ImageEvents events = {};
        _cleanup_strv_free_ char **names = NULL;
        char *familiar;
        int r;

        r = image_ref_familiar_from(reference, &familiar);
        if (r >= 0)
                r = strv_consume(&names, familiar);
        if (r >= 0)
                r = image_events_add(&events, EVENT_IMAGE_UNTAG, i->row.id, reference, i->owner);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = store_untag_image(m->store, reference, &events.list, reterr);
        if (r < 0)
                return r;
        manager_tell(m, &events.list);
        forget_tag(m, i, reference);
        (void) image_tell_changed(m, i); /* without memory its names are late */
        *untagged = TAKE_PTR(names);
        return 0;
}

int manager_remove_image(Manager *m, const char *reference, bool force, EngineDone done,
                void *userdata, char ***ret_untagged, char ***ret_deleted, Failure *reterr) {
        _cleanup_free_ char *tag = NULL;
        Image *i;
        int by_tag, r;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        r = by_tag = tag_of(m, i, reference, &tag);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *ret_untagged = *ret_deleted = NULL;
        if (by_tag && i->row.n_tags > 1)
                r = untag(m, i, tag, ret_untagged, reterr);
        else if (!by_tag && i->row.n_tags > 1 && !force)
                return fail(reterr, FAILURE_IMAGE_IN_USE, EBUSY,
                                "Image '%s' has more than one name: remove them, or force it",
                                reference);
        else
                r = delete_image(m, i, ret_untagged, ret_deleted, reterr);
        if (r < 0)
                return r;
        if (manager_is_short(m)) {
                (void) manager_when_durable(m, NULL, 0, NULL, NULL); /* it is waited for below */
                r = trash_when_deleted(m->trash, true, done, userdata);
        } else
                r = manager_when_durable(m, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}

const char *image_id(const Image *i) {
        return i->row.id;
}

char *const *image_tags(const Image *i) {
        return i->familiar;
}

uint64_t image_created_usec(const Image *i) {
        return i->row.created_usec;
}

uint64_t image_size(const Image *i) {
        return i->row.size_bytes;
}

const ImageConfig *image_config(const Image *i) {
        return i->config;
}
