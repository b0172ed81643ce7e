/* SPDX-License-Identifier: Apache-2.0 */
/* cli/event-print.c: an event in Docker's words. */
#include "cli/event-print.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "base/str.h"
#include "base/usec.h"
#include "cli/listing.h"

#define TIME_MAX 64

static void add(EventLine *e, const char *key, const char *value) {
        size_t i = e->n;

        if (e->n >= EVENT_ATTRIBUTES_READ_MAX)
                return;
        for (; i > 0 && strcmp(e->keys[i - 1], key) > 0; i--) {
                e->keys[i] = e->keys[i - 1];
                e->values[i] = e->values[i - 1];
        }
        e->keys[i] = key;
        e->values[i] = value;
        e->n++;
}

static const char *get(const EventLine *e, const char *key) {
        for (size_t i = 0; i < e->n; i++)
                if (streq(e->keys[i], key))
                        return e->values[i];
        return NULL;
}

int event_line_read(sd_bus_message *m, EventLine *ret) {
        EventLine e = {};
        const char *key, *value;
        int r;

        r = sd_bus_message_read(m, "ttssssu", &e.number, &e.time_usec, &e.kind, &e.action, &e.id,
                        &e.name, &e.owner);
        if (r < 0)
                return r;
        if (!isempty(e.name))
                add(&e, "name", e.name);
        r = sd_bus_message_enter_container(m, 'a', "{ss}");
        while (r >= 0 && (r = sd_bus_message_read(m, "{ss}", &key, &value)) > 0)
                add(&e, key, value);
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = e;
        return 0;
}

EventSubject event_line_subject(const EventLine *e) {
        return (EventSubject){
                .kind = e->kind,
                .action = e->action,
                .id = e->id,
                .name = e->name,
                .image = get(e, "image"),
                .health = get(e, "health"),
        };
}

int event_format_init(EventFormat *f, const char *format, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        if (isempty(format))
                return 0;
        f->json = streq(format, "json");
        if (f->json)
                return 0;
        r = format_unescape(format, &text);
        return r < 0 ? r : template_new(text, &f->template, reterr);
}

void event_format_done(EventFormat *f) {
        f->template = template_free(f->template);
}

/* "2026-11-25T22:40:00.000000000+00:00" in local time. */
static void format_time(usec_t t, char ret[static TIME_MAX]) {
        time_t seconds = (time_t) (t / USEC_PER_SEC);
        char date[32] = "", zone[8] = "+0000";
        struct tm tm;

        if (localtime_r(&seconds, &tm)) {
                (void) strftime(date, sizeof(date), "%Y-%m-%dT%H:%M:%S", &tm);
                (void) strftime(zone, sizeof(zone), "%z", &tm);
        }
        (void) snprintf(ret, TIME_MAX, "%s.%09llu%.3s:%.2s", date,
                        (unsigned long long) (t % USEC_PER_SEC * 1000), zone, zone + 3);
}

/* Docker says which health within the action. */
static int action_text(const EventLine *e, char **ret) {
        const char *health = get(e, "health");

        return str_printf(ret, "%s%s%s", e->action, health ? ": " : "", strempty(health));
}

static int print_line(const EventLine *e, const char *action) {
        char time[TIME_MAX];

        format_time(e->time_usec, time);
        printf("%s %s %s %s", time, e->kind, action, e->id);
        for (size_t i = 0; i < e->n; i++)
                printf("%s%s=%s", i == 0 ? " (" : ", ", e->keys[i], e->values[i]);
        puts(e->n > 0 ? ")" : "");
        return 0;
}

static int set(json_t *object, const char *key, json_t *value) {
        return json_object_set_new_nocheck(object, key, value) < 0 ? -ENOMEM : 0;
}

static int actor_to_json(const EventLine *e, json_t **ret) {
        _cleanup_(json_decrefp) json_t *actor = json_object(), *attributes = json_object();
        int r = actor && attributes ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < e->n; i++)
                r = set(attributes, e->keys[i], json_string_nocheck(e->values[i]));
        if (r >= 0)
                r = set(actor, "ID", json_string_nocheck(e->id));
        if (r >= 0)
                r = set(actor, "Attributes", TAKE_PTR(attributes));
        if (r >= 0)
                *ret = TAKE_PTR(actor);
        return r;
}

/* Docker's names: those of its JSON, or those of its templates. */
static int to_json(const EventLine *e, const char *action, bool as_json, json_t **ret) {
        static const char *const names[][2] = { { "Status", "status" }, { "ID", "id" },
                { "From", "from" }, { "Scope", "scope" }, { "Time", "time" },
                { "TimeNano", "timeNano" }, { "Number", "number" } };
        _cleanup_(json_decrefp) json_t *object = json_object();
        const char *image = get(e, "image");
        json_t *actor;
        int r;

        r = object ? actor_to_json(e, &actor) : -ENOMEM;
        if (r >= 0)
                r = set(object, "Actor", actor);
        if (r >= 0)
                r = set(object, "Type", json_string_nocheck(e->kind));
        if (r >= 0)
                r = set(object, "Action", json_string_nocheck(action));
        if (r < 0)
                return r;

        json_t *const values[] = {
                json_string_nocheck(action),
                json_string_nocheck(e->id),
                json_string_nocheck(strempty(image)),
                json_string_nocheck("local"),
                json_integer((json_int_t) (e->time_usec / USEC_PER_SEC)),
                json_integer((json_int_t) (e->time_usec * NSEC_PER_USEC)),
                json_integer((json_int_t) e->number),
        };

        for (size_t i = 0; i < ELEMENTSOF(values); i++) /* each is taken, also by a failure */
                if (set(object, names[i][as_json], values[i]) < 0)
                        r = -ENOMEM;
        if (r >= 0)
                *ret = TAKE_PTR(object);
        return r;
}

int event_line_print(const EventFormat *f, const EventLine *e, Failure *reterr) {
        _cleanup_(json_decrefp) json_t *object = NULL;
        _cleanup_free_ char *action = NULL, *text = NULL;
        int r;

        r = action_text(e, &action);
        if (r < 0)
                return r;
        if (!f->json && !f->template)
                return print_line(e, action);

        r = to_json(e, action, f->json, &object);
        if (r < 0)
                return r;
        if (f->json) {
                text = json_dumps(object, JSON_COMPACT | JSON_SORT_KEYS);
                if (!text)
                        return -ENOMEM;
        } else {
                r = template_run(f->template, object, NULL, &text, reterr);
                if (r < 0)
                        return r;
        }
        puts(text);
        return 0;
}
