/* SPDX-License-Identifier: Apache-2.0 */
/* engine/sweep.c: at the daemon's start, after the rows are right: what no row names is killed, put away, deleted. */
#include <stdlib.h>
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/image-private.h"
#include "image/image-gc.h"

#define KILL_MS 5000

static void sweep_cgroup(uint32_t owner, const char *id, void *userdata) {
        Manager *m = userdata;
        Cgroup cgroup;
        int r;

        if (map_get(m->containers, id))
                return;
        r = cgroup_open(&m->cgroups, owner, id, &cgroup);
        if (r >= 0) {
                r = cgroup_kill(cgroup.dir_fd);
                if (r >= 0)
                        r = cgroup_wait_empty(cgroup.dir_fd, KILL_MS);
                cgroup_close(&cgroup);
        }
        if (r >= 0 || r == -ENOENT)
                r = cgroup_remove(&m->cgroups, owner, id);
        if (r < 0)
                (void) log_warning_errno(r,
                                "Failed to remove the cgroup of container '%s', which is gone: %m",
                                id);
}

/* Directories of containers that have no row. */
static void sweep_names(Manager *m, int dir_fd) {
        _cleanup_strv_free_ char **names = NULL;

        if (container_tree_list(dir_fd, &names) < 0)
                return; /* the next start tries again */
        STRV_FOREACH(name, names) {
                char **trashed = NULL;
                IdLease none = ID_LEASE_NONE;

                if (map_get(m->containers, *name))
                        continue;
                if (container_dir_trash(&m->tree, *name, &trashed) < 0)
                        log_warning("Failed to put away what is left of container '%s'", *name);
                if (trashed)
                        trash_add(m->trash, trashed, &none);
        }
}

static void sweep_trash(Manager *m) {
        char **names = NULL;
        IdLease none = ID_LEASE_NONE;

        if (container_tree_list(m->tree.trash_fd, &names) >= 0 && names)
                trash_add(m->trash, names, &none);
}

static int compare(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

static int sweep_images(Manager *m, Failure *reterr) {
        _cleanup_free_ const char **layers = NULL, **blobs = NULL;
        size_t n_layers = 0, n_blobs = 0, rows_n = 0;
        LayerRow *rows = NULL;
        Image *i;
        int r;

        r = store_load_layers(m->store, &rows, &rows_n, reterr);
        if (r < 0)
                return r;
        layers = calloc(rows_n + 1, sizeof(*layers));
        blobs = calloc(map_size(m->images) + 1, sizeof(*blobs));
        if (!layers || !blobs) {
                layer_rows_free(rows, rows_n);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        for (; n_layers < rows_n; n_layers++)
                layers[n_layers] = rows[n_layers].diff_id;
        LIST_FOREACH(i, &m->image_list, Image, list)
                blobs[n_blobs++] = i->row.id;
        qsort(layers, n_layers, sizeof(*layers), compare);
        qsort(blobs, n_blobs, sizeof(*blobs), compare);
        r = image_gc_sweep(m->image_store, layers, n_layers, blobs, n_blobs);
        layer_rows_free(rows, rows_n);
        if (r < 0)
                (void) log_warning_errno(
                                r, "Failed to put away images that are gone, going on: %m");
        trash_add_images(m->trash);
        return 0;
}

int manager_sweep(Manager *m, Failure *reterr) {
        int r;

        r = cgroup_each(&m->cgroups, sweep_cgroup, m);
        if (r < 0)
                (void) log_warning_errno(
                                r, "Failed to look for cgroups that nobody owns, going on: %m");
        sweep_trash(m);
        sweep_names(m, m->tree.containers_fd);
        sweep_names(m, m->tree.logs_fd);
        sweep_names(m, m->tree.run_fd);
        volumes_sweep(m);
        return sweep_images(m, reterr);
}
