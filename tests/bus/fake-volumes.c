/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-volumes.c: volumes of the fake engine: names alone. One that begins with
 *   full    is refused at once
 *   used    is in use by a container
 */
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "fake-engine.h"

struct Volume {
        char *name, **labels; /* owned */
        uid_t owner;
        bool anonymous;
};

static void free_volume(Volume *v) {
        free(v->name);
        strv_free(v->labels);
        free(v);
}

void fake_volumes_free(Manager *m) {
        Volume *v;

        while ((v = map_first(m->volumes))) {
                (void) map_remove(m->volumes, v->name);
                free_volume(v);
        }
        map_free(m->volumes);
}

int manager_find_volume(Manager *m, const char *name, Volume **ret, Failure *reterr) {
        *ret = map_get(m->volumes, name);
        return *ret ? 0 : fail(reterr, FAILURE_NO_SUCH_VOLUME, 0, "No such volume: '%s'", name);
}

Volume *manager_next_volume(Manager *m, Volume *after) {
        bool found = !after;
        Volume *v;

        MAP_FOREACH(v, m->volumes) {
                if (found)
                        return v;
                found = v == after;
        }
        return NULL;
}

int manager_create_volume(Manager *m, const char *name, char *const *labels, uid_t owner,
                EngineDone done, void *userdata, Volume **ret, Failure *reterr) {
        char made_up[ID_MAX];
        Volume *v;

        if (startswith(name, "full"))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0, "There are 512 volumes");
        v = map_get(m->volumes, name);
        if (v && v->owner != owner)
                return fail(reterr, FAILURE_VOLUME_EXISTS, 0, "The volume '%s' is another user's",
                                name);
        if (!v) {
                (void) snprintf(made_up, sizeof(made_up), "%064llx",
                                (unsigned long long) ++m->last_id);
                v = calloc(1, sizeof(*v));
                if (!v || free_and_strdup(&v->name, isempty(name) ? made_up : name) < 0 ||
                                strv_copy(labels, &v->labels) < 0 ||
                                map_put(m->volumes, v->name, v) < 0)
                        abort();
                v->owner = owner;
                v->anonymous = isempty(name);
                m->observer->volume_added(v, m->userdata);
        }
        *ret = v;
        return fake_later(m, done, userdata, NULL);
}

int manager_remove_volume(Manager *m, Volume *v, EngineDone done, void *userdata, Failure *reterr) {
        if (startswith(v->name, "used"))
                return fail(reterr, FAILURE_VOLUME_IN_USE, 0,
                                "The volume '%s' is in use by a container", v->name);
        m->observer->volume_removed(v, m->userdata);
        (void) map_remove(m->volumes, v->name);
        free_volume(v);
        return fake_later(m, done, userdata, NULL);
}

int manager_prune_volumes(Manager *m, const VolumePrune *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        int r;

        r = fake_operation_new(m, "prune", owner, ret);
        return r < 0 ? r : fake_later(m, fake_operation_done, *ret, NULL);
}

Volume *manager_foreign_volume(Manager *m, const ContainerSpec *spec, uid_t owner) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const char *source = spec->mounts[i].source;
                Volume *v = source ? map_get(m->volumes, source) : NULL;

                if (v && spec->mounts[i].type == MOUNT_VOLUME && v->owner != owner)
                        return v;
        }
        return NULL;
}

const char *volume_name(const Volume *v) {
        return v->name;
}

uid_t volume_owner(const Volume *v) {
        return v->owner;
}

uint64_t volume_created_usec(const Volume *v) {
        return 1;
}

char *const *volume_labels(const Volume *v) {
        return v->labels;
}

bool volume_is_anonymous(const Volume *v) {
        return v->anonymous;
}

unsigned volume_n_users(const Volume *v) {
        return startswith(v->name, "used") ? 1 : 0;
}

int volume_mountpoint(const Volume *v, char **ret) {
        return str_printf(ret, "/volumes/%s", v->name);
}

int volume_inspect(const Volume *v, char **ret_json) {
        return str_printf(ret_json, "{\"Name\":\"%s\"}", v->name);
}
