/* SPDX-License-Identifier: Apache-2.0 */
/* model/inspect-mounts.c: mounts, and volumes, as `inspect` shows them. */
#include "model/inspect-mounts.h"
#include "base/str.h"
#include "base/usec.h"
#include "model/inspect.h"

static int put_text(json_t *j, const char *key, const char *value) {
        return json_put_new(j, key, json_string(strempty(value)));
}

/* false is said, too. */
static int put_switch(json_t *j, const char *key, bool value) {
        return json_put_new(j, key, json_boolean(value));
}

static int put_source(json_t *j, const ContainerMount *m, const char *volumes_dir) {
        if (m->type == MOUNT_BIND)
                return put_text(j, "Source", m->source) < 0 ||
                                               put_text(j, "Propagation",
                                                               mount_propagation_to_string(
                                                                               m->propagation)) < 0
                                       ? -ENOMEM
                                       : put_text(j, "IdMap", mount_ids_to_string(m->ids));
        if (m->type == MOUNT_TMPFS)
                return put_text(j, "Source", "") < 0 ? -ENOMEM : put_text(j, "Propagation", "");
        if (put_text(j, "Name", m->source) < 0 || put_text(j, "Driver", "local") < 0 ||
                        put_text(j, "Propagation", "") < 0)
                return -ENOMEM;
        return json_put_new(j, "Source",
                        json_sprintf("%s/%s/data", strempty(volumes_dir), strempty(m->source)));
}

static json_t *one(const ContainerMount *m, const char *volumes_dir) {
        json_t *j = json_object();

        if (!j || put_text(j, "Type", mount_type_to_string(m->type)) < 0 ||
                        put_text(j, "Destination", m->target) < 0 ||
                        put_text(j, "Mode", m->read_only ? "ro" : "") < 0 ||
                        put_switch(j, "RW", !m->read_only) < 0 ||
                        put_source(j, m, volumes_dir) < 0) {
                json_decref(j);
                return NULL;
        }
        return j;
}

json_t *inspect_mounts(const ContainerSpec *spec, const char *volumes_dir) {
        json_t *array = json_array();

        for (size_t i = 0; array && i < spec->n_mounts; i++)
                if (json_array_append_new(array, one(&spec->mounts[i], volumes_dir)) < 0) {
                        json_decref(array);
                        return NULL;
                }
        return array;
}

static int put_volume(json_t *j, const InspectVolume *v) {
        char created[RFC3339_MAX];
        json_t *usage = json_object();

        (void) format_rfc3339(v->created_usec, created);
        if (json_put_new(j, "UsageData", usage) < 0)
                return -ENOMEM;
        if (json_put_u64(usage, "RefCount", v->n_users) < 0 || put_text(j, "Name", v->name) < 0 ||
                        put_text(j, "Driver", "local") < 0 || put_text(j, "Scope", "local") < 0 ||
                        put_text(j, "Mountpoint", v->mountpoint) < 0 ||
                        put_text(j, "CreatedAt", created) < 0 ||
                        json_put_u64(j, "Owner", v->owner) < 0 ||
                        put_switch(j, "Anonymous", v->anonymous) < 0)
                return -ENOMEM;
        return v->labels && v->labels[0] ? json_put_map(j, "Labels", v->labels)
                                         : json_put_new(j, "Labels", json_object());
}

int inspect_volume(const InspectVolume *v, char **ret) {
        _cleanup_json_ json_t *j = json_object();

        if (!j || put_volume(j, v) < 0)
                return -ENOMEM;
        return json_print(j, ret);
}
