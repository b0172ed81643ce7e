/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/calls.c: who waits for the end of what he asked of a container. An end is told from the loop, at the end of
 * the turn's work on the container, never from within the call that asked.
 */
#include "base/str.h"
#include "engine/container-private.h"

int call_new(Container *c, CallKind kind, EngineDone done, void *userdata, Call **ret) {
        Call *call;

        call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        call->kind = kind;
        call->container = c;
        call->done = done;
        call->userdata = userdata;
        list_init(&call->calls);
        list_append(&c->calls, &call->calls);
        if (ret)
                *ret = call;
        return 0;
}

static int on_finished(sd_event_source *s, void *userdata) {
        manager_tell_finished(userdata);
        return 0;
}

void manager_tell_finished(Manager *m) {
        Call *call;

        while ((call = list_first(&m->finished, Call, calls))) {
                list_remove(&call->calls);
                if (call->done)
                        call->done(failure_is_set(&call->failure) ? &call->failure : NULL, call->userdata);
                failure_done(&call->failure);
                free(call);
        }
        if (m->finished_source)
                (void) sd_event_source_set_enabled(m->finished_source, SD_EVENT_OFF); /* valid arguments */
}

/* Told now if we come from the loop and the container's own work is done, else in the next turn. */
static void queue(Manager *m, Call *call) {
        list_remove(&call->calls);
        list_append(&m->finished, &call->calls);
        call->container = NULL;
        if (!m->finished_source && sd_event_add_defer(m->event, &m->finished_source, on_finished, m) < 0)
                return; /* the next end tells this one as well */
        (void) sd_event_source_set_enabled(m->finished_source, SD_EVENT_ONESHOT); /* valid arguments */
}

void call_finish(Call *call, const Failure *failure) {
        if (failure && failure != &call->failure)
                failure_copy(failure, &call->failure);
        call->sync = store_sync_cancel(call->sync);
        queue(call->container->manager, call);
}

static void finish_run(Call *call) {
        if (call->happened && call->durable)
                call_finish(call, NULL);
}

/* A start has failed: `run` leaves nothing, so its caller waits for the removal. */
static void on_start_failed(Call *call) {
        if (call->kind == CALL_RUN)
                failure_copy(&call->container->failure, &call->failure);
        else if (call->kind == CALL_START || call->kind == CALL_RESTART)
                call_finish(call, &call->container->failure);
}

static void on_ended(Call *call, const Lifecycle *before) {
        Container *c = call->container;
        _cleanup_failure_ Failure failure = {};

        switch (call->kind) {
        case CALL_STOP:
                call->happened = true;
                return;
        case CALL_RUN:
                call->happened = true;
                finish_run(call);
                return;
        case CALL_START:
        case CALL_RESTART:
                if (c->run.life.activity == ACTIVITY_STARTING || c->run.life.state == CONTAINER_RESTARTING)
                        return; /* it goes on */
                if (before->activity != ACTIVITY_STARTING) {
                        (void) fail(&failure, FAILURE_WRONG_STATE, 0, "Container '%s' was stopped meanwhile", c->name);
                        call_finish(call, &failure);
                } else
                        call_finish(call, NULL);
                return;
        default:
                return;
        }
}

static void on_removed(Call *call) {
        Container *c = call->container;
        _cleanup_failure_ Failure failure = {};

        if (call->kind == CALL_REMOVE || call->kind == CALL_STOP)
                call_finish(call, NULL);
        else if (call->kind == CALL_RUN && failure_is_set(&call->failure))
                call_finish(call, &call->failure);
        else {
                (void) fail(&failure, FAILURE_NO_SUCH_CONTAINER, 0, "Container '%s' was removed meanwhile", c->name);
                call_finish(call, &failure);
        }
}

void calls_settle(Container *c, const LifecycleFact *fact, const Lifecycle *before) {
        Call *call;

        LIST_FOREACH(call, &c->calls, Call, calls)
                switch (fact->kind) {
                case FACT_STARTED:
                        call->happened = call->happened || call->kind == CALL_RUN;
                        if (call->kind == CALL_START || call->kind == CALL_RESTART)
                                call_finish(call, NULL);
                        else if (call->kind == CALL_RUN)
                                finish_run(call);
                        break;
                case FACT_START_FAILED:
                        on_start_failed(call);
                        break;
                case FACT_ENDED:
                        on_ended(call, before);
                        break;
                case FACT_REMOVED:
                        on_removed(call);
                        break;
                case FACT_REMOVE_FAILED:
                        if (call->kind == CALL_REMOVE || call->kind == CALL_RUN)
                                call_finish(call, failure_is_set(&call->failure) ? &call->failure : &c->failure);
                        break;
                default:
                        break;
                }
        calls_check_gone(c);
}

/* A stop is over when nothing of the run is left, or the next one has begun. */
void calls_check_gone(Container *c) {
        const Lifecycle *l = &c->run.life;
        bool gone = list_is_empty(&c->runs) && !lifecycle_runs(l);
        bool next = l->activity == ACTIVITY_STARTING;
        Call *call;

        LIST_FOREACH(call, &c->calls, Call, calls)
                if (call->kind == CALL_STOP && (gone || (next && call->happened)))
                        call_finish(call, NULL);
}

bool calls_want_removal(Container *c) {
        Call *call;

        if (c->run.life.activity != ACTIVITY_NONE)
                return false;
        LIST_FOREACH(call, &c->calls, Call, calls)
                if (call->kind == CALL_RUN && failure_is_set(&call->failure))
                        return true;
        return false;
}
