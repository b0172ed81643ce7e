/* SPDX-License-Identifier: Apache-2.0 */
/* base/parse.c: text to numbers. No strtol(): it takes blanks, signs and prefixes that nobody meant. */
#include "base/parse.h"
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <strings.h>
#include "base/str.h"

static bool is_digit(char c) {
        return c >= '0' && c <= '9';
}

/* Digits from *@p on, at least one; moves *@p behind them. */
static int scan_u64(const char **p, uint64_t *ret) {
        uint64_t value = 0;
        const char *s = *p;

        if (!is_digit(*s))
                return -EINVAL;
        for (; is_digit(*s); s++)
                if (__builtin_mul_overflow(value, 10ULL, &value) ||
                                __builtin_add_overflow(value, (uint64_t) (*s - '0'), &value))
                        return -ERANGE;

        *p = s;
        *ret = value;
        return 0;
}

/* The digits behind a point as billionths; what is finer is cut off. At least one digit. */
static int scan_nano(const char **p, uint32_t *ret) {
        uint32_t value = 0, unit = 100000000;
        const char *s = *p;

        if (!is_digit(*s))
                return -EINVAL;
        for (; is_digit(*s); s++, unit /= 10)
                value += unit * (uint32_t) (*s - '0');

        *p = s;
        *ret = value;
        return 0;
}

/* "12", "12.5", ".5" as whole and billionths */
static int scan_decimal(const char **p, uint64_t *ret_whole, uint32_t *ret_nano) {
        uint64_t whole = 0;
        uint32_t nano = 0;
        const char *s = *p;
        int r;

        if (*s != '.') {
                r = scan_u64(&s, &whole);
                if (r < 0)
                        return r;
        }
        if (*s == '.') {
                s++;
                r = scan_nano(&s, &nano);
                if (r < 0)
                        return r;
        }

        *p = s;
        *ret_whole = whole;
        *ret_nano = nano;
        return 0;
}

/* (@whole + @nano / 10⁹) * @unit, rounded down */
static int scale(uint64_t whole, uint32_t nano, uint64_t unit, uint64_t *ret) {
        uint64_t value;

        if (__builtin_mul_overflow(whole, unit, &value) ||
                        __builtin_add_overflow(value,
                                        (uint64_t) ((unsigned __int128) nano * unit / NSEC_PER_SEC),
                                        &value))
                return -ERANGE;
        *ret = value;
        return 0;
}

int parse_u64(const char *s, uint64_t *ret) {
        uint64_t value;
        int r;

        r = scan_u64(&s, &value);
        if (r < 0)
                return r;
        if (*s != '\0')
                return -EINVAL;

        *ret = value;
        return 0;
}

int parse_u32(const char *s, uint32_t *ret) {
        uint64_t value;
        int r;

        r = parse_u64(s, &value);
        if (r < 0)
                return r;
        if (value > UINT32_MAX)
                return -ERANGE;

        *ret = (uint32_t) value;
        return 0;
}

int parse_i64(const char *s, int64_t *ret) {
        bool negative = *s == '-';
        uint64_t value;
        int r;

        r = parse_u64(*s == '-' || *s == '+' ? s + 1 : s, &value);
        if (r < 0)
                return r;
        if (value > (uint64_t) INT64_MAX + negative)
                return -ERANGE;

        *ret = negative ? (int64_t) (0 - value) : (int64_t) value;
        return 0;
}

int parse_nano(const char *s, uint64_t *ret) {
        uint64_t whole;
        uint32_t nano;
        int r;

        r = scan_decimal(&s, &whole, &nano);
        if (r < 0)
                return r;
        if (*s != '\0')
                return -EINVAL;
        return scale(whole, nano, NSEC_PER_SEC, ret);
}

int parse_bool(const char *s, bool *ret) {
        static const char *const yes[] = { "1", "t", "T", "true", "TRUE", "True" };
        static const char *const no[] = { "0", "f", "F", "false", "FALSE", "False" };

        for (size_t i = 0; i < ELEMENTSOF(yes); i++) {
                if (streq(s, yes[i])) {
                        *ret = true;
                        return 0;
                }
                if (streq(s, no[i])) {
                        *ret = false;
                        return 0;
                }
        }
        return -EINVAL;
}

int parse_bytes(const char *s, uint64_t *ret) {
        static const char units[] = "kmgtp";
        uint64_t whole, unit = 1, value;
        const char *u;
        uint32_t nano;
        int r;

        r = scan_decimal(&s, &whole, &nano);
        if (r < 0)
                return r;

        u = *s != '\0' ? strchr(units, *s | 0x20) : NULL;
        if (u) {
                unit = 1ULL << (10 * (u - units + 1));
                s++;
                if (*s == 'i' && (s[1] | 0x20) == 'b')
                        s++;
        }
        if ((*s | 0x20) == 'b')
                s++;
        if (*s != '\0')
                return -EINVAL;

        r = scale(whole, nano, unit, &value);
        if (r < 0)
                return r;
        *ret = value;
        return 0;
}

/* The unit at *@p in nanoseconds; moves *@p behind it. 0: none. */
static uint64_t scan_unit(const char **p) {
        static const struct {
                const char *name;
                uint64_t nsec;
        } units[] = {
                /* longer names first, as "m" begins "ms" */
                { "ns", 1 },
                { "us", NSEC_PER_USEC },
                { "\xc2\xb5s", NSEC_PER_USEC }, /* U+00B5 */
                { "\xce\xbcs", NSEC_PER_USEC }, /* U+03BC */
                { "ms", 1000 * NSEC_PER_USEC },
                { "s", NSEC_PER_SEC },
                { "m", 60 * NSEC_PER_SEC },
                { "h", 3600 * NSEC_PER_SEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(units); i++) {
                const char *end = startswith(*p, units[i].name);

                if (end) {
                        *p = end;
                        return units[i].nsec;
                }
        }
        return 0;
}

int parse_duration(const char *s, usec_t *ret) {
        uint64_t sum = 0, whole, part, unit;
        uint32_t nano;
        int r;

        if (streq(s, "0")) {
                *ret = 0;
                return 0;
        }
        if (*s == '\0')
                return -EINVAL;

        while (*s != '\0') {
                r = scan_decimal(&s, &whole, &nano);
                if (r < 0)
                        return r;
                unit = scan_unit(&s);
                if (unit == 0)
                        return -EINVAL;
                r = scale(whole, nano, unit, &part);
                if (r < 0)
                        return r;
                if (__builtin_add_overflow(sum, part, &sum))
                        return -ERANGE;
        }

        *ret = sum / NSEC_PER_USEC;
        return 0;
}

int parse_seconds(const char *s, usec_t *ret) {
        const char *end = s;
        uint64_t whole;
        uint32_t nano;
        int r;

        if (streq(s, "-1")) {
                *ret = USEC_INFINITY;
                return 0;
        }

        r = scan_decimal(&end, &whole, &nano);
        if (r < 0)
                return r;
        if (*end != '\0')
                return parse_duration(s, ret);
        return scale(whole, nano, USEC_PER_SEC, ret);
}

/* Exactly @digits digits. */
static int scan_fixed(const char **p, unsigned digits, int *ret) {
        int value = 0;

        for (unsigned i = 0; i < digits; i++) {
                if (!is_digit((*p)[i]))
                        return -EINVAL;
                value = value * 10 + ((*p)[i] - '0');
        }
        *p += digits;
        *ret = value;
        return 0;
}

/* [T]HH:MM[:SS[.fraction]] into @tm and @nano; moves *@p behind it. */
static int scan_time_of_day(const char **p, struct tm *tm, uint32_t *nano) {
        const char *s = *p;

        if (scan_fixed(&s, 2, &tm->tm_hour) < 0 || *s++ != ':' ||
                        scan_fixed(&s, 2, &tm->tm_min) < 0)
                return -EINVAL;
        if (*s == ':') {
                s++;
                if (scan_fixed(&s, 2, &tm->tm_sec) < 0)
                        return -EINVAL;
                if (*s == '.') {
                        s++;
                        if (scan_nano(&s, nano) < 0)
                                return -EINVAL;
                }
        }
        if (tm->tm_hour > 23 || tm->tm_min > 59 || tm->tm_sec > 60)
                return -EINVAL;

        *p = s;
        return 0;
}

/* "Z", "+HH:MM", "-HH:MM" as seconds east; the whole rest. */
static int parse_zone(const char *s, int *ret_east) {
        int hours, minutes, sign = *s == '-' ? -1 : 1;

        if (streq(s, "Z") || streq(s, "z")) {
                *ret_east = 0;
                return 0;
        }
        if (*s != '+' && *s != '-')
                return -EINVAL;
        s++;
        if (scan_fixed(&s, 2, &hours) < 0 || *s++ != ':' || scan_fixed(&s, 2, &minutes) < 0 ||
                        *s != '\0')
                return -EINVAL;
        if (hours > 23 || minutes > 59)
                return -EINVAL;

        *ret_east = sign * (hours * 3600 + minutes * 60);
        return 0;
}

static int days_of_month(int year, int month) {
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
        bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);

        return days[month - 1] + (month == 2 && leap);
}

static int parse_rfc3339(const char *s, usec_t *ret) {
        struct tm tm = { .tm_isdst = -1 };
        int year, month, day, east = 0, r;
        uint32_t nano = 0;
        time_t t;

        if (scan_fixed(&s, 4, &year) < 0 || *s++ != '-' || scan_fixed(&s, 2, &month) < 0 ||
                        *s++ != '-' || scan_fixed(&s, 2, &day) < 0)
                return -EINVAL;
        if (month < 1 || month > 12 || day < 1 || day > days_of_month(year, month))
                return -EINVAL;
        tm.tm_year = year - 1900;
        tm.tm_mon = month - 1;
        tm.tm_mday = day;

        if (*s == 'T' || *s == 't' || *s == ' ') {
                s++;
                r = scan_time_of_day(&s, &tm, &nano);
                if (r < 0)
                        return r;
        }

        if (*s == '\0')
                t = mktime(&tm);
        else {
                r = parse_zone(s, &east);
                if (r < 0)
                        return r;
                t = timegm(&tm) - east;
        }
        if (t < 0)
                return -ERANGE;

        *ret = (usec_t) t * USEC_PER_SEC + nano / NSEC_PER_USEC;
        return 0;
}

int parse_time(const char *s, usec_t now, usec_t *ret) {
        const char *end = s;
        uint64_t whole;
        uint32_t nano;
        usec_t ago;
        int r;

        r = scan_decimal(&end, &whole, &nano);
        if (r >= 0 && *end == '\0')
                return scale(whole, nano, USEC_PER_SEC, ret);

        r = parse_duration(s, &ago);
        if (r >= 0) {
                if (ago > now)
                        return -ERANGE;
                *ret = now - ago;
                return 0;
        }
        if (r == -ERANGE)
                return r;
        return parse_rfc3339(s, ret);
}

/* POSIX and Linux; the real-time ones are relative to what libc leaves. */
static const struct {
        const char *name;
        int number;
} signal_table[] = {
        { "HUP", SIGHUP }, { "INT", SIGINT }, { "QUIT", SIGQUIT }, { "ILL", SIGILL },
        { "TRAP", SIGTRAP }, { "ABRT", SIGABRT }, { "BUS", SIGBUS }, { "FPE", SIGFPE },
        { "KILL", SIGKILL }, { "USR1", SIGUSR1 }, { "SEGV", SIGSEGV }, { "USR2", SIGUSR2 },
        { "PIPE", SIGPIPE }, { "ALRM", SIGALRM }, { "TERM", SIGTERM }, { "STKFLT", SIGSTKFLT },
        { "CHLD", SIGCHLD }, { "CONT", SIGCONT }, { "STOP", SIGSTOP }, { "TSTP", SIGTSTP },
        { "TTIN", SIGTTIN }, { "TTOU", SIGTTOU }, { "URG", SIGURG }, { "XCPU", SIGXCPU },
        { "XFSZ", SIGXFSZ }, { "VTALRM", SIGVTALRM }, { "PROF", SIGPROF }, { "WINCH", SIGWINCH },
        { "IO", SIGIO }, { "PWR", SIGPWR }, { "SYS", SIGSYS },
        /* other names of the same */
        { "IOT", SIGABRT },      { "CLD", SIGCHLD },    { "POLL", SIGIO },
};

static int parse_realtime_signal(const char *s) {
        uint32_t offset;
        int number;

        if (strncasecmp(s, "RTMIN", 5) != 0 && strncasecmp(s, "RTMAX", 5) != 0)
                return -EINVAL;

        number = (s[3] | 0x20) == 'i' ? SIGRTMIN : SIGRTMAX;
        s += 5;
        if (*s == '\0')
                return number;
        if (*s != (number == SIGRTMIN ? '+' : '-') || parse_u32(s + 1, &offset) < 0 || offset > 64)
                return -EINVAL;

        number += number == SIGRTMIN ? (int) offset : -(int) offset;
        return number >= SIGRTMIN && number <= SIGRTMAX ? number : -EINVAL;
}

int parse_signal(const char *s) {
        uint32_t number;

        if (parse_u32(s, &number) >= 0)
                return number >= 1 && number <= (uint32_t) SIGRTMAX ? (int) number : -EINVAL;

        if (strncasecmp(s, "SIG", 3) == 0)
                s += 3;
        for (size_t i = 0; i < ELEMENTSOF(signal_table); i++)
                if (strcasecmp(s, signal_table[i].name) == 0)
                        return signal_table[i].number;
        return parse_realtime_signal(s);
}

const char *signal_to_string(int sig, char buffer[static 16]) {
        for (size_t i = 0; i < ELEMENTSOF(signal_table); i++)
                if (signal_table[i].number == sig) {
                        (void) snprintf(buffer, 16, "SIG%s", signal_table[i].name); /* fits */
                        return buffer;
                }

        if (sig < SIGRTMIN || sig > SIGRTMAX)
                return NULL;
        if (sig == SIGRTMIN)
                return "SIGRTMIN";
        (void) snprintf(buffer, 16, "SIGRTMIN+%d", (sig - SIGRTMIN) % 100); /* fits: two digits */
        return buffer;
}
