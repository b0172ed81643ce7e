/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/stats.h: what a container uses, as cgroup files and /proc tell it, as a line of JSON, and as percentages. Pure: the
 * texts are read by others.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Sizes in bytes, times in µs. */
typedef enum StatsField {
        STATS_TIMESTAMP,           /* when it was read, since the epoch */
        STATS_TIMESTAMP_MONOTONIC, /* the same on the monotonic clock: for rates */
        STATS_ONLINE_CPUS,
        STATS_CPU_USAGE, /* of all its processes since the start */
        STATS_CPU_USER,
        STATS_CPU_SYSTEM,
        STATS_MEMORY_USAGE, /* without the part of the page cache that is given back first */
        STATS_MEMORY_LIMIT, /* the machine's memory where there is none */
        STATS_MEMORY_CACHE, /* page cache in all */
        STATS_MEMORY_ANONYMOUS,
        STATS_MEMORY_SWAP,
        STATS_PIDS, /* processes and threads */
        STATS_BLOCK_READ,
        STATS_BLOCK_WRITTEN,
        STATS_NETWORK_RECEIVED, /* of all its interfaces but the loopback */
        STATS_NETWORK_SENT,
        _STATS_FIELD_MAX,
} StatsField;

#define STATS_UNKNOWN UINT64_MAX /* its controller is missing, or it is not the container's own */

typedef struct Stats {
        uint64_t values[_STATS_FIELD_MAX]; /* STATS_UNKNOWN where not known */
} Stats;

void stats_init(Stats *s); /* all unknown */

/** stats_field_name() - "CPUUsage": on the bus and in JSON; static. */
const char *stats_field_name(StatsField field);

/* Each takes a file's text, NULL: it is not there. What the text does not have stays unknown. */
void stats_read_cpu(Stats *s, const char *cpu_stat);
void stats_read_pids(Stats *s, const char *pids_current);
void stats_read_io(Stats *s, const char *io_stat);
void stats_read_network(Stats *s, const char *net_dev); /* /proc/PID/net/dev */

/** stats_read_memory() - @total: the machine's bytes. Source: cgroup-v2.rst, memory.current, memory.max, memory.stat */
void stats_read_memory(Stats *s, const char *current, const char *max, const char *stat,
                const char *swap_current, uint64_t total);

/** stats_cpu_percent() - between two readings, 100 for one processor; false: it cannot be told. */
bool stats_cpu_percent(const Stats *before, const Stats *now, double *ret);

/** stats_memory_percent() - of the limit; false: it cannot be told. */
bool stats_memory_percent(const Stats *s, double *ret);

/** stats_to_json() - one line, {"Id":…,"Name":…,"Timestamp":…}; what is not known is left out. Return: its length, with the newline. */
#define STATS_LINE_MAX 1024
size_t stats_to_json(
                const Stats *s, const char *id, const char *name, char ret[static STATS_LINE_MAX]);

/** stats_from_json() - the numbers of such a line; keys of a later version are skipped. Return: 0, -EBADMSG or -ENOMEM. */
int stats_from_json(const char *line, Stats *ret);
