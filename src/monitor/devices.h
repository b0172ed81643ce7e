/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/devices.h: the nodes that a container is given, owned by its root. */
#pragma once
#include "init/plan.h"

/**
 * devices_prepare() - a detached file system with the plan's devices, each named by its place in the list
 * @ret_fd: owned by the caller; -EBADF where the plan has none
 * @ret_what: on failure the device's path inside, else undefined
 *
 * Return: 0 or negative errno.
 */
int devices_prepare(const Plan *plan, int *ret_fd, const char **ret_what);
