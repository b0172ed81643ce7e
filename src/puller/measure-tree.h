/* SPDX-License-Identifier: Apache-2.0 */
/* puller/measure-tree.h: what a directory tree takes on the disk, whatever strangers have put in it. Knows no engine. */
#pragma once
#include <stdint.h>

/**
 * measure_tree_at() - add what DIR/NAME and all below it take, in bytes
 * @dir_fd: borrowed
 * @name:   one component; one that is not there takes nothing
 * @bytes:  grows by the blocks that are allocated; a file with several links counts in its parts, one for each link
 *
 * Follows no link, leaves no file system, and keeps two fds, however deep the tree is. Others may change it meanwhile. What is so
 * deep that the kernel takes no path of it (4095 bytes) is left out.
 *
 * Return: 0, or negative errno: what the kernel said of the first directory that could not be read.
 * Source: openat2(2), fstatat(2)
 */
int measure_tree_at(int dir_fd, const char *name, uint64_t *bytes);
