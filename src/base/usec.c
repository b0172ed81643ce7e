/* SPDX-License-Identifier: Apache-2.0 */
/* base/usec.c: clocks, and times in words. Builds with musl. */
#include "base/usec.h"
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static uint64_t clock_nsec(clockid_t clock) {
        struct timespec ts = {};

        (void) clock_gettime(clock, &ts); /* fails for clocks that do not exist only */
        return (uint64_t) ts.tv_sec * NSEC_PER_SEC + (uint64_t) ts.tv_nsec;
}

usec_t now_realtime(void) {
        return clock_nsec(CLOCK_REALTIME) / NSEC_PER_USEC;
}

usec_t now_monotonic(void) {
        return clock_nsec(CLOCK_MONOTONIC) / NSEC_PER_USEC;
}

usec_t now_boottime(void) {
        return clock_nsec(CLOCK_BOOTTIME) / NSEC_PER_USEC;
}

uint64_t now_realtime_nsec(void) {
        return clock_nsec(CLOCK_REALTIME);
}

usec_t usec_add(usec_t a, usec_t b) {
        usec_t sum;

        return __builtin_add_overflow(a, b, &sum) ? USEC_INFINITY : sum;
}

usec_t usec_sub(usec_t a, usec_t b) {
        return a == USEC_INFINITY ? a : a > b ? a - b : 0;
}

struct timespec usec_to_timespec(usec_t t) {
        return (struct timespec) {
                .tv_sec = (time_t) (t / USEC_PER_SEC),
                .tv_nsec = (long) (t % USEC_PER_SEC * NSEC_PER_USEC),
        };
}

/* "YYYY-MM-DDTHH:MM:SS" of whole seconds, UTC. Any 64-bit count of nanoseconds lies before the year 2555. */
static size_t format_seconds(uint64_t sec, char ret[static RFC3339_MAX]) {
        time_t t = (time_t) sec;
        struct tm tm = {};

        if (!gmtime_r(&t, &tm))
                tm.tm_mday = 1;
        return strftime(ret, RFC3339_MAX, "%Y-%m-%dT%H:%M:%S", &tm);
}

size_t format_rfc3339_nano(uint64_t nsec, char ret[static RFC3339_MAX]) {
        size_t n = format_seconds(nsec / NSEC_PER_SEC, ret);

        (void) snprintf(ret + n, RFC3339_MAX - n, ".%09" PRIu64 "Z", nsec % NSEC_PER_SEC); /* fits: nine digits */
        return n + strlen(ret + n);
}

size_t format_rfc3339(usec_t t, char ret[static RFC3339_MAX]) {
        size_t n;

        /* What Go prints for a time that was never set; scripts for Docker compare with it. */
        if (t == 0) {
                (void) snprintf(ret, RFC3339_MAX, "0001-01-01T00:00:00Z"); /* fits */
                return strlen(ret);
        }

        /* The year keeps four digits, so that the text is RFC 3339 whatever a caller passed. */
        if (t / USEC_PER_SEC > 253402300799ULL)
                t = 253402300799ULL * USEC_PER_SEC;

        n = format_seconds(t / USEC_PER_SEC, ret);
        if (t % USEC_PER_SEC > 0) {
                (void) snprintf(ret + n, RFC3339_MAX - n, ".%06" PRIu64, t % USEC_PER_SEC); /* fits: six digits */
                n += strlen(ret + n);
                while (ret[n - 1] == '0')
                        n--;
        }
        ret[n++] = 'Z';
        ret[n] = '\0';
        return n;
}

const char *format_human_duration(usec_t d, char ret[static HUMAN_DURATION_MAX]) {
        uint64_t seconds = d / USEC_PER_SEC, minutes = seconds / 60;
        uint64_t hours = (minutes + 30) / 60; /* to the nearest */
        uint64_t days = hours / 24;
        uint64_t n = 0;
        const char *unit = NULL;

        if (seconds < 1)
                unit = "Less than a second";
        else if (seconds == 1)
                unit = "1 second";
        else if (seconds < 60) {
                n = seconds;
                unit = "seconds";
        } else if (minutes == 1)
                unit = "About a minute";
        else if (minutes < 60) {
                n = minutes;
                unit = "minutes";
        } else if (hours == 1)
                unit = "About an hour";
        else if (hours < 48) {
                n = hours;
                unit = "hours";
        } else if (hours < 24 * 7 * 2) {
                n = days;
                unit = "days";
        } else if (hours < 24 * 30 * 2) {
                n = days / 7;
                unit = "weeks";
        } else if (hours < 24 * 365 * 2) {
                n = days / 30;
                unit = "months";
        } else {
                n = hours / (24 * 365);
                unit = "years";
        }

        if (n > 0)
                (void) snprintf(ret, HUMAN_DURATION_MAX, "%" PRIu64 " %s", n, unit); /* fits: 20 digits, 7 letters */
        else
                (void) snprintf(ret, HUMAN_DURATION_MAX, "%s", unit);
        return ret;
}
