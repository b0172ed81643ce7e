/* SPDX-License-Identifier: Apache-2.0 */
/* engine/image-events.c: what is told of images and tags, as lists, since one change moves many tags. */
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/image-private.h"
#include "model/image-ref.h"

void image_events_done(ImageEvents *l) {
        free(l->list.events);
        strv_free(l->names);
        *l = (ImageEvents){};
}

int image_events_add(ImageEvents *l, EventAction action, const char *id, const char *reference,
                uint32_t owner) {
        char *familiar = NULL;
        Event *more;
        int r;

        if (reference && image_ref_is_digest(reference) && action != EVENT_IMAGE_PULL)
                return 0; /* what an image was pulled by comes and goes with its tags, untold */
        if (reference) {
                r = image_ref_familiar_from(reference, &familiar);
                if (r >= 0)
                        r = strv_consume(&l->names, familiar);
                if (r < 0)
                        return r;
        }
        more = reallocarray(l->list.events, l->list.n + 1, sizeof(*more));
        if (!more)
                return -ENOMEM;
        l->list.events = more;
        more[l->list.n++] = (Event){
                .time_usec = now_realtime(),
                .action = action,
                .id = id,
                .name = strempty(familiar),
                .owner = owner,
        };
        return 0;
}

void image_record(Manager *m, EventAction action, const char *id, const char *reference,
                uint32_t owner) {
        _cleanup_image_events_ ImageEvents events = {};
        _cleanup_failure_ Failure failure = {};

        if (image_events_add(&events, action, id, reference, owner) < 0)
                return;
        if (store_add_events(m->store, &events.list, &failure) < 0) {
                store_lose_events(m->store, events.list.n);
                log_error("Failed to store an event of an image, going on: %s",
                                failure_message(&failure));
        }
        manager_tell(m, &events.list);
}

int image_events_added(Manager *m, const ImageRow *row, EventAction action, uint32_t owner,
                ImageEvents *ret) {
        const Image *i = map_get(m->images, row->id);
        int r = 0;

        for (size_t k = 0; r >= 0 && k < row->n_tags; k++) { /* a tag has one image: it moves */
                const char *reference = row->tags[k].reference;
                Image *other = map_get(m->tags, reference);

                if (other && other != i)
                        r = image_events_add(
                                        ret, EVENT_IMAGE_UNTAG, other->row.id, reference, owner);
        }
        if (r >= 0)
                r = image_events_add(ret, action, row->id,
                                row->n_tags > 0 ? row->tags[0].reference : NULL, owner);
        for (size_t k = 0; r >= 0 && k < row->n_tags; k++)
                if (!i || map_get(m->tags, row->tags[k].reference) != i)
                        r = image_events_add(ret, EVENT_IMAGE_TAG, row->id, row->tags[k].reference,
                                        row->tags[k].owner);
        return r;
}

int image_events_deleted(const Image *i, ImageEvents *ret) {
        int r = 0;

        for (size_t k = 0; r >= 0 && k < i->row.n_tags; k++)
                r = image_events_add(ret, EVENT_IMAGE_UNTAG, i->row.id, i->row.tags[k].reference,
                                i->row.tags[k].owner);
        return r < 0 ? r : image_events_add(ret, EVENT_IMAGE_DELETE, i->row.id, NULL, i->owner);
}
