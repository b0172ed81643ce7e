/* SPDX-License-Identifier: Apache-2.0 */
/* engine/manager-volumes.h: the engine's volumes. Included by engine/manager.h. */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "engine/volume.h"
#include "model/container-spec.h"

typedef struct Manager Manager;

/** manager_find_volume() - by its name. Return: 0 or FAILURE_NO_SUCH_VOLUME. */
int manager_find_volume(Manager *m, const char *name, Volume **ret, Failure *reterr);
Volume *manager_next_volume(Manager *m, Volume *after); /* newest first; NULL begins and ends */

/**
 * manager_create_volume() - a row; its directory is made by the first container that has it
 * @name:   NULL or "": it is anonymous, and one is made up
 * @labels: KEY=VALUE, copied
 * @done:   when it is durable
 *
 * One of this owner's that is there already is @ret, unchanged.
 *
 * Return: 0, or FAILURE_INVALID_ARGS, FAILURE_VOLUME_EXISTS (another owner's), FAILURE_LIMIT_REACHED, FAILURE_DISK_FULL; then nothing has changed.
 */
int manager_create_volume(Manager *m, const char *name, char *const *labels, uid_t owner,
                EngineDone done, void *userdata, Volume **ret, Failure *reterr);

/**
 * manager_remove_volume() - its row, then its files
 * @done: when both are gone from sight, and the first durably
 *
 * Return: 0, or FAILURE_VOLUME_IN_USE; then nothing has changed.
 */
int manager_remove_volume(Manager *m, Volume *v, EngineDone done, void *userdata, Failure *reterr);

typedef struct VolumePrune {
        bool all;       /* those with a name, too */
        bool everyones; /* whoever's they are */
        char **labels;  /* that all of them must have: KEY or KEY=VALUE */
} VolumePrune;

/** manager_prune_volumes() - remove those that no container has; the operation's Results are their names. @request is copied. */
int manager_prune_volumes(Manager *m, const VolumePrune *request, uid_t owner, Operation **ret,
                Failure *reterr);

/** manager_foreign_volume() - the first volume that a spec names and that is not @owner's, or NULL. */
Volume *manager_foreign_volume(Manager *m, const ContainerSpec *spec, uid_t owner);
