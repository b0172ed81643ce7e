/* SPDX-License-Identifier: Apache-2.0 */
/* model/health.c: one function per fact; each looks at the phase and writes what comes next. */
#include "model/health.h"
#include <assert.h>
#include "base/usec.h"

/* What a fact's function works on: `next` begins as a copy of what is. */
typedef struct Decision {
        const HealthFact *fact;
        const HealthConfig *config;
        uint64_t now_usec;
        HealthStep step;
} Decision;

/* While nothing has succeeded yet in the start period, probes follow each other faster. */
static void await_next(Decision *d) {
        HealthState *s = &d->step.next;
        bool starts = s->status == HEALTH_STARTING && d->now_usec < s->start_until_usec;

        s->phase = HEALTH_WAITING;
        s->due_usec = usec_add(d->now_usec, starts ? d->config->start_interval_usec
                                                   : d->config->interval_usec);
}

static void cancel(Decision *d) {
        if (d->step.next.phase == HEALTH_PROBING)
                d->step.cancel = true;
}

static void go_to(Decision *d, HealthPhase phase) {
        cancel(d);
        d->step.next.phase = phase;
        d->step.next.due_usec = UINT64_MAX;
}

static void begin_probe(Decision *d) {
        d->step.next.phase = HEALTH_PROBING;
        d->step.next.due_usec = usec_add(d->now_usec, d->config->timeout_usec);
        d->step.probe = true;
}

static void on_started(Decision *d) {
        HealthState *s = &d->step.next;

        cancel(d);
        s->status = HEALTH_STARTING;
        s->streak = 0;
        s->start_until_usec = usec_add(d->now_usec, d->config->start_period_usec);
        await_next(d);
}

static void on_found(Decision *d) {
        HealthState *s = &d->step.next;

        cancel(d);
        if (s->status == HEALTH_NONE)
                s->status = HEALTH_STARTING;
        s->start_until_usec = usec_add(d->now_usec,
                        usec_sub(d->config->start_period_usec, d->fact->ran_usec));
        await_next(d);
}

static void on_stopping(Decision *d) {
        go_to(d, HEALTH_OFF);
}

/* What it ended as is worth knowing where that was bad; a good word of one that is gone is none. */
static void on_ended(Decision *d) {
        go_to(d, HEALTH_OFF);
        if (d->step.next.status != HEALTH_UNHEALTHY)
                d->step.next.status = HEALTH_NONE;
}

static void on_paused(Decision *d) {
        if (d->step.next.phase != HEALTH_OFF)
                go_to(d, HEALTH_PAUSED);
}

static void on_unpaused(Decision *d) {
        if (d->step.next.phase == HEALTH_PAUSED)
                await_next(d);
}

static void failed(Decision *d) {
        HealthState *s = &d->step.next;

        if (s->status == HEALTH_STARTING && d->now_usec < s->start_until_usec)
                return;
        if (s->streak < UINT32_MAX)
                s->streak++;
        if (s->streak >= d->config->retries)
                s->status = HEALTH_UNHEALTHY;
        if (s->status == HEALTH_UNHEALTHY) /* again each time: the daemon may have died before it was done */
                d->step.demand = d->config->on_failure;
}

static void on_probed(Decision *d) {
        HealthState *s = &d->step.next;

        if (s->phase != HEALTH_PROBING)
                return; /* it came late */
        if (d->fact->success) {
                s->status = HEALTH_HEALTHY;
                s->streak = 0;
        } else
                failed(d);
        await_next(d);
}

static void on_due(Decision *d) {
        if (d->step.next.phase == HEALTH_WAITING)
                begin_probe(d);
        else if (d->step.next.phase == HEALTH_PROBING) {
                d->step.cancel = d->step.timed_out = true;
                failed(d);
                await_next(d);
        }
}

static void on_asked(Decision *d) {
        if (d->step.next.phase == HEALTH_WAITING)
                begin_probe(d);
}

HealthStep health_next(const HealthState *now, const HealthFact *fact, const HealthConfig *config,
                uint64_t now_usec) {
        static void (*const table[_HEALTH_FACT_MAX])(Decision *) = {
                [HEALTH_FACT_STARTED] = on_started,
                [HEALTH_FACT_FOUND] = on_found,
                [HEALTH_FACT_STOPPING] = on_stopping,
                [HEALTH_FACT_ENDED] = on_ended,
                [HEALTH_FACT_PAUSED] = on_paused,
                [HEALTH_FACT_UNPAUSED] = on_unpaused,
                [HEALTH_FACT_DUE] = on_due,
                [HEALTH_FACT_ASKED] = on_asked,
                [HEALTH_FACT_PROBED] = on_probed,
        };
        Decision d = {
                .fact = fact,
                .config = config,
                .now_usec = now_usec,
                .step.next = *now,
        };

        assert(fact->kind >= 0 && fact->kind < _HEALTH_FACT_MAX);
        if (config->probe == HEALTH_PROBE_NONE)
                return (HealthStep){ .next.due_usec = UINT64_MAX };
        table[fact->kind](&d);
        return d.step;
}

uint64_t health_accuracy_usec(uint64_t delay_usec) {
        return delay_usec / 10 > USEC_PER_MSEC ? delay_usec / 10 : USEC_PER_MSEC;
}
