/* SPDX-License-Identifier: Apache-2.0 */
/* model/resource-options.c: see resource-options.h. Bounds and combinations are resources_check()'s. */
#include "model/resource-options.h"
#include "base/parse.h"
#include "base/str.h"

/* Bytes or µs; UINT64_MAX is how "none" travels. */
static int set_amount(ContainerOptions *o, ResourceMember member, uint64_t *p,
                const OptionValue *value, const char *key, Failure *reterr) {
        if (value->number > INT64_MAX && value->number != UINT64_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, ERANGE, "The value of '%s' is too large",
                                key);
        *p = value->number == UINT64_MAX ? 0 : value->number;
        o->resources_given |= member;
        return 0;
}

int resource_option_memory(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_amount(o, RESOURCE_MEMORY, &o->spec->resources.memory, value, "memory", reterr);
}

int resource_option_memory_swap(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        if (value->number == UINT64_MAX) {
                o->spec->resources.memory_swap = UINT64_MAX;
                o->resources_given |= RESOURCE_MEMORY_SWAP;
                return 0;
        }
        return set_amount(o, RESOURCE_MEMORY_SWAP, &o->spec->resources.memory_swap, value,
                        "memory-swap", reterr);
}

int resource_option_memory_reservation(
                ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_amount(o, RESOURCE_MEMORY_RESERVATION, &o->spec->resources.memory_reservation,
                        value, "memory-reservation", reterr);
}

int resource_option_cpu_quota(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_amount(o, RESOURCE_CPU_QUOTA, &o->spec->resources.cpu_quota, value, "cpu-quota",
                        reterr);
}

int resource_option_cpu_period(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_amount(o, RESOURCE_CPU_PERIOD, &o->spec->resources.cpu_period, value,
                        "cpu-period", reterr);
}

int resource_option_cpu_shares(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        uint64_t shares = 0;

        if (!isempty(value->string) &&
                        (parse_u64(value->string, &shares) < 0 || shares > INT64_MAX))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.64s' is no number of 'cpu-shares'", value->string);
        o->spec->resources.cpu_shares = shares;
        o->resources_given |= RESOURCE_CPU_SHARES;
        return 0;
}

int resource_option_cpus(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        uint64_t nano = 0;

        if (!isempty(value->string) && parse_nano(value->string, &nano) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.64s' is no number of 'cpus', such as 1.5", value->string);
        o->spec->resources.nano_cpus = nano;
        o->resources_given |= RESOURCE_CPUS;
        return 0;
}

static int set_list(ContainerOptions *o, ResourceMember member, char **p, const OptionValue *value,
                Failure *reterr) {
        if (free_and_strdup(p, isempty(value->string) ? NULL : value->string) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        o->resources_given |= member;
        return 0;
}

int resource_option_cpuset_cpus(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_list(o, RESOURCE_CPUSET_CPUS, &o->spec->resources.cpuset_cpus, value, reterr);
}

int resource_option_cpuset_mems(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        return set_list(o, RESOURCE_CPUSET_MEMS, &o->spec->resources.cpuset_mems, value, reterr);
}

int resource_option_pids_limit(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        uint64_t limit = 0;

        if (!isempty(value->string) && !streq(value->string, "-1") &&
                        parse_u64(value->string, &limit) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.64s' is no number for 'pids-limit'", value->string);
        o->spec->resources.pids_limit = limit;
        o->resources_given |= RESOURCE_PIDS_LIMIT;
        return 0;
}

int resource_option_oom_score_adj(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        int64_t score = 0;

        if (!isempty(value->string) && (parse_i64(value->string, &score) < 0 || score < -1000 ||
                                                       score > 1000))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%.64s' is no value of 'oom-score-adj': -1000 to 1000",
                                value->string);
        o->spec->resources.oom_score_adj = (int) score;
        o->resources_given |= RESOURCE_OOM_SCORE_ADJ;
        return 0;
}

int resource_option_oom_group(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        o->spec->resources.oom_group = value->enabled;
        o->resources_given |= RESOURCE_OOM_GROUP;
        return 0;
}

bool resource_option_is_updatable(const char *key) {
        static const char *const keys[] = {
                "cpu-period", "cpu-quota", "cpu-shares", "cpus", "cpuset-cpus", "cpuset-mems",
                "memory", "memory-reservation", "memory-swap", "oom-group", "pids-limit",
        };

        for (size_t i = 0; i < ELEMENTSOF(keys); i++)
                if (streq(keys[i], key))
                        return true;
        return false;
}
