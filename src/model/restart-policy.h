/* SPDX-License-Identifier: Apache-2.0 */
/* model/restart-policy.h: when a container that ended is started again, and after how long. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"

typedef enum RestartMode {
        RESTART_NO,
        RESTART_ON_FAILURE,
        RESTART_ALWAYS,
        RESTART_UNLESS_STOPPED,
        _RESTART_MODE_MAX,
        _RESTART_MODE_INVALID = -EINVAL,
} RestartMode;

typedef struct RestartPolicy {
        RestartMode mode;
        uint32_t max_tries; /* RESTART_ON_FAILURE: restarts in a row at most; 0: no bound */
} RestartPolicy;

const char *restart_mode_to_string(RestartMode mode); /* "on-failure", … */
RestartMode restart_mode_from_string(const char *s);

/** restart_policy_parse() - "", "no", "on-failure", "on-failure:3", "always", "unless-stopped". Return: 0 or FAILURE_INVALID_ARGS with a sentence. */
int restart_policy_parse(const char *s, RestartPolicy *ret, Failure *reterr);

#define RESTART_POLICY_STRING_MAX sizeof("unless-stopped:4294967295")
void restart_policy_to_string(
                const RestartPolicy *policy, char ret[static RESTART_POLICY_STRING_MAX]);

/** restart_policy_applies() - to a run that ended by itself with @exit_code, after @tries restarts in a row. */
bool restart_policy_applies(const RestartPolicy *policy, int exit_code, uint32_t tries);

/**
 * restart_policy_resumes() - at the daemon's start, for a container that does not run
 * @stopped_by_user, @stopped_by_shutdown: how it ended; one that a shutdown has ended has not failed, nor has it finished
 */
bool restart_policy_resumes(
                const RestartPolicy *policy, bool stopped_by_user, bool stopped_by_shutdown);

/**
 * restart_delay_usec() - how long to wait before the next try
 * @ran_usec: how long the last run lasted
 * @previous_usec: the delay before that run, 0 for the first
 *
 * At once after a run of 10 s; else 100 ms, doubled each time, one minute at most.
 */
uint64_t restart_delay_usec(uint64_t ran_usec, uint64_t previous_usec);
