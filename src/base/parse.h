/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/parse.h: numbers, sizes, durations, times and signals from text, strictly: the whole string or -EINVAL.
 * No blanks, no locale; what does not fit is -ERANGE. On failure nothing is written.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/usec.h"

int parse_u32(const char *s, uint32_t *ret); /* decimal digits */
int parse_u64(const char *s, uint64_t *ret);
int parse_i64(const char *s, int64_t *ret);  /* the same with an optional sign */

/** parse_nano() - "2", "1.5", ".25" as billionths; what is finer is cut off. */
int parse_nano(const char *s, uint64_t *ret);

/** parse_bool() - "1", "t", "true", "0", "f", "false" in Go's spellings. */
int parse_bool(const char *s, bool *ret);

/** parse_bytes() - "512", "512b", "64k", "64kb", "64KiB", "1.5g", up to "p"; powers of 1024, rounded down. */
int parse_bytes(const char *s, uint64_t *ret);

/** parse_duration() - as Go writes it: "1h2m3.5s", "300ms", "10us", "0"; no sign. */
int parse_duration(const char *s, usec_t *ret);

/** parse_seconds() - "10", "2.5" (seconds) or a duration; "-1" is USEC_INFINITY. */
int parse_seconds(const char *s, usec_t *ret);

/**
 * parse_time() - a point in time, for --since and --until
 * @now: realtime; a duration ("10m", "1h30m") counts back from it
 *
 * Accepts a duration, seconds since the epoch ("1700000000", "1700000000.25"), RFC 3339 with or without a zone, seconds or
 * time of day ("2026-01-02T15:04:05.5+02:00", "2026-01-02T15:04", "2026-01-02"; without a zone: local time).
 *
 * Return: 0, -EINVAL, -ERANGE (before 1970).
 */
int parse_time(const char *s, usec_t now, usec_t *ret);

/** parse_signal() - "SIGTERM", "term", "15", "RTMIN+1", "SIGRTMAX-2". Return: 1 to SIGRTMAX, or -EINVAL. */
int parse_signal(const char *s);

/** signal_to_string() - "SIGTERM", "SIGRTMIN+1"; NULL for a number that is no signal. @buffer holds at least 16 bytes. */
const char *signal_to_string(int sig, char buffer[static 16]);
