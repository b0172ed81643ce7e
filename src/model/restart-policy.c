/* SPDX-License-Identifier: Apache-2.0 */
/* model/restart-policy.c: when and how soon to start again. */
#include "model/restart-policy.h"
#include <inttypes.h>
#include <stdio.h>
#include "base/parse.h"
#include "base/str.h"

#define DELAY_FIRST_USEC (100 * USEC_PER_MSEC)
#define DELAY_MAX_USEC USEC_PER_MINUTE
#define RAN_WELL_USEC (10 * USEC_PER_SEC)

static const char *const mode_table[_RESTART_MODE_MAX] = {
        [RESTART_NO] = "no",
        [RESTART_ON_FAILURE] = "on-failure",
        [RESTART_ALWAYS] = "always",
        [RESTART_UNLESS_STOPPED] = "unless-stopped",
};

const char *restart_mode_to_string(RestartMode mode) {
        return mode >= 0 && mode < _RESTART_MODE_MAX ? mode_table[mode] : NULL;
}

RestartMode restart_mode_from_string(const char *s) {
        for (int i = 0; s && i < _RESTART_MODE_MAX; i++)
                if (streq(mode_table[i], s))
                        return (RestartMode) i;
        return _RESTART_MODE_INVALID;
}

int restart_policy_parse(const char *s, RestartPolicy *ret, Failure *reterr) {
        RestartPolicy policy = {};
        const char *tries;

        tries = startswith(s, "on-failure:");
        if (tries) {
                policy.mode = RESTART_ON_FAILURE;
                if (parse_u32(tries, &policy.max_tries) < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The count in the restart policy '%.64s' is not a number",
                                        s);
        } else if (*s != '\0') {
                policy.mode = restart_mode_from_string(s);
                if (policy.mode < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                    "'%.64s' is no restart policy: no, on-failure[:COUNT], always "
                                    "or unless-stopped", s);
        }

        *ret = policy;
        return 0;
}

void restart_policy_to_string(
                const RestartPolicy *policy, char ret[static RESTART_POLICY_STRING_MAX]) {
        const char *mode = restart_mode_to_string(policy->mode);

        if (policy->mode == RESTART_ON_FAILURE && policy->max_tries > 0)
                (void) snprintf(ret, RESTART_POLICY_STRING_MAX, "%s:%" PRIu32, mode, policy->max_tries); /* fits */
        else
                (void) snprintf(ret, RESTART_POLICY_STRING_MAX, "%s", strempty(mode)); /* fits */
}

bool restart_policy_applies(const RestartPolicy *policy, int exit_code, uint32_t tries) {
        switch (policy->mode) {
        case RESTART_ON_FAILURE:
                return exit_code != 0 && (policy->max_tries == 0 || tries < policy->max_tries);
        case RESTART_ALWAYS:
        case RESTART_UNLESS_STOPPED:
                return true;
        default:
                return false;
        }
}

bool restart_policy_resumes(
                const RestartPolicy *policy, bool stopped_by_user, bool stopped_by_shutdown) {
        switch (policy->mode) {
        case RESTART_ON_FAILURE:
                return stopped_by_shutdown && !stopped_by_user;
        case RESTART_ALWAYS:
                return true;
        case RESTART_UNLESS_STOPPED:
                return !stopped_by_user;
        default:
                return false;
        }
}

uint64_t restart_delay_usec(uint64_t ran_usec, uint64_t previous_usec) {
        if (ran_usec >= RAN_WELL_USEC)
                return 0;
        if (previous_usec < DELAY_FIRST_USEC)
                return DELAY_FIRST_USEC;
        return previous_usec >= DELAY_MAX_USEC / 2 ? DELAY_MAX_USEC : 2 * previous_usec;
}
