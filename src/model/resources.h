/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/resources.h: what a container may use at most: as asked for, and as the texts of its cgroup's files. Knows no
 * host but by what it is told of it.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

/* Zero is "not asked for" everywhere, but for oom_group: begin with RESOURCES_DEFAULT. */
typedef struct Resources {
        uint64_t memory;             /* bytes */
        uint64_t memory_swap;        /* bytes of memory and swap together; 0: twice the memory; UINT64_MAX: no limit */
        uint64_t memory_reservation; /* bytes */
        uint64_t cpu_shares;
        uint64_t cpu_quota;  /* µs in each period */
        uint64_t cpu_period; /* µs; 0: 100 ms */
        uint64_t nano_cpus;  /* billionths of a CPU; never together with the two above */
        char *cpuset_cpus;   /* owned; cpuset_parse()'s form */
        char *cpuset_mems;   /* owned */
        uint64_t pids_limit;
        int oom_score_adj;
        bool oom_group; /* out of memory ends the container, not one of its processes */
} Resources;
#define RESOURCES_DEFAULT ((Resources) { .oom_group = true })

/* Which members an update gives; `restart` is not of these. */
typedef enum ResourceMember {
        RESOURCE_MEMORY = 1 << 0,
        RESOURCE_MEMORY_SWAP = 1 << 1,
        RESOURCE_MEMORY_RESERVATION = 1 << 2,
        RESOURCE_CPU_SHARES = 1 << 3,
        RESOURCE_CPU_QUOTA = 1 << 4,
        RESOURCE_CPU_PERIOD = 1 << 5,
        RESOURCE_CPUS = 1 << 6,
        RESOURCE_CPUSET_CPUS = 1 << 7,
        RESOURCE_CPUSET_MEMS = 1 << 8,
        RESOURCE_PIDS_LIMIT = 1 << 9,
        RESOURCE_OOM_SCORE_ADJ = 1 << 10,
        RESOURCE_OOM_GROUP = 1 << 11,
} ResourceMember;

void resources_done(Resources *r); /* leaves it at its defaults */
#define _cleanup_resources_ _cleanup_(resources_done)

/** resources_is_default() - nothing was asked for. */
bool resources_is_default(const Resources *r);

/** resources_copy() - @ret: overwritten, owned by the caller. Return: 0 or -ENOMEM. */
int resources_copy(const Resources *r, Resources *ret);

/**
 * resources_merge() - what there was, with what an update gives
 * @given: ResourceMember: which of @change's count
 * @ret:   overwritten, owned by the caller; still to be checked
 *
 * `cpus` and the quota it stands for replace each other; without a limit of memory there is none of swap.
 *
 * Return: 0 or -ENOMEM.
 */
int resources_merge(const Resources *now, const Resources *change, unsigned given, Resources *ret);

/** resources_check() - each value, and what cannot go together. Return: 0, or FAILURE_INVALID_SPEC with a sentence. */
int resources_check(const Resources *r, Failure *reterr);

/* What a host has. */
typedef struct ResourceHost {
        unsigned n_cpus;   /* online; 0: unknown */
        const char *cpus;  /* those that may be chosen of, a list; NULL: unknown */
        const char *mems;
} ResourceHost;

/** resources_check_host() - is there what is asked for? Return: as above. */
int resources_check_host(const Resources *r, const ResourceHost *host, Failure *reterr);

/** resources_memory_swap() - the limit of memory and swap together: 0 none asked for, UINT64_MAX no limit. */
uint64_t resources_memory_swap(const Resources *r);

/** resources_cpu_quota() - µs of CPU time in each period, 0 none; resources_cpu_period() - µs. `cpus` is a quota, too. */
uint64_t resources_cpu_quota(const Resources *r);
uint64_t resources_cpu_period(const Resources *r);

/** cpu_shares_to_weight() - 1 to 10000, 0 for 0. Source: opencontainers/cgroups, the conversion since runc 1.3.2, crun 1.23 */
uint64_t cpu_shares_to_weight(uint64_t shares);

#define CPUSET_TEXT_MAX 1024U /* bytes with the NUL */

/* One file of the cgroup. */
typedef struct ResourceValue {
        const char *controller, *file, *option; /* static: "memory", "memory.max", "memory" */
        bool is_default; /* what a new cgroup has by itself */
        bool of_container; /* stands where the containers compete, above the payload */
        bool optional;   /* nobody asked for it: where it cannot be had, it is done without */
        char text[CPUSET_TEXT_MAX];
} ResourceValue;
#define RESOURCE_VALUES 9U

/** resources_to_values() - all of them, always in the same order. Source: cgroup-v2.rst */
void resources_to_values(const Resources *r, ResourceValue ret[static RESOURCE_VALUES]);

/** resource_values_missing() - the first that was asked for and has no controller in the list, or NULL. */
const ResourceValue *resource_values_missing(
                const ResourceValue values[static RESOURCE_VALUES], char *const *controllers);
