/* SPDX-License-Identifier: Apache-2.0 */
/* engine/measure.c: see measure.h. Group by group and some names at a time, so that no list of arguments grows without end. */
#include "engine/measure.h"
#include "base/log.h"
#include "base/str.h"
#include "engine/volume-private.h"

#define NAMES_MAX 256U

/* Of each kind first what is in use. */
enum { GROUPS = 2 * _MEASURE_KINDS };

typedef struct MeasureWaiter {
        List waiters;
        EngineDone done;
        void *userdata;
} MeasureWaiter;

struct Measure {
        Manager *manager; /* borrowed */
        Worker *worker;   /* owned; NULL: none is under way */
        List waiting, going;
        char **names; /* owned: of the group */
        size_t next, group;
        uint64_t bytes[GROUPS];
        bool failed[_MEASURE_KINDS];
        bool active; /* somebody waits */
};

static void free_waiters(List *list) {
        MeasureWaiter *w;

        LIST_FOREACH(w, list, MeasureWaiter, waiters) {
                list_remove(&w->waiters);
                free(w);
        }
}

Measure *measure_free(Measure *me) {
        if (!me)
                return NULL;
        worker_free(me->worker);
        free_waiters(&me->waiting);
        free_waiters(&me->going);
        strv_free(me->names);
        free(me);
        return NULL;
}

static int list_names(Measure *me) {
        bool unused = me->group % 2;
        Container *c;
        Volume *v;
        int r = 0;

        if (me->group / 2 == MEASURE_CONTAINERS)
                LIST_FOREACH(c, &me->manager->container_list, Container, list) {
                        if (r >= 0 && lifecycle_runs(&c->run.life) == !unused)
                                r = strv_push(&me->names, c->id);
                }
        else
                LIST_FOREACH(v, &me->manager->volume_list, Volume, list)
                        if (r >= 0 && (v->n_users > 0) == !unused)
                                r = strv_push(&me->names, v->row.name);
        return r;
}

static void begin(Measure *me);

static void finish(Measure *me) {
        MeasureWaiter *w;

        while ((w = list_first(&me->going, MeasureWaiter, waiters))) {
                EngineDone done = w->done;
                void *userdata = w->userdata;

                list_remove(&w->waiters);
                free(w);
                done(NULL, userdata); /* may ask again */
        }
        if (!list_is_empty(&me->waiting)) {
                begin(me);
                return;
        }
        me->active = false;
        manager_add_busy(me->manager, -1);
        manager_update_idle(me->manager);
}

static void fail_group(Measure *me) {
        me->failed[me->group / 2] = true;
        me->names = strv_free(me->names);
}

static void on_done(PullResult *result, const Failure *failure, void *userdata);

static int spawn(Measure *me) {
        static const WorkerHandler handler = { .done = on_done };
        static char *const argv[] = { (char *) "measure", (char *) "--dir-fd", (char *) "3", NULL };
        char *names[NAMES_MAX + 1] = {};
        Manager *m = me->manager;
        int dir_fd = me->group / 2 == MEASURE_CONTAINERS ? m->tree.containers_fd : m->volumes_fd;

        for (size_t i = 0; i < NAMES_MAX && me->names[me->next]; i++)
                names[i] = me->names[me->next++];
        return worker_new(m->event, &m->spawner, argv, names, &dir_fd, 1, &handler, me,
                        &me->worker);
}

/* To the next names that there are, of this group or a later one. */
static void go_on(Measure *me) {
        while (!me->worker) {
                int r = 0;

                while (!me->names || !me->names[me->next]) {
                        me->names = strv_free(me->names);
                        me->next = 0;
                        if (++me->group == GROUPS)
                                return finish(me);
                        r = list_names(me);
                        if (r < 0)
                                break;
                }
                if (r >= 0)
                        r = spawn(me);
                if (r < 0) {
                        (void) log_warning_errno(r, "Failed to start measuring, going on: %m");
                        fail_group(me);
                }
        }
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        Measure *me = userdata;

        if (failure) {
                log_warning("%s, going on without its size", failure_message(failure));
                fail_group(me);
        } else
                me->bytes[me->group] += result->size_bytes;
        me->worker = worker_free(me->worker); /* with what it has told */
        go_on(me);
}

static void begin(Measure *me) {
        MeasureWaiter *w;

        LIST_FOREACH(w, &me->waiting, MeasureWaiter, waiters) {
                list_remove(&w->waiters);
                list_append(&me->going, &w->waiters);
        }
        memset(me->bytes, 0, sizeof(me->bytes));
        memset(me->failed, 0, sizeof(me->failed));
        me->group = SIZE_MAX; /* before the first */
        go_on(me);
}

static void on_turn(const Failure *failure, void *userdata) {
        begin(userdata);
}

static int measure_new(Manager *m, Measure **ret) {
        Measure *me;

        me = calloc(1, sizeof(*me));
        if (!me)
                return -ENOMEM;
        me->manager = m;
        list_init(&me->waiting);
        list_init(&me->going);
        *ret = me;
        return 0;
}

int manager_measure(Manager *m, EngineDone done, void *userdata) {
        MeasureWaiter *w;
        int r;

        if (!m->measure) {
                r = measure_new(m, &m->measure);
                if (r < 0)
                        return r;
        }
        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (MeasureWaiter){ .done = done, .userdata = userdata };
        list_init(&w->waiters);
        if (!m->measure->active) {
                r = manager_when_turned(m, on_turn, m->measure);
                if (r < 0) {
                        free(w);
                        return r;
                }
                m->measure->active = true;
                manager_add_busy(m, 1);
                manager_update_idle(m);
        }
        list_append(&m->measure->waiting, &w->waiters);
        return 0;
}

bool measure_last(const Manager *m, MeasureKind kind, uint64_t *ret_bytes, uint64_t *ret_unused) {
        const Measure *me = m->measure;

        if (!me || me->failed[kind])
                return false;
        *ret_unused = me->bytes[2 * kind + 1];
        *ret_bytes = me->bytes[2 * kind] + *ret_unused;
        return true;
}
