/* SPDX-License-Identifier: Apache-2.0 */
/* model/process.c: see process.h. */
#include "model/process.h"
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

/* Numbers of devices. Source: Documentation/admin-guide/devices.txt */
#define MAJOR_TTY 4
#define MAJOR_PTS_FIRST 136
#define MAJOR_PTS_LAST 143
#define MINOR_SERIAL_FIRST 64

static void set_terminal(Process *p, uint32_t number) {
        unsigned major = number >> 8 & 0xfff, minor = (number & 0xff) | (number >> 12 & 0xfff00);

        if (number == 0)
                p->terminal[0] = '\0';
        else if (major >= MAJOR_PTS_FIRST && major <= MAJOR_PTS_LAST)
                (void) snprintf(p->terminal, sizeof(p->terminal), "pts/%u",
                                (major - MAJOR_PTS_FIRST) << 8 | minor);
        else if (major == MAJOR_TTY && minor < MINOR_SERIAL_FIRST)
                (void) snprintf(p->terminal, sizeof(p->terminal), "tty%u", minor);
        else
                (void) snprintf(p->terminal, sizeof(p->terminal), "%u:%u", major, minor);
}

static usec_t ticks_to_usec(uint64_t n, unsigned ticks) {
        return n / ticks * USEC_PER_SEC + n % ticks * USEC_PER_SEC / ticks;
}

int process_read_stat(Process *p, const char *text, unsigned ticks) {
        const char *name = strchr(text, '('), *end = strrchr(text, ')');
        uint64_t user, system, started;
        uint32_t pid, parent;
        int terminal;

        /* The name may have any character, parentheses and blanks too; after the last one there are only numbers. */
        if (!name || !end || end <= name || ticks == 0)
                return -EBADMSG;
        if (sscanf(text, "%" SCNu32 " (", &pid) != 1 ||
                        sscanf(end, ") %*c %" SCNu32 " %*d %*d %d %*d %*u %*u %*u %*u %*u %" SCNu64
                                    " %" SCNu64 " %*d %*d %*d %*d %*d %*d %" SCNu64,
                                        &parent, &terminal, &user, &system, &started) != 5)
                return -EBADMSG;

        p->pid = pid;
        p->parent = parent;
        p->cpu_usec = usec_add(ticks_to_usec(user, ticks), ticks_to_usec(system, ticks));
        p->started_usec = ticks_to_usec(started, ticks);
        set_terminal(p, (uint32_t) terminal);
        (void) snprintf(p->name, sizeof(p->name), "%.*s", (int) (end - name - 1), name + 1);
        text_clean(p->name);
        return 0;
}

/* The line after "KEY:\t". */
static const char *find_line(const char *text, const char *key) {
        for (const char *line = text; line && *line;) {
                const char *value = startswith(line, key), *next = strchr(line, '\n');

                if (value && startswith(value, ":\t"))
                        return value + 2;
                line = next ? next + 1 : NULL;
        }
        return NULL;
}

int process_read_status(Process *p, const char *text) {
        const char *uid = find_line(text, "Uid"), *pids = find_line(text, "NSpid");
        uint32_t outer, inner;
        int n;

        /* The name comes first in the file, and has its newlines escaped by the kernel. */
        if (!uid || !pids || sscanf(uid, "%*u %u", &p->uid) != 1)
                return -EBADMSG;
        n = sscanf(pids, "%" SCNu32 "\t%" SCNu32, &outer, &inner);
        if (n < 1)
                return -EBADMSG;
        p->inner = n == 2 ? inner : outer; /* more are of namespaces within */
        return 0;
}
