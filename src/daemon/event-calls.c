/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/event-calls.c: an event as a message has it. */
#include "daemon/event-calls.h"
#include "base/str.h"
#include "daemon/bus-failure.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "model/limits.h"

static int append_event(sd_bus_message *m, const Event *e) {
        int r;

        r = sd_bus_message_append(m, "ttssssu", e->number, e->time_usec,
                        event_kind_to_string(event_action_kind(e->action)),
                        event_action_to_string(e->action), e->id, e->name, e->owner);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{ss}");
        for (size_t i = 0; r >= 0 && i < e->n_attributes; i++)
                r = sd_bus_message_append(
                                m, "{ss}", e->attributes[i].key, e->attributes[i].value);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int event_emit(sd_bus *bus, const Event *e) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_signal(
                        bus, &m, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "Event");
        if (r < 0)
                return r;

        r = append_event(m, e);
        if (r < 0)
                return r;

        return sd_bus_send(bus, m, NULL);
}

static int append_listed(const Event *e, void *userdata) {
        sd_bus_message *reply = userdata;
        int r;

        r = sd_bus_message_open_container(reply, 'r', "ttssssua{ss}");
        if (r >= 0)
                r = append_event(reply, e);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

int manager_method_list_events(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        EventQuery query = { .until_usec = UINT64_MAX, .limit = EVENTS_LISTED_MAX };
        const DictField fields[] = {
                { "after", DICT_U64, &query.after },
                { "since", DICT_U64, &query.since_usec },
                { "until", DICT_U64, &query.until_usec },
                { "limit", DICT_U32, &query.limit },
        };
        _cleanup_failure_ Failure failure = {};
        int r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;
        if (query.limit < 1 || query.limit > EVENTS_LISTED_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "Option 'limit' is %u, not 1 to %u", query.limit,
                                EVENTS_LISTED_MAX);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(ttssssua{ss})");
        if (r < 0)
                return r;

        r = manager_list_events(manager_of(m), &query, append_listed, reply, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}
