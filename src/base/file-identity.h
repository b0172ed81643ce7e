/* SPDX-License-Identifier: Apache-2.0 */
/* base/file-identity.h: which file an fd is, as text that outlives it: the same after a reboot, another one for whatever takes its name or its number. */
#pragma once

#define FILE_IDENTITY_MAX 304U

/**
 * file_identity() - "FILESYSTEM:TYPE:HANDLE" of an open file, O_PATH or not
 *
 * The handle is the kernel's, which holds the inode's generation. A file system that gives none is told by the inode's
 * number and its birth.
 *
 * Return: 0, or negative errno: -EOPNOTSUPP (neither).
 * Source: name_to_handle_at(2), statfs(2), statx(2)
 */
int file_identity(int fd, char ret[static FILE_IDENTITY_MAX]);
