/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/lifecycle.h: what a container does next: a state, a fact, and from them the new state and what is to be done.
 * Pure: no clock, no kernel. Whoever acts stores `next` first, then does `actions`, and comes back with what happened.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/container-state.h"
#include "model/health-action.h"
#include "model/lifecycle-refusal.h"
#include "model/restart-policy.h"

/* What is under way; not shown. starting: in created, restarting, exited; stopping: in running, paused; removing: in created, exited, dead. */
typedef enum ContainerActivity {
        ACTIVITY_NONE,
        ACTIVITY_STARTING,
        ACTIVITY_STOPPING,
        ACTIVITY_REMOVING,
        _ACTIVITY_MAX,
} ContainerActivity;

/* All that decisions rest on. Zero-initialised: just created. Times are µs since the epoch, 0 = never. */
typedef struct Lifecycle {
        ContainerState state;
        ContainerActivity activity;
        bool stop_pending;        /* starting: stop as soon as it runs */
        bool start_pending;       /* stopping: start again at the end */
        bool restart_pending;     /* stopping: restart at the end, counted as by policy */
        bool remove_pending;      /* starting, running, stopping: remove at the end */
        bool stopped_by_user;     /* somebody asked for the end: the policy is silent */
        bool stopped_by_shutdown; /* the machine's shutdown did: the policy goes on at boot */
        bool oom_killed;          /* in the last run */
        int exit_code;            /* of the last end or failed start, 0..255 */
        uint32_t restart_count;   /* by policy, since the last start that was asked for */
        uint64_t started_usec;
        uint64_t finished_usec;
        uint64_t restart_delay_usec; /* the delay before the last restart */
        uint64_t restart_at_usec;    /* restarting: when the timer is due; else 0 */
} Lifecycle;

typedef enum LifecycleFactKind {
        FACT_START_ASKED,
        FACT_STARTED,         /* execve has succeeded */
        FACT_START_FAILED,    /* exit_code: 125, 126, 127 */
        FACT_ENDED,           /* exit_code, ran_usec: also a run that nobody saw end (137) */
        FACT_STOP_ASKED,      /* at_once: no grace */
        FACT_RESTART_ASKED,   /* at_once: no grace */
        FACT_KILL_ASKED,      /* a signal is to be sent; final: one that means the end (SIGTERM, its own, SIGKILL: at_once) */
        FACT_GRACE_OVER,      /* the stop timer */
        FACT_OOM_KILLED,      /* the kernel killed in its cgroup for memory; final: the container is to end of it */
        FACT_UNHEALTHY,       /* action: what its health check wants done about it */
        FACT_PAUSED,
        FACT_UNPAUSED,
        FACT_RESTART_DUE,     /* the restart timer */
        FACT_REMOVE_ASKED,    /* force: also a running one */
        FACT_REMOVED,         /* nothing is left */
        FACT_REMOVE_FAILED,
        FACT_MONITOR_LOST,    /* its monitor died first; FACT_ENDED follows once the cgroup is empty */
        FACT_SHUTDOWN,        /* the machine goes down */
        FACT_DAEMON_STARTED,  /* with what its row says: running tells whether it runs; booted: the machine started since */
        _FACT_MAX,
} LifecycleFactKind;

typedef struct LifecycleFact {
        LifecycleFactKind kind;
        int exit_code;
        uint64_t ran_usec, oom_kills; /* of the run that ended; the kernel's, for memory */
        HealthAction action;
        bool at_once, final, force, running, booted;
} LifecycleFact;

/* In the order in which they are to be done. */
typedef enum LifecycleAction {
        ACTION_CANCEL_TIMERS = 1 << 0, /* grace and restart */
        ACTION_START = 1 << 1,         /* make a run; answer FACT_STARTED or FACT_START_FAILED */
        ACTION_THAW = 1 << 2,
        ACTION_SIGNAL = 1 << 3,        /* send the stop signal and arm the grace timer */
        ACTION_KILL = 1 << 4,          /* kill the whole cgroup */
        ACTION_ARM_RESTART = 1 << 5,   /* for next.restart_at_usec */
        ACTION_REMOVE = 1 << 6,        /* take everything away; answer FACT_REMOVED or FACT_REMOVE_FAILED */
        ACTION_FORGET = 1 << 7,        /* it is gone: drop the object */
} LifecycleAction;

typedef struct LifecyclePolicy {
        RestartPolicy restart;
        bool auto_remove; /* --rm */
} LifecyclePolicy;

typedef struct LifecycleStep {
        Lifecycle next;
        unsigned actions;         /* LifecycleAction */
        LifecycleRefusal refusal; /* set: next is as before, actions are 0. Nothing to do is no refusal */
} LifecycleStep;

/**
 * lifecycle_next() - decide
 * @now_usec: since the epoch
 *
 * Total: every state × fact has an answer.
 */
LifecycleStep lifecycle_next(const Lifecycle *now, const LifecycleFact *fact,
                const LifecyclePolicy *policy, uint64_t now_usec);

/** lifecycle_runs() - it has, or is about to have, processes: running, paused, or starting. */
bool lifecycle_runs(const Lifecycle *l);

/** lifecycle_is_idle() - nothing of it needs the daemon: created, exited or dead, with nothing under way. */
bool lifecycle_is_idle(const Lifecycle *l);
