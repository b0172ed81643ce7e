/* SPDX-License-Identifier: Apache-2.0 */
/* store/db.h: the database: opened, checked, migrated, closed. Knows no table but by its
 * migrations. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

/*
 * One Store per state directory, used by one thread. Whoever opens it holds the directory's lock:
 * two writers of one database are not meant to meet, and the second finds it busy. Every public
 * call of this folder is one transaction: it has happened as a whole when it returns >= 0, else not
 * at all. What has happened survives the end of the process at once, and a loss of power after
 * store_sync() or one second.
 */
typedef struct Store Store;

/**
 * store_open() - open the database of a state directory, made if there is none
 * @dir_fd:   the state directory; borrowed, duplicated
 * @ret:      the store; its sync thread runs
 *
 * A database of an older version is copied to `pocketdocker.db.vN`, N being that version, and
 * migrated. Nothing is written into one that is newer, damaged or another program's.
 *
 * Return: 0, or what fail() gives, always with a sentence: FAILURE_INTERNAL with EBADMSG (damaged,
 * not ours), EPROTO (newer), EBUSY (another process has it); FAILURE_DISK_FULL; -ENOMEM. Source:
 * https://sqlite.org/wal.html, https://sqlite.org/pragma.html
 */
int store_open(int dir_fd, Store **ret, Failure *reterr);

/** store_open_memory() - a store without a file, for tests: its syncs are done at once. */
int store_open_memory(Store **ret, Failure *reterr);

/**
 * store_free() - close it; everything committed is on disk afterwards
 *
 * Blocks for the sync and drops the calls of store_sync() that were not dispatched.
 */
Store *store_free(Store *store);
DEFINE_CLEANUP(Store *, store_free);
