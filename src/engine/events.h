/* SPDX-License-Identifier: Apache-2.0 */
/* engine/events.h: what happens, told beside the change. Private to this folder; manager-events.h is for others. */
#pragma once
#include <stdbool.h>
#include <systemd/sd-event.h>
#include "engine/observer.h"
#include "store/event-rows.h"

typedef struct Manager Manager;

/* When old events are to be put away next. */
typedef struct EventTrim {
        sd_event_source *source; /* owned */
        uint64_t at_event, at_usec; /* a number; boottime */
} EventTrim;

/** manager_tell() - after what they tell of was stored; those without a number were not. */
void manager_tell(Manager *m, const EventList *events);

/** manager_trim_events() - put old ones away: some time, not now. */
void manager_trim_events(Manager *m);

/** container_event() - an event of a container; its strings are borrowed from it. Attributes are the caller's to add. */
void container_event(const Container *c, EventAction action, Event *ret);

/** container_step_events() - what a step tells. @ret has room for EVENT_ACTIONS_MAX. */
void container_step_events(const Container *c, const Lifecycle *before, const LifecycleFact *fact,
                const LifecycleStep *step, EventList *ret);

/** container_store_events() - store them, with the container's row if @row, and tell. What fails is logged, and leaves a hole. */
void container_store_events(Container *c, bool row, EventList *events);

/** container_record() - one event of what has not changed the row. */
void container_record(Container *c, Event *event);
