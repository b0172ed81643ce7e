/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/log-source.h: a container's log as a row of chunks, over all its files, while they are written and rotated.
 * Knows the format of monitor/log-format.h; knows no line.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"

typedef struct LogSource LogSource;

/* One chunk. The bytes are borrowed until the next call. */
typedef struct LogSlice {
        uint64_t time_nsec;
        uint32_t length;
        unsigned stream;     /* LogStream, or one that a reader skips */
        const uint8_t *data;
} LogSlice;

/** log_source_list() - the log's files, oldest first. @ret: owned by the caller, NULL for none. Return: how many, or negative errno. */
ssize_t log_source_list(int dir_fd, uint32_t **ret);

/**
 * log_source_new() - read from the beginning of a file on
 * @dir_fd: logs/ID; borrowed
 * @first:  the file's number; one that has gone by then stands for the next higher
 * @single: this file only
 */
int log_source_new(int dir_fd, uint32_t first, bool single, LogSource **ret);
LogSource *log_source_free(LogSource *s);
DEFINE_CLEANUP(LogSource *, log_source_free);

/**
 * log_source_next() - the next whole chunk
 *
 * What is not whole is looked at again by the next call. A file is left when it is read to its end and a higher one
 * exists; what is damaged (no header, a chunk longer than there may be) is left at once, and counted.
 *
 * Return: 1, 0 (nothing more for now), or negative errno.
 */
int log_source_next(LogSource *s, LogSlice *ret);

/** log_source_rotated() - there may be a new file: call it when the directory has changed. At first it is so. */
void log_source_rotated(LogSource *s);

/** log_source_damaged() - files that were left for damage so far. */
unsigned log_source_damaged(const LogSource *s);
