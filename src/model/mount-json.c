/* SPDX-License-Identifier: Apache-2.0 */
/* model/mount-json.c: see mount-json.h. A token is never stored: it is one caller's, for a minute. */
#include "model/mount-json.h"
#include "base/file-identity.h"
#include "base/str.h"
#include "model/limits.h"

static int put_bind(json_t *j, const ContainerMount *m) {
        if (json_put_bool(j, "nonrecursive", m->nonrecursive) < 0 ||
                        json_put_string(j, "ids", mount_ids_to_string(m->ids)) < 0 ||
                        json_put_string(j, "propagation",
                                        mount_propagation_to_string(m->propagation)) < 0 ||
                        json_put_string(j, "identity", m->identity) < 0)
                return -ENOMEM;
        if (!m->identity)
                return 0;
        return json_put_u64(j, "uid", m->uid) < 0 ? -ENOMEM : json_put_u64(j, "gid", m->gid);
}

static int put_mount(json_t *j, const ContainerMount *m) {
        if (json_put_string(j, "type", mount_type_to_string(m->type)) < 0 ||
                        json_put_string(j, "target", m->target) < 0 ||
                        json_put_string(j, "source", m->source) < 0 ||
                        json_put_bool(j, "read_only", m->read_only) < 0 ||
                        json_put_bool(j, "anonymous", m->anonymous) < 0 ||
                        json_put_bool(j, "no_copy", m->no_copy) < 0 ||
                        json_put_strv(j, "labels", m->labels) < 0 ||
                        json_put_string(j, "options", m->options) < 0)
                return -ENOMEM;
        return m->type == MOUNT_BIND ? put_bind(j, m) : 0;
}

int container_mounts_to_json(const ContainerSpec *spec, json_t *j) {
        json_t *array;

        if (json_put_bool(j, "remove_volumes", spec->remove_volumes) < 0)
                return -ENOMEM;
        if (spec->n_mounts == 0)
                return 0;
        array = json_array(); /* the document's from here on */
        if (json_put_new(j, "mounts", array) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < spec->n_mounts; i++) {
                json_t *entry = json_object();

                if (json_array_append_new(array, entry) < 0 ||
                                put_mount(entry, &spec->mounts[i]) < 0)
                        return -ENOMEM;
        }
        return 0;
}

/* Its words: an unknown one is a newer version's, and passing it over would mount something else. */
static int read_words(const json_t *j, ContainerMount *m) {
        _cleanup_free_ char *type = NULL, *ids = NULL, *propagation = NULL;
        int r;

        r = json_read_string(j, "type", 64, &type);
        if (r > 0)
                r = json_read_string(j, "ids", 64, &ids);
        if (r >= 0)
                r = json_read_string(j, "propagation", 64, &propagation);
        if (r < 0 || !type)
                return r < 0 ? r : -EBADMSG;
        m->type = mount_type_from_string(type);
        if (ids)
                m->ids = mount_ids_from_string(ids);
        if (propagation)
                m->propagation = mount_propagation_from_string(propagation);
        return (int) m->type < 0 || (int) m->ids < 0 || (int) m->propagation < 0 ? -EBADMSG : 0;
}

static int read_mount(const json_t *j, ContainerMount *m) {
        int r;

        if (!json_is_object(j))
                return -EBADMSG;
        r = read_words(j, m);
        if (r >= 0)
                r = json_read_string(j, "target", PATH_BYTES_MAX, &m->target);
        if (r >= 0)
                r = json_read_string(j, "source", PATH_BYTES_MAX, &m->source);
        if (r >= 0)
                r = json_read_bool(j, "read_only", &m->read_only);
        if (r >= 0)
                r = json_read_bool(j, "anonymous", &m->anonymous);
        if (r >= 0)
                r = json_read_bool(j, "no_copy", &m->no_copy);
        if (r >= 0)
                r = json_read_strv(j, "labels", LABELS_MAX, LABELS_BYTES_MAX, &m->labels);
        if (r >= 0)
                r = json_read_string(j, "options", PATH_BYTES_MAX, &m->options);
        if (r >= 0)
                r = json_read_bool(j, "nonrecursive", &m->nonrecursive);
        if (r >= 0)
                r = json_read_string(j, "identity", FILE_IDENTITY_MAX, &m->identity);
        if (r >= 0)
                r = json_read_u32(j, "uid", &m->uid);
        if (r >= 0)
                r = json_read_u32(j, "gid", &m->gid);
        return r;
}

int container_mounts_from_json(const json_t *j, ContainerSpec *spec) {
        const json_t *array = json_object_get(j, "mounts");
        int r;

        r = json_read_bool(j, "remove_volumes", &spec->remove_volumes);
        if (r < 0 || !array)
                return r < 0 ? r : 0;
        if (!json_is_array(array) || json_array_size(array) > MOUNTS_PER_CONTAINER_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < json_array_size(array); i++) {
                ContainerMount *m;

                r = container_mounts_add(spec, &m);
                if (r >= 0)
                        r = read_mount(json_array_get(array, i), m);
                if (r < 0)
                        return r;
        }
        return 0;
}
