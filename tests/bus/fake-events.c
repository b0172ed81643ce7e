/* SPDX-License-Identifier: Apache-2.0 */
/* fake-events.c: what the fake engine tells, kept in a real store without a file. */
#include <inttypes.h>
#include <stdio.h>
#include "base/usec.h"
#include "fake-engine.h"
#include "store/event-rows.h"

static void tell(Manager *m, Event *e) {
        EventList events = { e, 1 };

        if (!m->ready)
                return;
        if (store_add_events(m->store, &events, NULL) >= 0)
                m->observer->event(e, m->userdata);
}

void fake_tell(Container *c, EventAction action, const char *key, int number) {
        Event e = { .time_usec = now_realtime(), .action = action, .id = c->id, .name = c->name,
                .owner = c->owner };

        event_set(&e, EVENT_ATTRIBUTE_IMAGE, c->spec->image);
        if (key)
                event_set_number(&e, key, number);
        tell(c->manager, &e);
}

void fake_tell_rename(Container *c, const char *old_name) {
        Event e = { .time_usec = now_realtime(), .action = EVENT_RENAME, .id = c->id,
                .name = c->name, .owner = c->owner };

        event_set(&e, EVENT_ATTRIBUTE_IMAGE, c->spec->image);
        event_set(&e, EVENT_ATTRIBUTE_OLD_NAME, old_name);
        tell(c->manager, &e);
}

void fake_tell_image(Manager *m, const Image *i, EventAction action) {
        tell(m, &(Event){ .time_usec = now_realtime(), .action = action, .id = i->id,
                                .name = i->tags && i->tags[0] ? i->tags[0] : "" });
}

int manager_list_events(Manager *m, const EventQuery *query, EventFn fn, void *userdata,
                Failure *reterr) {
        return store_list_events(m->store, query, fn, userdata, reterr);
}
