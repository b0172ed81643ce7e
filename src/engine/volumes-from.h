/* SPDX-License-Identifier: Apache-2.0 */
/* engine/volumes-from.h: the mounts that a new container has from others. */
#pragma once
#include "engine/manager.h"
#include "model/container-options.h"
#include "model/weakening.h"

/**
 * manager_resolve_volumes_from() - before the caller is authorised: add to the spec what the containers named have
 * @o:         CONTAINER[:ro|:rw] in volumes_from; where two have a target the later one's is taken, and the spec's own before all
 * @owner:     of the new container
 * @weakening: the keys are added of what is another user's, or a place of the host by its name
 *
 * Volumes and places of the host come along, tmpfs does not. An anonymous volume goes with the container that it was
 * made for.
 *
 * Return: 0, FAILURE_NO_SUCH_CONTAINER, FAILURE_AMBIGUOUS, FAILURE_LIMIT_REACHED or FAILURE_NO_MEMORY, with a sentence.
 */
int manager_resolve_volumes_from(Manager *m, ContainerOptions *o, uid_t owner, Weakening *weakening,
                Failure *reterr);
