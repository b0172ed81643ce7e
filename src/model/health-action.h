/* SPDX-License-Identifier: Apache-2.0 */
/* model/health-action.h: what is done about a container that is unhealthy. */
#pragma once
#include <errno.h>

typedef enum HealthAction {
        HEALTH_ACTION_NONE,
        HEALTH_ACTION_KILL,    /* SIGKILL to all; its restart policy applies as to any end */
        HEALTH_ACTION_RESTART, /* stop and start, counted as a restart by policy */
        HEALTH_ACTION_STOP,    /* as if somebody had asked for it */
        _HEALTH_ACTION_MAX,
        _HEALTH_ACTION_INVALID = -EINVAL,
} HealthAction;

const char *health_action_to_string(HealthAction action); /* "none", "kill", …; NULL for none of them */
HealthAction health_action_from_string(const char *s);
