/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-pull.h: what the engine is asked for to pull an image. Included by engine/manager.h. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "engine/observer.h"

typedef struct Manager Manager;

typedef enum PullPolicy {
        PULL_ALWAYS,  /* ask the registry */
        PULL_MISSING, /* only if the image is not here */
        PULL_NEVER,   /* never: the image is here, or that is the failure */
        PULL_NEWER,   /* as always, but what is here does where the registry cannot be asked */
        _PULL_POLICY_MAX,
        _PULL_POLICY_INVALID = -EINVAL,
} PullPolicy;
PullPolicy pull_policy_from_string(const char *s);

typedef struct PullRequest {
        const char *reference; /* NAME[:TAG|@DIGEST], or the URL of a root file system's tar */
        const char *platform;  /* os/architecture[/variant]; NULL: this machine's */
        const char *sha256;    /* of the tar; NULL for a name */
        PullPolicy policy;
        int credentials_fd;    /* sealed memory, for the role fetch alone; -EBADF: none */
        bool may_take;         /* the tag, from another user */
} PullRequest;

/**
 * manager_pull_image() - start a pull
 * @request: copied; credentials_fd is owned by the operation on success
 *
 * Return: 0, or FAILURE_INVALID_REFERENCE, INVALID_ARGS, REGISTRY_DENIED (blocked), NO_SUCH_IMAGE (never), LIMIT_REACHED.
 */
int manager_pull_image(Manager *m, const PullRequest *request, uid_t owner, Operation **ret,
                Failure *reterr);
