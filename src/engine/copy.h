/* SPDX-License-Identifier: Apache-2.0 */
/* engine/copy.h: files out of a container and into it. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "engine/observer.h"
#include "model/failure.h"

typedef struct CopyRequest {
        const char *path; /* in the container */
        int fd;           /* borrowed: a tar is written to it, or read from it */
        bool writes;      /* into the container */
        bool follow;      /* out: a link at the path is not copied, but what it leads to */
        bool one;         /* into: the tar has one thing, which becomes the path where that is no directory */
        bool keep_owners; /* into: by number; else all is the container's root's */
} CopyRequest;

/**
 * container_copy() - copy a file or a tree
 *
 * As the container sees it while it runs, else of its own file system. The operation ends with its run.
 *
 * Return: 0, or FAILURE_INVALID_ARGS, FAILURE_WRONG_STATE, FAILURE_LIMIT_REACHED.
 */
int container_copy(Container *c, const CopyRequest *request, uid_t owner, Operation **ret,
                Failure *reterr);

/** container_end_copies() - those that are in its run, or @all: it is about to be freed. */
void container_end_copies(Container *c, bool all);

/** container_check_copies() - is its own layer free for a start? Return: 0 or FAILURE_WRONG_STATE. */
int container_check_copies(const Container *c, Failure *reterr);
