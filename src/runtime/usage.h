/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/usage.h: reads what a cgroup and its processes use, straight from the kernel's files. Keeps nothing between two calls. */
#pragma once
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
 * @first_uid, @n_uids: the range of ids that all of them have: tells a pid that went to another process meanwhile
 * @max:       more are counted, and not looked at
 * @ret:       malloc()ed, owned by the caller
 * @ret_total: of the cgroup
 *
 * Reads no command lines: they are a process's own memory, and one that maps a slow file there makes its readers wait.
 *
 * Return: 0, -EFBIG (tens of thousands), or negative errno.
 */
int usage_list_processes(int dir_fd, uid_t first_uid, uint32_t n_uids, size_t max, Process **ret,
                size_t *ret_n, size_t *ret_total);
