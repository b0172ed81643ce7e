/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/device-filter.h: which devices the processes of a cgroup may use, as a program that the kernel asks. */
#pragma once
#include <stddef.h>
#include "model/device.h"

#define DEVICE_RULES_MAX 256U

/**
 * device_filter_attach() - nothing but what @rules allow, for all in the cgroup and below it
 * @cgroup_fd: directory, of cgroup2; the program goes with it. One that is there is replaced.
 *
 * Return: 0 or negative errno: -E2BIG (over DEVICE_RULES_MAX), -EPERM, -ENOSYS (a kernel without it).
 * Source: bpf(2), linux/bpf.h
 */
int device_filter_attach(int cgroup_fd, const DeviceRule *rules, size_t n_rules);
