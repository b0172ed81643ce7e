/* SPDX-License-Identifier: Apache-2.0 */
/* engine/layer-uses.c: how large each layer is and how many images have it, so that what is shared is counted once. */
#include "base/str.h"
#include "engine/image-private.h"
#include "store/image-rows.h"

typedef struct LayerUse {
        uint64_t size_bytes;
        unsigned n_images; /* 0: kept for a pull that goes on later */
} LayerUse;

static LayerUse *find_or_make(Manager *m, const char *diff_id) {
        LayerUse *use = map_get(m->layer_uses, diff_id);

        if (use)
                return use;
        use = calloc(1, sizeof(*use));
        if (use && map_put(m->layer_uses, diff_id, use) < 0) {
                free(use);
                return NULL;
        }
        return use;
}

void layer_uses_note(Manager *m, const LayerRow *row) {
        LayerUse *use = find_or_make(m, row->diff_id);

        if (use)
                use->size_bytes = row->size_bytes;
}

int layer_uses_load(Manager *m, Failure *reterr) {
        LayerRow *rows = NULL;
        size_t n = 0;
        int r;

        r = map_new(&m->layer_uses);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = store_load_layers(m->store, &rows, &n, reterr);
        if (r < 0)
                return r;
        for (size_t k = 0; k < n; k++)
                layer_uses_note(m, &rows[k]);
        layer_rows_free(rows, n);
        return 0;
}

void layer_uses_free(Manager *m) {
        const char *key;
        LayerUse *use;

        for (size_t i = 0; (use = map_next(m->layer_uses, &i, &key));) {
                (void) map_remove(m->layer_uses, key);
                free(use);
        }
        m->layer_uses = map_free(m->layer_uses);
}

int layer_uses_add(Manager *m, char *const *diff_ids) {
        STRV_FOREACH(id, diff_ids)
                if (!find_or_make(m, *id))
                        return -ENOMEM;
        STRV_FOREACH(id, diff_ids)
                find_or_make(m, *id)->n_images++;
        return 0;
}

void layer_uses_drop(Manager *m, char *const *diff_ids) {
        STRV_FOREACH(id, diff_ids) {
                LayerUse *use = map_get(m->layer_uses, *id);

                if (!use || --use->n_images > 0)
                        continue;
                (void) map_remove(m->layer_uses, *id);
                free(use);
        }
}

void layer_uses_forget(Manager *m, char *const *diff_ids) {
        STRV_FOREACH(id, diff_ids) {
                LayerUse *use = map_get(m->layer_uses, *id);

                if (!use || use->n_images > 0)
                        continue;
                (void) map_remove(m->layer_uses, *id);
                free(use);
        }
}

bool layer_uses_has(const Manager *m, const char *diff_id) {
        const LayerUse *use = map_get(m->layer_uses, diff_id);

        return use && use->n_images > 0;
}

uint64_t manager_layer_size(const Manager *m, const char *diff_id) {
        const LayerUse *use = map_get(m->layer_uses, diff_id);

        return use ? use->size_bytes : 0;
}

uint64_t manager_image_shared_size(const Manager *m, const Image *i) {
        uint64_t sum = 0;

        STRV_FOREACH(id, i->row.layers) {
                const LayerUse *use = map_get(m->layer_uses, *id);

                if (use && use->n_images > 1)
                        sum += use->size_bytes;
        }
        return sum;
}
