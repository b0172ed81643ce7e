/* SPDX-License-Identifier: Apache-2.0 */
/* model/resources.c: see resources.h. */
#include "model/resources.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "base/str.h"
#include "model/cpuset.h"
#include "model/limits.h"

#define NANO UINT64_C(1000000000)
#define PERIOD_DEFAULT_USEC 100000U
#define SHARES_MIN 2U
#define SHARES_MAX 262144U
#define WEIGHT_DEFAULT 100U
#define WEIGHT_MAX 10000U

void resources_done(Resources *r) {
        free(r->cpuset_cpus);
        free(r->cpuset_mems);
        *r = RESOURCES_DEFAULT;
}

bool resources_is_default(const Resources *r) {
        return r->memory == 0 && r->memory_swap == 0 && r->memory_reservation == 0 &&
               r->cpu_shares == 0 && r->cpu_quota == 0 && r->cpu_period == 0 &&
               r->nano_cpus == 0 && !r->cpuset_cpus && !r->cpuset_mems && r->pids_limit == 0 &&
               r->oom_score_adj == 0 && r->oom_group;
}

int resources_copy(const Resources *r, Resources *ret) {
        Resources copy = *r;

        copy.cpuset_cpus = copy.cpuset_mems = NULL;
        if (free_and_strdup(&copy.cpuset_cpus, r->cpuset_cpus) < 0 ||
                        free_and_strdup(&copy.cpuset_mems, r->cpuset_mems) < 0) {
                resources_done(&copy);
                return -ENOMEM;
        }
        *ret = copy;
        return 0;
}

static void merge_numbers(Resources *r, const Resources *change, unsigned given) {
        const struct {
                unsigned bit;
                uint64_t *to;
                uint64_t from;
        } table[] = {
                { RESOURCE_MEMORY, &r->memory, change->memory },
                { RESOURCE_MEMORY_SWAP, &r->memory_swap, change->memory_swap },
                { RESOURCE_MEMORY_RESERVATION, &r->memory_reservation, change->memory_reservation },
                { RESOURCE_CPU_SHARES, &r->cpu_shares, change->cpu_shares },
                { RESOURCE_CPU_QUOTA, &r->cpu_quota, change->cpu_quota },
                { RESOURCE_CPU_PERIOD, &r->cpu_period, change->cpu_period },
                { RESOURCE_CPUS, &r->nano_cpus, change->nano_cpus },
                { RESOURCE_PIDS_LIMIT, &r->pids_limit, change->pids_limit },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (given & table[i].bit)
                        *table[i].to = table[i].from;
}

int resources_merge(const Resources *now, const Resources *change, unsigned given, Resources *ret) {
        const unsigned bandwidth = RESOURCE_CPU_QUOTA | RESOURCE_CPU_PERIOD;
        _cleanup_resources_ Resources r = RESOURCES_DEFAULT;

        if (resources_copy(now, &r) < 0)
                return -ENOMEM;

        /* Two ways to say one thing: the later one counts. Both in one update are for the check to refuse. */
        if ((given & RESOURCE_CPUS) && !(given & bandwidth))
                r.cpu_quota = r.cpu_period = 0;
        else if ((given & bandwidth) && !(given & RESOURCE_CPUS))
                r.nano_cpus = 0;
        if ((given & RESOURCE_MEMORY) && change->memory == 0 && !(given & RESOURCE_MEMORY_SWAP))
                r.memory_swap = 0;

        merge_numbers(&r, change, given);
        if ((given & RESOURCE_CPUSET_CPUS) &&
                        free_and_strdup(&r.cpuset_cpus, change->cpuset_cpus) < 0)
                return -ENOMEM;
        if ((given & RESOURCE_CPUSET_MEMS) &&
                        free_and_strdup(&r.cpuset_mems, change->cpuset_mems) < 0)
                return -ENOMEM;
        if (given & RESOURCE_OOM_SCORE_ADJ)
                r.oom_score_adj = change->oom_score_adj;
        if (given & RESOURCE_OOM_GROUP)
                r.oom_group = change->oom_group;
        *ret = r;
        r.cpuset_cpus = r.cpuset_mems = NULL; /* the caller's */
        return 0;
}

static int check_memory(const Resources *r, Failure *reterr) {
        if ((r->memory > 0 && r->memory < MEMORY_LIMIT_MIN) || r->memory > INT64_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'memory' is below %llu MiB, the least there is, or no "
                                "number of bytes",
                                MEMORY_LIMIT_MIN / MIB);
        if ((r->memory_reservation > 0 && r->memory_reservation < MEMORY_LIMIT_MIN) ||
                        r->memory_reservation > INT64_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'memory-reservation' is below %llu MiB, the least there "
                                "is, or no number of bytes",
                                MEMORY_LIMIT_MIN / MIB);
        if (r->memory > 0 && r->memory_reservation > r->memory)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The limit 'memory-reservation' is above the limit 'memory'");
        if (r->memory_swap > 0 && r->memory == 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The limit 'memory-swap' needs the limit 'memory': it is the sum "
                                "of memory and swap");
        if (r->memory_swap > INT64_MAX && r->memory_swap != UINT64_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'memory-swap' is no number of bytes");
        if (r->memory_swap > 0 && r->memory_swap < r->memory)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The limit 'memory-swap' is below the limit 'memory': it is the "
                                "sum of memory and swap");
        return 0;
}

static int check_cpu(const Resources *r, Failure *reterr) {
        if (r->nano_cpus > 0 && (r->cpu_quota > 0 || r->cpu_period > 0))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The limits 'cpus' and '%s' cannot be used together",
                                r->cpu_quota > 0 ? "cpu-quota" : "cpu-period");
        if ((r->nano_cpus > 0 && r->nano_cpus < NANO / 100) ||
                        r->nano_cpus > CPUSET_NUMBERS_MAX * NANO)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'cpus' is from 0.01 up to the number of CPUs");
        if (r->cpu_period > 0 && (r->cpu_period < CPU_PERIOD_MIN_USEC ||
                                                 r->cpu_period > CPU_PERIOD_MAX_USEC))
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'cpu-period' is from %llu to %llu µs",
                                CPU_PERIOD_MIN_USEC, CPU_PERIOD_MAX_USEC);
        if (r->cpu_quota > 0 &&
                        (r->cpu_quota < CPU_QUOTA_MIN_USEC || r->cpu_quota > CPU_QUOTA_MAX_USEC))
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'cpu-quota' is at least %llu µs", CPU_QUOTA_MIN_USEC);
        if (r->cpu_shares > INT64_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'cpu-shares' is no number of shares");
        return 0;
}

static int check_list(const char *list, const char *option, Failure *reterr) {
        CpuSet set;

        if (!list)
                return 0;
        if (strlen(list) >= CPUSET_TEXT_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The list '%s' is longer than %u bytes", option,
                                CPUSET_TEXT_MAX - 1);
        if (list[0] == '\0' || cpuset_parse(list, &set) < 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "'%.64s' is no list for '%s': numbers and ranges such as 0-3,8",
                                list, option);
        return 0;
}

int resources_check(const Resources *r, Failure *reterr) {
        int e;

        e = check_memory(r, reterr);
        if (e < 0)
                return e;
        e = check_cpu(r, reterr);
        if (e < 0)
                return e;
        e = check_list(r->cpuset_cpus, "cpuset-cpus", reterr);
        if (e < 0)
                return e;
        e = check_list(r->cpuset_mems, "cpuset-mems", reterr);
        if (e < 0)
                return e;
        if (r->pids_limit > PIDS_LIMIT_MAX)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'pids-limit' is from 1 to %u, or -1", PIDS_LIMIT_MAX);
        if (r->oom_score_adj < -1000 || r->oom_score_adj > 1000)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The value of 'oom-score-adj' is from -1000 to 1000");
        return 0;
}

static int check_available(
                const char *list, const char *available, const char *option, Failure *reterr) {
        CpuSet wanted, there;

        if (!list || !available || cpuset_parse(available, &there) < 0 ||
                        cpuset_parse(list, &wanted) < 0 || cpuset_contains(&there, &wanted))
                return 0;
        return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                        "The list '%.64s' of '%s' has what is not there: '%.64s' is available",
                        list, option, available);
}

int resources_check_host(const Resources *r, const ResourceHost *host, Failure *reterr) {
        int e;

        if (host->n_cpus > 0 && r->nano_cpus > host->n_cpus * NANO)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "The limit 'cpus' is above %u, the number of CPUs of this machine",
                                host->n_cpus);
        e = check_available(r->cpuset_cpus, host->cpus, "cpuset-cpus", reterr);
        if (e < 0)
                return e;
        return check_available(r->cpuset_mems, host->mems, "cpuset-mems", reterr);
}

uint64_t resources_memory_swap(const Resources *r) {
        if (r->memory == 0 || r->memory_swap > 0)
                return r->memory_swap;
        return r->memory > INT64_MAX / 2 ? UINT64_MAX : 2 * r->memory;
}

uint64_t resources_cpu_quota(const Resources *r) {
        return r->nano_cpus > 0 ? r->nano_cpus / (NANO / PERIOD_DEFAULT_USEC) : r->cpu_quota;
}

uint64_t resources_cpu_period(const Resources *r) {
        return r->cpu_period > 0 ? r->cpu_period : PERIOD_DEFAULT_USEC;
}

uint64_t cpu_shares_to_weight(uint64_t shares) {
        double l;

        if (shares == 0)
                return 0;
        if (shares <= SHARES_MIN)
                return 1;
        if (shares >= SHARES_MAX)
                return WEIGHT_MAX;
        l = log2((double) shares);
        return (uint64_t) ceil(pow(10, (l * l + 125 * l) / 612.0 - 7.0 / 34.0));
}

enum {
        VALUE_MEMORY_MAX,
        VALUE_SWAP_MAX,
        VALUE_MEMORY_LOW,
        VALUE_OOM_GROUP,
        VALUE_CPU_MAX,
        VALUE_CPU_WEIGHT,
        VALUE_CPUSET_CPUS,
        VALUE_CPUSET_MEMS,
        VALUE_PIDS_MAX,
};

static void put_number(ResourceValue *v, uint64_t number, const char *none) {
        v->is_default = number == 0;
        if (number == 0)
                (void) snprintf(v->text, sizeof(v->text), "%s", none); /* all fit */
        else
                (void) snprintf(v->text, sizeof(v->text), "%" PRIu64, number);
}

static void put_swap(ResourceValue *v, const Resources *r) {
        uint64_t total = resources_memory_swap(r);

        v->optional = r->memory_swap == 0;
        v->is_default = r->memory == 0 || total == UINT64_MAX;
        if (v->is_default)
                (void) snprintf(v->text, sizeof(v->text), "max");
        else
                (void) snprintf(v->text, sizeof(v->text), "%" PRIu64, total - r->memory);
}

static void put_bandwidth(ResourceValue *v, const Resources *r) {
        uint64_t period = resources_cpu_period(r), quota = resources_cpu_quota(r);

        v->is_default = quota == 0 && period == PERIOD_DEFAULT_USEC;
        v->option = r->nano_cpus > 0 ? "cpus" : quota > 0 ? "cpu-quota" : "cpu-period";
        if (quota == 0)
                (void) snprintf(v->text, sizeof(v->text), "max %" PRIu64, period);
        else
                (void) snprintf(v->text, sizeof(v->text), "%" PRIu64 " %" PRIu64, quota, period);
}

static void put_list(ResourceValue *v, const char *list) {
        v->is_default = !list;
        (void) snprintf(v->text, sizeof(v->text), "%s", strempty(list)); /* checked to fit */
}

void resources_to_values(const Resources *r, ResourceValue ret[static RESOURCE_VALUES]) {
        static const char *const names[RESOURCE_VALUES][3] = {
                [VALUE_MEMORY_MAX] = { "memory", "memory.max", "memory" },
                [VALUE_SWAP_MAX] = { "memory", "memory.swap.max", "memory-swap" },
                [VALUE_MEMORY_LOW] = { "memory", "memory.low", "memory-reservation" },
                [VALUE_OOM_GROUP] = { "memory", "memory.oom.group", "oom-group" },
                [VALUE_CPU_MAX] = { "cpu", "cpu.max", "cpus" },
                [VALUE_CPU_WEIGHT] = { "cpu", "cpu.weight", "cpu-shares" },
                [VALUE_CPUSET_CPUS] = { "cpuset", "cpuset.cpus", "cpuset-cpus" },
                [VALUE_CPUSET_MEMS] = { "cpuset", "cpuset.mems", "cpuset-mems" },
                [VALUE_PIDS_MAX] = { "pids", "pids.max", "pids-limit" },
        };
        uint64_t weight = cpu_shares_to_weight(r->cpu_shares);

        for (size_t i = 0; i < RESOURCE_VALUES; i++) {
                ret[i].controller = names[i][0];
                ret[i].file = names[i][1];
                ret[i].option = names[i][2];
                ret[i].optional = false;
                ret[i].of_container = i == VALUE_CPU_WEIGHT;
        }
        put_number(&ret[VALUE_MEMORY_MAX], r->memory, "max");
        put_swap(&ret[VALUE_SWAP_MAX], r);
        put_number(&ret[VALUE_MEMORY_LOW], r->memory_reservation, "0");
        put_number(&ret[VALUE_OOM_GROUP], r->oom_group, "0");
        ret[VALUE_OOM_GROUP].optional = true; /* without a controller nothing runs out of its memory */
        put_bandwidth(&ret[VALUE_CPU_MAX], r);
        put_number(&ret[VALUE_CPU_WEIGHT], weight, "100");
        ret[VALUE_CPU_WEIGHT].is_default = weight == 0 || weight == WEIGHT_DEFAULT;
        put_list(&ret[VALUE_CPUSET_CPUS], r->cpuset_cpus);
        put_list(&ret[VALUE_CPUSET_MEMS], r->cpuset_mems);
        put_number(&ret[VALUE_PIDS_MAX], r->pids_limit, "max");
}

const ResourceValue *resource_values_missing(
                const ResourceValue values[static RESOURCE_VALUES], char *const *controllers) {
        for (size_t i = 0; i < RESOURCE_VALUES; i++)
                if (!values[i].is_default && !values[i].optional &&
                                !strv_contains(controllers, values[i].controller))
                        return &values[i];
        return NULL;
}
