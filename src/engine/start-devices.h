/* SPDX-License-Identifier: Apache-2.0 */
/* engine/start-devices.h: the devices of one start. */
#pragma once
#include "engine/container-private.h"
#include "init/plan.h"
#include "model/limits.h"

typedef struct DeviceNodes {
        size_t n;
        unsigned access[DEVICES_ADDED_MAX];
        char *targets[DEVICES_ADDED_MAX]; /* owned; the plan borrows them */
} DeviceNodes;

/** container_find_devices() - what the spec names, as it is on the host now, into the plan. Return: 0, or a sentence. */
int container_find_devices(const Container *c, Plan *plan, DeviceNodes *ret, Failure *reterr);
void device_nodes_done(DeviceNodes *d);

/**
 * container_filter_devices() - only what it is given, where nothing else says so
 * In a user namespace of its own no node can be made, and the modes of those that are there are the wall: a filter is
 * wanted for one that is given for reading alone. With the host's user namespace it is the wall.
 */
int container_filter_devices(const Container *c, const Plan *plan, const DeviceNodes *devices,
                int cgroup_fd, Failure *reterr);
