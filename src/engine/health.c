/* SPDX-License-Identifier: Apache-2.0 */
/* engine/health.c: see health.h. */
#include "engine/health.h"
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "catalog/catalog-ids.h"
#include "engine/events.h"
#include "engine/probe-command.h"
#include "model/limits.h"
#include "runtime/probe-cgroup.h"

#define EXIT_CODE_FAILED 1
#define EXIT_CODE_NONE (-1) /* there was no command that could have had one */

typedef struct Asker {
        List askers;
        HealthcheckDone done;
        void *userdata;
} Asker;

struct Health {
        Container *container; /* borrowed */
        HealthState state;
        bool begin, cancel, timed_out; /* of the last steps: what is to be done once they are stored */
        sd_event_source *timer;        /* owned */
        List queue;                    /* in the manager's, when its command is due and too many run */
        ProbeCommand *command;         /* owned; also one that was ended and is not gone yet */
        bool begin_when_gone;
        uint64_t number;     /* of the last probe */
        bool asked;          /* the monitor has been asked, and has not answered */
        uint64_t start_usec; /* of the probe that is on, since the epoch */
        bool told_old;       /* that its monitor cannot ask */
        HealthResult results[HEALTH_LOG_MAX]; /* oldest first; outputs are owned */
        size_t n_results;
        List askers;
};

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata);
static void finish(Health *h, int exit_code, const char *output);

static bool is_command(const Container *c) {
        return c->spec->health.probe == HEALTH_PROBE_SHELL ||
               c->spec->health.probe == HEALTH_PROBE_EXEC;
}

static Health *health_of(Container *c) {
        Health *h;

        if (c->health || c->spec->health.probe == HEALTH_PROBE_NONE)
                return c->health;
        h = calloc(1, sizeof(*h));
        if (!h) {
                container_log(c, NULL, LOG_ERR, "Out of memory: container '%s' has no health check",
                                c->name);
                return NULL;
        }
        h->container = c;
        h->state = (HealthState){ .status = c->run.health,
                .streak = c->run.health_streak,
                .due_usec = UINT64_MAX };
        list_init(&h->queue);
        list_init(&h->askers);
        c->health = h;
        return h;
}

static void start_waiting(Manager *m) {
        Health *h;

        while (m->n_probes < PROBES_MAX && (h = list_first(&m->probe_queue, Health, queue))) {
                list_remove(&h->queue);
                (void) on_timer(NULL, 0, h); /* it was due */
        }
}

static void forget_command(Health *h) {
        if (!h->command)
                return;
        h->command = probe_command_free(h->command);
        h->container->manager->n_probes--;
}

Health *health_free(Health *h) {
        Asker *a;

        if (!h)
                return NULL;
        list_remove(&h->queue);
        sd_event_source_disable_unref(h->timer);
        forget_command(h);
        LIST_FOREACH(a, &h->askers, Asker, askers) {
                list_remove(&a->askers);
                free(a);
        }
        for (size_t i = 0; i < h->n_results; i++)
                free(h->results[i].output);
        free(h);
        return NULL;
}

size_t health_results(const Container *c, const HealthResult **ret) {
        *ret = c->health ? c->health->results : NULL;
        return c->health ? c->health->n_results : 0;
}

/* What a command or a stranger wrote, fit for JSON, the bus and a terminal. */
static char *clean(const char *text) {
        char *copy = strndup(strempty(text), HEALTH_OUTPUT_MAX), *line;

        for (char *rest = copy; rest && (line = rest);) {
                rest = strpbrk(line, "\n\t");
                if (rest) {
                        char end = *rest;

                        *rest = '\0';
                        text_clean(line);
                        *rest++ = end;
                } else
                        text_clean(line);
        }
        return copy; /* NULL without memory: then it has said nothing */
}

static void keep_result(Health *h, int exit_code, const char *output) {
        HealthResult *r;

        if (h->n_results == HEALTH_LOG_MAX) {
                free(h->results[0].output);
                memmove(h->results, h->results + 1, (HEALTH_LOG_MAX - 1) * sizeof(*h->results));
                h->n_results--;
        }
        r = &h->results[h->n_results++];
        *r = (HealthResult){ .start_usec = h->start_usec,
                .end_usec = now_realtime(),
                .exit_code = exit_code,
                .output = clean(output) };
}

/* Return: whether status or streak is another one. */
static bool apply(Health *h, const HealthFact *fact, HealthAction *ret_demand) {
        Container *c = h->container;
        HealthState before = h->state;
        HealthStep step = health_next(&h->state, fact, &c->spec->health, now_boottime());

        h->state = step.next;
        h->begin = (h->begin && !step.cancel) || step.probe;
        h->cancel = h->cancel || step.cancel;
        h->timed_out = h->timed_out || step.timed_out;
        if (ret_demand)
                *ret_demand = step.demand;
        c->run.health = step.next.status;
        c->run.health_streak = step.next.streak;
        return before.status != step.next.status || before.streak != step.next.streak;
}

static bool has_processes(const Lifecycle *l) {
        return l->state == CONTAINER_RUNNING || l->state == CONTAINER_PAUSED;
}

/* Commands that an earlier daemon began have nobody who ends them. */
static void end_commands_of_before(Container *c) {
        Cgroup cgroup;

        if (!is_command(c) || cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup) < 0)
                return;
        probe_cgroups_end(cgroup.payload_fd);
        cgroup_close(&cgroup);
}

bool health_follow(Container *c, const LifecycleFact *fact, const Lifecycle *before) {
        const Lifecycle *l = &c->run.life;
        bool ran = has_processes(before), runs = has_processes(l), moved = false;
        Health *h;

        if (!ran && !runs)
                return false;
        h = health_of(c);
        if (!h)
                return false;
        if (fact->kind == FACT_DAEMON_STARTED && ran && runs) {
                end_commands_of_before(c);
                moved |= apply(h,
                                &(HealthFact){ .kind = HEALTH_FACT_FOUND,
                                                .ran_usec = usec_sub(now_realtime(),
                                                                l->started_usec) },
                                NULL);
        } else if (ran != runs)
                moved |= apply(h,
                                &(HealthFact){ .kind = runs ? HEALTH_FACT_STARTED
                                                            : HEALTH_FACT_ENDED },
                                NULL);
        if (runs && l->activity == ACTIVITY_STOPPING)
                moved |= apply(h, &(HealthFact){ .kind = HEALTH_FACT_STOPPING }, NULL);
        else if (l->state == CONTAINER_PAUSED && h->state.phase != HEALTH_PAUSED)
                moved |= apply(h, &(HealthFact){ .kind = HEALTH_FACT_PAUSED }, NULL);
        else if (l->state == CONTAINER_RUNNING && h->state.phase == HEALTH_PAUSED)
                moved |= apply(h, &(HealthFact){ .kind = HEALTH_FACT_UNPAUSED }, NULL);
        return moved;
}

static void answer(Health *h, const Failure *failure) {
        const HealthResult *last = h->n_results > 0 ? &h->results[h->n_results - 1] : NULL;
        List told;
        Asker *a;

        list_init(&told); /* who asks from within is answered by the next one */
        LIST_FOREACH(a, &h->askers, Asker, askers) {
                list_remove(&a->askers);
                list_append(&told, &a->askers);
        }
        LIST_FOREACH(a, &told, Asker, askers) {
                list_remove(&a->askers);
                a->done(h->state.status, last ? last->exit_code : EXIT_CODE_NONE,
                                last ? strempty(last->output) : "", failure, a->userdata);
                free(a);
        }
}

/* Of what was decided, in one transaction with the row. */
static void store(Container *c, bool moved, ContainerHealth before) {
        Event event;
        EventList events = { &event, 0 };

        if (c->run.health != before) {
                container_event(c, EVENT_HEALTH_STATUS, &event);
                event_set(&event, EVENT_ATTRIBUTE_HEALTH,
                                container_health_to_string(c->run.health));
                events.n = 1;
        }
        container_store_events(c, moved, &events);
}

static void log_change(const Container *c, ContainerHealth before) {
        if (c->run.health == HEALTH_UNHEALTHY)
                container_log(c, MESSAGE_CONTAINER_UNHEALTHY, LOG_WARNING,
                                "Container '%s' is unhealthy: %u probes have failed in a row",
                                c->name, c->run.health_streak);
        else if (before == HEALTH_UNHEALTHY)
                container_log(c, NULL, LOG_INFO, "Container '%s' is %s again", c->name,
                                container_health_to_string(c->run.health));
}

/* The door for what the check itself finds. Stored first, then told, then done. */
static void observe(Health *h, const HealthFact *fact, bool is_result) {
        Container *c = h->container;
        Manager *m = c->manager;
        ContainerHealth before = c->run.health;
        HealthAction demand;

        c->depth++;
        store(c, apply(h, fact, &demand), before);
        if (c->run.health != before) {
                log_change(c, before);
                if (m->observing && m->observer->container_changed)
                        m->observer->container_changed(
                                        c, CONTAINER_CHANGED_HEALTH, m->observer_userdata);
                waiters_settle_health(c);
        }
        if (is_result)
                answer(h, NULL);
        health_act(c);
        if (demand != HEALTH_ACTION_NONE) {
                c->stop_timeout_usec = CONTAINER_TIMEOUT_DEFAULT;
                c->stop_signal = 0;
                (void) container_observe(c,
                                &(LifecycleFact){ .kind = FACT_UNHEALTHY, .action = demand },
                                NULL); /* never refused */
        }
        container_leave(c);
}

static int on_timer(sd_event_source *s, uint64_t usec, void *userdata) {
        Health *h = userdata;
        Manager *m = h->container->manager;

        if (h->state.phase == HEALTH_WAITING && is_command(h->container) &&
                        m->n_probes >= PROBES_MAX && !h->command) {
                if (!list_is_linked(&h->queue))
                        list_append(&m->probe_queue, &h->queue);
                return 0;
        }
        observe(h, &(HealthFact){ .kind = HEALTH_FACT_DUE }, false);
        return 0;
}

static void arm(Health *h) {
        uint64_t delay = usec_sub(h->state.due_usec, now_boottime());
        Container *c = h->container;
        int r;

        h->timer = sd_event_source_disable_unref(h->timer);
        if (h->state.phase != HEALTH_WAITING && list_is_linked(&h->queue))
                list_remove(&h->queue);
        if (h->state.due_usec == UINT64_MAX || list_is_linked(&h->queue))
                return;
        r = sd_event_add_time(c->manager->event, &h->timer, CLOCK_BOOTTIME, h->state.due_usec,
                        health_accuracy_usec(delay), on_timer, h);
        if (r < 0)
                container_log(c, NULL, LOG_ERR,
                                "Failed to arm the timer of container '%s': its health check rests",
                                c->name);
}

static void on_command_ended(int exit_code, const char *output, void *userdata) {
        finish(userdata, exit_code, output);
}

static void begin(Health *h);

static void on_command_gone(void *userdata) {
        Health *h = userdata;
        Container *c = h->container;

        c->depth++;
        forget_command(h);
        if (h->begin_when_gone && h->state.phase == HEALTH_PROBING)
                begin(h);
        start_waiting(c->manager);
        container_leave(c);
}

static void begin_command(Health *h) {
        static const ProbeHandler handler = { .ended = on_command_ended, .gone = on_command_gone };
        Container *c = h->container;
        _cleanup_failure_ Failure failure = {};

        if (h->command) { /* its time is running: one that cannot be ended makes it fail */
                h->begin_when_gone = true;
                return;
        }
        if (probe_command_new(c, ++h->number, &handler, h, &h->command, &failure) < 0)
                finish(h, EXIT_CODE_NONE, failure_message(&failure));
        else
                c->manager->n_probes++;
}

/* What the monitor cannot ask, nobody asks: that the first process runs is known without. */
static void rest_on_pidfd(Health *h) {
        static const char text[] = "The monitor of this run is of an older version and asks no "
                                   "port: known is only that the first process runs";

        if (!h->told_old)
                container_log(h->container, NULL, LOG_WARNING,
                                "The monitor of container '%s' is of an older version and asks no "
                                "port: until its next start its health is that it runs",
                                h->container->name);
        h->told_old = true;
        finish(h, 0, text);
}

static void ask_monitor(Health *h) {
        Container *c = h->container;
        const HealthConfig *config = &c->spec->health;
        bool http = config->probe == HEALTH_PROBE_HTTP;
        int r;

        if (!c->current->probes) {
                rest_on_pidfd(h);
                return;
        }
        h->asked = true;
        r = monitor_client_probe(c->current->monitor,
                        &(ControlProbe){
                                        .kind = http ? CONTROL_PROBE_HTTP : CONTROL_PROBE_TCP,
                                        .port = config->port,
                                        .timeout_usec = config->timeout_usec,
                                        .id = (uint32_t) ++h->number,
                        },
                        http ? (config->path ?: "/") : NULL);
        if (r < 0) {
                h->asked = false;
                finish(h, EXIT_CODE_FAILED, strerror(-r));
        }
}

static void begin(Health *h) {
        Container *c = h->container;

        h->begin_when_gone = false;
        h->start_usec = now_realtime();
        if (!c->current || !c->current->monitor || c->current->pidfd < 0)
                return; /* its end is about to be told, or this one's time runs out */
        if (is_command(c))
                begin_command(h);
        else
                ask_monitor(h);
}

static void cancel(Health *h) {
        Container *c = h->container;
        char text[128];

        h->asked = h->begin_when_gone = false;
        if (h->command)
                probe_command_end(h->command);
        if (!h->timed_out)
                return;
        h->timed_out = false;
        (void) snprintf(text, sizeof(text), "The probe took longer than %.3f s",
                        (double) c->spec->health.timeout_usec / USEC_PER_SEC);
        keep_result(h, EXIT_CODE_NONE, text);
        answer(h, NULL);
}

static void let_askers_go(Health *h) {
        _cleanup_failure_ Failure failure = {};

        if (list_is_empty(&h->askers))
                return;
        (void) fail(&failure, FAILURE_WRONG_STATE, 0,
                        "Container '%s' was stopped or paused meanwhile", h->container->name);
        answer(h, &failure);
}

void health_act(Container *c) {
        Health *h = c->health;

        if (!h || c->forgotten)
                return;
        if (h->cancel) {
                h->cancel = false;
                cancel(h);
        }
        if (h->state.phase == HEALTH_OFF || h->state.phase == HEALTH_PAUSED)
                let_askers_go(h);
        arm(h);
        if (h->begin) {
                h->begin = false;
                begin(h);
        }
}

/* A result; one that comes late, of a probe that was ended, counts no more. */
static void finish(Health *h, int exit_code, const char *output) {
        if (h->state.phase != HEALTH_PROBING)
                return;
        keep_result(h, exit_code, output);
        observe(h, &(HealthFact){ .kind = HEALTH_FACT_PROBED, .success = exit_code == 0 }, true);
}

void health_probed(Container *c, const ControlProbed *probed, const char *text) {
        Health *h = c->health;
        bool good = probed->error == 0 &&
                    (c->spec->health.probe == HEALTH_PROBE_TCP ||
                                    (probed->status >= 200 && probed->status < 400));

        if (!h || !h->asked || probed->id != (uint32_t) h->number)
                return;
        h->asked = false;
        finish(h, good ? 0 : EXIT_CODE_FAILED,
                        probed->error == -EBADMSG ? "The answer is not HTTP"
                        : probed->error < 0       ? strerror(-probed->error)
                                                  : text);
}

int container_run_healthcheck(Container *c, HealthcheckDone done, void *userdata, Failure *reterr) {
        Health *h = c->health;
        Asker *a;

        if (c->spec->health.probe == HEALTH_PROBE_NONE)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' has no health check",
                                c->name);
        if (c->run.life.state == CONTAINER_PAUSED)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is paused", c->name);
        if (!h || h->state.phase == HEALTH_OFF)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        if (list_size(&h->askers) >= HEALTH_WAITERS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many callers wait for the health check of container '%s'",
                                c->name);
        a = malloc(sizeof(*a));
        if (!a)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *a = (Asker){ .done = done, .userdata = userdata };
        list_append(&h->askers, &a->askers);
        if (h->state.phase == HEALTH_WAITING)
                (void) on_timer(NULL, 0, h); /* as if it were due */
        return 0;
}
