/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/usage.h: reads what a cgroup and its processes use, straight from the kernel's files. Keeps nothing between two calls. */
#pragma once
#include <stdbool.h>
#include "init/plan.h"
#include "model/process.h"
#include "model/stats.h"

/** usage_read_cgroup() - @dir_fd: its directory; what a missing controller would tell stays unknown */
void usage_read_cgroup(int dir_fd, Stats *ret);

/**
 * usage_read_network() - the interfaces in the network namespace of a process
 * @pidfd: tells whether @pid is still that process once its directory is open; if not, they stay unknown
 */
void usage_read_network(int pidfd, pid_t pid, Stats *s);

/**
 * usage_list_processes() - those in a cgroup, in the order of their pids
 * @maps:      the ids that all of them have, which tell a pid that went to another process meanwhile; none: each
 * @max:       more are counted, and not looked at
 * @ret:       malloc()ed, owned by the caller
 * @ret_total: of the cgroup
 *
 * Reads no command lines: they are a process's own memory, and one that maps a slow file there makes its readers wait.
 *
 * Return: 0, -EFBIG (tens of thousands), or negative errno.
 */
int usage_list_processes(int dir_fd, const PlanIdMap *maps, size_t n_maps, size_t max,
                Process **ret, size_t *ret_n, size_t *ret_total);

/** usage_inner_uid() - what an id of the host is inside. Return: whether it is anything. */
bool usage_inner_uid(const PlanIdMap *maps, size_t n_maps, uid_t uid, uid_t *ret);
