/* SPDX-License-Identifier: Apache-2.0 */
/* engine/volume-uses.c: what a container has to do with volumes: those it names are made with it, counted, and may go with it. */
#include <string.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/volume-private.h"
#include "model/limits.h"

int volumes_name(Manager *m, ContainerSpec *spec, Failure *reterr) {
        int r;

        for (size_t i = 0; i < spec->n_mounts; i++) {
                ContainerMount *mount = &spec->mounts[i];

                if (mount->type != MOUNT_VOLUME || mount->source)
                        continue;
                r = volume_make_up_name(m, &mount->source);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to make up the name of a volume");
        }
        return 0;
}

Volume *manager_foreign_volume(Manager *m, const ContainerSpec *spec, uid_t owner) {
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const ContainerMount *mount = &spec->mounts[i];
                Volume *v;

                if (mount->type != MOUNT_VOLUME || !mount->source)
                        continue;
                v = map_get(m->volumes, mount->source);
                if (v && v->row.owner != owner)
                        return v;
        }
        return NULL;
}

/* Each once, though a container may have it at several places. */
static int list_names(const ContainerSpec *spec, bool anonymous, char ***ret) {
        int r;

        for (size_t i = 0; i < spec->n_mounts; i++) {
                const ContainerMount *mount = &spec->mounts[i];

                if (mount->type != MOUNT_VOLUME || (anonymous && !mount->anonymous) ||
                                strv_contains(*ret, mount->source))
                        continue;
                r = strv_push(ret, mount->source);
                if (r < 0)
                        return r;
        }
        return 0;
}

void volumes_use(Container *c, bool use) {
        Manager *m = c->manager;

        if (c->uses_volumes == use)
                return;
        c->uses_volumes = use;
        for (size_t i = 0; i < c->spec->n_mounts; i++) {
                const ContainerMount *mount = &c->spec->mounts[i];
                Volume *v = mount->type == MOUNT_VOLUME ? map_get(m->volumes, mount->source) : NULL;

                for (size_t k = 0; v && k < i; k++)
                        if (c->spec->mounts[k].type == MOUNT_VOLUME &&
                                        streq(c->spec->mounts[k].source, mount->source))
                                v = NULL;
                if (v)
                        v->n_users += use ? 1 : (unsigned) -1;
        }
}

/* What a new container needs and is not there yet. */
typedef struct Fresh {
        VolumeRow rows[MOUNTS_PER_CONTAINER_MAX];
        size_t n;
        char **names; /* owned: of all its volumes */
        Event events[MOUNTS_PER_CONTAINER_MAX + 1];
} Fresh;

static void fresh_done(Fresh *f) {
        for (size_t i = 0; i < f->n; i++)
                volume_row_done(&f->rows[i]);
        strv_free(f->names);
}

static bool is_planned(const Fresh *f, const char *name) {
        for (size_t i = 0; i < f->n; i++)
                if (streq(f->rows[i].name, name))
                        return true;
        return false;
}

static int plan_one(Container *c, const ContainerMount *mount, Fresh *f, Failure *reterr) {
        Volume *v = map_get(c->manager->volumes, mount->source);
        VolumeRow *row;

        if (v && v->removing)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "The volume '%s' is being removed",
                                v->row.name);
        if (v || is_planned(f, mount->source))
                return 0;
        row = &f->rows[f->n];
        *row = (VolumeRow){
                .owner = c->owner,
                .created_usec = now_realtime(),
                .anonymous = mount->anonymous,
        };
        if (free_and_strdup(&row->name, mount->source) < 0 ||
                        strv_copy(mount->labels, &row->labels) < 0) {
                volume_row_done(row);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        volume_event(row, EVENT_VOLUME_CREATE, &f->events[f->n++]);
        return 0;
}

static int plan_fresh(Container *c, Fresh *f, Failure *reterr) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < c->spec->n_mounts; i++)
                if (c->spec->mounts[i].type == MOUNT_VOLUME)
                        r = plan_one(c, &c->spec->mounts[i], f, reterr);
        if (r >= 0 && f->n > 0)
                r = volumes_check_number(c->manager, c->owner, f->n, reterr);
        if (r < 0)
                return r;
        r = list_names(c->spec, false, &f->names);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

int volumes_add_with(Container *c, const ContainerRow *row, Event *event,
                void (*added)(Container *c), Failure *reterr) {
        _cleanup_(fresh_done) Fresh f = {};
        Manager *m = c->manager;
        EventList events = { f.events, 0 };
        Volume *v;
        int r;

        r = plan_fresh(c, &f, reterr);
        if (r < 0)
                return r;
        f.events[f.n] = *event;
        events.n = f.n + 1;
        r = store_add_container_with(m->store, row, f.rows, f.n, f.names, &events, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < f.n; i++) {
                if (volume_link(m, &f.rows[i], &v) < 0) {
                        log_warning("Out of memory: a volume shows after the next start only");
                        continue;
                }
                f.events[i].id = f.events[i].name = v->row.name;
        }
        volumes_use(c, true);
        added(c);
        manager_tell(m, &events);
        return 0;
}

int container_want_volumes_removed(Container *c, Failure *reterr) {
        _cleanup_free_ char *json = NULL;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        if (c->spec->remove_volumes || c->spec->remove)
                return 0;
        r = list_names(c->spec, true, &names);
        if (r >= 0 && !names)
                return 0;
        c->spec->remove_volumes = true;
        if (r >= 0)
                r = container_spec_to_json(c->spec, &json);
        if (r < 0)
                r = fail_errno(reterr, r, "Failed to store container '%s'", c->name);
        else
                r = store_update_container_spec(c->manager->store, c->id, json, NULL, reterr);
        if (r < 0)
                c->spec->remove_volumes = false;
        return r;
}

/* Those of @names that only this container has. */
static void keep_shared(Manager *m, char **names) {
        char **to = names;

        for (char **from = names; from && *from; from++) {
                Volume *v = map_get(m->volumes, *from);

                if (v && v->n_users <= 1)
                        *to++ = *from;
                else
                        free(*from);
        }
        if (to)
                *to = NULL;
}

int volumes_remove_with(Container *c, Event *event, Failure *reterr) {
        Event told[MOUNTS_PER_CONTAINER_MAX + 1];
        EventList events = { told, 0 };
        _cleanup_strv_free_ char **names = NULL;
        Manager *m = c->manager;
        int r = 0;

        if (c->spec->remove || c->spec->remove_volumes)
                r = list_names(c->spec, true, &names);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        keep_shared(m, names);
        told[events.n++] = *event;
        STRV_FOREACH(name, names) {
                const Volume *v = map_get(m->volumes, *name);

                volume_event(&v->row, EVENT_VOLUME_DESTROY, &told[events.n++]);
        }
        r = store_remove_container_with(m->store, c->id, names, &events, reterr);
        if (r < 0)
                return r;
        manager_tell(m, &events);
        volumes_use(c, false);
        STRV_FOREACH(name, names)
                volume_forget(map_get(m->volumes, *name));
        c->gone_volumes = TAKE_PTR(names);
        return r;
}
