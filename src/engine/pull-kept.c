/* SPDX-License-Identifier: Apache-2.0 */
/* engine/pull-kept.c: layers that stay though no image has them: while a pull needs them, and a day for the one that comes. */
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/pull-private.h"
#include "image/image-gc.h"
#include "model/limits.h"
#include "store/kept-rows.h"

void pulls_hold_layers(Manager *m) {
        uint64_t until = now_realtime() + LAYER_KEEP_USEC;
        Pull *p;

        if (!m->pulls)
                return; /* the manager is being opened */
        LIST_FOREACH(p, &m->pulls->list, Pull, pulls)
                for (size_t i = 0; i < p->n_parts; i++) {
                        _cleanup_failure_ Failure failure = {};
                        const LayerRow *row = &p->parts[i].row;
                        int r;

                        if (p->state != PULL_RUNNING || !row->diff_id)
                                continue;
                        r = store_hold_layer(m->store, row->diff_id, until, NULL, &failure);
                        if (r == 0)
                                r = fail(&failure, FAILURE_INTERNAL, ENOENT,
                                                "A layer of '%s' has gone", p->reference);
                        if (r < 0)
                                pull_fail(p, &failure);
                }
}

static int on_time(sd_event_source *s, uint64_t usec, void *userdata) {
        pulls_collect(((Pulls *) userdata)->manager);
        return 0;
}

static void arm(Pulls *pulls, uint64_t at_usec) {
        int r;

        pulls->collect = sd_event_source_disable_unref(pulls->collect);
        if (at_usec == UINT64_MAX)
                return;
        r = sd_event_add_time(pulls->manager->event, &pulls->collect, CLOCK_REALTIME, at_usec,
                        60 * USEC_PER_SEC, on_time, pulls);
        if (r < 0)
                (void) log_warning_errno(r,
                                "Failed to arm the timer of kept layers, leaving them to the next "
                                "start: %m");
}

void pulls_collect(Manager *m) {
        _cleanup_strv_free_ char **layers = NULL;
        _cleanup_failure_ Failure failure = {};
        uint64_t next;

        pulls_hold_layers(m);
        if (store_collect_layers(m->store, now_realtime(), &layers, &next, &failure) < 0) {
                log_warning("%s, leaving it to the next start", failure_message(&failure));
                return;
        }
        STRV_FOREACH(layer, layers)
                if (image_gc_layer(m->image_store, *layer) < 0)
                        log_warning("Failed to put away the layer '%s', leaving it to the next "
                                    "start",
                                        *layer);
        layer_uses_forget(m, layers);
        if (layers)
                trash_add_images(m->trash);
        arm(m->pulls, next);
}
