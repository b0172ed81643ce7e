/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-state.c: state and health to their words and back. */
#include "model/container-state.h"
#include "base/str.h"

static const char *const state_table[_CONTAINER_STATE_MAX] = {
        [CONTAINER_CREATED] = "created",
        [CONTAINER_RUNNING] = "running",
        [CONTAINER_PAUSED] = "paused",
        [CONTAINER_RESTARTING] = "restarting",
        [CONTAINER_EXITED] = "exited",
        [CONTAINER_DEAD] = "dead",
};

static const char *const health_table[_CONTAINER_HEALTH_MAX] = {
        [HEALTH_NONE] = "none",
        [HEALTH_STARTING] = "starting",
        [HEALTH_HEALTHY] = "healthy",
        [HEALTH_UNHEALTHY] = "unhealthy",
};

const char *container_state_to_string(ContainerState state) {
        return state >= 0 && state < _CONTAINER_STATE_MAX ? state_table[state] : NULL;
}

ContainerState container_state_from_string(const char *s) {
        for (int i = 0; s && i < _CONTAINER_STATE_MAX; i++)
                if (streq(state_table[i], s))
                        return (ContainerState) i;
        return _CONTAINER_STATE_INVALID;
}

const char *container_health_to_string(ContainerHealth health) {
        return health >= 0 && health < _CONTAINER_HEALTH_MAX ? health_table[health] : NULL;
}

ContainerHealth container_health_from_string(const char *s) {
        for (int i = 0; s && i < _CONTAINER_HEALTH_MAX; i++)
                if (streq(health_table[i], s))
                        return (ContainerHealth) i;
        return _CONTAINER_HEALTH_INVALID;
}
