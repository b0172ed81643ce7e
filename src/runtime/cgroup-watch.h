/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-watch.h: tells, from the loop, when a cgroup has come to what it was brought to. Knows no container. */
#pragma once
#include <systemd/sd-event.h>
#include "base/cleanup.h"

/* Tells when nothing runs in a directory and below any more. */
typedef struct CgroupWatch CgroupWatch;
typedef void (*CgroupEmptyFn)(void *userdata);

/**
 * cgroup_watch_new() - call @fn once, from the loop, when @dir_fd is unpopulated, also if it is now
 * @dir_fd: borrowed
 * Return: 0 or negative errno. Source: cgroup-v2.rst, cgroup.events: EPOLLPRI at each change.
 */
int cgroup_watch_new(
                sd_event *event, int dir_fd, CgroupEmptyFn fn, void *userdata, CgroupWatch **ret);
CgroupWatch *cgroup_watch_free(CgroupWatch *w);
DEFINE_CLEANUP(CgroupWatch *, cgroup_watch_free);
