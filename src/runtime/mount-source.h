/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/mount-source.h: what somebody handed over to be mounted: is it fit, and which is it? Knows fds; knows no container. */
#pragma once
#include <stdbool.h>
#include "base/file-identity.h"
#include "model/failure.h"

typedef struct MountSource {
        char *path; /* owned; absolute, without a link */
        char identity[FILE_IDENTITY_MAX];
} MountSource;

/**
 * mount_source_from_fd() - look at an open directory or regular file
 * @fd: borrowed; needed no longer afterwards
 *
 * Asks the file system for nothing unless it is one that answers: one in user space, or of another machine, is refused by
 * its type, and could not map ids either.
 *
 * Return: 0, or FAILURE_INVALID_ARGS, FAILURE_NOT_AVAILABLE with a sentence.
 */
int mount_source_from_fd(int fd, MountSource *ret, Failure *reterr);
void mount_source_done(MountSource *s);
