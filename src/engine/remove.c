/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/remove.c: a container goes: first its last run, then its row, then its files leave for the trash. In this
 * order a crash leaves at most files without a row, which the next start sweeps.
 */
#include "base/log.h"
#include "base/str.h"
#include "engine/container-private.h"

static void on_deleted(const Failure *failure, void *userdata) {
        (void) container_observe(userdata, &(LifecycleFact){ .kind = FACT_REMOVED },
                        NULL); /* we are removing it */
}

static void removed(Container *c) {
        char **names = NULL;
        int r;

        r = container_dir_trash(&c->manager->tree, c->id, &names);
        if (r < 0)
                container_log(c, NULL, LOG_WARNING,
                                "Failed to put away files of container '%s', leaving them: %s",
                                c->name, strerror(-r));
        if (names)
                trash_add(c->manager->trash, names, &c->lease);
        else
                id_range_release(c->manager->ranges, &c->lease);
        /* On a full disk the caller's next step needs what this one gives back. */
        if (manager_is_short(c->manager) &&
                        trash_when_deleted(c->manager->trash, false, on_deleted, c) >= 0)
                return;
        on_deleted(NULL, c);
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

void container_continue_remove(Container *c) {
        Event event;
        EventList events = { &event, 1 };
        int r;

        c->removing = false;
        container_event(c, EVENT_DESTROY, &event);
        r = store_remove_container(c->manager->store, c->id, &events, &c->failure);
        if (r < 0) {
                container_log(c, NULL, LOG_ERR, "Failed to remove container '%s': %s", c->name,
                                failure_message(&c->failure));
                (void) container_observe(c, &(LifecycleFact){ .kind = FACT_REMOVE_FAILED },
                                NULL); /* we are removing it */
                return;
        }
        manager_tell(c->manager, &events);
        if (c->spec->remove || manager_when_durable(c->manager, NULL, 0, on_durable, c) < 0)
                removed(c);
}

void container_begin_remove(Container *c) {
        attaches_drop(c);
        log_followers_end(c);
        c->removing = true;
        if (list_is_empty(&c->runs))
                container_continue_remove(c);
}

int container_remove(Container *c, bool force, bool volumes, EngineDone done, void *userdata,
                Failure *reterr) {
        Manager *m = c->manager;
        Ask *ask;
        int r;

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
