/* SPDX-License-Identifier: Apache-2.0 */
/* cli/ps-text.c: see ps-text.h. */
#include "cli/ps-text.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/parse.h"
#include "base/str.h"

void ps_start_text(usec_t started, usec_t now, char ret[static PS_TEXT_MAX]) {
        time_t then = (time_t) (started / USEC_PER_SEC), today = (time_t) (now / USEC_PER_SEC);
        struct tm a, b;
        size_t n;

        ret[0] = '\0';
        if (!localtime_r(&then, &a) || !localtime_r(&today, &b))
                return;
        if (a.tm_year != b.tm_year)
                n = strftime(ret, PS_TEXT_MAX, "%Y", &a);
        else if (a.tm_yday != b.tm_yday)
                n = strftime(ret, PS_TEXT_MAX, "%b%d", &a);
        else
                n = strftime(ret, PS_TEXT_MAX, "%H:%M", &a);
        if (n == 0)
                ret[0] = '\0';
}

void ps_time_text(usec_t t, char ret[static PS_TEXT_MAX]) {
        unsigned long long s = t / USEC_PER_SEC;
        unsigned hours = (unsigned) (s / 3600 % 24), minutes = (unsigned) (s / 60 % 60),
                 seconds = (unsigned) (s % 60);

        if (s >= USEC_PER_DAY / USEC_PER_SEC)
                (void) snprintf(ret, PS_TEXT_MAX, "%llu-%02u:%02u:%02u", s / 86400, hours, minutes,
                                seconds);
        else
                (void) snprintf(ret, PS_TEXT_MAX, "%02u:%02u:%02u", hours, minutes, seconds);
}

#define BLANKS " \t\n"

/* NULL: the line has fewer. */
static const char *field(const char *line, int n, size_t *ret_size) {
        for (;; n--) {
                line += strspn(line, BLANKS);
                *ret_size = strcspn(line, BLANKS);
                if (*ret_size == 0)
                        return NULL;
                if (n == 0)
                        return line;
                line += *ret_size;
        }
}

int ps_pid_column(const char *titles) {
        const char *text;
        size_t size;

        for (int i = 0; (text = field(titles, i, &size)); i++)
                if (size == 3 && strncmp(text, "PID", 3) == 0)
                        return i;
        return -ENOENT;
}

uint32_t ps_line_pid(const char *line, int column) {
        size_t size;
        const char *text = field(line, column, &size);
        char number[16];
        uint32_t pid;

        if (!text || size >= sizeof(number))
                return 0;
        (void) snprintf(number, sizeof(number), "%.*s", (int) size, text);
        return parse_u32(number, &pid) < 0 ? 0 : pid;
}
