/* SPDX-License-Identifier: Apache-2.0 */
/* store/migrate.h: from the version a database has to the one this program knows. Knows SQL as text
 * only. */
#pragma once
#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include "model/failure.h"

/* Entry N makes version N + 1 of version N; the first makes version 1 of an empty database. Made of
 * the .sql files. */
extern const char *const store_migrations[];
extern const size_t n_store_migrations;

/**
 * migrate_check() - is this ours, whole and not newer? Writes nothing.
 * @ret_version:  0: empty; else 1 to @newest
 *
 * Return: 0, or what fail() gives: FAILURE_INTERNAL with EBADMSG (damaged, another program's),
 * EPROTO (newer).
 */
int migrate_check(sqlite3 *db, size_t newest, size_t *ret_version, Failure *reterr);

/**
 * migrate_run() - bring it to version @n
 * @dir_fd:   where the copy of the former version goes, `pocketdocker.db.vN`; -EBADF: none is made
 *
 * Each step is a transaction: after a failure the database is at the version of the last good one.
 *
 * Return: 0, or what fail() gives: FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int migrate_run(sqlite3 *db, int dir_fd, size_t version, const char *const *migrations, size_t n,
                Failure *reterr);
