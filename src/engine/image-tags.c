/* SPDX-License-Identifier: Apache-2.0 */
/* engine/image-tags.c: the names of images: given, moved, taken away; the last one takes its image along, or leaves it. */
#include "base/str.h"
#include "engine/image-private.h"
#include "model/image-ref.h"
#include "model/limits.h"

/* Its tags as people read them, and who answers for it. */
int image_read_tags(Image *i) {
        _cleanup_strv_free_ char **familiar = NULL, **digests = NULL;
        const TagRow *first = NULL;
        int r;

        for (size_t k = 0; k < i->row.n_tags; k++) {
                const TagRow *tag = &i->row.tags[k];
                bool is_digest = image_ref_is_digest(tag->reference);
                char *s;

                r = image_ref_familiar_from(tag->reference, &s);
                if (r >= 0)
                        r = strv_consume(is_digest ? &digests : &familiar, s);
                if (r < 0)
                        return r;
                if (!first || (image_ref_is_digest(first->reference) && !is_digest))
                        first = tag;
        }
        strv_sort(familiar);
        strv_sort(digests);
        strv_free(i->familiar);
        strv_free(i->digests);
        i->familiar = TAKE_PTR(familiar);
        i->digests = TAKE_PTR(digests);
        i->owner = first ? first->owner : (uid_t) -1;
        return 0;
}

int image_tell_changed(Manager *m, Image *i) {
        int r;

        r = image_read_tags(i);
        if (r >= 0 && m->observing && m->observer->image_changed)
                m->observer->image_changed(i, m->observer_userdata);
        return r;
}

/* Out of the object's list, not out of the store. */
void image_forget_tag(Manager *m, Image *i, const char *reference) {
        for (size_t k = 0; k < i->row.n_tags; k++) {
                if (!streq(i->row.tags[k].reference, reference))
                        continue;
                (void) map_remove(m->tags, reference);
                free(i->row.tags[k].reference);
                i->row.tags[k] = i->row.tags[--i->row.n_tags];
                return;
        }
}

int image_remember_tag(Manager *m, Image *i, const char *reference, uid_t owner) {
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

/* Is @reference the name of a tag, rather than an id or a part of one? @ret: normalized, owned by the caller. */
int image_tag_of(Manager *m, const Image *i, const char *reference, char **ret) {
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

/* Done when the files are gone, too, where the disk is nearly full: else who frees it waits for nothing. */
static int when_gone(Manager *m, EngineDone done, void *userdata, Failure *reterr) {
        int r;

        if (manager_is_short(m)) {
                (void) manager_when_durable(m, NULL, 0, NULL, NULL); /* it is waited for below */
                r = trash_when_deleted(m->trash, true, done, userdata);
        } else
                r = manager_when_durable(m, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}

/*
 * What goes with @reference: it, and with the last tag of a repository the digests that the image was pulled by there,
 * which would keep it for nobody. @ret: borrowed from the image, NULL-terminated, owned by the caller.
 */
static int tags_with(const Image *i, const char *reference, char ***ret) {
        bool last = !image_ref_is_digest(reference);
        char **list;
        size_t n = 0;

        list = calloc(i->row.n_tags + 1, sizeof(*list));
        if (!list)
                return -ENOMEM;
        for (size_t k = 0; k < i->row.n_tags; k++) {
                char *other = i->row.tags[k].reference;

                if (streq(other, reference))
                        list[n++] = other;
                else if (!image_ref_is_digest(other) && image_ref_same_repository(other, reference))
                        last = false;
        }
        for (size_t k = 0; last && k < i->row.n_tags; k++) {
                char *other = i->row.tags[k].reference;

                if (image_ref_is_digest(other) && image_ref_same_repository(other, reference))
                        list[n++] = other;
        }
        *ret = list;
        return (int) n;
}

static int untag(Manager *m, Image *i, char *const *references, char ***untagged,
                Failure *reterr) {
        _cleanup_image_events_ ImageEvents events = {};
        _cleanup_strv_free_ char **names = NULL, **gone = NULL;
        char *familiar;
        int r = 0;

        STRV_FOREACH(reference, references) {
                r = image_ref_familiar_from(*reference, &familiar);
                if (r >= 0)
                        r = strv_consume(&names, familiar);
                if (r >= 0)
                        r = image_events_add(&events, EVENT_IMAGE_UNTAG, i->row.id, *reference,
                                        i->owner);
                if (r < 0)
                        break;
        }
        if (r >= 0)
                r = strv_copy(references, &gone); /* they go with the rows of the object */
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = store_untag_images(m->store, gone, &events.list, reterr);
        if (r < 0)
                return r;
        manager_tell(m, &events.list);
        STRV_FOREACH(reference, gone)
                image_forget_tag(m, i, *reference);
        (void) image_tell_changed(m, i); /* without memory its names are late */
        *untagged = TAKE_PTR(names);
        return 0;
}

/* Of one name, and of more when forced: an image with names in plenty is not what an id was typed for. */
static bool has_more_names(const Image *i) {
        return strv_length(i->familiar) > 1 ||
               (strv_length(i->familiar) == 0 && strv_length(i->digests) > 1);
}

int manager_remove_image(Manager *m, const char *reference, bool force, EngineDone done,
                void *userdata, char ***ret_untagged, char ***ret_deleted, Failure *reterr) {
        _cleanup_free_ char **with = NULL; /* borrowed strings */
        _cleanup_free_ char *tag = NULL;
        int by_tag, n = 0, r;
        Image *i;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        r = by_tag = image_tag_of(m, i, reference, &tag);
        if (r > 0)
                r = n = tags_with(i, tag, &with);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *ret_untagged = *ret_deleted = NULL;
        if (by_tag && i->row.n_tags > (size_t) n)
                r = untag(m, i, with, ret_untagged, reterr);
        else if (!by_tag && has_more_names(i) && !force)
                return fail(reterr, FAILURE_IMAGE_IN_USE, EBUSY,
                                "Image '%s' has more than one name: remove them, or force it",
                                reference);
        else
                r = image_delete(m, i, ret_untagged, ret_deleted, reterr);
        if (r < 0)
                return r;
        return when_gone(m, done, userdata, reterr);
}

static int read_tag(const char *text, char **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        int r;

        r = image_ref_parse_tag(text, &ref, reterr);
        if (r < 0)
                return r;
        r = image_ref_normalized(ref, ret);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

/* Out of the image that has it, into this one. */
static int move_tag(Manager *m, Image *i, const char *reference, uid_t owner, Failure *reterr) {
        _cleanup_image_events_ ImageEvents events = {};
        Image *other = map_get(m->tags, reference);
        int r = 0;

        if (other && other != i)
                r = image_events_add(&events, EVENT_IMAGE_UNTAG, other->row.id, reference, owner);
        if (r >= 0)
                r = image_events_add(&events, EVENT_IMAGE_TAG, i->row.id, reference, owner);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = store_tag_image(m->store, i->row.id, reference, owner, &events.list, reterr);
        if (r < 0)
                return r;
        if (other) {
                image_forget_tag(m, other, reference);
                if (other != i)
                        (void) image_tell_changed(m, other); /* without memory its names are late */
        }
        r = image_remember_tag(m, i, reference, owner);
        if (r >= 0)
                r = image_tell_changed(m, i);
        manager_tell(m, &events.list);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

int manager_tag_image(Manager *m, const char *reference, const char *tag, uid_t owner,
                EngineDone done, void *userdata, Failure *reterr) {
        _cleanup_free_ char *normalized = NULL;
        Image *i;
        int r;

        r = read_tag(tag, &normalized, reterr);
        if (r < 0)
                return r;
        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        if (map_get(m->tags, normalized) != i) {
                if (i->row.n_tags >= TAGS_PER_IMAGE_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                        "Image '%s' has %zu names, more are not allowed", reference,
                                        i->row.n_tags);
                r = move_tag(m, i, normalized, owner, reterr);
                if (r < 0)
                        return r;
        }
        r = manager_when_durable(m, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}

int manager_untag_image(Manager *m, const char *reference, EngineDone done, void *userdata,
                Failure *reterr) {
        _cleanup_strv_free_ char **untagged = NULL;
        _cleanup_free_ char **with = NULL; /* borrowed strings */
        _cleanup_free_ char *tag = NULL;
        Image *i;
        int r;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        r = image_tag_of(m, i, reference, &tag);
        if (r == 0)
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "'%s' is an image's id, not one of its names", reference);
        if (r > 0)
                r = tags_with(i, tag, &with);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = untag(m, i, with, &untagged, reterr);
        if (r < 0)
                return r;
        r = manager_when_durable(m, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}

const char *image_id(const Image *i) {
        return i->row.id;
}

char *const *image_tags(const Image *i) {
        return i->familiar;
}

char *const *image_digests(const Image *i) {
        return i->digests;
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
