/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-limits.h: the files of a cgroup that limit it, and why a controller is missing. Knows no container. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "model/resources.h"
#include "runtime/cgroup.h"

/**
 * cgroup_set_limits() - make a container's files say what they are to say
 * @controllers: string list of what the cgroup has; files of others are passed over
 * @ret_failed:  on failure: the value that was refused
 *
 * All of them or none: when one is refused, those written before get back what they had. Never waits for a workload
 * that uses more memory than it is to have.
 *
 * Return: 0, -EBUSY (more memory is in use than the new limit allows), -ENOENT (the kernel has no such file), -ENODEV
 * (the cgroup goes away), or negative errno.
 * Source: cgroup-v2.rst
 */
int cgroup_set_limits(const Cgroup *c, char *const *controllers,
                const ResourceValue values[static RESOURCE_VALUES],
                const ResourceValue **ret_failed);

/** cgroup_cap_owner() - the caps on what one owner's containers use together, as far as there are controllers. */
void cgroup_cap_owner(int owner_fd);

/** cgroup_read_line() - a file's first line. @ret: owned by the caller. Return: 0 or negative errno. */
int cgroup_read_line(int dir_fd, const char *file, char **ret);

/**
 * cgroup_check_owner() - may the owner's containers have more processes?
 * @dir_fd: the directory of one of them
 *
 * Return: 0, also where there is no such limit, or FAILURE_LIMIT_REACHED. What lies between this look and the fork is the
 * kernel's to refuse.
 */
int cgroup_check_owner(int dir_fd, Failure *reterr);

/** cgroup_read_count() - a number of a file of "KEY NUMBER" lines; 0 if it has no such key. Return: 0 or negative errno. */
int cgroup_read_count(int dir_fd, const char *file, const char *key, uint64_t *ret);

/** cgroup_missing_reason() - why a tree has no such controller: ends the sentence "… which". @mount_fd: the mount's root, or -EBADF. */
const char *cgroup_missing_reason(int mount_fd, const char *controller);
