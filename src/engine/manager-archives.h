/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-archives.h: images in and out of archives. Included by engine/manager-images.h. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "engine/observer.h"
#include "model/failure.h"

typedef struct Manager Manager;

/**
 * container_export() - write what a container has on its own file system, without what is mounted in it
 * @out_fd: borrowed; gets a pax archive. It may run meanwhile: what changes is as it was seen
 * Return: 0, or FAILURE_LIMIT_REACHED, FAILURE_INTERNAL.
 */
int container_export(
                Container *c, int out_fd, uid_t owner, Operation **ret, Failure *reterr);

typedef struct LoadRequest {
        const char *name;     /* what sentences call the archive; NULL: "archive" */
        const char *platform; /* OS/ARCHITECTURE, of an archive for several; NULL: this machine's */
        bool may_take;        /* names that are other users' */
} LoadRequest;

/**
 * manager_load_images() - take all images out of a docker-archive or oci-archive
 * @archive_fd: owned by the operation on success
 * @request:    copied
 * The operation's results are the names given, and the ids of images without one; its result is the last one's id. What was
 * loaded before a failure stays.
 */
int manager_load_images(Manager *m, int archive_fd, const LoadRequest *request, uid_t owner,
                Operation **ret, Failure *reterr);

/**
 * manager_save_images() - write images into an archive
 * @references: names, which they have in it, or ids, without one
 * @format:     of model/save-plan.h
 * @out_fd:     borrowed; whoever reads slowly keeps nobody else waiting
 * The operation's result is empty.
 *
 * Return: 0, or FAILURE_NO_SUCH_IMAGE, FAILURE_AMBIGUOUS, FAILURE_INVALID_REFERENCE, FAILURE_LIMIT_REACHED.
 */
int manager_save_images(Manager *m, char *const *references, int format, int out_fd, uid_t owner,
                Operation **ret, Failure *reterr);
