/* SPDX-License-Identifier: Apache-2.0 */
/* puller/log-tail.h: where do the last lines of a log begin? Knows lines and files; prints nothing. */
#pragma once
#include <stdbool.h>
#include <stdint.h>

/* What log_source_new() and log_printer_new() are to be given. */
typedef struct LogTail {
        uint32_t first;
        uint64_t skip;
        bool inside[3]; /* by stream: the first bytes are the rest of a line that is not shown */
} LogTail;

/**
 * log_tail_find() - where the last @n_lines lines begin
 * @dir_fd: logs/ID; borrowed
 *
 * Counts over both streams, by where lines begin; a line that is not finished counts, and so does a gap. Reads the
 * files from the newest back and no more of them than it needs.
 *
 * Return: 0 or negative errno.
 */
int log_tail_find(int dir_fd, uint64_t n_lines, LogTail *ret);
