/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/volume-dir.h: a volume's files: NAME/data in a directory of such. Knows names and owners; knows no volume. */
#pragma once
#include <stdbool.h>

/**
 * volume_dir_open() - the directory that is mounted, or, while there is none, the one that it is to be made in
 * @ret_new: it is the latter, made if absent; both belong to the foreign range's root
 *
 * Return: an fd, or negative errno.
 */
int volume_dir_open(int volumes_fd, const char *name, bool *ret_new);

/** volume_dir_trash() - nothing of it is visible any more: it is a name in the trash. @ret: owned; NULL: there was none. Return: 0 or negative errno. */
int volume_dir_trash(int volumes_fd, const char *name, int trash_fd, char **ret);
