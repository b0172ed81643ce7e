/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-images.h: the engine's images, operations and figures. Included by engine/manager.h. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/manager-archives.h"
#include "engine/observer.h"
#include "model/image-filter.h"

typedef struct Manager Manager;

/* Images */

int manager_find_image(Manager *m, const char *reference, Image **ret, Failure *reterr);
Image *manager_get_image(Manager *m, const char *id);
Image *manager_next_image(Manager *m, Image *after); /* newest first */

typedef struct ImportRequest {
        const char *reference; /* "" or NAME[:TAG] */
        const char *message;   /* the image's comment; NULL: none */
        const char *name;      /* what sentences call the archive; NULL: "archive" */
        bool may_take;         /* the tag, from another user */
} ImportRequest;

/**
 * manager_tag_owner() - whose is the tag that @reference (NAME[:TAG], or empty: none) names? A digest is nobody's, nor is a URL.
 * Return: 1, 0 if there is no such tag, or FAILURE_INVALID_REFERENCE.
 */
int manager_tag_owner(Manager *m, const char *reference, uid_t *ret, Failure *reterr);

/**
 * manager_removal_owner() - would manager_remove_image() take from another than @uid?
 * Return: 1 and from whom ((uid_t) -1: nobody), 0 if all is @uid's (*@ret too), or FAILURE_NO_SUCH_IMAGE, FAILURE_AMBIGUOUS.
 */
int manager_removal_owner(
                Manager *m, const char *reference, uid_t uid, uid_t *ret, Failure *reterr);

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

/**
 * manager_tag_image() - give an image one more name, which is taken from the image that has it
 * @tag: NAME[:TAG]; @done: when durable
 * Return: 0, or FAILURE_INVALID_REFERENCE, FAILURE_NO_SUCH_IMAGE, FAILURE_AMBIGUOUS, FAILURE_LIMIT_REACHED.
 */
int manager_tag_image(Manager *m, const char *reference, const char *tag, uid_t owner,
                EngineDone done, void *userdata, Failure *reterr);

/** manager_untag_image() - take a name away; the image stays, also without any. Return: as above. */
int manager_untag_image(Manager *m, const char *reference, EngineDone done, void *userdata,
                Failure *reterr);

typedef struct PruneRequest {
        bool all;            /* also those that have names */
        bool only_own;       /* leave what is not wholly the owner's */
        uint64_t until_usec; /* only what came before; UINT64_MAX: all */
        char **labels, **not_labels; /* as in ImageFilter */
} PruneRequest;

/**
 * manager_prune_images() - delete the images that no container has: those without a name, or all
 * @request: copied
 * The operation's results are the ids that went, its result the bytes. Cancelled, it ends with what is done.
 */
int manager_prune_images(Manager *m, const PruneRequest *request, uid_t owner, Operation **ret,
                Failure *reterr);

/** manager_prune_is_own() - would only images go that @uid may remove as his own (manager_removal_owner())? Return: 1, 0, -ENOMEM. */
int manager_prune_is_own(Manager *m, const PruneRequest *request, uid_t uid);

typedef struct DiskUsage {
        uint64_t count, active;
        uint64_t size_bytes, reclaimable_bytes; /* of images: a layer that several have counts once */
        bool has_size;
} DiskUsage;

/**
 * manager_disk_usage() - images and volumes, of which those are active that a container has; containers, of which those
 * that run. The sizes of containers and volumes are those that manager_measure() found last. Return: 0 or -ENOMEM.
 */
int manager_disk_usage(Manager *m, DiskUsage *ret_images, DiskUsage *ret_containers,
                DiskUsage *ret_volumes);

/** manager_image_shared_size() - bytes of its layers that other images have, too; manager_layer_size() - of one layer. */
uint64_t manager_image_shared_size(const Manager *m, const Image *i);
uint64_t manager_layer_size(const Manager *m, const char *diff_id);

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
