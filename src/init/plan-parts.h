/* SPDX-License-Identifier: Apache-2.0 */
/* init/plan-parts.h: what a plan has several of: id maps, mounts, limits. */
#pragma once
#include <stdint.h>

typedef struct PlanIdMap {
        uint32_t inside, outside, count;
} PlanIdMap;

typedef enum PlanMountKind {
        PLAN_MOUNT_FS, /* a new file system of type `fstype` with `flags` and `data` at `target` */
        PLAN_MOUNT_BIND,     /* `source`, a path in the host's tree as the child saw it before
                                pivot_root, recursive, then `flags` */
        PLAN_MOUNT_MASK,     /* hide `target`: a file under /dev/null, a directory under a read-only
                                empty tmpfs; absent: nothing */
        PLAN_MOUNT_READONLY, /* make `target` a read-only bind of itself; absent: nothing */
        _PLAN_MOUNT_KIND_MAX,
} PlanMountKind;

typedef struct PlanMount {
        PlanMountKind kind;
        uint64_t flags;     /* MS_… of mount(2) */
        const char *target; /* absolute, inside the container; resolved there (RESOLVE_IN_ROOT),
                               made if absent */
        const char *source; /* may be NULL */
        const char *fstype; /* may be NULL */
        const char *data;   /* may be NULL */
} PlanMount;

typedef struct PlanUlimit {
        uint32_t resource;
        uint64_t soft, hard; /* UINT64_MAX: RLIM_INFINITY */
} PlanUlimit;
