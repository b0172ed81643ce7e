/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/mount-sources.h: detached mounts of what the host gives to a container: volumes and binds. Made by the monitor,
 * which is in the host's tree and may map ids; attached by the child. A path is opened here rather than by the daemon, for a
 * network file system may take its time, and then one start waits and nobody else.
 */
#pragma once
#include <sys/types.h>
#include "init/plan.h"

typedef struct MountSources {
        int fds[PLAN_MOUNTS_MAX]; /* owned; by the mount's place in the plan; -EBADF: it has none */
        bool made;
} MountSources;

/** mount_sources_are_wanted() - is a PLAN_MOUNT_FD among the plan's mounts? */
bool mount_sources_are_wanted(const Plan *plan);

/**
 * mount_sources_prepare() - one for each PLAN_MOUNT_FD; those of a caller's are not mapped yet
 * @userns_storage_fd: for PLAN_MAP_STORAGE; -EBADF: nothing is to be mapped
 * @failure: filled in
 *
 * Return: 0 or negative errno; mount_sources_close() in any case.
 * Source: open_tree(2), mount_setattr(2)
 */
int mount_sources_prepare(
                const Plan *plan, int userns_storage_fd, MountSources *ret, PlanFailure *failure);

/**
 * mount_refuse_map() - a file system that cannot show other ids than it stores, by its type and a path on it
 * @path: NULL: as the kernel names what @fd is
 *
 * Return: @error, with @failure said.
 */
int mount_refuse_map(int fd, const char *path, int error, PlanFailure *failure);

/** mount_sources_map() - those that wait for it: the container's user is known now. Return: as above. */
int mount_sources_map(const Plan *plan, MountSources *sources, uid_t uid, gid_t gid,
                PlanFailure *failure);

void mount_sources_close(const Plan *plan, MountSources *sources);
