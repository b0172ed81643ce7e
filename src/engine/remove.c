/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/remove.c: a container goes: first its last run, then its row, then its files leave for the trash. In this
 * order a crash leaves at most files without a row, which the next start sweeps. One with --rm loses its row as soon as
 * its processes have ended: nobody could start it any more, and its cgroup is swept as well.
 */
#include "base/log.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/volume-private.h"

static void on_deleted(const Failure *failure, void *userdata) {
        (void) container_observe(userdata, &(LifecycleFact){ .kind = FACT_REMOVED },
                        NULL); /* we are removing it */
}

/* Its files leave for the trash, and those of its volumes that go with it. */
static void put_away(Manager *m, const char *id, const char *name, char *const *volumes,
                IdLease *lease) {
        char **names = NULL;
        int r;

        r = container_dir_trash(&m->tree, id, &names);
        if (r < 0)
                log_warning("Failed to put away files of container '%s', leaving them: %s", name,
                                strerror(-r));
        if (names)
                trash_add(m->trash, names, lease);
        else
                id_range_release(m->ranges, lease);
        STRV_FOREACH(volume, volumes)
                volume_trash(m, *volume);
}

static void removed(Container *c) {
        _cleanup_strv_free_ char **volumes = TAKE_PTR(c->gone_volumes);
        _cleanup_free_ char *name = NULL;
        Manager *m = c->manager;
        char id[ID_MAX];
        IdLease lease;

        ahead_forget(m->ahead, c->id);
        /* On a full disk the caller's next step needs what this one gives back. */
        if (manager_is_short(m)) {
                put_away(m, c->id, c->name, volumes, &c->lease);
                if (trash_when_deleted(m->trash, false, on_deleted, c) < 0)
                        on_deleted(NULL, c);
                return;
        }

        /* Nobody waits for two renames: the row is gone, so nothing finds the files but the trash. */
        memcpy(id, c->id, sizeof(id));
        name = strdup(c->name); /* without memory a sentence lacks it */
        lease = c->lease;
        c->lease = ID_LEASE_NONE;
        on_deleted(NULL, c);
        put_away(m, id, strempty(name), volumes, &lease);
}

static void on_durable(const Failure *failure, void *userdata) {
        Container *c = userdata;

        c->depth++;
        if (failure)
                container_log(c, NULL, LOG_ERR,
                                "The removal of container '%s' may not survive a loss of power: %s",
                                c->name, failure_message(failure));
        removed(c);
        container_leave(c);
}

/* Return: whether it is gone. */
static bool remove_row(Container *c) {
        Event event;
        EventList events = { &event, 1 };
        int r;

        container_event(c, EVENT_DESTROY, &event);
        r = c->spec->n_mounts > 0
                            ? volumes_remove_with(c, &event, &c->failure)
                            : store_remove_container(
                                              c->manager->store, c->id, &events, &c->failure);
        if (r < 0) {
                c->removing = false;
                container_log(c, NULL, LOG_ERR, "Failed to remove container '%s': %s", c->name,
                                failure_message(&c->failure));
                (void) container_observe(c, &(LifecycleFact){ .kind = FACT_REMOVE_FAILED },
                                NULL); /* we are removing it */
                return false;
        }
        c->row_removed = true;
        if (c->spec->n_mounts == 0)
                manager_tell(c->manager, &events);
        return true;
}

void container_continue_remove(Container *c) {
        if (!c->row_removed && !remove_row(c))
                return;
        c->removing = false;
        if (c->spec->remove || manager_when_durable(c->manager, NULL, 0, on_durable, c) < 0)
                removed(c);
}

static bool all_have_ended(Container *c) {
        Run *run;

        LIST_FOREACH(run, &c->runs, Run, runs)
                if (!run->ended)
                        return false;
        return true;
}

void container_begin_remove(Container *c) {
        attaches_drop(c);
        log_followers_end(c);
        c->removing = true;
        if (list_is_empty(&c->runs))
                container_continue_remove(c);
        else if (c->spec->remove && all_have_ended(c))
                (void) remove_row(c); /* while the monitor ends with the mounts */
}

int container_remove(Container *c, bool force, bool volumes, EngineDone done, void *userdata,
                Failure *reterr) {
        Manager *m = c->manager;
        Ask *ask;
        int r;

        r = volumes ? container_want_volumes_removed(c, reterr) : 0;
        if (r < 0)
                return r;
        r = ask_new(c, ASK_REMOVE, done, userdata, &ask);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        m->calling++;
        c->depth++;
        r = container_observe(
                        c, &(LifecycleFact){ .kind = FACT_REMOVE_ASKED, .force = force }, reterr);
        if (r < 0) {
                list_remove(&ask->asks);
                free(ask);
        }
        container_leave(c);
        m->calling--;
        return r;
}
