/* SPDX-License-Identifier: Apache-2.0 */
/* cli/human.c: pure functions over numbers and text. */
#include "cli/human.h"
#include <stdio.h>
#include <string.h>

void human_date(usec_t t, char ret[static HUMAN_DATE_MAX]) {
        time_t seconds = (time_t) (t / USEC_PER_SEC);
        struct tm tm;

        if (t == 0 || !localtime_r(&seconds, &tm) ||
                        strftime(ret, HUMAN_DATE_MAX, "%Y-%m-%d %H:%M:%S %z %Z", &tm) == 0)
                ret[0] = '\0';
}

void human_ago(usec_t t, usec_t now, char ret[static HUMAN_AGO_MAX]) {
        char duration[HUMAN_DURATION_MAX];

        if (t == 0)
                ret[0] = '\0';
        else
                (void) snprintf(ret, HUMAN_AGO_MAX, "%s ago",
                                format_human_duration(usec_sub(now, t), duration));
}

void human_size(uint64_t bytes, char ret[static HUMAN_SIZE_MAX]) {
        static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB", "EB" };
        double size = (double) bytes;
        unsigned i = 0;

        for (; size >= 1000 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
                size /= 1000;
        (void) snprintf(ret, HUMAN_SIZE_MAX, size < 1000 && size >= 999.5 ? "%.4g%s" : "%.3g%s",
                        size, units[i]);
}

void human_size_binary(uint64_t bytes, char ret[static HUMAN_SIZE_MAX]) {
        static const char *const units[] = { "B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
        double size = (double) bytes;
        unsigned i = 0;

        for (; size >= 1024 && i + 1 < sizeof(units) / sizeof(units[0]); i++)
                size /= 1024;
        (void) snprintf(ret, HUMAN_SIZE_MAX, "%.4g%s", size, units[i]);
}

void human_shorten(char *text, size_t width) {
        size_t n = 0;
        char *cut = text;

        for (char *p = text; *p; p++) {
                if ((*p & 0xc0) == 0x80) /* goes on with a character that has begun */
                        continue;
                if (n == width - 1)
                        cut = p;
                if (++n > width) {
                        /* An ellipsis has three bytes: where two ASCII letters would give way to it, they stay. */
                        if (strlen(cut) >= strlen("…"))
                                memcpy(cut, "…", sizeof("…"));
                        break;
                }
        }
}
