/* SPDX-License-Identifier: Apache-2.0 */
/* store/sync.h: tells when what was committed is on disk, without waiting for it. Knows files and
 * one thread; no table. */
#pragma once
#include <stddef.h>
#include "store/db.h"

/*
 * Group commit: commits go to the write-ahead log without a sync; a thread of its own syncs it,
 * once for all who asked meanwhile, and copies it into the database when it has grown or nothing
 * happens. The caller's loop watches store_sync_fd() and calls store_sync_dispatch() when it is
 * readable.
 */
typedef struct StoreSync StoreSync;

/* @error: 0: on disk; or negative errno: it may be lost with the power (it is not lost with the
 * process). */
typedef void (*StoreSyncFn)(int error, void *userdata);

#define STORE_SYNC_FDS_MAX 4

/**
 * store_sync() - call back once all that was committed before is on disk
 * @fds:      files and directories to fsync() first, as a row is worth nothing without what it
 * names; duplicated; may be NULL
 * @n_fds:    their number, 0 to STORE_SYNC_FDS_MAX
 * @fn:       called once, from store_sync_dispatch(), never from within this call
 * @ret:      may be NULL; the request, valid until @fn is called, for store_sync_cancel()
 *
 * Return: 0, -ENOMEM, or what dup gives (-EMFILE).
 * Source: fdatasync(2), https://sqlite.org/wal.html
 */
int store_sync(Store *store, const int *fds, size_t n_fds, StoreSyncFn fn, void *userdata,
                StoreSync **ret);

/** store_sync_cancel() - do not call back; the sync goes on. NULL is taken. Return: NULL. */
StoreSync *store_sync_cancel(StoreSync *sync);

/** store_sync_fd() - readable while there is something to dispatch; borrowed, for EPOLLIN. */
int store_sync_fd(Store *store);

/** store_sync_dispatch() - call back for all that is done. Does not block. Return: how many were
 * called. */
int store_sync_dispatch(Store *store);

/**
 * store_sync_wait() - block until all that was committed is on disk
 *
 * For before the loop runs and after it has ended. Return: 0 or negative errno.
 */
int store_sync_wait(Store *store);
