/* SPDX-License-Identifier: Apache-2.0 */
/* init/plan-parts.h: what a plan has several of: id maps, mounts, limits. */
#pragma once
#include <stdint.h>

#define PLAN_MOUNT_FDS_MAX 64U /* mounts with an fd of their own */

typedef struct PlanIdMap {
        uint32_t inside, outside, count;
} PlanIdMap;

typedef enum PlanMountKind {
        PLAN_MOUNT_FS, /* a new file system of type `fstype` with `flags` and `data` at `target` */
        PLAN_MOUNT_BIND,     /* `source`, a path in the host's tree as the child saw it before
                                pivot_root, recursive, then `flags`; where the IPC namespace of
                                another container is joined, /dev/shm is that container's */
        PLAN_MOUNT_MASK,     /* hide `target`: a file under /dev/null, a directory under a read-only
                                empty tmpfs; absent: nothing */
        PLAN_MOUNT_READONLY, /* make `target` a read-only bind of itself; absent: nothing */
        PLAN_MOUNT_FD, /* a piece of the host's tree: the monitor makes a detached mount of it with
                          `flags`, the child attaches that at `target` */
        _PLAN_MOUNT_KIND_MAX,
} PlanMountKind;

/* What becomes of the owners of files in a PLAN_MOUNT_FD. */
typedef enum PlanMountMap {
        PLAN_MAP_NONE,
        PLAN_MAP_STORAGE, /* as the layers: by Plan.storage_map */
        PLAN_MAP_ALL,     /* the host's ids are the container's, as they are: by its own maps */
        PLAN_MAP_CALLER,  /* `uid`, `gid` are the container's user, all others unmapped: made once
                             the child has looked that user up */
        _PLAN_MAP_MAX,
} PlanMountMap;

typedef enum PlanPropagation {
        PLAN_PROPAGATION_PRIVATE,
        PLAN_PROPAGATION_SLAVE,
        PLAN_PROPAGATION_SHARED,
        _PLAN_PROPAGATION_MAX,
} PlanPropagation;

typedef enum PlanSource {
        PLAN_SOURCE_RECURSIVE = 1 << 0, /* with what is mounted below it */
        PLAN_SOURCE_VOLUME = 1 << 1,    /* `fd` is a volume without files yet: `data` in it is made,
                                           then mounted */
        PLAN_SOURCE_COPY = 1 << 2,      /* such a one gets what the image has at `target` … */
        PLAN_SOURCE_SYNC = 1 << 3,      /* … and it is on disk before it is seen */
} PlanSource;

typedef struct PlanMount {
        PlanMountKind kind;
        uint64_t flags;     /* MS_… of mount(2) */
        const char *target; /* absolute, inside the container; resolved there (RESOLVE_IN_ROOT),
                               made if absent */
        const char *source; /* may be NULL */
        const char *fstype; /* may be NULL */
        const char *data;   /* may be NULL */

        /* of PLAN_MOUNT_FD, where a `source` is a path of the host's, opened by the monitor, and
         * `data` which file it must be (base/file-identity.h) */
        int fd; /* without a `source`: a directory */
        PlanMountMap map;
        PlanPropagation propagation;
        uint32_t uid, gid;
        uint32_t options; /* PlanSource */
} PlanMount;

typedef struct PlanUlimit {
        uint32_t resource;
        uint64_t soft, hard; /* UINT64_MAX: RLIM_INFINITY */
} PlanUlimit;

/* A node that the container gets: the monitor makes it on a file system of its own, since the host's belongs to the host's
 * root and none can be made in a user namespace. */
typedef struct PlanDevice {
        const char *target; /* as of a mount */
        uint32_t mode;      /* S_IFCHR or S_IFBLK, and permissions */
        uint32_t major, minor;
        uint32_t gid; /* inside; the owner is the container's root */
} PlanDevice;
