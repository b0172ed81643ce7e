/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/log-writer.h: appends chunks to a container's log and rotates it. Never waits for room:
 * see log_writer_append(). */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "monitor/log-format.h"

typedef struct LogWriter {
        int dir_fd;        /* borrowed; -EBADF: no log */
        int fd;            /* owned: the file being written */
        uint32_t number;   /* of that file */
        uint64_t size;     /* of that file: everything before is whole */
        uint64_t max_size; /* UINT64_MAX: no rotation */
        uint32_t max_files;
        uint64_t lost_bytes;       /* dropped for want of room, not yet recorded as a gap */
        uint64_t dirty_since_usec; /* monotonic; 0: all is synced, or being synced */
        uint32_t sync_from;        /* the lowest file that may hold bytes not synced */
        pid_t sync_pid;            /* a child that syncs; 0: none */
} LogWriter;

/**
 * log_writer_open() - go on where the last run ended
 * @dir_fd: logs/ID/; borrowed; -EBADF makes a writer that drops everything
 *
 * An incomplete chunk at the end of the newest file is cut off.
 *
 * Return: 0, or negative errno of openat(2) and the like.
 */
int log_writer_open(LogWriter *w, int dir_fd, uint64_t max_size, uint32_t max_files);
void log_writer_done(LogWriter *w);

/**
 * log_writer_append() - one chunk, as it was read
 * @size: 0 to LOG_CHUNK_BYTES_MAX; cut into several where a file holds less
 *
 * On a full disk the oldest file goes first, then the chunk, which a gap records as soon as there
 * is room. Cannot fail: a workload never waits for its log.
 */
void log_writer_append(LogWriter *w, LogStream stream, const void *data, size_t size);

/** log_writer_sync() - fdatasync(2) what was written, rotated files too; at once when nothing was. */
void log_writer_sync(LogWriter *w);

/**
 * log_writer_sync_beside() - the same in a short-lived child, while the copying goes on
 *
 * Nothing is done while an earlier one is still at it; then dirty_since_usec stays as it is. A child that has ended is
 * reaped by the next call or by log_writer_reap().
 */
void log_writer_sync_beside(LogWriter *w);
void log_writer_reap(LogWriter *w);
