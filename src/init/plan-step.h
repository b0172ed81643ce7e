/* SPDX-License-Identifier: Apache-2.0 */
/* init/plan-step.h: the steps of a start by name, and how a failing one is reported. On the wire:
 * append only. */
#pragma once
#include <stdint.h>

/* The steps of a start, in order: what a failure report names. Values are on the wire: append only.
 */
typedef enum PlanStep {
        PLAN_STEP_NONE,
        PLAN_STEP_PLAN, /* reading and checking the plan */
        PLAN_STEP_CLONE,
        PLAN_STEP_ID_MAP,
        PLAN_STEP_LAYERS,     /* detached, idmapped clones of the layers and the upper directory */
        PLAN_STEP_NAMESPACES, /* joining (exec, ready netns) */
        PLAN_STEP_ROOT,       /* the overlay */
        PLAN_STEP_MOUNTS,
        PLAN_STEP_DEVICES,
        PLAN_STEP_PIVOT_ROOT,
        PLAN_STEP_HOSTNAME,
        PLAN_STEP_NETWORK,
        PLAN_STEP_TERMINAL,
        PLAN_STEP_ULIMITS,
        PLAN_STEP_USER,
        PLAN_STEP_CAPABILITIES,
        PLAN_STEP_SECCOMP,
        PLAN_STEP_WORKING_DIR,
        PLAN_STEP_EXECVE,
        PLAN_STEP_SOURCE, /* opening a place of the host that is to be mounted: the detail is its path */
        PLAN_STEP_MAPPED_MOUNT, /* mapping the owners of its files: "TYPE PATH" */
        PLAN_STEP_VOLUME, /* filling a new volume from the image */
        PLAN_STEP_SYSCTL, /* between becoming the container's root and its mounts */
        _PLAN_STEP_MAX,
} PlanStep;

/** plan_step_to_string() - "execve", "mounts", … for a sentence; NULL for an unknown value. */
const char *plan_step_to_string(PlanStep step);

/* What a failing step reports, on the sync pipe and in CONTROL_FAILED. */
typedef struct PlanFailure {
        uint32_t step;   /* PlanStep */
        int32_t error;   /* positive errno */
        char detail[256]; /* NUL-terminated: the object ("/etc/foo"), may be empty */
} PlanFailure;
