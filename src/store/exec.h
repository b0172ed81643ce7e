/* SPDX-License-Identifier: Apache-2.0 */
/* store/exec.h: statements run: alone, as transactions, on a full disk, and with the events of what they change. Private to this
 * folder. */
#pragma once
#include <sqlite3.h>
#include "model/event.h"
#include "store/db.h"

/* Where the events are; loaded at their first use. */
typedef struct EventNumbers {
        bool loaded;
        uint64_t last;     /* the highest number that was given */
        uint64_t reserved; /* on disk: none above it was ever told */
        uint64_t horizon_usec; /* the latest time that an event had */
        uint64_t lost;     /* since the last one that was stored */
} EventNumbers;

/** store_exec() - run a bound statement that returns no row. Return: number of rows changed, or a
 * negated result code of sqlite's. */
int store_exec(Store *store, sqlite3_stmt *s);

/** store_begin(), store_commit() - a transaction of several statements; store_rollbackp() ends it
 * where commit was not reached. */
int store_begin(Store *store);
int store_commit(Store *store);
void store_rollbackp(Store **store);

/** store_exec_pressed() - store_exec() for what must work on a full disk: makes room in the log
 * once. */
int store_exec_pressed(Store *store, sqlite3_stmt *s);

/** store_is_full() - was this negated result code a full disk? store_make_room() - once; not within a transaction. */
bool store_is_full(Store *store, int r);
bool store_make_room(Store *store);

/**
 * store_exec_told() - store_exec_pressed() and, in the same transaction, what is told of a change
 * @change: NULL: the events alone
 * @events: NULL or a list; not stored where no row was changed. On a disk so full that the change alone fits, they are lost.
 *
 * Return: number of rows changed, or a negated result code.
 */
int store_exec_told(Store *store, sqlite3_stmt *change, EventList *events);

/** store_commit_told() - store_commit() with what is told of the transaction; NULL or empty: nothing. */
int store_commit_told(Store *store, EventList *events);

/** store_release_numbers() - the store is about to be closed. */
void store_release_numbers(Store *store);
