/* SPDX-License-Identifier: Apache-2.0 */
/* model/limits-mount.h: the part of model/limits.h that bounds mounts and volumes; included there. */
#pragma once

#define VOLUMES_MAX 8192U
#define VOLUMES_PER_OWNER_MAX 512U
#define MOUNTS_PER_CONTAINER_MAX 64U
#define TMPFS_MAX 32U
#define MOUNT_TOKENS_PER_CALLER_MAX 128U /* handed over by one connection, and not used yet: what two calls carry */
#define MOUNT_TOKENS_PER_OWNER_MAX 512U
#define MOUNT_TOKEN_USEC (60ULL * 1000 * 1000)
