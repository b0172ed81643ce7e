/* SPDX-License-Identifier: Apache-2.0 */
/* puller/delete-tree.h: deletes a directory tree, whatever strangers have put in it. Knows no engine. */
#pragma once

/**
 * delete_tree_at() - delete DIR/NAME and all below it
 * @dir_fd: borrowed
 * @name:   one component
 *
 * Follows no link, needs a bounded number of fds (about 40) and no recursion, however deep the tree is: what is deeper
 * than that is renamed to the top of the tree first, so that a crash leaves a smaller tree of the same name. The
 * caller owns the tree or has the capabilities DAC_OVERRIDE and FOWNER over it; nobody else changes it meanwhile.
 *
 * Return: 0 (also if there is none), or negative errno: what the kernel said of the first entry that could not be deleted.
 * Source: unlinkat(2), renameat2(2)
 */
int delete_tree_at(int dir_fd, const char *name);
