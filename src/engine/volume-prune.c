/* SPDX-License-Identifier: Apache-2.0 */
/* engine/volume-prune.c: volumes that no container has go: those without a name of their own, or all. A few a turn of the loop, since each is a transaction. */
#include "base/str.h"
#include "engine/operation-private.h"
#include "engine/volume-private.h"

#define VOLUMES_A_TURN 8U

typedef struct Prune {
        bool all, everyones;
        char **labels; /* owned */
        char **names;  /* owned: the candidates */
        size_t next;
        sd_event_source *source; /* owned */
} Prune;

static void prune_release(Operation *o) {
        Prune *p = o->work;

        sd_event_source_disable_unref(p->source);
        strv_free(p->labels);
        strv_free(p->names);
        free(p);
        o->work = NULL;
        o->release = NULL;
}

static bool has_label(const Volume *v, const char *wanted) {
        size_t n = strlen(wanted);

        STRV_FOREACH(label, v->row.labels)
                if (streq(*label, wanted) || (!strchr(wanted, '=') && (*label)[n] == '=' &&
                                                             startswith(*label, wanted)))
                        return true;
        return false;
}

static bool is_candidate(const Prune *p, const Volume *v, uid_t owner) {
        if (v->removing || v->n_users > 0 || (!p->all && !v->row.anonymous) ||
                        (!p->everyones && v->row.owner != owner))
                return false;
        STRV_FOREACH(label, p->labels)
                if (!has_label(v, *label))
                        return false;
        return true;
}

static void on_durable(const Failure *failure, void *userdata) {
        Operation *o = userdata;

        operation_finish(o, "", failure);
        prune_release(o);
}

static int on_turn(sd_event_source *s, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Operation *o = userdata;
        Prune *p = o->work;
        int r = 0;

        for (size_t n = 0; r >= 0 && n < VOLUMES_A_TURN && p->names && p->names[p->next]; n++) {
                const char *name = p->names[p->next++];
                Volume *v = map_get(o->manager->volumes, name);

                if (!v || !is_candidate(p, v, o->owner))
                        continue;
                r = manager_remove_volume(o->manager, v, NULL, NULL, &failure);
                if (r >= 0)
                        r = operation_add_result(o, name);
        }
        operation_progressed(o, p->next, strv_length(p->names));
        if (r >= 0 && p->names && p->names[p->next])
                return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);

        p->source = sd_event_source_disable_unref(p->source);
        o->cancel = NULL;
        if (r >= 0)
                r = manager_when_durable(o->manager, NULL, 0, on_durable, o);
        if (r < 0) {
                if (!failure_is_set(&failure))
                        (void) fail_errno(&failure, r, "Failed to prune volumes");
                operation_finish(o, "", &failure);
                prune_release(o);
        }
        return 0;
}

/* What is gone stays gone; no more goes. */
static void prune_cancel(Operation *o) {
        Prune *p = o->work;

        if (p->names)
                p->next = strv_length(p->names);
}

static int list_candidates(Manager *m, Prune *p, uid_t owner) {
        Volume *v;
        int r;

        LIST_FOREACH(v, &m->volume_list, Volume, list) {
                r = is_candidate(p, v, owner) ? strv_push(&p->names, v->row.name) : 0;
                if (r < 0)
                        return r;
        }
        return 0;
}

int manager_prune_volumes(Manager *m, const VolumePrune *request, uid_t owner, Operation **ret,
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
        *p = (Prune){ .all = request->all, .everyones = request->everyones };
        o->work = p;
        o->release = prune_release;
        o->cancel = prune_cancel;
        r = strv_copy(request->labels, &p->labels);
        if (r >= 0)
                r = list_candidates(m, p, owner);
        if (r >= 0)
                r = sd_event_add_defer(m->event, &p->source, on_turn, o);
        if (r < 0) {
                operation_drop(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        operation_tell_added(o);
        *ret = o;
        return 0;
}
