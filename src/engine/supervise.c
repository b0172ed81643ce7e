/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/supervise.c: the one door for facts. lifecycle_next() decides; here it is stored with what happened, told
 * and done, in this order. What is done may bring the next fact at once: then it is observed within, and the container is freed by the
 * outermost only.
 */
#include <string.h>
#include "base/log.h"
#include "base/usec.h"
#include "catalog/catalog-ids.h"
#include "engine/container-private.h"
#include "engine/copy.h"
#include "engine/health.h"
#include "model/limits.h"

#define TIMER_ACCURACY_USEC (10 * USEC_PER_MSEC)

static unsigned changes_between(const Lifecycle *a, const Lifecycle *b) {
        return (a->state != b->state ? CONTAINER_CHANGED_STATE : 0) |
               (a->started_usec != b->started_usec ? CONTAINER_CHANGED_STARTED : 0) |
               (a->finished_usec != b->finished_usec || a->exit_code != b->exit_code ||
                                                               a->oom_killed != b->oom_killed
                                               ? CONTAINER_CHANGED_FINISHED
                                               : 0) |
               (a->restart_count != b->restart_count ? CONTAINER_CHANGED_RESTARTS : 0);
}

static int on_grace_over(sd_event_source *s, uint64_t usec, void *userdata) {
        Container *c = userdata;

        (void) container_observe(
                        c, &(LifecycleFact){ .kind = FACT_GRACE_OVER }, NULL); /* never refused */
        return 0;
}

static int on_restart_due(sd_event_source *s, uint64_t usec, void *userdata) {
        Container *c = userdata;

        (void) container_observe(
                        c, &(LifecycleFact){ .kind = FACT_RESTART_DUE }, NULL); /* as above */
        return 0;
}

static void arm(Container *c, uint64_t delay_usec, sd_event_time_handler_t fn) {
        int r;

        c->timer = sd_event_source_disable_unref(c->timer);
        if (delay_usec == UINT64_MAX)
                return;
        r = sd_event_add_time_relative(c->manager->event, &c->timer, CLOCK_BOOTTIME, delay_usec,
                        TIMER_ACCURACY_USEC, fn, c);
        if (r < 0)
                (void) log_error_errno(r, "Failed to arm a timer of container '%s': %m", c->name);
}

int container_stop_signal(const Container *c) {
        if (c->stop_signal != 0)
                return c->stop_signal;
        return c->spec->stop_signal ?: SIGTERM;
}

static void send_stop_signal(Container *c) {
        uint64_t timeout = c->stop_timeout_usec;

        if (timeout == CONTAINER_TIMEOUT_DEFAULT)
                timeout = c->spec->stop_timeout_usec;
        if (c->manager->shutdown_done && timeout > SHUTDOWN_TIMEOUT_USEC)
                timeout = SHUTDOWN_TIMEOUT_USEC;
        if (c->current)
                run_send_signal(c->current, container_stop_signal(c));
        arm(c, timeout, on_grace_over);
}

static void perform(Container *c, unsigned actions) {
        if (actions & ACTION_CANCEL_TIMERS)
                c->timer = sd_event_source_disable_unref(c->timer);
        if (actions & ACTION_START)
                container_begin_run(c);
        if (actions & ACTION_THAW)
                container_thaw(c);
        if (actions & ACTION_SIGNAL)
                send_stop_signal(c);
        if (actions & ACTION_KILL)
                container_kill_all(c);
        if (actions & ACTION_ARM_RESTART)
                arm(c, usec_sub(c->run.life.restart_at_usec, now_realtime()), on_restart_due);
        if (actions & ACTION_REMOVE)
                container_begin_remove(c);
        if (actions & ACTION_FORGET) {
                Manager *m = c->manager;

                if (m->observing && m->observer->container_removed)
                        m->observer->container_removed(c, m->observer_userdata);
                container_unlink(c);
                c->forgotten = true;
        }
}

static void count_running(Container *c) {
        bool runs = lifecycle_runs(&c->run.life);
        Owner *owner = manager_owner(c->manager, c->owner); /* there since container_link() */

        if (runs == c->counted || !owner)
                return;
        c->counted = runs;
        if (runs) {
                c->manager->n_running++;
                owner->n_running++;
        } else {
                c->manager->n_running--;
                owner->n_running--;
        }
}

static void update_busy(Container *c) {
        bool busy = !c->forgotten && (!lifecycle_is_idle(&c->run.life) || !list_is_empty(&c->runs));

        if (busy == c->busy)
                return;
        c->busy = busy;
        manager_add_busy(c->manager, busy ? 1 : -1);
}

/* A container that outlives it may meet it often: the log tells of it again when the count has doubled. */
static void log_oom_kill(Container *c, const LifecycleFact *fact, const Lifecycle *before) {
        if (fact->final && !before->oom_killed)
                container_log(c, MESSAGE_CONTAINER_OOM_KILLED, LOG_WARNING,
                                "Container '%s' is out of memory, and ended", c->name);
        else if (!fact->final && c->run.oom_kills >= 2 * c->oom_logged) {
                container_log(c, MESSAGE_CONTAINER_OOM_KILLED, LOG_WARNING,
                                "Container '%s' is out of memory and goes on, processes killed so "
                                "far: %llu",
                                c->name, (unsigned long long) c->run.oom_kills);
                c->oom_logged = c->run.oom_kills;
        }
}

static void log_fact(Container *c, const LifecycleFact *fact, const Lifecycle *before) {
        const Lifecycle *l = &c->run.life;

        if (fact->kind == FACT_STARTED)
                container_log(c, MESSAGE_CONTAINER_STARTED, LOG_INFO, "Container '%s' has started",
                                c->name);
        else if (fact->kind == FACT_ENDED)
                container_log(c, MESSAGE_CONTAINER_ENDED, LOG_INFO,
                                "Container '%s' has ended with exit code %d", c->name,
                                l->exit_code);
        else if (fact->kind == FACT_OOM_KILLED && lifecycle_runs(before))
                log_oom_kill(c, fact, before);
        else if (fact->kind == FACT_START_FAILED)
                container_log(c, MESSAGE_CONTAINER_START_FAILED, LOG_WARNING,
                                "Container '%s' could not be started: %s", c->name,
                                failure_message(&c->failure));
        if (before->restart_count > 0 && l->state == CONTAINER_EXITED &&
                        l->activity == ACTIVITY_NONE && before->state != CONTAINER_EXITED &&
                        !l->stopped_by_user && !l->stopped_by_shutdown)
                container_log(c, MESSAGE_CONTAINER_RESTART_GIVEN_UP, LOG_WARNING,
                                "Container '%s' is not restarted any more", c->name);
}

void container_leave(Container *c) {
        Manager *m = c->manager;

        if (--c->depth > 0)
                return;
        count_running(c);
        update_busy(c);
        if (c->forgotten)
                container_free(c);
        if (m->calling == 0 && m->observing)
                manager_tell_finished(m);
        manager_update_idle(m);
}

/* What is about to be deleted from the database need not be stored there first. */
static bool is_worth_storing(const Container *c, const LifecycleStep *step, const Lifecycle *before,
                bool health_moved) {
        if (memcmp(&step->next, before, sizeof(*before)) == 0 &&
                        !(step->actions & ACTION_START) && !health_moved)
                return false;
        return !(step->actions & (ACTION_REMOVE | ACTION_FORGET)) || !c->spec->remove;
}

int container_observe(Container *c, const LifecycleFact *fact, Failure *reterr) {
        const LifecyclePolicy policy = { .restart = c->spec->restart,
                .auto_remove = c->spec->remove };
        Event told[EVENT_ACTIONS_MAX];
        EventList events = { told, 0 };
        Manager *m = c->manager;
        Lifecycle before = c->run.life;
        ContainerHealth health = c->run.health;
        bool health_moved;
        LifecycleStep step;
        unsigned changes;

        step = lifecycle_next(&before, fact, &policy, now_realtime());
        if (step.refusal != REFUSAL_NONE)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' %s", c->name,
                                lifecycle_refusal_to_string(step.refusal));

        c->depth++;
        c->run.life = step.next;
        health_moved = health_follow(c, fact, &before);
        if (step.actions & ACTION_START)
                (void) container_prepare_run(
                                c, NULL); /* container_begin_run() finds what is missing */
        if (fact->kind == FACT_STARTED ||
                        (fact->kind == FACT_ENDED && before.activity == ACTIVITY_STARTING))
                container_clear_error(c); /* of the start before */
        container_step_events(c, &before, fact, &step, &events);
        container_store_events(c, is_worth_storing(c, &step, &before, health_moved), &events);
        log_fact(c, fact, &before);

        changes = changes_between(&before, &step.next) |
                  (c->run.health != health ? CONTAINER_CHANGED_HEALTH : 0);
        if (changes != 0 && m->observing && m->observer->container_changed)
                m->observer->container_changed(c, changes, m->observer_userdata);
        waiters_settle(c, fact->kind);
        container_settle_freeze(c);
        if (!lifecycle_runs(&c->run.life))
                container_end_copies(c, false);
        if (fact->kind == FACT_START_FAILED) /* who asked hears why, even if the removal is done at once */
                asks_settle(c, fact, &before);
        perform(c, step.actions);
        health_act(c);
        if (fact->kind != FACT_START_FAILED)
                asks_settle(c, fact, &before);
        if (fact->kind == FACT_START_FAILED && asks_want_removal(c))
                (void) container_observe(c,
                                &(LifecycleFact){ .kind = FACT_REMOVE_ASKED, .force = true },
                                NULL); /* refused only where it is on its way */
        container_leave(c);
        return 0;
}
