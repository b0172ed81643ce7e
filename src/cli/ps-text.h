/* SPDX-License-Identifier: Apache-2.0 */
/* cli/ps-text.h: times as ps prints them, and lines as ps printed them. Knows no bus and no process. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/usec.h"

#define PS_TEXT_MAX 32

/** ps_start_text() - "15:04" of the last day, "Jan02" of this year, "2025" */
void ps_start_text(usec_t started, usec_t now, char ret[static PS_TEXT_MAX]);

/** ps_time_text() - "00:01:05", "2-03:04:05" */
void ps_time_text(usec_t t, char ret[static PS_TEXT_MAX]);

/** ps_pid_column() - which field of the titles is the pid's, from 0. Return: -ENOENT when none is. */
int ps_pid_column(const char *titles);

/** ps_line_pid() - the number in that field; 0: there is none ("-" of a thread) */
uint32_t ps_line_pid(const char *line, int column);
