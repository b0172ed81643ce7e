/* SPDX-License-Identifier: Apache-2.0 */
/* model/lifecycle.c: one function per fact; each looks at the state and writes what comes next. */
#include "model/lifecycle.h"
#include <assert.h>
#include <stddef.h>
#include "base/usec.h"

#define EXIT_CODE_KILLED 137 /* by SIGKILL */

/* What a fact's function works on: `next` begins as a copy of what is. */
typedef struct Decision {
        const LifecycleFact *fact;
        const LifecyclePolicy *policy;
        uint64_t now_usec;
        LifecycleStep step;
} Decision;

static void refuse(Decision *d, LifecycleRefusal refusal) {
        d->step.refusal = refusal;
}

static void act(Decision *d, unsigned actions) {
        d->step.actions |= actions;
}

static bool has_processes(const Lifecycle *l) {
        return l->state == CONTAINER_RUNNING || l->state == CONTAINER_PAUSED;
}

/* Another run; what the last one left open is settled. */
static void begin_run(Decision *d) {
        Lifecycle *l = &d->step.next;

        l->activity = ACTIVITY_STARTING;
        l->stop_pending = l->start_pending = l->restart_pending = false;
        l->oom_killed = false;
        l->restart_at_usec = 0;
        act(d, ACTION_START);
}

/* A start that somebody asked for: the policy counts from here. */
static void begin_start(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->state == CONTAINER_RESTARTING)
                act(d, ACTION_CANCEL_TIMERS);
        l->stopped_by_user = l->stopped_by_shutdown = false;
        l->restart_count = 0;
        l->restart_delay_usec = 0;
        begin_run(d);
}

/* What is to heed a signal must run. */
static void thaw(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->state != CONTAINER_PAUSED)
                return;
        l->state = CONTAINER_RUNNING;
        act(d, ACTION_THAW);
}

static void begin_stop(Decision *d, bool at_once) {
        Lifecycle *l = &d->step.next;

        l->activity = ACTIVITY_STOPPING;
        l->stop_pending = false;
        if (at_once)
                act(d, ACTION_KILL); /* a frozen cgroup can be killed as it is */
        else {
                thaw(d);
                act(d, ACTION_SIGNAL);
        }
}

static void begin_remove(Decision *d) {
        d->step.next.activity = ACTIVITY_REMOVING;
        d->step.next.restart_at_usec = 0;
        act(d, ACTION_REMOVE);
}

/* It has ended and its policy wants it again. */
static void begin_restart(Decision *d, uint64_t ran_usec) {
        Lifecycle *l = &d->step.next;

        if (d->fact->booted) { /* a new beginning: what went before is no reason to wait */
                begin_start(d);
                return;
        }
        l->state = CONTAINER_RESTARTING;
        l->activity = ACTIVITY_NONE;
        l->restart_delay_usec = restart_delay_usec(ran_usec, l->restart_delay_usec);
        if (l->restart_count < UINT32_MAX)
                l->restart_count++;
        if (l->restart_delay_usec == 0) {
                begin_run(d);
                return;
        }
        l->restart_at_usec = usec_add(d->now_usec, l->restart_delay_usec);
        act(d, ACTION_ARM_RESTART);
}

static bool policy_applies(const Decision *d) {
        const Lifecycle *l = &d->step.next;
        uint32_t tries = d->fact->booted ? 0 : l->restart_count;

        return !l->stopped_by_user && !l->stopped_by_shutdown &&
               restart_policy_applies(&d->policy->restart, l->exit_code, tries);
}

/* A run is over. */
static void finish_run(Decision *d) {
        Lifecycle *l = &d->step.next;

        l->finished_usec = d->now_usec;
        l->exit_code = d->fact->exit_code;
        /* One that outlives what the kernel kills may be its victim itself. */
        if (d->fact->oom_kills > 0 && l->exit_code == EXIT_CODE_KILLED &&
                        l->activity != ACTIVITY_STOPPING && !l->stopped_by_user)
                l->oom_killed = true;
        l->activity = ACTIVITY_NONE;
        l->restart_at_usec = 0;
        act(d, ACTION_CANCEL_TIMERS);

        l->state = CONTAINER_EXITED;
        if (l->remove_pending)
                begin_remove(d);
        else if (l->start_pending)
                begin_start(d);
        else if (l->restart_pending || policy_applies(d))
                begin_restart(d, d->fact->ran_usec);
        else if (d->policy->auto_remove)
                begin_remove(d);
        l->stop_pending = l->restart_pending = false;
}

static void on_start_asked(Decision *d) {
        Lifecycle *l = &d->step.next;

        switch (l->activity) {
        case ACTIVITY_STARTING:
                if (l->stop_pending)
                        l->start_pending = true;
                return;
        case ACTIVITY_STOPPING:
                if (l->remove_pending)
                        refuse(d, REFUSAL_REMOVING);
                else
                        l->start_pending = true;
                return;
        case ACTIVITY_REMOVING:
                refuse(d, REFUSAL_REMOVING);
                return;
        default:
                break;
        }

        if (l->state == CONTAINER_PAUSED)
                refuse(d, REFUSAL_PAUSED);
        else if (l->state == CONTAINER_DEAD)
                refuse(d, REFUSAL_DEAD);
        else if (l->state != CONTAINER_RUNNING)
                begin_start(d);
}

static void on_started(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity != ACTIVITY_STARTING) {
                refuse(d, REFUSAL_UNEXPECTED);
                return;
        }

        l->state = CONTAINER_RUNNING;
        l->activity = ACTIVITY_NONE;
        l->started_usec = d->now_usec;
        if (l->remove_pending)
                begin_stop(d, true);
        else if (l->stop_pending)
                begin_stop(d, false);
}

static void on_start_failed(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity != ACTIVITY_STARTING) {
                refuse(d, REFUSAL_UNEXPECTED);
                return;
        }

        l->activity = ACTIVITY_NONE;
        l->exit_code = d->fact->exit_code;
        l->stop_pending = l->start_pending = false;
        if (l->remove_pending)
                begin_remove(d);
        else if (l->state == CONTAINER_RESTARTING && policy_applies(d))
                begin_restart(d, 0);
        else {
                if (l->state == CONTAINER_RESTARTING)
                        l->state = CONTAINER_EXITED;
                if (d->policy->auto_remove)
                        begin_remove(d);
        }
}

static void on_ended(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity == ACTIVITY_STARTING)
                l->started_usec = usec_sub(d->now_usec, d->fact->ran_usec); /* it was quicker than the news of its start */
        else if (!has_processes(l)) {
                refuse(d, REFUSAL_UNEXPECTED);
                return;
        }
        finish_run(d);
}

static void on_stop_asked(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity == ACTIVITY_STARTING) {
                l->stop_pending = l->stopped_by_user = true;
                l->start_pending = false;
        } else if (l->activity == ACTIVITY_STOPPING) {
                l->stopped_by_user = true;
                l->start_pending = l->restart_pending = false;
                if (d->fact->at_once)
                        act(d, ACTION_KILL);
        } else if (l->activity == ACTIVITY_NONE && has_processes(l)) {
                l->stopped_by_user = true;
                begin_stop(d, d->fact->at_once);
        } else if (l->activity == ACTIVITY_NONE && l->state == CONTAINER_RESTARTING) {
                l->stopped_by_user = true;
                l->state = CONTAINER_EXITED;
                l->restart_at_usec = 0;
                act(d, ACTION_CANCEL_TIMERS);
        }
        /* What does not run is stopped already. */
}

static void on_restart_asked(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity == ACTIVITY_STARTING)
                l->stop_pending = l->start_pending = true;
        else if (l->activity == ACTIVITY_STOPPING && l->remove_pending)
                refuse(d, REFUSAL_REMOVING);
        else if (l->activity == ACTIVITY_STOPPING) {
                l->start_pending = true;
                if (d->fact->at_once)
                        act(d, ACTION_KILL);
        } else if (l->activity == ACTIVITY_NONE && has_processes(l)) {
                begin_stop(d, d->fact->at_once);
                l->start_pending = true;
        } else
                on_start_asked(d);
}

static void on_kill_asked(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (!has_processes(l)) {
                refuse(d, REFUSAL_NOT_RUNNING);
                return;
        }
        if (!d->fact->final)
                return;
        l->stopped_by_user = true;
        if (!d->fact->at_once)
                thaw(d);
}

static void on_grace_over(Decision *d) {
        if (d->step.next.activity == ACTIVITY_STOPPING)
                act(d, ACTION_KILL);
}

static void on_oom_killed(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (!d->fact->final || !lifecycle_runs(l))
                return;
        l->oom_killed = true;
        act(d, ACTION_KILL); /* the kernel has begun with it */
}

/* While it is stopped for another reason, or does not run, it is as good as done. */
static void on_unhealthy(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->state != CONTAINER_RUNNING || l->activity != ACTIVITY_NONE)
                return;
        switch (d->fact->action) {
        case HEALTH_ACTION_KILL:
                begin_stop(d, true);
                return;
        case HEALTH_ACTION_RESTART:
                l->restart_pending = true;
                begin_stop(d, false);
                return;
        case HEALTH_ACTION_STOP:
                l->stopped_by_user = true;
                begin_stop(d, false);
                return;
        default:
                return;
        }
}

static void on_paused(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->state == CONTAINER_RUNNING && l->activity == ACTIVITY_NONE)
                l->state = CONTAINER_PAUSED;
        else if (l->state != CONTAINER_PAUSED)
                refuse(d, REFUSAL_UNEXPECTED);
}

static void on_unpaused(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->state == CONTAINER_PAUSED)
                l->state = CONTAINER_RUNNING;
        else if (l->state != CONTAINER_RUNNING)
                refuse(d, REFUSAL_UNEXPECTED);
}

static void on_restart_due(Decision *d) {
        const Lifecycle *l = &d->step.next;

        if (l->state == CONTAINER_RESTARTING && l->activity == ACTIVITY_NONE)
                begin_run(d);
}

/* Somebody wants it gone while it has processes, or is about to. */
static void remove_running(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (!d->fact->force) {
                refuse(d, l->activity == ACTIVITY_STARTING   ? REFUSAL_STARTING
                                  : l->state == CONTAINER_PAUSED ? REFUSAL_PAUSED
                                                                 : REFUSAL_RUNNING);
                return;
        }

        l->remove_pending = l->stopped_by_user = true;
        l->start_pending = l->restart_pending = false;
        if (l->activity == ACTIVITY_STARTING)
                l->stop_pending = true; /* it is killed as soon as there is something to kill */
        else
                begin_stop(d, true);
}

static void on_remove_asked(Decision *d) {
        const Lifecycle *l = &d->step.next;

        if (l->activity == ACTIVITY_REMOVING)
                return;
        if (l->activity == ACTIVITY_STARTING || has_processes(l)) {
                remove_running(d);
                return;
        }
        if (l->state == CONTAINER_RESTARTING) {
                if (!d->fact->force) {
                        refuse(d, REFUSAL_RESTARTING);
                        return;
                }
                d->step.next.state = CONTAINER_EXITED;
                act(d, ACTION_CANCEL_TIMERS);
        }
        begin_remove(d);
}

static void on_removed(Decision *d) {
        if (d->step.next.activity != ACTIVITY_REMOVING)
                refuse(d, REFUSAL_UNEXPECTED);
        else
                act(d, ACTION_FORGET);
}

static void on_remove_failed(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity != ACTIVITY_REMOVING) {
                refuse(d, REFUSAL_UNEXPECTED);
                return;
        }
        l->state = CONTAINER_DEAD;
        l->activity = ACTIVITY_NONE;
        l->remove_pending = false;
}

static void on_monitor_lost(Decision *d) {
        if (lifecycle_runs(&d->step.next))
                act(d, ACTION_KILL);
}

static void on_shutdown(Decision *d) {
        Lifecycle *l = &d->step.next;

        l->start_pending = l->restart_pending = false;
        if (l->activity == ACTIVITY_STARTING)
                l->stop_pending = l->stopped_by_shutdown = true;
        else if (l->activity == ACTIVITY_STOPPING)
                l->stopped_by_shutdown = !l->stopped_by_user; /* it was on its way to another start */
        else if (l->activity == ACTIVITY_NONE && has_processes(l)) {
                l->stopped_by_shutdown = true;
                begin_stop(d, false);
        } else if (l->activity == ACTIVITY_NONE && l->state == CONTAINER_RESTARTING) {
                l->stopped_by_shutdown = true;
                l->state = CONTAINER_EXITED;
                l->restart_at_usec = 0;
                act(d, ACTION_CANCEL_TIMERS);
        }
}

/* A daemon comes back to a container that runs. */
static void found_running(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (l->activity == ACTIVITY_STARTING ||
                        (l->state == CONTAINER_RESTARTING && l->activity == ACTIVITY_NONE)) {
                l->activity = ACTIVITY_STARTING;
                on_started(d);
        } else if (!has_processes(l)) {
                act(d, ACTION_KILL); /* nobody wants it to run */
                if (l->activity == ACTIVITY_REMOVING)
                        act(d, ACTION_REMOVE);
        } else if (l->activity == ACTIVITY_STOPPING)
                begin_stop(d, l->remove_pending);
}

/* It does not run, and nobody expected it to. */
static void found_idle(Decision *d) {
        Lifecycle *l = &d->step.next;

        switch (l->state) {
        case CONTAINER_RESTARTING:
                /* A clock that was set cannot keep it waiting for longer than the delay. */
                if (d->fact->booted || l->restart_at_usec <= d->now_usec ||
                    l->restart_at_usec - d->now_usec > l->restart_delay_usec)
                        begin_run(d);
                else
                        act(d, ACTION_ARM_RESTART);
                return;
        case CONTAINER_EXITED:
                if (d->policy->auto_remove)
                        begin_remove(d);
                else if ((d->fact->booted || !l->stopped_by_user) &&
                         restart_policy_resumes(&d->policy->restart, l->stopped_by_user,
                                         l->stopped_by_shutdown))
                        begin_start(d);
                return;
        default:
                return;
        }
}

/* A boot leaves nobody who waits for it, but a policy goes on, and a shutdown has only put it off. */
static bool start_is_wanted(const Decision *d) {
        const Lifecycle *l = &d->step.next;

        if (!d->fact->booted)
                return !l->stop_pending;
        return !l->stopped_by_user && (l->state == CONTAINER_RESTARTING ||
                                                      d->policy->restart.mode != RESTART_NO);
}

static void on_daemon_started(Decision *d) {
        Lifecycle *l = &d->step.next;

        if (d->fact->running)
                found_running(d);
        else if (has_processes(l))
                finish_run(d);
        else if (l->activity == ACTIVITY_REMOVING)
                begin_remove(d);
        else if (l->activity == ACTIVITY_STARTING) {
                bool wanted = start_is_wanted(d);

                if (l->remove_pending || (!wanted && d->policy->auto_remove))
                        begin_remove(d);
                else if (!wanted) {
                        l->activity = ACTIVITY_NONE;
                        l->stop_pending = l->start_pending = false;
                        if (l->state == CONTAINER_RESTARTING)
                                l->state = CONTAINER_EXITED;
                        found_idle(d);
                } else {
                        l->stopped_by_shutdown = false;
                        begin_run(d);
                }
        } else
                found_idle(d);
}

LifecycleStep lifecycle_next(const Lifecycle *now, const LifecycleFact *fact,
                const LifecyclePolicy *policy, uint64_t now_usec) {
        static void (*const table[_FACT_MAX])(Decision *) = {
                [FACT_START_ASKED] = on_start_asked,
                [FACT_STARTED] = on_started,
                [FACT_START_FAILED] = on_start_failed,
                [FACT_ENDED] = on_ended,
                [FACT_STOP_ASKED] = on_stop_asked,
                [FACT_RESTART_ASKED] = on_restart_asked,
                [FACT_KILL_ASKED] = on_kill_asked,
                [FACT_GRACE_OVER] = on_grace_over,
                [FACT_OOM_KILLED] = on_oom_killed,
                [FACT_UNHEALTHY] = on_unhealthy,
                [FACT_PAUSED] = on_paused,
                [FACT_UNPAUSED] = on_unpaused,
                [FACT_RESTART_DUE] = on_restart_due,
                [FACT_REMOVE_ASKED] = on_remove_asked,
                [FACT_REMOVED] = on_removed,
                [FACT_REMOVE_FAILED] = on_remove_failed,
                [FACT_MONITOR_LOST] = on_monitor_lost,
                [FACT_SHUTDOWN] = on_shutdown,
                [FACT_DAEMON_STARTED] = on_daemon_started,
        };
        Decision d = {
                .fact = fact,
                .policy = policy,
                .now_usec = now_usec,
                .step.next = *now,
        };

        assert(fact->kind >= 0 && fact->kind < _FACT_MAX);
        table[fact->kind](&d);
        if (d.step.refusal != REFUSAL_NONE)
                d.step = (LifecycleStep) { .next = *now, .refusal = d.step.refusal };
        return d.step;
}

bool lifecycle_runs(const Lifecycle *l) {
        return has_processes(l) || l->activity == ACTIVITY_STARTING;
}

bool lifecycle_is_idle(const Lifecycle *l) {
        return l->activity == ACTIVITY_NONE && !has_processes(l) &&
               l->state != CONTAINER_RESTARTING;
}

const char *lifecycle_refusal_to_string(LifecycleRefusal refusal) {
        static const char *const table[_REFUSAL_MAX] = {
                [REFUSAL_NONE] = "",
                [REFUSAL_RUNNING] = "is running",
                [REFUSAL_PAUSED] = "is paused",
                [REFUSAL_RESTARTING] = "is restarting",
                [REFUSAL_STARTING] = "is being started",
                [REFUSAL_REMOVING] = "is being removed",
                [REFUSAL_DEAD] = "is dead and can only be removed",
                [REFUSAL_NOT_RUNNING] = "is not running",
                [REFUSAL_UNEXPECTED] = "is in another state",
        };

        return refusal >= 0 && refusal < _REFUSAL_MAX ? table[refusal] : NULL;
}
