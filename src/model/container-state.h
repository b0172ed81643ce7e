/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-state.h: the words for how a container is. */
#pragma once
#include <errno.h>

/* What everybody may see. */
typedef enum ContainerState {
        CONTAINER_CREATED,
        CONTAINER_RUNNING,
        CONTAINER_PAUSED,
        CONTAINER_RESTARTING, /* ended; its policy starts it again: at restart_at_usec, or right now (starting) */
        CONTAINER_EXITED,
        CONTAINER_DEAD,       /* its removal failed: what is left can be removed again */
        _CONTAINER_STATE_MAX,
        _CONTAINER_STATE_INVALID = -EINVAL,
} ContainerState;

const char *container_state_to_string(ContainerState state); /* Docker's words: "created", "running", …; NULL for none */
ContainerState container_state_from_string(const char *s);

typedef enum ContainerHealth {
        HEALTH_NONE,
        HEALTH_STARTING,
        HEALTH_HEALTHY,
        HEALTH_UNHEALTHY,
        _CONTAINER_HEALTH_MAX,
        _CONTAINER_HEALTH_INVALID = -EINVAL,
} ContainerHealth;

const char *container_health_to_string(ContainerHealth health);
ContainerHealth container_health_from_string(const char *s);
