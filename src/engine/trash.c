/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/trash.c: what nobody sees any more is deleted by a worker, one at a time, many names at once. An id range is
 * free again when what was written with it is gone.
 */
#include <stdio.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/manager-private.h"
#include "image/image-gc.h"

#define COLLECT_USEC                                                                               \
        (200 * USEC_PER_MSEC) /* so that a hundred ends in a row cost a few workers, not a hundred */
#define RETRY_USEC (10 * USEC_PER_SEC) /* when no worker can be started: without memory, processes or descriptors */
#define OWNERS_USEC USEC_PER_MINUTE /* whose last container has gone may start the next one soon */
#define NAMES_MAX 256U

typedef struct TrashItem {
        List items;
        char *name; /* owned; NULL: one that waits for those before it */
        IdLease lease;
        EngineDone done;
        void *userdata;
} TrashItem;

struct Trash {
        Manager *manager; /* borrowed */
        List waiting, waiting_images, going;
        Worker *worker;         /* owned */
        sd_event_source *timer; /* owned */
        sd_event_source *owners; /* owned: a timer after which owners without containers lose their cgroup */
        bool images;            /* the images' trash has something */
        bool images_next;       /* containers had their turn */
        unsigned n_awaited;     /* items with somebody who waits */
        bool failing;           /* the last try could not start a worker */
        bool busy;
};

int trash_new(Manager *m, Trash **ret) {
        Trash *t;

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->manager = m;
        list_init(&t->waiting);
        list_init(&t->waiting_images);
        list_init(&t->going);
        *ret = t;
        return 0;
}

static void free_items(Trash *t, List *items) {
        TrashItem *i;

        LIST_FOREACH(i, items, TrashItem, items) {
                list_remove(&i->items);
                id_range_release(t->manager->ranges, &i->lease);
                free(i->name);
                free(i);
        }
}

Trash *trash_free(Trash *t) {
        if (!t)
                return NULL;
        worker_free(t->worker);
        sd_event_source_disable_unref(t->timer);
        sd_event_source_disable_unref(t->owners);
        free_items(t, &t->waiting); /* the next start sweeps them */
        free_items(t, &t->waiting_images);
        free_items(t, &t->going);
        free(t);
        return NULL;
}

bool trash_is_empty(const Trash *t) {
        return !t->worker && !t->images && list_is_empty(&t->waiting);
}

static void update_busy(Trash *t) {
        bool busy = !trash_is_empty(t) && !t->failing; /* the next start sweeps as well */

        if (busy == t->busy)
                return;
        t->busy = busy;
        manager_add_busy(t->manager, busy ? 1 : -1);
        manager_update_idle(t->manager);
}

static void schedule(Trash *t);

/* Who waits for them is told from the loop. */
static void tell(Trash *t, List *items) {
        TrashItem *i;

        LIST_FOREACH(i, items, TrashItem, items) {
                EngineDone done = i->done;

                if (!done)
                        continue;
                i->done = NULL;
                t->n_awaited--;
                if (manager_when_durable(t->manager, NULL, 0, done, i->userdata) < 0)
                        done(NULL, i->userdata); /* better early than never */
        }
}

/* They are deleted, or given up. */
static void end_items(Trash *t, List *items) {
        tell(t, items);
        free_items(t, items);
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        Trash *t = userdata;

        t->worker = worker_free(t->worker);
        if (failure)
                log_warning("Failed to delete files of what was removed, leaving them to the next "
                            "start: %s",
                                failure_message(failure));
        end_items(t, &t->going);
        schedule(t);
        update_busy(t);
}

static int spawn(Trash *t, int dir_fd, char **names) {
        static const WorkerHandler handler = { .done = on_done };
        char *argv[] = { (char *) "remove", (char *) "--dir-fd", (char *) "3", NULL };

        return worker_new(t->manager->event, &t->manager->spawner, argv, names, &dir_fd, 1,
                        &handler, t, &t->worker);
}

static void take_items(List *from, List *to) {
        TrashItem *i;

        LIST_FOREACH(i, from, TrashItem, items) {
                list_remove(&i->items);
                list_append(to, &i->items);
        }
}

static int begin_images(Trash *t) {
        _cleanup_strv_free_ char **names = NULL;
        int dir_fd, r;

        t->images = t->images_next = false;
        take_items(&t->waiting_images, &t->going);
        r = image_gc_list_trash(t->manager->image_store, &dir_fd, &names);
        if (r <= 0)
                return r;
        return spawn(t, dir_fd, names);
}

static int begin_containers(Trash *t) {
        _cleanup_strv_free_ char **names = NULL;
        TrashItem *i;
        unsigned n = 0;
        int r;

        t->images_next = true;
        LIST_FOREACH(i, &t->waiting, TrashItem, items) {
                if (n++ == NAMES_MAX)
                        break;
                r = i->name ? strv_push(&names, i->name) : 0;
                if (r < 0)
                        return r;
                list_remove(&i->items);
                list_append(&t->going, &i->items);
        }
        if (!names)
                return 0;
        return spawn(t, t->manager->tree.trash_fd, names);
}

/* All of it is tried again, but nobody has to wait for that. */
static void put_back(Trash *t, int error) {
        (void) log_warning_errno(error, "Failed to start deleting, trying again later: %m");
        take_items(&t->going, &t->waiting);
        tell(t, &t->waiting);
        end_items(t, &t->waiting_images);
        t->images = t->images || !t->images_next;
        t->failing = true;
}

static int on_owners(sd_event_source *s, uint64_t usec, void *userdata) {
        Trash *t = userdata;

        t->owners = sd_event_source_disable_unref(t->owners);
        cgroup_remove_owners(&t->manager->cgroups);
        return 0;
}

static void remove_owners_later(Trash *t) {
        int r;

        if (t->owners)
                return;
        r = sd_event_add_time_relative(t->manager->event, &t->owners, CLOCK_MONOTONIC, OWNERS_USEC,
                        OWNERS_USEC, on_owners, t);
        if (r < 0) /* the next ones that go try again */
                (void) log_debug_errno(r, "Failed to arm the timer for owners' cgroups: %m");
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Trash *t = userdata;
        int r = 0;

        t->timer = sd_event_source_disable_unref(t->timer);
        remove_owners_later(t);
        if (t->images && (t->images_next || list_is_empty(&t->waiting)))
                r = begin_images(t);
        else if (!list_is_empty(&t->waiting))
                r = begin_containers(t);
        t->failing = false;
        if (r < 0)
                put_back(t, r);
        if (!t->worker) {
                end_items(t, &t->going);
                schedule(t);
        }
        update_busy(t);
        return 0;
}

static void schedule(Trash *t) {
        uint64_t delay = t->n_awaited > 0 ? 1 : t->failing ? RETRY_USEC : COLLECT_USEC;
        int r;

        if (t->n_awaited > 0) /* nothing is collected while somebody waits */
                t->timer = sd_event_source_disable_unref(t->timer);
        if (t->worker || t->timer || trash_is_empty(t))
                return;
        r = sd_event_add_time_relative(t->manager->event, &t->timer, CLOCK_MONOTONIC, delay, delay,
                        on_timer, t);
        if (r < 0)
                (void) log_error_errno(r, "Failed to arm the timer for deleting: %m");
}

void trash_add(Trash *t, char **names, IdLease *lease) {
        for (char **name = names; name && *name; name++) {
                TrashItem *i = calloc(1, sizeof(*i));

                if (!i) { /* the next start sweeps it */
                        free(*name);
                        continue;
                }
                *i = (TrashItem){ .name = *name, .lease = name[1] ? ID_LEASE_NONE : *lease };
                if (!name[1])
                        *lease = ID_LEASE_NONE;
                list_append(&t->waiting, &i->items);
        }
        free(names);                                 /* its strings have new owners */
        id_range_release(t->manager->ranges, lease); /* none, unless memory ran out */
        schedule(t);
        update_busy(t);
}

void trash_add_images(Trash *t) {
        t->images = true;
        schedule(t);
        update_busy(t);
}

int trash_when_deleted(Trash *t, bool images, EngineDone done, void *userdata) {
        TrashItem *i;

        i = calloc(1, sizeof(*i));
        if (!i)
                return -ENOMEM;
        *i = (TrashItem){ .lease = ID_LEASE_NONE, .done = done, .userdata = userdata };
        if (images)
                t->images = true;
        list_append(images ? &t->waiting_images : &t->waiting, &i->items);
        t->n_awaited++;
        schedule(t);
        update_busy(t);
        return 0;
}
