/* SPDX-License-Identifier: Apache-2.0 */
/* engine/disk-usage.c: what there is and what of it is used. Of images the rows tell how large they are; of the rest the last measure does. */
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/image-private.h"
#include "engine/measure.h"
#include "engine/volume-private.h"

/* Which images containers have, and which layers those images have. */
static int find_used(Manager *m, Map *images, Map *layers) {
        Container *c;
        int r = 0;

        LIST_FOREACH(c, &m->container_list, Container, list) {
                const Image *i = map_get(m->images, c->image_id);

                if (r < 0 || !i || map_get(images, c->image_id))
                        continue;
                r = map_put(images, c->image_id, c);
                STRV_FOREACH(id, i->row.layers)
                        if (r >= 0 && !map_get(layers, *id))
                                r = map_put(layers, *id, c);
        }
        return r;
}

static int count_images(Manager *m, const Map *used_layers, DiskUsage *ret) {
        _cleanup_(map_freep) Map *seen = NULL;
        Image *i;
        int r;

        r = map_new(&seen);
        LIST_FOREACH(i, &m->image_list, Image, list)
                STRV_FOREACH(id, i->row.layers) {
                        uint64_t size = manager_layer_size(m, *id);

                        if (r < 0 || map_get(seen, *id))
                                continue;
                        r = map_put(seen, *id, i);
                        ret->size_bytes += size;
                        ret->reclaimable_bytes += map_get(used_layers, *id) ? 0 : size;
                }
        return r;
}

int manager_disk_usage(Manager *m, DiskUsage *ret_images, DiskUsage *ret_containers,
                DiskUsage *ret_volumes) {
        _cleanup_(map_freep) Map *images = NULL, *layers = NULL;
        Volume *v;
        int r;

        *ret_images = (DiskUsage) { .count = map_size(m->images) };
        *ret_containers = (DiskUsage) { .count = map_size(m->containers), .active = m->n_running };
        *ret_volumes = (DiskUsage) { .count = map_size(m->volumes) };
        LIST_FOREACH(v, &m->volume_list, Volume, list)
                ret_volumes->active += v->n_users > 0;
        ret_images->has_size = true;
        ret_containers->has_size = measure_last(m, MEASURE_CONTAINERS, &ret_containers->size_bytes,
                        &ret_containers->reclaimable_bytes);
        ret_volumes->has_size = measure_last(m, MEASURE_VOLUMES, &ret_volumes->size_bytes,
                        &ret_volumes->reclaimable_bytes);
        r = map_new(&images);
        if (r >= 0)
                r = map_new(&layers);
        if (r >= 0)
                r = find_used(m, images, layers);
        if (r < 0)
                return r;
        ret_images->active = map_size(images);
        return count_images(m, layers, ret_images);
}
