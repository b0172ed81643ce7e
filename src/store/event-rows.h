/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/event-rows.h: what has happened, as numbered rows. Knows numbers and times; an event's meaning is the engine's.
 *
 * Numbers grow by one from event to event and are never used twice, not after a kill of the process, and not after a loss of
 * power either. A hole means a loss: so many events could not be stored, for the disk was full, or the power was lost.
 */
#pragma once
#include "model/event.h"
#include "store/db.h"

/**
 * store_add_events() - events of what is no row
 * @events: stored in this order; each gets its number, or 0 where the disk is full: then it is counted as lost
 *
 * The calls that change a row take a list as well and store it in the same transaction: when one of them returns a failure,
 * nothing was stored and nothing was lost. NULL is an empty list.
 *
 * Return: 0, or what fail() gives: FAILURE_INTERNAL.
 */
int store_add_events(Store *store, EventList *events, Failure *reterr);

/** store_lose_events() - @n have happened and were not stored: the next one's number tells. */
void store_lose_events(Store *store, size_t n);

typedef struct EventQuery {
        uint64_t after;      /* numbers above this one */
        uint64_t since_usec; /* 0: all */
        uint64_t until_usec; /* UINT64_MAX: all */
        uint32_t limit;      /* the oldest of them */
} EventQuery;

/* @e and its strings are borrowed for the call. A negative return ends the listing and is its result. */
typedef int (*EventFn)(const Event *e, void *userdata);

/**
 * store_list_events() - oldest first
 * The cost goes with @limit, not with the number of rows. After a clock was set back, an event counts as of the latest time
 * that was seen before it: none is missed by @since_usec.
 *
 * Return: 0, what @fn returned, or what fail() gives.
 */
int store_list_events(Store *store, const EventQuery *query, EventFn fn, void *userdata,
                Failure *reterr);

/** store_last_event() - the highest number so far; 0: none. */
uint64_t store_last_event(Store *store);

/** store_skip_events() - the machine started anew: go on behind all numbers that may have been told before. Return: as store_add_events(). */
int store_skip_events(Store *store, Failure *reterr);

typedef struct EventBounds {
        uint64_t rows;     /* at most so many stay */
        uint64_t age_usec; /* none older stays, but the last one */
        uint32_t batch;    /* so many go at once */
} EventBounds;

/** store_trim_events() - delete one batch. Return: 1: there may be more to delete; 0; or what fail() gives. */
int store_trim_events(
                Store *store, const EventBounds *bounds, uint64_t now_usec, Failure *reterr);
