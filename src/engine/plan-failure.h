/* SPDX-License-Identifier: Apache-2.0 */
/* engine/plan-failure.h: the sentence about a run, or a command beside it, that failed at a step. Knows no container. */
#pragma once
#include "init/plan.h"
#include "model/failure.h"

/**
 * plan_failure_describe() - fill in a failure
 * @command: of the workload, as it was asked for
 * @name:    the container's
 * @attempt: what was tried, as in "Failed to @attempt container"
 */
void plan_failure_describe(const PlanFailure *f, const char *command, const char *name,
                const char *attempt, Failure *ret);
