/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-images.h: the engine's images, operations and figures. Included by engine/manager.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/observer.h"

typedef struct Manager Manager;

/* Images */

int manager_find_image(Manager *m, const char *reference, Image **ret, Failure *reterr);
Image *manager_get_image(Manager *m, const char *id);
Image *manager_next_image(Manager *m, Image *after); /* newest first */

typedef struct ImportRequest {
        const char *reference; /* "" or NAME[:TAG] */
        const char *message;   /* the image's comment; NULL: none */
        const char *name;      /* what sentences call the archive; NULL: "archive" */
} ImportRequest;

/**
 * manager_import_image() - start an import
 * @archive_fd: owned by the operation on success
 * @request:    copied
 */
int manager_import_image(Manager *m, int archive_fd, const ImportRequest *request, uid_t owner,
                Operation **ret, Failure *reterr);

/**
 * manager_remove_image() - untag, and delete with the last tag
 * @ret_untagged, @ret_deleted: string lists, owned by the caller, set at once
 * @done: when durable
 * Return: 0, or FAILURE_NO_SUCH_IMAGE, FAILURE_IMAGE_IN_USE, FAILURE_AMBIGUOUS; then nothing has
 * changed.
 */
int manager_remove_image(Manager *m, const char *reference, bool force, EngineDone done,
                void *userdata, char ***ret_untagged, char ***ret_deleted, Failure *reterr);

/* Operations */

Operation *manager_get_operation(Manager *m, uint64_t number);
Operation *manager_next_operation(Manager *m, Operation *after);

/* For GetInfo. Strings are borrowed. */
typedef struct ManagerInfo {
        unsigned containers, running, paused, stopped, images;
        const char *state_dir, *run_dir, *cgroup_path;
        char *const *controllers; /* string list of what the tree has */
        bool embedded;
} ManagerInfo;
void manager_get_info(Manager *m, ManagerInfo *ret);
