/* SPDX-License-Identifier: Apache-2.0 */
/* engine/pull-commit.c: what a pull found here, and how what it brought becomes an image: blob, rows, disk. */
#include "base/str.h"
#include "base/usec.h"
#include "engine/pull-private.h"
#include "image/image-gc.h"
#include "model/image-ref.h"
#include "model/limits.h"
#include "model/platform.h"

static bool fits(const Pull *p, const Image *i, bool exactly) {
        const ImageConfig *c = i->config;
        Platform wanted, offered;

        if (!p->platform && !exactly)
                return true;
        if (!p->platform)
                platform_of_machine(&wanted);
        else if (platform_parse(p->platform, &wanted, NULL) < 0)
                return false;
        return c->os && c->architecture &&
               platform_set(c->os, c->architecture, c->variant, &offered) >= 0 &&
               platform_rank(&wanted, &offered) == 0;
}

Image *pull_find_local(const Pull *p) {
        Image *i = map_get(p->operation->manager->tags, p->reference);

        return i && fits(p, i, false) ? i : NULL;
}

bool pull_is_whole(const Pull *p, const Image *i) {
        STRV_FOREACH(layer, i->row.layers)
                if (!image_store_has_layer(p->operation->manager->image_store, *layer))
                        return false;
        return true;
}

const char *pull_known_digest(const Pull *p, const Image *i) {
        if (!i || !fits(p, i, true) || !pull_is_whole(p, i))
                return NULL;
        if (p->digest)
                return p->digest;
        for (size_t k = 0; k < i->row.n_tags; k++) {
                const char *at = strchr(i->row.tags[k].reference, '@');
                const char *digest = at ? startswith(at + 1, DIGEST_PREFIX) : NULL;

                if (digest && image_ref_same_repository(i->row.tags[k].reference, p->reference))
                        return digest;
        }
        return NULL;
}

static int add_tag(Pull *p, ImageRow *row, const char *reference, Failure *reterr) {
        Operation *o = p->operation;
        const Image *same = map_get(o->manager->images, row->id);
        TagRow *tag = &row->tags[row->n_tags];

        if (same && map_get(o->manager->tags, reference) != same &&
                        same->row.n_tags + row->n_tags >= TAGS_PER_IMAGE_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "The image '%s' has %u names, more are not allowed", row->id,
                                TAGS_PER_IMAGE_MAX);
        tag->owner = o->owner;
        if (free_and_strdup(&tag->reference, reference) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        row->n_tags++;
        return 0;
}

/*
 * An index has one digest for the images of all platforms, and here it names the one that was pulled last without a choice;
 * one that was chosen is named by its own manifest. Another user's stays: nobody asked for this name.
 */
static int add_digest(Pull *p, ImageRow *row, Failure *reterr) {
        Manager *m = p->operation->manager;
        _cleanup_free_ char *reference = NULL;
        const Image *other;
        uid_t owner;

        if (str_printf(&reference, "%.*s@" DIGEST_PREFIX "%s",
                            (int) image_ref_repository_length(p->reference), p->reference,
                            p->platform ? p->manifest.manifest_digest : p->manifest.digest) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        other = map_get(m->tags, reference);
        if (other && !streq(other->row.id, row->id) && p->operation->owner != 0) {
                owner = image_owner_of_tag(other, reference);
                if (owner != p->operation->owner)
                        return 0;
        }
        return add_tag(p, row, reference, reterr);
}

static int add_tags(Pull *p, ImageRow *row, Failure *reterr) {
        int r;

        if (!p->domain)
                return 0; /* a tar has no name */
        row->tags = calloc(2, sizeof(*row->tags));
        if (!row->tags)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = add_tag(p, row, p->reference, reterr);
        if (r >= 0)
                r = image_check_tags(p->operation->manager, row, p->operation->owner, p->may_take,
                                reterr);
        return r < 0 || p->digest ? r : add_digest(p, row, reterr);
}

static int make_rows(Pull *p, ImageRow *row, LayerRow **ret_layers, Failure *reterr) {
        const EngineConfig *c = &p->operation->manager->config;
        const PullResult *tar = &p->parts[0].result;
        LayerRow *layers;
        int r;

        row->created_usec = now_realtime();
        row->owner = p->operation->owner;
        r = free_and_strdup(&row->id, p->domain ? p->manifest.config_id : tar->config_id);
        if (r >= 0)
                r = free_and_strdup(&row->config, p->domain ? p->manifest.config : tar->config);
        layers = calloc(p->n_parts + 1, sizeof(*layers));
        if (!layers)
                r = -ENOMEM;
        for (size_t i = 0; r >= 0 && i < p->n_parts; i++) {
                r = strv_push(&row->layers, p->parts[i].row.diff_id);
                row->size_bytes += p->parts[i].row.size_bytes;
                layers[i] = p->parts[i].row;
                p->parts[i].row = (LayerRow) {};
        }
        *ret_layers = layers;
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (row->size_bytes > c->image_bytes_max)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "The layers of '%s' have %llu bytes, the limit is %llu",
                                p->reference, (unsigned long long) row->size_bytes,
                                (unsigned long long) c->image_bytes_max);
        return add_tags(p, row, reterr);
}

static int write_blob(Pull *p, const char *id, int fds[static 2], Failure *reterr) {
        const PullResult *tar = &p->parts[0].result;
        ImageStore *store = p->operation->manager->image_store;

        if (p->domain)
                return image_store_write_blob(store, id, p->manifest.raw_config,
                                p->manifest.raw_config_size, fds, reterr);
        return image_store_write_blob(store, id, tar->config, tar->config_size, fds, reterr);
}

int pull_commit(Pull *p, EngineDone done, void *userdata, Failure *reterr) {
        Manager *m = p->operation->manager;
        int fds[2] = { -EBADF, -EBADF }, r, new_blob = 0;
        LayerRow *layers = NULL;
        ImageRow row = {};
        bool stored = false;
        Image *image;

        if (!p->domain && (!p->parts[0].result.config || !p->parts[0].result.config_id[0]))
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The process that unpacks '%s' gave no image", p->reference);
        r = make_rows(p, &row, &layers, reterr);
        if (r >= 0)
                r = free_and_strdup(&p->image_id, row.id) < 0
                                    ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory")
                                    : 0;
        if (r >= 0)
                r = new_blob = write_blob(p, row.id, fds, reterr);
        if (r >= 0) {
                p->operation->unchanged = !p->domain ? map_get(m->images, row.id) != NULL
                                                     : map_get(m->tags, p->reference) &&
                                                       map_get(m->tags, p->reference) ==
                                                                       map_get(m->images, row.id);
                r = image_add(m, &row, layers, EVENT_IMAGE_PULL, p->operation->owner, &image,
                                &stored, reterr);
        }
        if (!stored && new_blob > 0 && image_gc_blob(m->image_store, p->image_id) >= 0)
                trash_add_images(m->trash); /* else the next start does */
        if (r >= 0) {
                r = manager_when_durable(m, fds, 2, done, userdata);
                if (r < 0)
                        r = fail_errno(reterr, r, "Failed to wait for the disk");
        }
        close_fd(fds[0]);
        layer_rows_free(layers, p->n_parts);
        image_row_done(&row);
        return r;
}
