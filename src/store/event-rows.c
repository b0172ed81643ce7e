/* SPDX-License-Identifier: Apache-2.0 */
/* store/event-rows.c: gives numbers, keeps the numbers of the last second, lists and trims. Decides nothing else. */
#include "store/event-rows.h"
#include <assert.h>
#include <string.h>
#include "base/str.h"
#include "store/store-internal.h"

/*
 * Numbers are reserved long before they are needed, and the reservation is on disk within a second: what a lost second has
 * told lies below it. Half of the step is what one second would have to use up.
 */
#define NUMBERS_STEP 8192U
#define NUMBERS_MARGIN (NUMBERS_STEP / 2)

/* Rows that make room for new ones on a full disk. */
#define FULL_TRIM 64U

static int load_numbers(Store *store) {
        EventNumbers *n = &store->events;
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        if (n->loaded)
                return 0;

        r = store_statement(store, STATEMENT_EVENT_NUMBERS,
                        "SELECT (SELECT max(number) FROM events), "
                        "(SELECT horizon_usec FROM events ORDER BY number DESC LIMIT 1), reserved "
                        "FROM event_numbers",
                        &s);
        if (r != 0)
                return -r;
        r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return r == SQLITE_DONE ? -SQLITE_CORRUPT : -r;

        n->last = statement_get_u64(s, 0); /* NULL reads as 0 */
        n->horizon_usec = statement_get_u64(s, 1);
        n->reserved = statement_get_u64(s, 2);
        n->loaded = true;
        return 0;
}

static int reserve(Store *store, uint64_t reserved) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_EVENT_RESERVE,
                        "UPDATE event_numbers SET reserved = ?1", &s);
        if (r != 0)
                return -r;

        statement_bind_u64(s, 1, reserved);
        return store_exec(store, s);
}

static int put(Store *store, const Event *e, uint64_t number, uint64_t horizon_usec) {
        char attributes[EVENT_TEXT_MAX];
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_EVENT_ADD,
                        "INSERT INTO events (number, time_usec, horizon_usec, kind, action, id, "
                        "name, owner, attributes) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                        &s);
        if (r != 0)
                return -r;

        event_attributes_to_text(e, attributes);
        statement_bind_u64(s, 1, number);
        statement_bind_u64(s, 2, e->time_usec);
        statement_bind_u64(s, 3, horizon_usec);
        statement_bind_text(s, 4, event_kind_to_string(event_action_kind(e->action)));
        statement_bind_text(s, 5, event_action_to_string(e->action));
        statement_bind_text(s, 6, e->id);
        statement_bind_text(s, 7, e->name);
        statement_bind_u64(s, 8, e->owner);
        statement_bind_text(s, 9, attributes);
        r = store_exec(store, s);
        (void) sqlite3_clear_bindings(s); /* @attributes ends here; it has no error */
        return r;
}

/* Within a transaction. @ret: how the numbers are once it is committed. */
static int put_all(Store *store, const EventList *events, EventNumbers *ret) {
        EventNumbers n;
        int r;

        r = load_numbers(store);
        if (r < 0)
                return r;

        n = store->events;
        n.last += n.lost;
        n.lost = 0;
        for (size_t i = 0; i < events->n; i++) {
                n.horizon_usec = MAX2(n.horizon_usec, events->events[i].time_usec);
                r = put(store, &events->events[i], ++n.last, n.horizon_usec);
                if (r < 0)
                        return r;
        }
        if (n.last + NUMBERS_MARGIN > n.reserved) {
                n.reserved = n.last + NUMBERS_STEP;
                r = reserve(store, n.reserved);
                if (r < 0)
                        return r;
        }
        *ret = n;
        return 0;
}

int store_commit_told(Store *store, EventList *events) {
        EventNumbers numbers;
        int r;

        if (!events || events->n == 0)
                return store_commit(store);

        r = put_all(store, events, &numbers);
        if (r >= 0)
                r = store_commit(store);
        if (r < 0)
                return r;

        store->events = numbers;
        for (size_t i = 0; i < events->n; i++)
                events->events[i].number = numbers.last - events->n + 1 + i;
        return 0;
}

/* Of the oldest @batch: those up to @number and those before @time_usec. The last one stays: the next number follows from it. */
static int trim(Store *store, uint32_t batch, uint64_t number, uint64_t time_usec) {
        sqlite3_stmt *s;
        int r;

        r = load_numbers(store);
        if (r < 0)
                return r;

        r = store_statement(store, STATEMENT_EVENT_TRIM,
                        "DELETE FROM events WHERE number IN (SELECT number FROM (SELECT number, "
                        "time_usec FROM events ORDER BY number LIMIT ?1) WHERE number < ?2 AND "
                        "(number <= ?3 OR time_usec < ?4))",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_u64(s, 1, batch);
        statement_bind_u64(s, 2, store->events.last);
        statement_bind_u64(s, 3, number);
        statement_bind_u64(s, 4, time_usec);
        return store_exec(store, s);
}

/*
 * A change, if there is one, and what is told of it; @instead: of the oldest events as many may go.
 * Return: rows changed (1 without a change), or a negated result code.
 */
static int try_told(Store *store, sqlite3_stmt *change, EventList *events, uint32_t instead) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        int changed = 1, r;

        r = store_begin(store);
        if (r < 0)
                return r;
        transaction = store;

        if (instead > 0) {
                r = trim(store, instead, INT64_MAX, 0);
                if (r < 0)
                        return r;
        }
        if (change)
                changed = store_exec(store, change);
        if (changed <= 0)
                return changed;

        r = store_commit_told(store, events);
        return r < 0 ? r : changed;
}

int store_exec_told(Store *store, sqlite3_stmt *change, EventList *events) {
        int r;

        if (!events || events->n == 0)
                return change ? store_exec_pressed(store, change) : 0;

        r = try_told(store, change, events, 0);
        if (!store_is_full(store, r))
                return r;
        if (store_make_room(store)) {
                r = try_told(store, change, events, 0);
                if (store_is_full(store, r)) /* what is new is worth more than what is old */
                        r = try_told(store, change, events, FULL_TRIM);
                if (!store_is_full(store, r))
                        return r;
        }

        /* What ends must end: the change alone needs less. */
        r = change ? store_exec_pressed(store, change) : 0;
        if (r >= 0)
                store_lose_events(store, events->n);
        return r;
}

int store_add_events(Store *store, EventList *events, Failure *reterr) {
        int r;

        r = store_exec_told(store, NULL, events);
        return r < 0 ? store_fail(store->db, r, reterr, "store what has happened") : 0;
}

void store_lose_events(Store *store, size_t n) {
        store->events.lost += n;
}

uint64_t store_last_event(Store *store) {
        return load_numbers(store) < 0 ? 0 : store->events.last;
}

int store_skip_events(Store *store, Failure *reterr) {
        int r;

        r = load_numbers(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "read what has happened");
        store->events.last = MAX2(store->events.last, store->events.reserved);
        return 0;
}

/* At an end in order nothing is lost, so no number need be skipped later. What fails here costs a hole. */
void store_release_numbers(Store *store) {
        EventNumbers *n = &store->events;

        if (n->loaded && n->lost == 0 && n->reserved != n->last)
                (void) reserve(store, n->last);
}

/* The lowest number of a row at or above @number, and how far time had come there. Return: 1, 0: none, or negated. */
static int look(Store *store, uint64_t number, uint64_t *ret_number, uint64_t *ret_horizon_usec) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_EVENT_LOOK,
                        "SELECT number, horizon_usec FROM events WHERE number >= ?1 "
                        "ORDER BY number LIMIT 1",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_u64(s, 1, number);
        r = sqlite3_step(s);
        if (r == SQLITE_DONE)
                return 0;
        if (r != SQLITE_ROW)
                return -r;
        *ret_number = statement_get_u64(s, 0);
        *ret_horizon_usec = statement_get_u64(s, 1);
        return 1;
}

/* The lowest number whose time had come to @since_usec, by halving: times along the numbers only grow. */
static int find_since(Store *store, uint64_t since_usec, uint64_t *ret) {
        uint64_t low, high = store->events.last + 1, number, horizon_usec;
        int r;

        r = look(store, 0, &low, &horizon_usec);
        if (r <= 0) {
                *ret = high;
                return r;
        }
        while (low < high) {
                uint64_t middle = low + (high - low) / 2;

                r = look(store, middle, &number, &horizon_usec);
                if (r < 0)
                        return r;
                if (r == 0 || horizon_usec >= since_usec)
                        high = middle;
                else
                        low = number + 1;
        }
        *ret = low;
        return 0;
}

static int give(sqlite3_stmt *s, EventFn fn, void *userdata) {
        char attributes[EVENT_TEXT_MAX];
        const char *texts[5];
        EventKind kind;
        Event e;

        for (int i = 0; i < 5; i++) {
                texts[i] = (const char *) sqlite3_column_text(s, i + 2);
                if (!texts[i])
                        return -ENOMEM; /* the columns are NOT NULL */
        }
        kind = event_kind_from_string(texts[0]);
        e = (Event){
                .number = statement_get_u64(s, 0),
                .time_usec = statement_get_u64(s, 1),
                .action = event_action_from_string(kind, texts[1]),
                .id = texts[2],
                .name = texts[3],
                .owner = (uint32_t) statement_get_u64(s, 7),
        };
        if (e.action < 0 || strlen(texts[4]) >= sizeof(attributes))
                return -EBADMSG;
        strcpy(attributes, texts[4]);
        event_attributes_from_text(attributes, &e);
        return fn(&e, userdata);
}

/* Return: what @fn gave. @ret_code: 0, or sqlite's. */
static int list(Store *store, uint64_t first, const EventQuery *q, EventFn fn, void *userdata,
                int *ret_code) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        *ret_code = store_statement(store, STATEMENT_EVENT_LIST,
                        "SELECT number, time_usec, kind, action, id, name, attributes, owner, "
                        "horizon_usec FROM events WHERE number >= ?1 ORDER BY number LIMIT ?2",
                        &s);
        if (*ret_code != 0)
                return 0;

        statement_bind_u64(s, 1, first);
        statement_bind_u64(s, 2, q->limit);
        while ((*ret_code = sqlite3_step(s)) == SQLITE_ROW &&
                        statement_get_u64(s, 8) <= MIN2(q->until_usec, (uint64_t) INT64_MAX)) {
                r = give(s, fn, userdata);
                if (r < 0) {
                        *ret_code = 0;
                        return r;
                }
        }
        if (*ret_code == SQLITE_ROW || *ret_code == SQLITE_DONE)
                *ret_code = 0;
        return 0;
}

int store_list_events(Store *store, const EventQuery *q, EventFn fn, void *userdata,
                Failure *reterr) {
        uint64_t first = 0;
        int code, r;

        assert(q->limit > 0);
        code = load_numbers(store);
        if (code >= 0 && q->since_usec > 0)
                code = find_since(store, q->since_usec, &first);
        if (code < 0)
                return store_fail(store->db, code, reterr, "read what has happened");

        if (q->after >= INT64_MAX)
                return 0;
        r = list(store, MAX2(first, q->after + 1), q, fn, userdata, &code);
        if (code != 0)
                return store_fail(store->db, code, reterr, "read what has happened");
        if (r == -EBADMSG)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The database has an event that makes no sense");
        return r;
}

int store_trim_events(Store *store, const EventBounds *b, uint64_t now_usec, Failure *reterr) {
        int r;

        r = load_numbers(store);
        if (r >= 0)
                r = trim(store, b->batch,
                                store->events.last > b->rows ? store->events.last - b->rows : 0,
                                now_usec > b->age_usec ? now_usec - b->age_usec : 0);
        if (r < 0)
                return store_fail(store->db, r, reterr, "put away what happened long ago");

        return (uint32_t) r == b->batch;
}
