/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/prune.c: images that no container uses go: those without a name, or all. A few a turn of the loop, since each is
 * a transaction; what somebody has named or used meanwhile stays.
 */
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/image-private.h"
#include "engine/operation-private.h"

#define IMAGES_A_TURN 8U

typedef struct Prune {
        PruneRequest request; /* its lists are owned */
        char **ids;           /* owned: the candidates */
        size_t next;
        uint64_t freed_bytes;
        sd_event_source *source; /* owned */
} Prune;

static void prune_release(Operation *o) {
        Prune *p = o->work;

        sd_event_source_disable_unref(p->source);
        strv_free(p->request.labels);
        strv_free(p->request.not_labels);
        strv_free(p->ids);
        free(p);
        o->work = NULL;
        o->release = NULL;
}

static bool is_candidate(const Image *i, const PruneRequest *request) {
        const ImageFilter filter = {
                .labels = request->labels,
                .not_labels = request->not_labels,
                .dangling = request->all ? -1 : 1,
                .before_usec = request->until_usec,
        };

        return image_filter_matches(&filter, &(ImageSubject) {
                .tags = i->familiar,
                .digests = i->digests,
                .labels = i->config->labels,
                .created_usec = i->row.created_usec,
        });
}

/* Of each image that a container has. */
static int used_images(Manager *m, Map **ret) {
        _cleanup_(map_freep) Map *used = NULL;
        Container *c;
        int r;

        r = map_new(&used);
        if (r < 0)
                return r;
        LIST_FOREACH(c, &m->container_list, Container, list) {
                r = map_put(used, c->image_id, c);
                if (r < 0 && r != -EEXIST)
                        return r;
        }
        *ret = TAKE_PTR(used);
        return 0;
}

static int list_candidates(Manager *m, const PruneRequest *request, char ***ret) {
        _cleanup_strv_free_ char **ids = NULL;
        _cleanup_(map_freep) Map *used = NULL;
        Image *i;
        int r;

        r = used_images(m, &used);
        LIST_FOREACH(i, &m->image_list, Image, list)
                if (r >= 0 && !map_get(used, i->row.id) && is_candidate(i, request))
                        r = strv_push(&ids, i->row.id);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(ids);
        return 0;
}

static bool is_own(Manager *m, const char *id, uid_t uid) {
        uid_t owner;

        return manager_removal_owner(m, id, uid, &owner, NULL) == 0;
}

int manager_prune_is_own(Manager *m, const PruneRequest *request, uid_t uid) {
        _cleanup_strv_free_ char **ids = NULL;
        int r;

        r = list_candidates(m, request, &ids);
        if (r < 0)
                return r;
        STRV_FOREACH(id, ids)
                if (!is_own(m, *id, uid))
                        return 0;
        return 1;
}

static void finish(Operation *o, const Failure *failure) {
        Prune *p = o->work;
        char freed[32];

        (void) snprintf(freed, sizeof(freed), "%llu", (unsigned long long) p->freed_bytes); /* fits */
        if (!failure && o->results)
                image_record(o->manager, EVENT_IMAGE_PRUNE, o->results[0], NULL, o->owner);
        operation_finish(o, freed, failure);
        prune_release(o);
}

static void on_durable(const Failure *failure, void *userdata) {
        finish(userdata, failure);
}

static int prune_one(Operation *o, Image *i, Failure *reterr) {
        _cleanup_strv_free_ char **untagged = NULL, **deleted = NULL;
        Manager *m = o->manager;
        Prune *p = o->work;
        uint64_t shared = manager_image_shared_size(m, i);
        uint64_t unique = i->row.size_bytes - MIN2(i->row.size_bytes, shared);
        int r;

        r = image_delete(m, i, &untagged, &deleted, reterr);
        if (r == -EBUSY && reterr->code == FAILURE_IMAGE_IN_USE) {
                failure_done(reterr);
                return 0;
        }
        if (r < 0)
                return r;
        p->freed_bytes += unique;
        return operation_add_result(o, deleted[0]);
}

static int on_turn(sd_event_source *s, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Operation *o = userdata;
        Prune *p = o->work;
        Manager *m = o->manager;
        int r = 0;

        for (size_t n = 0; r >= 0 && n < IMAGES_A_TURN && p->ids && p->ids[p->next]; n++) {
                Image *i = map_get(m->images, p->ids[p->next++]);

                if (i && is_candidate(i, &p->request) &&
                                (!p->request.only_own || is_own(m, i->row.id, o->owner)))
                        r = prune_one(o, i, &failure);
        }
        operation_progressed(o, p->next, strv_length(p->ids));
        if (r >= 0 && p->ids && p->ids[p->next])
                return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);

        p->source = sd_event_source_disable_unref(p->source);
        o->cancel = NULL;
        if (r >= 0)
                r = manager_is_short(m) && p->next > 0
                                    ? trash_when_deleted(m->trash, true, on_durable, o)
                                    : manager_when_durable(m, NULL, 0, on_durable, o);
        if (r < 0) {
                if (!failure_is_set(&failure))
                        (void) fail_errno(&failure, r, "Failed to prune images");
                finish(o, &failure);
        }
        return 0;
}

/* What is gone stays gone; no more goes. */
static void prune_cancel(Operation *o) {
        Prune *p = o->work;

        if (p->ids)
                p->next = strv_length(p->ids);
}

int manager_prune_images(Manager *m, const PruneRequest *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        Operation *o;
        Prune *p;
        int r;

        r = operation_new(m, "prune", owner, &o, reterr);
        if (r < 0)
                return r;
        p = calloc(1, sizeof(*p));
        if (!p) {
                operation_drop(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        o->work = p;
        o->release = prune_release;
        o->cancel = prune_cancel;
        p->request = *request;
        p->request.labels = p->request.not_labels = NULL;
        r = strv_copy(request->labels, &p->request.labels);
        if (r >= 0)
                r = strv_copy(request->not_labels, &p->request.not_labels);
        if (r >= 0)
                r = list_candidates(m, request, &p->ids);
        if (r >= 0)
                r = sd_event_add_defer(m->event, &p->source, on_turn, o);
        if (r < 0) {
                operation_drop(o);
                return fail_errno(reterr, r, "Failed to prune images");
        }
        operation_tell_added(o);
        *ret = o;
        return 0;
}
