/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/probe-cgroup.h: a cgroup below a payload's for each command of a health check, so that it can be ended with all
 * that it made. A fresh one each time: what has seen cgroup.kill takes no new process on some kernels.
 */
#pragma once
#include <stdint.h>

/** probe_cgroup_make() - Return: an fd, owned by the caller, or negative errno: -EEXIST (one of this number is there). */
int probe_cgroup_make(int payload_fd, uint64_t number);

/** probe_cgroup_remove() - Return: 0, also when there is none, -EBUSY (something runs in it), or negative errno. */
int probe_cgroup_remove(int payload_fd, uint64_t number);

/** probe_cgroups_end() - of all numbers: kill what runs there, remove what is empty. What is not yet is left. */
void probe_cgroups_end(int payload_fd);
