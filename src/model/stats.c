/* SPDX-License-Identifier: Apache-2.0 */
/* model/stats.c: see stats.h. */
#include "model/stats.h"
#include <assert.h>
#include <ctype.h>
#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/macro.h"
#include "base/str.h"
#include "model/json.h"

void stats_init(Stats *s) {
        for (size_t i = 0; i < ELEMENTSOF(s->values); i++)
                s->values[i] = STATS_UNKNOWN;
}

const char *stats_field_name(StatsField field) {
        static const char *const table[_STATS_FIELD_MAX] = {
                [STATS_TIMESTAMP] = "Timestamp",
                [STATS_TIMESTAMP_MONOTONIC] = "TimestampMonotonic",
                [STATS_ONLINE_CPUS] = "OnlineCPUs",
                [STATS_CPU_USAGE] = "CPUUsage",
                [STATS_CPU_USER] = "CPUUser",
                [STATS_CPU_SYSTEM] = "CPUSystem",
                [STATS_MEMORY_USAGE] = "MemoryUsage",
                [STATS_MEMORY_LIMIT] = "MemoryLimit",
                [STATS_MEMORY_CACHE] = "MemoryCache",
                [STATS_MEMORY_ANONYMOUS] = "MemoryAnonymous",
                [STATS_MEMORY_SWAP] = "MemorySwap",
                [STATS_PIDS] = "Pids",
                [STATS_BLOCK_READ] = "BlockRead",
                [STATS_BLOCK_WRITTEN] = "BlockWritten",
                [STATS_NETWORK_RECEIVED] = "NetworkReceived",
                [STATS_NETWORK_SENT] = "NetworkSent",
        };

        return field >= 0 && field < _STATS_FIELD_MAX ? table[field] : NULL;
}

/* The kernel's own decimal numbers; @ret_end: behind it. */
static bool read_number(const char *text, uint64_t *ret, const char **ret_end) {
        char *end;

        if (!isdigit((unsigned char) *text))
                return false;
        errno = 0;
        *ret = strtoull(text, &end, 10);
        if (ret_end)
                *ret_end = end;
        return errno == 0 && *ret != STATS_UNKNOWN;
}

/* A file of one number. */
static uint64_t single(const char *text) {
        uint64_t value;

        return text && read_number(text, &value, NULL) ? value : STATS_UNKNOWN;
}

/* "KEY NUMBER" a line. */
static uint64_t keyed(const char *text, const char *key) {
        for (const char *line = text; line && *line;) {
                const char *value = startswith(line, key), *next = strchr(line, '\n');

                if (value && *value == ' ')
                        return single(value + 1);
                line = next ? next + 1 : NULL;
        }
        return STATS_UNKNOWN;
}

void stats_read_cpu(Stats *s, const char *cpu_stat) {
        s->values[STATS_CPU_USAGE] = keyed(cpu_stat, "usage_usec");
        s->values[STATS_CPU_USER] = keyed(cpu_stat, "user_usec");
        s->values[STATS_CPU_SYSTEM] = keyed(cpu_stat, "system_usec");
}

void stats_read_pids(Stats *s, const char *pids_current) {
        s->values[STATS_PIDS] = single(pids_current);
}

void stats_read_memory(Stats *s, const char *current, const char *max, const char *stat,
                const char *swap_current, uint64_t total) {
        uint64_t usage = single(current), inactive = keyed(stat, "inactive_file"),
                 limit = single(max);

        if (usage == STATS_UNKNOWN)
                return;
        s->values[STATS_MEMORY_USAGE] =
                        inactive != STATS_UNKNOWN && inactive < usage ? usage - inactive : usage;
        s->values[STATS_MEMORY_LIMIT] = limit < total ? limit : total; /* "max" is no number */
        s->values[STATS_MEMORY_CACHE] = keyed(stat, "file");
        s->values[STATS_MEMORY_ANONYMOUS] = keyed(stat, "anon");
        s->values[STATS_MEMORY_SWAP] = single(swap_current);
}

static void add(uint64_t *sum, uint64_t value) {
        *sum = *sum + value < *sum || *sum + value == STATS_UNKNOWN ? STATS_UNKNOWN - 1
                                                                     : *sum + value;
}

/* "8:0 rbytes=1 wbytes=2 rios=…" a device, none: nothing was read or written yet. */
void stats_read_io(Stats *s, const char *io_stat) {
        uint64_t read = 0, written = 0, value;

        if (!io_stat)
                return;
        for (const char *p = io_stat; (p = strchr(p, ' ')); p++) {
                const char *number;

                if ((number = startswith(p, " rbytes=")) && read_number(number, &value, NULL))
                        add(&read, value);
                else if ((number = startswith(p, " wbytes=")) && read_number(number, &value, NULL))
                        add(&written, value);
        }
        s->values[STATS_BLOCK_READ] = read;
        s->values[STATS_BLOCK_WRITTEN] = written;
}

/* One interface: "  eth0: 1 2 …", bytes received first, bytes sent ninth. */
static bool read_interface(const char *line, uint64_t *received, uint64_t *sent) {
        uint64_t numbers[9];
        const char *p;

        line += strspn(line, " ");
        p = strchr(line, ':'); /* of an alias too: the kernel lists none */
        if (!p || startswith(line, "lo:"))
                return false;
        p++;
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++) {
                p += strspn(p, " ");
                if (!read_number(p, &numbers[i], &p))
                        return false;
        }
        add(received, numbers[0]);
        add(sent, numbers[8]);
        return true;
}

void stats_read_network(Stats *s, const char *net_dev) {
        uint64_t received = 0, sent = 0;

        if (!net_dev)
                return;
        for (const char *line = net_dev; *line;) {
                size_t n = strcspn(line, "\n");
                char copy[512];

                (void) snprintf(copy, sizeof(copy), "%.*s", (int) (n < sizeof(copy) ? n : 0), line);
                (void) read_interface(copy, &received, &sent); /* the two lines of titles are none */
                line += n + (line[n] == '\n');
        }
        s->values[STATS_NETWORK_RECEIVED] = received;
        s->values[STATS_NETWORK_SENT] = sent;
}

static bool known(const Stats *s, StatsField field) {
        return s->values[field] != STATS_UNKNOWN;
}

bool stats_cpu_percent(const Stats *before, const Stats *now, double *ret) {
        static const StatsField needed[] = { STATS_CPU_USAGE, STATS_TIMESTAMP_MONOTONIC };
        uint64_t deltas[ELEMENTSOF(needed)];

        for (size_t i = 0; i < ELEMENTSOF(needed); i++) {
                if (!known(before, needed[i]) || !known(now, needed[i]) ||
                                now->values[needed[i]] < before->values[needed[i]])
                        return false; /* another run */
                deltas[i] = now->values[needed[i]] - before->values[needed[i]];
        }
        if (deltas[1] == 0)
                return false;
        *ret = (double) deltas[0] / (double) deltas[1] * 100;
        return true;
}

bool stats_memory_percent(const Stats *s, double *ret) {
        if (!known(s, STATS_MEMORY_USAGE) || !known(s, STATS_MEMORY_LIMIT) ||
                        s->values[STATS_MEMORY_LIMIT] == 0)
                return false;
        *ret = (double) s->values[STATS_MEMORY_USAGE] / (double) s->values[STATS_MEMORY_LIMIT] * 100;
        return true;
}

/* Ids and names have no character that JSON would escape. */
size_t stats_to_json(
                const Stats *s, const char *id, const char *name, char ret[static STATS_LINE_MAX]) {
        size_t n;

        n = (size_t) snprintf(ret, STATS_LINE_MAX, "{\"Id\":\"%s\",\"Name\":\"%s\"", id, name);
        for (size_t i = 0; i < ELEMENTSOF(s->values) && n < STATS_LINE_MAX; i++)
                if (known(s, (StatsField) i))
                        n += (size_t) snprintf(ret + n, STATS_LINE_MAX - n, ",\"%s\":%" PRIu64,
                                        stats_field_name((StatsField) i), s->values[i]);
        assert(n + 2 < STATS_LINE_MAX); /* 16 names and numbers, an id and a name of 128 bytes */
        ret[n++] = '}';
        ret[n++] = '\n';
        ret[n] = '\0';
        return n;
}

int stats_from_json(const char *line, Stats *ret) {
        _cleanup_json_ json_t *object = NULL;
        Stats s;
        int r;

        object = json_loads(line, 0, NULL);
        if (!object)
                return -EBADMSG;
        stats_init(&s);
        for (size_t i = 0; i < ELEMENTSOF(s.values); i++) {
                r = json_read_u64(object, stats_field_name((StatsField) i), &s.values[i]);
                if (r < 0)
                        return r;
        }
        *ret = s;
        return 0;
}
