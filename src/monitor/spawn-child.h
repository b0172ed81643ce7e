/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/spawn-child.h: from a plan to a first process past its execve. Knows clone3 and id maps;
 * knows no log. */
#pragma once
#include <sys/types.h>
#include "init/plan.h"

typedef struct Spawned {
        pid_t pid;
        int pidfd;    /* owned by the caller */
        int stdin_fd; /* our ends, owned by the caller; -EBADF where there is none */
        int stdout_fd;
        int stderr_fd;
        int terminal_fd; /* master; then the three above are -EBADF */
        int mounts_fd; /* owned by the caller; of one whose files need not survive, else -EBADF: its
                          mount namespace, which lives as long as this: else its end would be part
                          of the first process's, and whoever waits for the one would wait for the
                          other */
        int userns_fd; /* what shifted the stored ids, if the plan brought none; else -EBADF */
} Spawned;

/**
 * spawn_child() - make the container's (or the exec's) first process and wait for its execve
 * @meanwhile: called with @userdata while the child is at its steps: what is to be ready by the
 *             execve, and need not be before; negative errno ends the start
 * @failure:   filled in when a step failed; one of @meanwhile has PLAN_STEP_PLAN
 *
 * Return: 0, or negative errno with @failure said; then the process is gone and reaped.
 * Source: clone(2), user_namespaces(7), mount_setattr(2)
 */
int spawn_child(Plan *plan, int (*meanwhile)(void *userdata), void *userdata, Spawned *ret,
                PlanFailure *failure);
