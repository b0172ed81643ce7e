/* SPDX-License-Identifier: Apache-2.0 */
/* engine/operation.c: see operation.h. Knows no kind of work. */
#include "engine/operation.h"
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/operation-private.h"
#include "model/limits.h"

#define PROGRESS_USEC (100 * USEC_PER_MSEC) /* told at most ten times a second */

struct OperationWaiter {
        List waiters;
        Operation *operation; /* borrowed */
        OperationDone done;
        void *userdata;
};

static Operation *operation_free(Operation *o) {
        OperationWaiter *w;

        LIST_FOREACH(w, &o->waiters, OperationWaiter, waiters)
                operation_waiter_free(w);
        if (o->release)
                o->release(o);
        list_remove(&o->list);
        (void) map_remove_u64(o->manager->operations, o->number);
        sd_event_source_disable_unref(o->timer);
        failure_done(&o->failure);
        free(o->result);
        strv_free(o->results);
        free(o->layers);
        strv_free(o->warnings);
        free(o);
        return NULL;
}

static void forget(Operation *o) {
        Manager *m = o->manager;

        if (m->observing && m->observer->operation_removed)
                m->observer->operation_removed(o, m->observer_userdata);
        operation_free(o);
}

void operations_free(Manager *m) {
        Operation *o;

        while (m->operation_list.next && (o = list_first(&m->operation_list, Operation, list)))
                operation_free(o);
}

/* Those that have ended go early when there are too many. */
static void make_room(Manager *m) {
        while (map_size(m->operations) >= OPERATIONS_KEPT_MAX) {
                Operation *o = NULL, *oldest = NULL;

                LIST_FOREACH(o, &m->operation_list, Operation, list)
                        if (o->state != OPERATION_RUNNING)
                                oldest = o;
                if (!oldest)
                        return;
                forget(oldest);
        }
}

int operation_new(Manager *m, const char *kind, uid_t owner, Operation **ret, Failure *reterr) {
        Owner *mine = manager_owner(m, owner);
        Operation *o;

        if (!mine)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (m->n_operations >= OPERATIONS_MAX ||
                        (owner != 0 && mine->n_operations >= OPERATIONS_PER_OWNER_MAX))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "%u operations are under way, more are not allowed",
                                m->n_operations);
        make_room(m);
        o = calloc(1, sizeof(*o));
        if (!o)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        o->manager = m;
        o->number = m->last_operation + 1;
        o->kind = kind;
        o->owner = owner;
        list_init(&o->list);
        list_init(&o->waiters);
        if (map_put_u64(m->operations, o->number, o) < 0) {
                free(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        m->last_operation++;
        list_prepend(&m->operation_list, &o->list);
        m->n_operations++;
        mine->n_operations++;
        *ret = o;
        return 0;
}

static void count_end(Operation *o) {
        Owner *mine = manager_owner(o->manager, o->owner); /* there since operation_new() */

        o->manager->n_operations--;
        if (mine)
                mine->n_operations--;
}

void operation_drop(Operation *o) {
        count_end(o);
        operation_free(o);
}

static void tell(Operation *o, unsigned changes) {
        Manager *m = o->manager;

        if (m->observing && m->observer->operation_changed)
                m->observer->operation_changed(o, changes, m->observer_userdata);
}

void operation_tell_added(Operation *o) {
        Manager *m = o->manager;

        if (m->observing && m->observer->operation_added)
                m->observer->operation_added(o, m->observer_userdata);
        manager_update_idle(m);
}

void operation_progressed(Operation *o, uint64_t done, uint64_t total) {
        uint64_t now = now_monotonic();

        o->done = done;
        o->total = total;
        if (now - o->told_usec < PROGRESS_USEC)
                return;
        o->told_usec = now;
        tell(o, OPERATION_CHANGED_PROGRESS);
}

int operation_add_result(Operation *o, const char *result) {
        return strv_push(&o->results, result);
}

bool operation_may_work(const Operation *o) {
        const Owner *mine = manager_owner(o->manager, o->owner); /* there since operation_new() */

        return o->manager->n_workers < WORKERS_MAX &&
               (o->owner == 0 || !mine || mine->n_workers < WORKERS_PER_OWNER_MAX);
}

static void count_worker(Operation *o, int n) {
        Owner *mine = manager_owner(o->manager, o->owner); /* as above */

        o->manager->n_workers += (unsigned) n;
        if (mine)
                mine->n_workers += (unsigned) n;
}

void operation_work_begun(Operation *o) {
        count_worker(o, 1);
}

void operation_work_ended(Operation *o) {
        count_worker(o, -1);
}

/* The oldest whose owner has not as many as he may: what waits behind it is not kept by him. */
void operations_start_waiting(Manager *m) {
        while (m->n_workers < WORKERS_MAX) {
                void (*begin)(Operation *o);
                Operation *o, *next = NULL;

                LIST_FOREACH(o, &m->operation_list, Operation, list)
                        if (o->begin && operation_may_work(o))
                                next = o;
                if (!next)
                        return;
                begin = next->begin;
                next->begin = NULL;
                begin(next);
        }
}

static int on_kept(sd_event_source *s, uint64_t usec, void *userdata) {
        forget(userdata);
        return 0;
}

void operation_finish(Operation *o, const char *result, const Failure *failure) {
        Manager *m = o->manager;
        OperationWaiter *w;
        int r;

        o->cancel = NULL;
        if (failure) {
                o->state = failure->code == FAILURE_CANCELLED ? OPERATION_CANCELLED
                                                              : OPERATION_FAILED;
                failure_copy(failure, &o->failure);
        } else {
                o->state = OPERATION_DONE;
                (void) free_and_strdup(&o->result,
                                result); /* without memory the name of the image tells */
        }
        count_end(o);
        r = sd_event_add_time_relative(m->event, &o->timer, CLOCK_MONOTONIC, OPERATION_KEEP_USEC,
                        USEC_PER_SEC, on_kept, o);
        if (r < 0)
                (void) log_error_errno(r, "Failed to arm the timer of operation %llu: %m",
                                (unsigned long long) o->number);
        tell(o, OPERATION_CHANGED_STATE | OPERATION_CHANGED_PROGRESS);
        LIST_FOREACH(w, &o->waiters, OperationWaiter, waiters) {
                list_remove(&w->waiters);
                w->done(o, w->userdata);
                free(w);
        }
        manager_update_idle(m);
}

int operation_wait(Operation *o, OperationDone done, void *userdata, OperationWaiter **ret,
                Failure *reterr) {
        OperationWaiter *w;

        if (o->state != OPERATION_RUNNING) {
                *ret = NULL;
                done(o, userdata);
                return 0;
        }
        if (list_size(&o->waiters) >= WAITERS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many callers wait for operation '%llu'",
                                (unsigned long long) o->number);
        w = malloc(sizeof(*w));
        if (!w)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *w = (OperationWaiter){ .operation = o, .done = done, .userdata = userdata };
        list_append(&o->waiters, &w->waiters);
        *ret = w;
        return 0;
}

OperationWaiter *operation_waiter_free(OperationWaiter *w) {
        if (!w)
                return NULL;
        list_remove(&w->waiters);
        free(w);
        return NULL;
}

void operation_cancel(Operation *o) {
        if (o->state == OPERATION_RUNNING && o->cancel)
                o->cancel(o);
}

Operation *manager_get_operation(Manager *m, uint64_t number) {
        return map_get_u64(m->operations, number);
}

Operation *manager_next_operation(Manager *m, Operation *after) {
        List *next = after ? after->list.next : m->operation_list.next;

        return next == &m->operation_list ? NULL : list_entry(next, Operation, list);
}

uint64_t operation_number(const Operation *o) {
        return o->number;
}

const char *operation_kind(const Operation *o) {
        return o->kind;
}

uid_t operation_owner(const Operation *o) {
        return o->owner;
}

OperationState operation_state(const Operation *o) {
        return o->state;
}

const char *operation_state_to_string(OperationState state) {
        static const char *const names[_OPERATION_STATE_MAX] = {
                [OPERATION_RUNNING] = "running",
                [OPERATION_DONE] = "done",
                [OPERATION_FAILED] = "failed",
                [OPERATION_CANCELLED] = "cancelled",
        };

        return state >= 0 && state < _OPERATION_STATE_MAX ? names[state] : NULL;
}

void operation_progress(const Operation *o, uint64_t *ret_done, uint64_t *ret_total) {
        *ret_done = o->done;
        *ret_total = o->total;
}

const char *operation_result(const Operation *o) {
        return strempty(o->result);
}

char *const *operation_results(const Operation *o) {
        return o->results;
}

const OperationLayer *operation_layers(const Operation *o, size_t *ret_n) {
        *ret_n = o->n_layers;
        return o->layers;
}

const char *operation_layer_state_to_string(OperationLayerState state) {
        static const char *const names[_OPERATION_LAYER_STATE_MAX] = {
                [OPERATION_LAYER_WAITING] = "waiting",
                [OPERATION_LAYER_FETCHING] = "fetching",
                [OPERATION_LAYER_DONE] = "done",
                [OPERATION_LAYER_EXISTS] = "exists",
        };

        return state >= 0 && state < _OPERATION_LAYER_STATE_MAX ? names[state] : NULL;
}

const char *operation_digest(const Operation *o) {
        return o->digest;
}

char *const *operation_warnings(const Operation *o) {
        return o->warnings;
}

bool operation_unchanged(const Operation *o) {
        return o->unchanged;
}

const Failure *operation_failure(const Operation *o) {
        return failure_is_set(&o->failure) ? &o->failure : NULL;
}
