/* SPDX-License-Identifier: Apache-2.0 */
/* puller/merged-tree.h: a container's layers laid over one another for one process, in a mount namespace of its own. */
#pragma once
#include <stddef.h>
#include "model/failure.h"
#include "model/limits.h"

#define MERGED_TREES_MAX (LAYERS_MAX + 1)

typedef struct MergedTree {
        int staging_fd;              /* borrowed: an empty directory */
        int state_fd;                /* owned: has `upper` and `work`, to be written to; -EBADF: nothing is */
        int trees[MERGED_TREES_MAX]; /* owned; topmost first */
        size_t n_trees;
} MergedTree;

/**
 * merged_tree_enter() - become root of the foreign id range, and mount
 *
 * Nobody else sees the mount, and it goes with the process.
 *
 * Return: the root, O_RDONLY|O_DIRECTORY, owned by the caller, or what fail() gives.
 */
int merged_tree_enter(MergedTree *t, Failure *reterr);

/** merged_tree_read() - take trees from a role's operands, numbers of fds. Return: 0 or -EINVAL. */
int merged_tree_read(MergedTree *t, char **operands);
