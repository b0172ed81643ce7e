/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/verb-events.c: what was, then what is, without a gap and without a repetition. Signals are asked for first, then what
 * was is listed by number, then signals go on where the list has ended. Whenever a number is missing, or the service came
 * anew, what is missing is listed.
 */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "cli/event-print.h"
#include "cli/verbs.h"
#include "model/limits.h"
#include "model/names.h"

#define BUS "org.freedesktop.DBus"
#define RECONNECTS_MAX 5

typedef struct Follow {
        Client *client;      /* borrowed */
        EventFilter *filter; /* owned */
        EventFormat format;
        usec_t since, until;
        uint64_t last;  /* number: all up to it are dealt with; 0: none yet */
        char *owner;    /* owned; the service's unique name: nobody else's word counts */
        bool behind;    /* there is something to list */
        unsigned tries; /* to connect, since the last list */
        int error;
        Failure *reterr;
} Follow;

static void follow_done(Follow *f) {
        event_filter_free(f->filter);
        event_format_done(&f->format);
        free(f->owner);
}

static int show(Follow *f, const EventLine *e) {
        EventSubject subject = event_line_subject(e);

        f->last = e->number;
        if (e->time_usec < f->since || e->time_usec > f->until ||
                        !event_filter_matches(f->filter, &subject))
                return 0;
        return event_line_print(&f->format, e, f->reterr);
}

static void tell_lost(const Follow *f, uint64_t number) {
        if (f->last > 0 && number > f->last + 1)
                fprintf(stderr, PROGRAM_CLI ": %llu events are lost\n",
                                (unsigned long long) (number - f->last - 1));
}

/* One page. Return: how many events it had. */
static int list_page(Follow *f) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        int n = 0, r;

        r = client_new_call(f->client, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "ListEvents", &m,
                        f->reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "a{sv}", 4, "after", "t", f->last, "since", "t",
                        f->last > 0 ? 0 : f->since, "until", "t", f->until, "limit", "u",
                        EVENTS_LISTED_MAX);
        if (r < 0)
                return client_message_error(r, f->reterr);
        r = client_send_call(f->client, m, CLIENT_TIMEOUT_USEC, &reply, f->reterr);
        if (r < 0)
                return r;

        r = free_and_strdup(&f->owner, sd_bus_message_get_sender(reply));
        if (r >= 0)
                r = sd_bus_message_enter_container(reply, 'a', "(ttssssua{ss})");
        while (r >= 0 && (r = sd_bus_message_enter_container(reply, 'r', "ttssssua{ss}")) > 0) {
                EventLine e;

                r = event_line_read(reply, &e);
                if (r < 0)
                        break;
                tell_lost(f, e.number);
                r = show(f, &e);
                if (r < 0)
                        return r;
                n++;
                r = sd_bus_message_exit_container(reply);
        }
        return r < 0 ? client_message_error(r, f->reterr) : n;
}

static int catch_up(Follow *f) {
        int n;

        f->behind = false;
        do
                n = list_page(f);
        while (n == (int) EVENTS_LISTED_MAX);
        if (n >= 0)
                f->tries = 0;
        return n;
}

static int on_event(Follow *f, sd_bus_message *m) {
        EventLine e;
        int r;

        r = event_line_read(m, &e);
        if (r < 0)
                return client_message_error(r, f->reterr);
        if (e.number <= f->last || f->behind)
                return 0;
        if (f->last == 0 || e.number > f->last + 1) {
                f->behind = true;
                return 0;
        }
        return show(f, &e);
}

static int on_owner_changed(Follow *f, sd_bus_message *m) {
        const char *name, *before, *after;
        int r;

        r = sd_bus_message_read(m, "sss", &name, &before, &after);
        if (r < 0)
                return client_message_error(r, f->reterr);
        if (!streq(name, BUS_NAME))
                return 0;
        f->behind = f->behind || !isempty(after);
        return free_and_strdup(&f->owner, after);
}

static int on_message(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *sender = sd_bus_message_get_sender(m);
        Follow *f = userdata;
        int r = 0;

        if (f->error < 0 || !sender)
                return 0;
        if (sd_bus_message_is_signal(m, BUS_INTERFACE_MANAGER, "Event") > 0 &&
                        streq_ptr(sender, f->owner))
                r = on_event(f, m);
        else if (sd_bus_message_is_signal(m, BUS, "NameOwnerChanged") > 0 && streq(sender, BUS))
                r = on_owner_changed(f, m);
        if (r < 0)
                f->error = r;
        return 0;
}

static int add_match(Follow *f, const char *rule) {
        _cleanup_(sd_bus_error_free) sd_bus_error e = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(f->client->bus, BUS, "/org/freedesktop/DBus", BUS, "AddMatch", &e,
                        NULL, "s", rule);
        return r < 0 ? client_error(f->client, &e, r, f->reterr) : 0;
}

/* Asks for signals by hand: on a connection without a Hello sd-bus would not. */
static int subscribe(Follow *f) {
        int r;

        r = client_open(f->client, f->reterr);
        if (r < 0)
                return r;
        r = sd_bus_add_filter(f->client->bus, NULL, on_message, f);
        if (r < 0)
                return client_message_error(r, f->reterr);
        r = add_match(f, "type='signal',sender='" BUS_NAME "',interface='" BUS_INTERFACE_MANAGER
                         "',member='Event'");
        if (r >= 0)
                r = add_match(f, "type='signal',sender='" BUS "',member='NameOwnerChanged',arg0='"
                                 BUS_NAME "'");
        f->behind = true;
        return r;
}

static bool is_connected(const Follow *f) {
        return f->client->bus && sd_bus_is_open(f->client->bus) > 0;
}

/*
 * An embedded daemon went: it is started again, as by every command that needs it. Where the bus itself went there is nothing to
 * follow: without one another connect would start a daemon of one's own, which is not the one that was asked for.
 */
static int reconnect(Follow *f) {
        int r;

        do {
                if (!f->client->embedded || ++f->tries > RECONNECTS_MAX)
                        return fail(f->reterr, FAILURE_INTERNAL, ECONNRESET,
                                        "The connection to the service was lost");
                failure_done(f->reterr);
                r = client_reopen(f->client, f->reterr);
                if (r < 0)
                        return r;
                r = subscribe(f);
        } while (r < 0 && !is_connected(f));
        return r;
}

/* On a bus the service may be away for a moment: its return is told. */
static int catch_up_again(Follow *f) {
        int r;

        r = catch_up(f);
        if (r >= 0)
                return 0;
        if (is_connected(f) && f->error >= 0 && !f->client->embedded) {
                failure_done(f->reterr);
                return 0;
        }
        return is_connected(f) ? r : reconnect(f);
}

static int timeout_msec(const Follow *f) {
        uint64_t now = now_realtime();

        if (f->until == USEC_INFINITY)
                return -1;
        return f->until <= now ? 0
                               : (int) MIN2((f->until - now) / USEC_PER_MSEC + 1,
                                                 (uint64_t) INT32_MAX);
}

/* Return: 1 when nobody reads any more, 0, or negative. */
static int wait_more(Follow *f) {
        struct pollfd p[] = {
                { .fd = sd_bus_get_fd(f->client->bus),
                  .events = (short) MAX2(sd_bus_get_events(f->client->bus), 0) },
                { .fd = STDOUT_FILENO }, /* only its end */
        };

        if (fflush(stdout) != 0)
                return errno == EPIPE ? 1 : fail_errno(f->reterr, errno, "Failed to write");
        if (poll(p, ELEMENTSOF(p), timeout_msec(f)) < 0 && errno != EINTR)
                return fail_errno(f->reterr, errno, "Failed to wait");
        return (p[1].revents & (POLLERR | POLLHUP)) != 0;
}

static int follow(Follow *f) {
        int r = 0;

        while (r == 0 && f->error >= 0 && now_realtime() < f->until) {
                do
                        r = is_connected(f) ? sd_bus_process(f->client->bus, NULL) : -ENOTCONN;
                while (r > 0);
                if (f->error < 0)
                        break;
                if (!is_connected(f))
                        r = reconnect(f);
                else if (f->behind)
                        r = catch_up_again(f);
                else
                        r = wait_more(f);
        }
        if (f->error < 0)
                return f->error;
        if (r != 0)
                return r < 0 ? r : 0;
        r = catch_up(f); /* what is still on its way */
        return r < 0 ? r : 0;
}

static int read_time(const Arguments *args, const char *name, usec_t *ret, Failure *reterr) {
        const char *text = arguments_string(args, name);

        if (!text || parse_time(text, now_realtime(), ret) >= 0)
                return 0;
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "'%s' of '--%s' is neither a date like 2026-01-02T15:04:05 nor a duration "
                        "like 10m",
                        text, name);
}

static int read_flags(Follow *f, const Arguments *args) {
        _cleanup_free_ const char **filters = NULL;
        int r;

        /* Without either, only what comes; until a time alone, all that was up to it. */
        f->since = arguments_string(args, "until") ? 0 : now_realtime();
        f->until = USEC_INFINITY;
        r = read_time(args, "since", &f->since, f->reterr);
        if (r >= 0)
                r = read_time(args, "until", &f->until, f->reterr);
        if (r >= 0)
                r = event_format_init(&f->format, arguments_string(args, "format"), f->reterr);
        if (r >= 0)
                r = event_filter_new(&f->filter);
        if (r >= 0)
                r = arguments_list(args, "filter", &filters);
        for (size_t i = 0; r >= 0 && filters[i]; i++)
                r = event_filter_add(f->filter, filters[i], f->reterr);
        return r;
}

int verb_events(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(follow_done) Follow f = { .client = c, .reterr = reterr };
        int r;

        r = read_flags(&f, args);
        if (r >= 0)
                r = subscribe(&f);
        if (r >= 0)
                r = catch_up(&f);
        if (r < 0)
                return r;
        r = follow(&f);
        if (c->bus)
                client_done(c); /* its filter's userdata ends here */
        return r < 0 ? r : 0;
}
