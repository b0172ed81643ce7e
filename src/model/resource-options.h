/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/resource-options.h: the setters of what a container may use, for the table in container-options.c. Each takes a
 * value that means "no limit" (-1, 0 or nothing) as well, so that an update can take a limit away.
 */
#pragma once
#include "model/container-options.h"

int resource_option_memory(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_memory_swap(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_memory_reservation(
                ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_cpu_shares(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_cpus(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_cpu_quota(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_cpu_period(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_cpuset_cpus(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_cpuset_mems(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_pids_limit(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_oom_score_adj(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int resource_option_oom_group(ContainerOptions *o, const OptionValue *value, Failure *reterr);

/** resource_option_is_updatable() - all of them but oom-score-adj, which is each process's own once it runs. */
bool resource_option_is_updatable(const char *key);
