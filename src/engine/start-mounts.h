/* SPDX-License-Identifier: Apache-2.0 */
/* engine/start-mounts.h: what a container was given to mount, as a part of its plan. */
#pragma once
#include "engine/container-private.h"
#include "init/plan.h"

typedef struct MountFds {
        int fds[PLAN_MOUNT_FDS_MAX]; /* owned */
        size_t n;
} MountFds;

void mount_fds_close(MountFds *f);

/**
 * container_add_mounts() - behind the @n mounts that the plan has, those of the spec; all that a caller chose, a tmpfs
 * among them, in an order in which none hides another
 * @mounts: has room for MOUNTS_PER_CONTAINER_MAX more; strings are borrowed from the spec
 * @fds:    what the plan refers to
 *
 * Return: 0 or what fail() gives.
 */
int container_add_mounts(
                Container *c, PlanMount *mounts, size_t *n, MountFds *fds, Failure *reterr);
