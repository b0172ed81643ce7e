/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/asks.c: who waits for the end of what he asked of a container. An end is told from the loop, at the end of
 * the turn's work on the container, never from within the call that asked.
 */
#include "base/str.h"
#include "engine/container-private.h"

int ask_new(Container *c, AskKind kind, EngineDone done, void *userdata, Ask **ret) {
        Ask *ask;

        ask = calloc(1, sizeof(*ask));
        if (!ask)
                return -ENOMEM;
        ask->kind = kind;
        ask->container = c;
        ask->done = done;
        ask->userdata = userdata;
        list_init(&ask->asks);
        list_append(&c->asks, &ask->asks);
        if (ret)
                *ret = ask;
        return 0;
}

static int on_finished(sd_event_source *s, void *userdata) {
        manager_tell_finished(userdata);
        return 0;
}

void manager_tell_finished(Manager *m) {
        Ask *ask;

        while ((ask = list_first(&m->finished, Ask, asks))) {
                list_remove(&ask->asks);
                if (ask->done)
                        ask->done(failure_is_set(&ask->failure) ? &ask->failure : NULL,
                                        ask->userdata);
                failure_done(&ask->failure);
                free(ask);
        }
        if (m->finished_source)
                (void) sd_event_source_set_enabled(
                                m->finished_source, SD_EVENT_OFF); /* valid arguments */
}

/* Told now if we come from the loop and the container's own work is done, else in the next turn. */
static void queue(Manager *m, Ask *ask) {
        list_remove(&ask->asks);
        list_append(&m->finished, &ask->asks);
        ask->container = NULL;
        if (!m->finished_source &&
                        sd_event_add_defer(m->event, &m->finished_source, on_finished, m) < 0)
                return; /* the next end tells this one as well */
        (void) sd_event_source_set_enabled(
                        m->finished_source, SD_EVENT_ONESHOT); /* valid arguments */
}

void ask_finish(Ask *ask, const Failure *failure) {
        if (failure && failure != &ask->failure)
                failure_copy(failure, &ask->failure);
        ask->sync = store_sync_cancel(ask->sync);
        queue(ask->container->manager, ask);
}

static void finish_run(Ask *ask) {
        if (ask->happened && ask->durable)
                ask_finish(ask, NULL);
}

/* A start has failed: `run` leaves nothing, so its caller waits for the removal. */
static void on_start_failed(Ask *ask) {
        if (ask->kind == ASK_RUN)
                failure_copy(&ask->container->failure, &ask->failure);
        else if (ask->kind == ASK_START || ask->kind == ASK_RESTART)
                ask_finish(ask, &ask->container->failure);
}

static void on_ended(Ask *ask, const Lifecycle *before) {
        Container *c = ask->container;
        _cleanup_failure_ Failure failure = {};

        switch (ask->kind) {
        case ASK_STOP:
                ask->happened = true;
                return;
        case ASK_RUN:
                ask->happened = true;
                finish_run(ask);
                return;
        case ASK_START:
        case ASK_RESTART:
                if (c->run.life.activity == ACTIVITY_STARTING ||
                                c->run.life.state == CONTAINER_RESTARTING)
                        return; /* it goes on */
                if (before->activity != ACTIVITY_STARTING) {
                        (void) fail(&failure, FAILURE_WRONG_STATE, 0,
                                        "Container '%s' was stopped meanwhile", c->name);
                        ask_finish(ask, &failure);
                } else
                        ask_finish(ask, NULL);
                return;
        default:
                return;
        }
}

static void on_removed(Ask *ask) {
        Container *c = ask->container;
        _cleanup_failure_ Failure failure = {};

        if (ask->kind == ASK_REMOVE || ask->kind == ASK_STOP)
                ask_finish(ask, NULL);
        else if (ask->kind == ASK_RUN && failure_is_set(&ask->failure))
                ask_finish(ask, &ask->failure);
        else {
                (void) fail(&failure, FAILURE_NO_SUCH_CONTAINER, 0,
                                "Container '%s' was removed meanwhile", c->name);
                ask_finish(ask, &failure);
        }
}

void asks_settle(Container *c, const LifecycleFact *fact, const Lifecycle *before) {
        Ask *ask;

        LIST_FOREACH(ask, &c->asks, Ask, asks)
                switch (fact->kind) {
                case FACT_STARTED:
                        ask->happened = ask->happened || ask->kind == ASK_RUN;
                        if (ask->kind == ASK_START || ask->kind == ASK_RESTART)
                                ask_finish(ask, NULL);
                        else if (ask->kind == ASK_RUN)
                                finish_run(ask);
                        break;
                case FACT_START_FAILED:
                        on_start_failed(ask);
                        break;
                case FACT_PAUSED:
                case FACT_UNPAUSED:
                        if (ask->kind == (fact->kind == FACT_PAUSED ? ASK_PAUSE : ASK_UNPAUSE))
                                ask_finish(ask, NULL);
                        break;
                case FACT_ENDED:
                        on_ended(ask, before);
                        break;
                case FACT_REMOVED:
                        on_removed(ask);
                        break;
                case FACT_REMOVE_FAILED:
                        if (ask->kind == ASK_REMOVE || ask->kind == ASK_RUN)
                                ask_finish(ask, failure_is_set(&ask->failure) ? &ask->failure
                                                                              : &c->failure);
                        break;
                default:
                        break;
                }
        asks_check_gone(c);
}

/* A stop is over when nothing of the run is left, or the next one has begun. */
void asks_check_gone(Container *c) {
        const Lifecycle *l = &c->run.life;
        bool gone = list_is_empty(&c->runs) && !lifecycle_runs(l);
        bool next = l->activity == ACTIVITY_STARTING;
        Ask *ask;

        LIST_FOREACH(ask, &c->asks, Ask, asks)
                if (ask->kind == ASK_STOP && (gone || (next && ask->happened)))
                        ask_finish(ask, NULL);
}

void asks_fail(Container *c, AskKind kind, const Failure *failure) {
        Ask *ask;

        LIST_FOREACH(ask, &c->asks, Ask, asks)
                if (ask->kind == kind)
                        ask_finish(ask, failure);
}

bool asks_want_removal(Container *c) {
        Ask *ask;

        if (c->run.life.activity != ACTIVITY_NONE)
                return false;
        LIST_FOREACH(ask, &c->asks, Ask, asks)
                if (ask->kind == ASK_RUN && failure_is_set(&ask->failure))
                        return true;
        return false;
}
