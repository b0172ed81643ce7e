/* SPDX-License-Identifier: Apache-2.0 */
/* store/store-internal.h: what the files of this folder share: the connection, its statements,
 * errors in our words. */
#pragma once
#include <sqlite3.h>
#include "model/names.h"
#include "store/db.h"
#include "store/exec.h"
#include "store/image-rows.h"
#include "store/migrate.h"

#define STORE_DB STATE_FILE_DB
#define STORE_WAL STORE_DB "-wal"

/* "PDkr" */
#define STORE_APPLICATION_ID 0x50446b72

typedef struct SyncThread SyncThread;

/* Prepared on first use and kept; its text stands where it is used. */
typedef enum StatementId {
        STATEMENT_BEGIN,
        STATEMENT_COMMIT,
        STATEMENT_CONTAINER_LOAD,
        STATEMENT_CONTAINER_ADD,
        STATEMENT_CONTAINER_UPDATE,
        STATEMENT_CONTAINER_RENAME,
        STATEMENT_CONTAINER_SPEC,
        STATEMENT_CONTAINER_REMOVE,
        STATEMENT_CONTAINER_CONFLICT,
        STATEMENT_CONTAINER_BY_IMAGE,
        STATEMENT_IMAGE_LOAD,
        STATEMENT_IMAGE_ADD,
        STATEMENT_IMAGE_REMOVE,
        STATEMENT_IMAGE_SHARE,
        STATEMENT_IMAGE_LAYER_LOAD,
        STATEMENT_IMAGE_LAYER_ADD,
        STATEMENT_LAYER_LOAD,
        STATEMENT_LAYER_LOOK,
        STATEMENT_LAYER_ADD,
        STATEMENT_LAYER_REMOVE,
        STATEMENT_KEPT_SET,
        STATEMENT_KEPT_REMOVE,
        STATEMENT_KEPT_NEXT,
        STATEMENT_KEPT_EXPIRE,
        STATEMENT_TAG_LOAD,
        STATEMENT_TAG_SET,
        STATEMENT_TAG_REMOVE,
        STATEMENT_VOLUME_LOAD,
        STATEMENT_VOLUME_ADD,
        STATEMENT_VOLUME_REMOVE,
        STATEMENT_VOLUME_REMOVE_UNUSED,
        STATEMENT_VOLUME_USE,
        STATEMENT_EVENT_NUMBERS,
        STATEMENT_EVENT_RESERVE,
        STATEMENT_EVENT_ADD,
        STATEMENT_EVENT_LOOK,
        STATEMENT_EVENT_LIST,
        STATEMENT_EVENT_TRIM,
        _STATEMENT_MAX,
} StatementId;

struct Store {
        sqlite3 *db; /* owned */
        int dir_fd;  /* owned; -EBADF in memory */
        int db_fd;   /* owned; sqlite's locks on a file end when any fd of it is closed: closed last */
        SyncThread *sync;                         /* owned */
        sqlite3_stmt *statements[_STATEMENT_MAX]; /* owned, NULL until used */
        EventNumbers events;
};

/** store_open_with() - store_open() with other migrations, so that a test can make older and newer
 * programs. @dir_fd -EBADF: in memory. */
int store_open_with(
                int dir_fd, const char *const *migrations, size_t n, Store **ret, Failure *reterr);

/** store_connect() - one more connection to the database of @dir_fd, configured; the first one
 * (@create) makes it. */
int store_connect(int dir_fd, bool create, sqlite3 **ret, Failure *reterr);

/** store_statement() - a statement, reset and without values. Return: 0 or a result code of
 * sqlite's. */
int store_statement(Store *store, StatementId id, const char *sql, sqlite3_stmt **ret);

/* Resets at the end of a scope: an unfinished read would keep the log from being emptied. */
static inline void statement_resetp(sqlite3_stmt **s) {
        if (*s)
                (void) sqlite3_reset(*s); /* repeats the last step's error, which was handled there */
}
#define _cleanup_statement_ _cleanup_(statement_resetp)

/**
 * store_fail() - a result code of sqlite's (negated or not) as a failure
 * @doing: "store the container 'x'": ends the sentence "Cannot …: reason"
 */
int store_fail(sqlite3 *db, int code, Failure *reterr, const char *doing, ...)
                __attribute__((__format__(__printf__, 4, 5)));

/**
 * store_check_room() - may something new be added? What is left is kept for what ends and goes.
 * Return: 0, or FAILURE_DISK_FULL. @doing: as for store_fail().
 */
int store_check_room(Store *store, const char *doing, const char *object, Failure *reterr);

/* image-rows.c, for kept-rows.c: within a transaction. Return: as store_exec(), and 0. */
int store_add_layer(Store *store, const LayerRow *layer);
int store_remove_unused_layers(Store *store, char ***ret); /* no image has them, nor are they kept */

/* Values in and out */
void statement_bind_text(sqlite3_stmt *s, int index, const char *text); /* borrowed until the next reset; NULL: NULL */
void statement_bind_u64(sqlite3_stmt *s, int index, uint64_t value);
int statement_get_text(sqlite3_stmt *s, int column, char **ret); /* a copy; NULL: NULL. Return: 0 or -ENOMEM. */
uint64_t statement_get_u64(sqlite3_stmt *s, int column);

/* sync.c */
int sync_thread_new(int dir_fd, int db_fd, SyncThread **ret, Failure *reterr);
SyncThread *sync_thread_free(SyncThread *t); /* after a last sync */
int sync_thread_copy(SyncThread *t, sqlite3 *db); /* a checkpoint by @db, after the thread's own. Return: SQLITE_… */
void sync_thread_dirty(SyncThread *t); /* there is something to sync: at most a second later it is done */
