/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-delegate.h: a cgroup that its processes may divide further, and what they leave of that. */
#pragma once
#include <sys/types.h>

/**
 * cgroup_delegate() - let @uid and @gid make cgroups below and move processes there; its limits stay the owner's
 * How many and how deep is bounded. Return: 0 or negative errno.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "Delegation"
 */
int cgroup_delegate(int cgroup_fd, uid_t uid, gid_t gid);

/**
 * cgroup_open_divided() - where a process may be put beside @pid, if what was delegated was divided
 * @path:   of @cgroup_fd in the hierarchy, as in /proc/PID/cgroup
 * @ret_fd: the cgroup of @pid, below @cgroup_fd; owned by the caller
 *
 * A cgroup that gives controllers to those below it takes no process itself.
 *
 * Return: 1, 0 if it is not divided, or negative errno.
 * Source: Documentation/admin-guide/cgroup-v2.rst, "No Internal Process Constraint"
 */
int cgroup_open_divided(int cgroup_fd, const char *path, pid_t pid, int *ret_fd);

/** cgroup_remove_below() - all cgroups below @name, which hold no process; what cannot go stays, and so does @name then. */
void cgroup_remove_below(int dir_fd, const char *name);
