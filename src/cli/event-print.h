/* SPDX-License-Identifier: Apache-2.0 */
/* cli/event-print.h: one event of the bus: read, kept or passed over by a filter, printed as --format asks. */
#pragma once
#include <systemd/sd-bus.h>
#include "cli/template.h"
#include "model/event-filter.h"

enum { EVENT_ATTRIBUTES_READ_MAX = 32 };

/* Strings are borrowed from the message. */
typedef struct EventLine {
        uint64_t number, time_usec;
        const char *kind, *action, *id, *name;
        uint32_t owner;
        const char *keys[EVENT_ATTRIBUTES_READ_MAX], *values[EVENT_ATTRIBUTES_READ_MAX]; /* by key, the name among them */
        size_t n;
} EventLine;

/** event_line_read() - ttssssua{ss}, within its struct if it stands in one. Return: 0 or negative errno. */
int event_line_read(sd_bus_message *m, EventLine *ret);

/** event_line_subject() - as filters see it. */
EventSubject event_line_subject(const EventLine *e);

typedef struct EventFormat {
        bool json;
        Template *template; /* owned; NULL: Docker's line, or JSON */
} EventFormat;

/** event_format_init() - @format: NULL, "json" or a template. Return: 0, or negative errno with a sentence. */
int event_format_init(EventFormat *f, const char *format, Failure *reterr);
void event_format_done(EventFormat *f);

/** event_line_print() - Return: 0, or negative errno with a sentence about the template. */
int event_line_print(const EventFormat *f, const EventLine *e, Failure *reterr);
