/* SPDX-License-Identifier: Apache-2.0 */
/* base/mountinfo.h: which mount of ours an fd is on. Asks the kernel's table alone, never the file system, which may not answer. */
#pragma once
#include <stddef.h>

/**
 * mountinfo_type() - the type of the file system that an fd is on: "ext4", "fuse.sshfs"
 * @ret: cut to @size
 *
 * Return: 0, -ENOENT (its mount is not in our mount namespace), or negative errno.
 * Source: proc_pid_mountinfo(5), proc_pid_fdinfo(5)
 */
int mountinfo_type(int fd, char *ret, size_t size);
