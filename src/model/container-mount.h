/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-mount.h: one mount of a container as asked for: a volume, a place of the host, or a tmpfs. Knows its words and bounds; no fd. */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/failure.h"

typedef struct ContainerSpec ContainerSpec;

typedef enum MountType {
        MOUNT_VOLUME,
        MOUNT_BIND,
        MOUNT_TMPFS,
        _MOUNT_TYPE_MAX,
        _MOUNT_TYPE_INVALID = -EINVAL,
} MountType;

/* Whose the files of a bind are within. */
typedef enum MountIds {
        MOUNT_IDS_ALL,    /* 0 to 65535 of the host are the container's, as they are */
        MOUNT_IDS_CALLER, /* who handed the place over is the container's user, nobody else is anybody */
        MOUNT_IDS_NONE,   /* not mapped: every owner is nobody */
        _MOUNT_IDS_MAX,
        _MOUNT_IDS_INVALID = -EINVAL,
} MountIds;

typedef enum MountPropagation {
        MOUNT_PROPAGATION_PRIVATE, /* also "rprivate": what is mounted later stays where it is mounted */
        MOUNT_PROPAGATION_SLAVE,   /* also "rslave": what the host mounts there later appears within */
        MOUNT_PROPAGATION_SHARED,  /* also "rshared": and the other way round */
        _MOUNT_PROPAGATION_MAX,
        _MOUNT_PROPAGATION_INVALID = -EINVAL,
} MountPropagation;

/* Zero-initialised is a volume without a name. Strings and lists are owned. */
typedef struct ContainerMount {
        MountType type;
        char *target;   /* absolute, normalised, neither "/" nor in /proc */
        char *source;   /* volume: its name, NULL until one is made up; bind: absolute path on the host */
        bool read_only;

        bool anonymous; /* volume: made for this container, and goes with it where that is asked for */
        bool no_copy;   /* volume: what the image has there is not copied into a new one */
        char **labels;  /* volume: of one that is made, KEY=VALUE */

        bool nonrecursive; /* bind: without what is mounted below it */
        MountIds ids;
        MountPropagation propagation;
        char *token;       /* bind: what OpenMount gave; a stored mount has what it stands for instead */
        char *identity;    /* bind by token: which file it is (base/file-identity.h); NULL: a place by its name */
        uint32_t uid, gid; /* the same: who handed it over */

        char *options;  /* tmpfs: mount data as the kernel reads it */
} ContainerMount;

/**
 * container_mount_parse() - one mount in Docker's form: type=volume,source=NAME,target=PATH,readonly,…
 *
 * Fields are separated by commas; one that holds a comma stands in double quotes. `token=` and `idmap=all|caller|none` are our own.
 *
 * Return: 0, or FAILURE_INVALID_ARGS, FAILURE_UNSUPPORTED with a sentence that names the field.
 */
int container_mount_parse(const char *s, ContainerMount *ret, Failure *reterr);
void container_mount_done(ContainerMount *m);

/** container_mounts_free() - Return: NULL. */
ContainerMount *container_mounts_free(ContainerMount *mounts, size_t n);

/** container_mounts_add() - an empty one at the end of the spec's, for the caller to fill in. Return: 0 or -ENOMEM. */
int container_mounts_add(ContainerSpec *spec, ContainerMount **ret);

/** container_mounts_has() - is there a mount or a tmpfs at @target? */
bool container_mounts_has(const ContainerSpec *spec, const char *target);

/** container_mounts_check() - bounds, and that no target has two. Return: 0 or what fail() gives: FAILURE_INVALID_SPEC, FAILURE_LIMIT_REACHED. */
int container_mounts_check(const ContainerSpec *spec, Failure *reterr);

/** volume_name_is_valid() - as a container's name, but 64 hex digits are one as well: those of an anonymous one. */
bool volume_name_is_valid(const char *s);

const char *mount_type_to_string(MountType type);
MountType mount_type_from_string(const char *s);
const char *mount_ids_to_string(MountIds ids);
MountIds mount_ids_from_string(const char *s);
const char *mount_propagation_to_string(MountPropagation p); /* "rprivate", … */
MountPropagation mount_propagation_from_string(const char *s);
