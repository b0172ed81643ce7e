/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/userns.h: a user namespace that nobody is in, for its map alone. */
#pragma once
#include <stddef.h>
#include <sys/types.h>
#include "init/plan-parts.h"

/** userns_write_map() - @file: "uid_map" or "gid_map" of a process. Return: 0 or negative errno. */
int userns_write_map(pid_t pid, const char *file, const PlanIdMap *maps, size_t n);

/** namespace_open() - @name: as in /proc/PID/ns. Return: an fd, or negative errno. */
int namespace_open(pid_t pid, const char *name);

/**
 * userns_new() - with its maps written
 * @ret_netns_fd: NULL, or also a network namespace that belongs to it; owned by the caller
 *
 * Return: an fd, or negative errno. Source: user_namespaces(7)
 */
int userns_new(const PlanIdMap *uid_maps, size_t n_uid_maps, const PlanIdMap *gid_maps,
                size_t n_gid_maps, int *ret_netns_fd);
