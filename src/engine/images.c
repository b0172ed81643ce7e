/* SPDX-License-Identifier: Apache-2.0 */
/* engine/images.c: the images of the store as objects: loaded, found, added, deleted. Their names are image-tags.c's. */
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
        strv_free(i->digests);
        free(i);
        return NULL;
}

static void image_freep(Image **i) {
        image_free(*i);
}

static void unlink_image(Manager *m, Image *i) {
        for (size_t k = 0; k < i->row.n_tags; k++)
                if (map_get(m->tags, i->row.tags[k].reference) == i)
                        (void) map_remove(m->tags, i->row.tags[k].reference);
        if (map_get(m->images, i->row.id) == i)
                (void) map_remove(m->images, i->row.id);
        if (list_is_linked(&i->list))
                layer_uses_drop(m, i->row.layers);
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
        r = image_read_tags(i);
        if (r >= 0)
                r = map_put(m->images, i->row.id, i);
        for (size_t k = 0; r >= 0 && k < i->row.n_tags; k++)
                r = map_put(m->tags, i->row.tags[k].reference, i);
        if (r >= 0)
                r = layer_uses_add(m, i->row.layers);
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

        r = layer_uses_load(m, reterr);
        if (r < 0)
                return r;
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
        layer_uses_free(m);
}

/*
 * An overlay takes no directory twice, and images do have a layer twice, often one that is empty. Only its topmost place
 * counts: it brings all that it has, and hides all that it hides, once more.
 */
static int distinct_layers(const Image *i, char ***ret) {
        size_t n = strv_length(i->row.layers), kept = 0;
        char **list;

        list = calloc(n + 1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        for (size_t k = 0; k < n; k++)
                if (!strv_contains(i->row.layers + k + 1, i->row.layers[k]))
                        list[kept++] = i->row.layers[k];
        *ret = list;
        return 0;
}

int image_open_layers(Manager *m, const char *image_id, int *fds, size_t *ret_n, Failure *reterr) {
        _cleanup_free_ char **layers = NULL; /* borrowed strings */
        Image *i = map_get(m->images, image_id);
        int r;

        if (!i) /* a row cannot go while a container's row names it */
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, 0, "No such image: '%s'", image_id);
        r = distinct_layers(i, &layers);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = image_store_open_layers(m->image_store, layers, fds, LAYERS_MAX, reterr);
        if (r < 0)
                return r;
        *ret_n = (size_t) r;
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
                if (streq(other->row.id, row->id))
                        continue; /* it stays, and stays its owner's */
                image_forget_tag(m, other, row->tags[k].reference);
                (void) image_tell_changed(m, other); /* without memory its names are late */
        }
        i = map_get(m->images, row->id);
        if (i) {
                for (size_t k = 0; k < row->n_tags; k++)
                        if (map_get(m->tags, row->tags[k].reference) != i &&
                                        image_remember_tag(m, i, row->tags[k].reference,
                                                        row->tags[k].owner) < 0)
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
        for (size_t k = 0; k < strv_length(row->layers); k++)
                layer_uses_note(m, &layers[k]);
        pulls_hold_layers(m); /* what was kept for others, too, is now kept by this image alone */
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

static int push_all(char ***l, char *const *more) {
        int r = 0;

        STRV_FOREACH(s, more) {
                r = strv_push(l, *s);
                if (r < 0)
                        break;
        }
        return r;
}

int image_delete(Manager *m, Image *i, char ***untagged, char ***deleted, Failure *reterr) {
        _cleanup_strv_free_ char **layers = NULL, **names = NULL, **ids = NULL;
        _cleanup_image_events_ ImageEvents events = {};
        int r;

        if (strv_copy(i->familiar, &names) < 0 || push_all(&names, i->digests) < 0 ||
                        strv_push(&ids, i->row.id) < 0 ||
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
