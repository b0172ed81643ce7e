/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/events.c: what is told of changes: made beside the change, stored with it, told after that, put away when it is old.
 * Which events a step makes is model/event.c's to say.
 */
#include <signal.h>
#include "base/log.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "model/limits.h"

static const EventBounds bounds = {
        .rows = EVENTS_MAX,
        .age_usec = EVENTS_KEEP_USEC,
        .batch = EVENTS_TRIM_BATCH,
};

static int on_trim(sd_event_source *s, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Manager *m = userdata;
        int r;

        r = store_trim_events(m->store, &bounds, now_realtime(), &failure);
        if (r < 0)
                log_warning("Failed to put away old events, leaving them to the next time: %s",
                                failure_message(&failure));
        if (r > 0)
                return sd_event_source_set_enabled(s, SD_EVENT_ONESHOT);
        m->trim.at_event = store_last_event(m->store) + EVENTS_TRIM_BATCH;
        m->trim.at_usec = usec_add(now_boottime(), EVENTS_TRIM_USEC);
        return 0;
}

/* When nothing else is to be done; where that never comes, beside the rest. */
void manager_trim_events(Manager *m) {
        bool late = store_last_event(m->store) >= m->trim.at_event + 8 * EVENTS_TRIM_BATCH;
        int r = 0;

        if (!m->trim.source)
                r = sd_event_add_defer(m->event, &m->trim.source, on_trim, m);
        if (r >= 0)
                r = sd_event_source_set_priority(m->trim.source,
                                late ? SD_EVENT_PRIORITY_NORMAL : SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_source_set_enabled(m->trim.source, SD_EVENT_ONESHOT);
        if (r < 0)
                (void) log_warning_errno(
                                r, "Failed to have old events put away, leaving them: %m");
}

void manager_tell(Manager *m, const EventList *events) {
        if (!m->observing)
                return;
        for (size_t i = 0; i < events->n; i++)
                if (events->events[i].number > 0 && m->observer->event)
                        m->observer->event(&events->events[i], m->observer_userdata);
        if (store_last_event(m->store) >= m->trim.at_event || now_boottime() >= m->trim.at_usec)
                manager_trim_events(m);
}

void container_event(const Container *c, EventAction action, Event *ret) {
        *ret = (Event){
                .time_usec = now_realtime(),
                .action = action,
                .id = c->id,
                .name = c->name,
                .owner = c->owner,
        };
        event_set(ret, EVENT_ATTRIBUTE_IMAGE, c->image);
}

static bool restart_is_asked(const Container *c) {
        Ask *ask;

        LIST_FOREACH(ask, &c->asks, Ask, asks)
                if (ask->kind == ASK_RESTART)
                        return true;
        return false;
}

static int signal_of(const Container *c, const LifecycleStep *step) {
        if (!(step->actions & ACTION_SIGNAL))
                return SIGKILL;
        return container_stop_signal(c);
}

void container_step_events(const Container *c, const Lifecycle *before, const LifecycleFact *fact,
                const LifecycleStep *step, EventList *ret) {
        EventAction actions[EVENT_ACTIONS_MAX];

        ret->n = event_actions(before, fact, step, restart_is_asked(c), actions);
        for (size_t i = 0; i < ret->n; i++) {
                Event *e = &ret->events[i];

                container_event(c, actions[i], e);
                if (actions[i] == EVENT_DIE)
                        event_set_number(e, EVENT_ATTRIBUTE_EXIT_CODE, step->next.exit_code);
                else if (actions[i] == EVENT_KILL)
                        event_set_number(e, EVENT_ATTRIBUTE_SIGNAL, signal_of(c, step));
        }
}

void container_store_events(Container *c, bool row, EventList *events) {
        _cleanup_failure_ Failure failure = {};
        Manager *m = c->manager;
        int r;

        if (!row && events->n == 0)
                return;
        r = row ? store_update_container(m->store, c->id, &c->run, events, &failure)
                : store_add_events(m->store, events, &failure);
        if (r < 0) {
                store_lose_events(m->store, events->n);
                container_log(c, NULL, LOG_ERR, "Failed to store container '%s', going on: %s",
                                c->name, failure_message(&failure));
        }
        manager_tell(m, events);
}

void container_record(Container *c, Event *event) {
        EventList events = { event, 1 };

        container_store_events(c, false, &events);
}

int manager_list_events(Manager *m, const EventQuery *query, EventFn fn, void *userdata,
                Failure *reterr) {
        return store_list_events(m->store, query, fn, userdata, reterr);
}
