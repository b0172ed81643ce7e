/* SPDX-License-Identifier: Apache-2.0 */
/* base/usec.h: clocks in microseconds, and times as people and programs read them. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <time.h>

typedef uint64_t usec_t;
#define USEC_INFINITY ((usec_t) UINT64_MAX)
#define NSEC_PER_USEC UINT64_C(1000)
#define NSEC_PER_SEC UINT64_C(1000000000)
#define USEC_PER_MSEC UINT64_C(1000)
#define USEC_PER_SEC UINT64_C(1000000)
#define USEC_PER_MINUTE (UINT64_C(60) * USEC_PER_SEC)
#define USEC_PER_HOUR (UINT64_C(60) * USEC_PER_MINUTE)
#define USEC_PER_DAY (UINT64_C(24) * USEC_PER_HOUR)

usec_t now_realtime(void);
usec_t now_monotonic(void);
usec_t now_boottime(void); /* goes on while the machine sleeps */
uint64_t now_realtime_nsec(void);

/** usec_add() - saturates at USEC_INFINITY; usec_sub() - saturates at 0. */
usec_t usec_add(usec_t a, usec_t b);
usec_t usec_sub(usec_t a, usec_t b);

struct timespec usec_to_timespec(usec_t t);

#define RFC3339_MAX sizeof("2026-01-02T15:04:05.123456789+00:00")

/** format_rfc3339_nano() - UTC with nine digits ("2026-01-02T15:04:05.123456789Z"), as in `logs -t`. Return: its length. */
size_t format_rfc3339_nano(uint64_t nsec, char ret[static RFC3339_MAX]);

/** format_rfc3339() - UTC, the fraction without trailing zeros as Go prints RFC3339Nano ("…05.1234Z", "…05Z"); 0 is "0001-01-01T00:00:00Z". Return: its length. */
size_t format_rfc3339(usec_t t, char ret[static RFC3339_MAX]);

#define HUMAN_DURATION_MAX 32

/** format_human_duration() - "Less than a second", "5 seconds", "About a minute", "3 minutes", "2 weeks": Docker's words for an age. */
const char *format_human_duration(usec_t d, char ret[static HUMAN_DURATION_MAX]);
