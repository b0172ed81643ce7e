/* SPDX-License-Identifier: Apache-2.0 */
/* fake-images.c: images of the fake engine, and their names: those of one image are all of whoever gave the last one. */
#include <inttypes.h>
#include <stdio.h>
#include "engine/copy.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/measure.h"
#include "fake-engine.h"

const char *image_id(const Image *i) {
        return i->id;
}

char *const *image_tags(const Image *i) {
        return i->tags;
}

char *const *image_digests(const Image *i) {
        return NULL;
}

bool image_is_owned_by(const Image *i, uid_t uid) {
        return i->owner == uid;
}

uint64_t image_created_usec(const Image *i) {
        return i->created;
}

uint64_t image_size(const Image *i) {
        return 1024;
}

const ImageConfig *image_config(const Image *i) {
        return &i->config;
}

int image_inspect(Image *i, char **ret_json) {
        return str_printf(ret_json, "{\"Id\":\"%s\"}", i->id);
}

int manager_find_image(Manager *m, const char *reference, Image **ret, Failure *reterr) {
        Image *i;

        MAP_FOREACH(i, m->images)
                if (streq(i->id, reference) || strv_contains(i->tags, reference)) {
                        *ret = i;
                        return 0;
                }
        return fail(reterr, FAILURE_NO_SUCH_IMAGE, 0, "No image '%s'", reference);
}

Image *manager_get_image(Manager *m, const char *id) {
        return map_get(m->images, id);
}

Image *manager_next_image(Manager *m, Image *after) {
        bool found = !after;
        size_t n = SIZE_MAX;
        Image *i;

        while ((i = map_prev(m->images, &n, NULL))) {
                if (found)
                        return i;
                found = i == after;
        }
        return NULL;
}

int fake_image_add(Manager *m, const char *tag, Image **ret) {
        Image *i = calloc(1, sizeof(*i));
        int r;

        if (!i)
                return -ENOMEM;
        (void) snprintf(i->id, sizeof(i->id), "%064" PRIx64, ++m->last_id);
        i->created = now_realtime();
        r = isempty(tag) ? 0 : strv_push(&i->tags, tag);
        if (r >= 0)
                r = map_put(m->images, i->id, i);
        if (r < 0) {
                strv_free(i->tags);
                free(i);
                return r;
        }
        if (m->ready)
                m->observer->image_added(i, m->userdata);
        fake_tell_image(m, i, EVENT_IMAGE_IMPORT);
        *ret = i;
        return 0;
}

int manager_remove_image(Manager *m, const char *reference, bool force, EngineDone done,
                void *userdata, char ***ret_untagged, char ***ret_deleted, Failure *reterr) {
        Container *c;
        Image *i = NULL;
        int r;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        MAP_FOREACH(c, m->containers)
                if (strv_contains(i->tags, c->spec->image))
                        return fail(reterr, FAILURE_IMAGE_IN_USE, 0,
                                        "Image '%s' is used by container '%s'", reference, c->name);
        r = strv_copy(i->tags, ret_untagged);
        if (r >= 0)
                r = strv_push(ret_deleted, i->id);
        if (r < 0)
                return r;

        m->observer->image_removed(i, m->userdata);
        fake_tell_image(m, i, EVENT_IMAGE_DELETE);
        (void) map_remove(m->images, i->id);
        strv_free(i->tags);
        free(i);
        return fake_later(m, done, userdata, NULL);
}

uint64_t manager_image_shared_size(const Manager *m, const Image *i) {
        return 512;
}

uint64_t manager_layer_size(const Manager *m, const char *diff_id) {
        return 256;
}

static Image *image_with(Manager *m, const char *tag) {
        Image *i;

        MAP_FOREACH(i, m->images)
                if (strv_contains(i->tags, tag))
                        return i;
        return NULL;
}

int manager_tag_owner(Manager *m, const char *reference, uid_t *ret, Failure *reterr) {
        const Image *i = image_with(m, reference);

        if (i)
                *ret = i->owner;
        return i != NULL;
}

int manager_removal_owner(
                Manager *m, const char *reference, uid_t uid, uid_t *ret, Failure *reterr) {
        Image *i = NULL;
        int r;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        *ret = i->owner;
        return i->owner != uid;
}

int manager_tag_image(Manager *m, const char *reference, const char *tag, uid_t owner,
                EngineDone done, void *userdata, Failure *reterr) {
        Image *i = NULL, *other = image_with(m, tag);
        int r;

        if (strchr(tag, '@'))
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL, "'%s' is no name", tag);
        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        if (other) {
                (void) strv_remove(other->tags, tag);
                m->observer->image_changed(other, m->userdata);
        }
        r = strv_push(&i->tags, tag);
        if (r < 0)
                return r;
        i->owner = owner;
        m->observer->image_changed(i, m->userdata);
        fake_tell_image(m, i, EVENT_IMAGE_TAG);
        return fake_later(m, done, userdata, NULL);
}

int manager_untag_image(Manager *m, const char *reference, EngineDone done, void *userdata,
                Failure *reterr) {
        Image *i = NULL;
        int r;

        r = manager_find_image(m, reference, &i, reterr);
        if (r < 0)
                return r;
        (void) strv_remove(i->tags, reference);
        m->observer->image_changed(i, m->userdata);
        fake_tell_image(m, i, EVENT_IMAGE_UNTAG);
        return fake_later(m, done, userdata, NULL);
}

int manager_prune_is_own(Manager *m, const PruneRequest *request, uid_t uid) {
        Image *i;

        MAP_FOREACH(i, m->images)
                if ((request->all || strv_length(i->tags) == 0) && !image_is_owned_by(i, uid))
                        return 0;
        return 1;
}

int manager_prune_images(Manager *m, const PruneRequest *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        int r;

        r = fake_operation_new(m, "prune", owner, ret);
        return r < 0 ? r : fake_later(m, fake_operation_done, *ret, NULL);
}

int manager_load_images(Manager *m, int archive_fd, const LoadRequest *request, uid_t owner,
                Operation **ret, Failure *reterr) {
        int r;

        if (request->platform && !strchr(request->platform, '/'))
                return fail(reterr, FAILURE_INVALID_ARGS, 0, "'%s' is no platform",
                                request->platform);
        r = fake_operation_new(m, "load", owner, ret);
        if (r < 0)
                return r;
        close_fd(archive_fd);
        return fake_later(m, fake_operation_done, *ret, NULL);
}

int manager_save_images(Manager *m, char *const *references, int format, int out_fd, uid_t owner,
                Operation **ret, Failure *reterr) {
        Image *i;
        int r;

        STRV_FOREACH(reference, references) {
                r = manager_find_image(m, *reference, &i, reterr);
                if (r < 0)
                        return r;
        }
        r = fake_operation_new(m, "save", owner, ret);
        return r < 0 ? r : fake_later(m, fake_operation_done, *ret, NULL);
}

int container_export(
                Container *c, int out_fd, uid_t owner, Operation **ret, Failure *reterr) {
        int r;

        r = fake_operation_new(c->manager, "export", owner, ret);
        return r < 0 ? r : fake_later(c->manager, fake_operation_done, *ret, NULL);
}

int container_copy(Container *c, const CopyRequest *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        int r;

        r = fake_operation_new(c->manager, "copy", owner, ret);
        return r < 0 ? r : fake_later(c->manager, fake_operation_done, *ret, NULL);
}

int manager_measure(Manager *m, EngineDone done, void *userdata) {
        return fake_later(m, done, userdata, NULL);
}

int manager_disk_usage(Manager *m, DiskUsage *ret_images, DiskUsage *ret_containers,
                DiskUsage *ret_volumes) {
        *ret_images = (DiskUsage){
                .count = map_size(m->images),
                .size_bytes = 2048,
                .reclaimable_bytes = 1024,
                .has_size = true,
        };
        *ret_containers = (DiskUsage){ .count = map_size(m->containers) };
        *ret_volumes = (DiskUsage){
                .count = 3, .active = 1, .size_bytes = 4096, .has_size = true
        };
        return 0;
}
