/* SPDX-License-Identifier: Apache-2.0 */
/* engine/wait.c: who waits for a condition of a container, whoever brings it about. */
#include "base/str.h"
#include "engine/container-private.h"
#include "model/limits.h"

WaitCondition wait_condition_from_string(const char *s) {
        static const char *const names[_WAIT_CONDITION_MAX] = {
                [WAIT_STOPPED] = "stopped",
                [WAIT_NEXT_EXIT] = "next-exit",
                [WAIT_REMOVED] = "removed",
                [WAIT_RUNNING] = "running",
                [WAIT_HEALTHY] = "healthy",
                [WAIT_UNHEALTHY] = "unhealthy",
        };

        for (WaitCondition i = 0; i < _WAIT_CONDITION_MAX; i++)
                if (streq(names[i], s))
                        return i;
        return _WAIT_CONDITION_INVALID;
}

static bool holds(const Container *c, WaitCondition condition) {
        const Lifecycle *l = &c->run.life;

        switch (condition) {
        case WAIT_STOPPED:
                return (l->state == CONTAINER_EXITED || l->state == CONTAINER_DEAD) &&
                       l->activity != ACTIVITY_STARTING;
        case WAIT_RUNNING:
                return l->state == CONTAINER_RUNNING || l->state == CONTAINER_PAUSED;
        case WAIT_HEALTHY:
                return c->run.health == HEALTH_HEALTHY;
        case WAIT_UNHEALTHY:
                return c->run.health == HEALTH_UNHEALTHY;
        default:
                return false;
        }
}

static bool is_of_health(WaitCondition condition) {
        return condition == WAIT_HEALTHY || condition == WAIT_UNHEALTHY;
}

/* One that has ended, and is not on its way back by itself, has no health to wait for. */
static int check_health(const Container *c, WaitCondition condition, Failure *reterr) {
        const Lifecycle *l = &c->run.life;

        if (!is_of_health(condition))
                return 0;
        if (c->spec->health.probe == HEALTH_PROBE_NONE)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' has no health check",
                                c->name);
        if (l->activity != ACTIVITY_STARTING &&
                        (l->state == CONTAINER_EXITED || l->state == CONTAINER_DEAD))
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        return 0;
}

/* Tells and frees. */
static void tell(Waiter *w, int exit_code, const Failure *failure) {
        list_remove(&w->waiters);
        w->done(exit_code, failure, w->userdata);
        free(w);
}

int container_wait(Container *c, WaitCondition condition, WaitDone done, void *userdata,
                Waiter **ret, Failure *reterr) {
        Waiter *w;
        int r;

        if (holds(c, condition)) {
                *ret = NULL;
                done(c->run.life.exit_code, NULL, userdata);
                return 0;
        }
        r = check_health(c, condition, reterr);
        if (r < 0)
                return r;
        if (list_size(&c->waiters) >= WAITERS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many callers wait for container '%s'", c->name);
        w = malloc(sizeof(*w));
        if (!w)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *w = (Waiter){ .condition = condition, .done = done, .userdata = userdata };
        list_append(&c->waiters, &w->waiters);
        *ret = w;
        return 0;
}

Waiter *waiter_free(Waiter *w) {
        if (!w)
                return NULL;
        list_remove(&w->waiters);
        free(w);
        return NULL;
}

void waiters_settle(Container *c, LifecycleFactKind fact) {
        Waiter *w;

        LIST_FOREACH(w, &c->waiters, Waiter, waiters) {
                _cleanup_failure_ Failure failure = {};

                if (holds(c, w->condition) ||
                                (w->condition == WAIT_NEXT_EXIT && fact == FACT_ENDED) ||
                                (w->condition == WAIT_REMOVED && fact == FACT_REMOVED))
                        tell(w, c->run.life.exit_code, NULL);
                else if (check_health(c, w->condition, &failure) < 0)
                        tell(w, c->run.life.exit_code, &failure);
        }
}

void waiters_settle_health(Container *c) {
        Waiter *w;

        LIST_FOREACH(w, &c->waiters, Waiter, waiters)
                if (is_of_health(w->condition) && holds(c, w->condition))
                        tell(w, c->run.life.exit_code, NULL);
}

void waiters_end(Container *c) {
        _cleanup_failure_ Failure failure = {};
        Waiter *w;

        LIST_FOREACH(w, &c->waiters, Waiter, waiters) {
                if (!c->manager->observing) { /* the engine is being closed: nobody listens */
                        waiter_free(w);
                        continue;
                }
                if (!failure_is_set(&failure))
                        (void) fail(&failure, FAILURE_NO_SUCH_CONTAINER, 0,
                                        "Container '%s' was removed", c->name);
                tell(w, 0, &failure);
        }
}
