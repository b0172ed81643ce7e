/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/load-commit.c: an image of an archive, once its layers are unpacked, gets its place: layers, config, rows, all in
 * one turn of the loop, so that nobody sees a part of it and what is taken back was nobody else's.
 */
#include <fcntl.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/load-private.h"
#include "image/image-gc.h"
#include "model/image-ref.h"

/* The reader of the archive has met hostile bytes: what it calls a name may be none. */
static int make_tags(Operation *o, ImageRow *row, Failure *reterr) {
        Load *load = o->work;
        size_t n = strv_length(load->manifest.references);

        row->tags = calloc(n + 1, sizeof(*row->tags));
        if (!row->tags)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        STRV_FOREACH(reference, load->manifest.references) {
                _cleanup_(image_ref_freep) ImageRef *ref = NULL;
                TagRow *tag = &row->tags[row->n_tags];
                int r;

                r = image_ref_parse_tag(*reference, &ref, reterr);
                if (r < 0)
                        return r;
                r = image_ref_normalized(ref, &tag->reference);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                tag->owner = o->owner;
                row->n_tags++;
        }
        return 0;
}

static int make_row(Operation *o, ImageRow *row, Failure *reterr) {
        Load *load = o->work;
        int r;

        row->owner = o->owner;
        row->created_usec = now_realtime();
        r = free_and_strdup(&row->id, load->manifest.config_id);
        if (r >= 0)
                r = free_and_strdup(&row->config, load->manifest.config);
        for (size_t i = 0; r >= 0 && i < load->manifest.n_layers; i++) {
                r = strv_push(&row->layers, load->manifest.layers[i].diff_id);
                if (!load->layers[i].same)
                        row->size_bytes += load->layers[i].unpacked
                                                           ? load->layers[i].row.size_bytes
                                                           : manager_layer_size(o->manager,
                                                                             row->layers[i]);
        }
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return make_tags(o, row, reterr);
}

/* Each layer's row, in the order of the image; borrowed. Of one that is there already nothing but its name matters. */
static LayerRow *list_rows(Operation *o) {
        Load *load = o->work;
        size_t n = load->manifest.n_layers;
        LayerRow *rows = calloc(n + 1, sizeof(*rows));

        for (size_t i = 0; rows && i < n; i++) {
                char *diff_id = load->manifest.layers[i].diff_id;

                rows[i] = (LayerRow) {
                        .diff_id = diff_id,
                        .size_bytes = manager_layer_size(o->manager, diff_id),
                };
                for (size_t k = i; k < n; k++)
                        if (load->layers[k].unpacked &&
                                        streq(load->layers[k].row.diff_id, diff_id))
                                rows[i] = load->layers[k].row;
        }
        return rows;
}

/* @is_new: for each layer, whether it came by this call. */
static int commit_layers(Operation *o, bool *is_new, int *ret_fd, Failure *reterr) {
        Load *load = o->work;
        Manager *m = o->manager;

        for (size_t i = 0; i < load->manifest.n_layers; i++) {
                LoadLayer *layer = &load->layers[i];
                int r;

                if (!layer->staged)
                        continue;
                r = image_store_commit_layer(m->image_store, layer->staging,
                                load->manifest.layers[i].diff_id, ret_fd, reterr);
                if (r < 0)
                        return r;
                layer->staged = false;
                is_new[i] = r > 0;
                if (r == 0) /* another brought it meanwhile */
                        trash_add_images(m->trash);
        }
        return 0;
}

static void take_back(Operation *o, const bool *is_new, bool new_blob) {
        Load *load = o->work;
        Manager *m = o->manager;
        int r = 0;

        for (size_t i = 0; i < load->manifest.n_layers; i++)
                if (is_new[i] && r >= 0)
                        r = image_gc_layer(m->image_store, load->manifest.layers[i].diff_id);
        if (new_blob && r >= 0)
                r = image_gc_blob(m->image_store, load->manifest.config_id);
        if (r < 0)
                log_warning("Failed to put away files of a load, leaving them to the next start");
        trash_add_images(m->trash);
}

static int store_image(Operation *o, ImageRow *row, const LayerRow *rows, bool *is_new,
                Failure *reterr) {
        Load *load = o->work;
        Manager *m = o->manager;
        int fds[3] = { -EBADF, -EBADF, -EBADF }, n = 2, r;
        bool new_blob = false, stored = false;
        Image *image;

        r = commit_layers(o, is_new, &fds[2], reterr);
        if (r >= 0) {
                r = image_store_write_blob(m->image_store, load->manifest.config_id,
                                load->manifest.raw_config, load->manifest.raw_config_size, fds,
                                reterr);
                new_blob = r > 0;
        }
        if (r >= 0)
                r = image_add(m, row, rows, EVENT_IMAGE_LOAD, o->owner, &image, &stored, reterr);
        if (!stored)
                take_back(o, is_new, new_blob && !map_get(m->images, load->manifest.config_id));
        if (fds[2] >= 0)
                n = 3;
        if (r >= 0) {
                r = manager_when_durable(m, fds, (size_t) n, NULL, NULL); /* the end waits for all */
                if (r < 0)
                        r = fail_errno(reterr, r, "Failed to wait for the disk");
        }
        close_fd(fds[0]);
        return r;
}

static int tell_results(Operation *o, const ImageRow *row) {
        Load *load = o->work;
        int r;

        r = free_and_strdup(&load->image_id, load->manifest.config_id);
        if (r >= 0 && !load->manifest.references)
                r = operation_add_result(o, load->manifest.config_id);
        STRV_FOREACH(reference, load->manifest.references) {
                _cleanup_free_ char *familiar = NULL;

                if (r >= 0)
                        r = image_ref_familiar_from(*reference, &familiar);
                if (r >= 0)
                        r = operation_add_result(o, familiar);
        }
        return r;
}

int load_commit(Operation *o, Failure *reterr) {
        _cleanup_free_ LayerRow *rows = NULL; /* borrowed strings */
        _cleanup_free_ bool *is_new = NULL;
        Load *load = o->work;
        ImageRow row = {};
        int r;

        rows = list_rows(o);
        is_new = calloc(load->manifest.n_layers + 1, sizeof(*is_new));
        if (!rows || !is_new)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = make_row(o, &row, reterr);
        if (r >= 0)
                r = image_check_tags(o->manager, &row, o->owner, load->may_take, reterr);
        if (r >= 0)
                r = store_image(o, &row, rows, is_new, reterr);
        if (r >= 0 && tell_results(o, &row) < 0)
                r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        image_row_done(&row);
        return r < 0 ? r : 0;
}
