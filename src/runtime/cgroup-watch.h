/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-watch.h: tells, from the loop, when a cgroup has come to what it was brought to. Knows no container. */
#pragma once
#include <systemd/sd-event.h>
#include "base/cleanup.h"

/* What cgroup.events may say. */
typedef enum CgroupCondition {
        CGROUP_EMPTY, /* nothing runs in it and below; also when it is gone */
        CGROUP_FROZEN,
        CGROUP_THAWED,
        _CGROUP_CONDITION_MAX,
} CgroupCondition;

typedef struct CgroupWatch CgroupWatch;
typedef void (*CgroupConditionFn)(void *userdata);

/**
 * cgroup_watch_new() - call @fn once, from the loop, when @condition holds for @dir_fd, also if it does now
 * @dir_fd: borrowed
 * Return: 0 or negative errno. Source: cgroup-v2.rst, cgroup.events: EPOLLPRI at each change.
 */
int cgroup_watch_new(sd_event *event, int dir_fd, CgroupCondition condition, CgroupConditionFn fn,
                void *userdata, CgroupWatch **ret);
CgroupWatch *cgroup_watch_free(CgroupWatch *w);
DEFINE_CLEANUP(CgroupWatch *, cgroup_watch_free);
