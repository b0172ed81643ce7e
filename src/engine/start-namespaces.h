/* SPDX-License-Identifier: Apache-2.0 */
/* engine/start-namespaces.h: which containers a new one shares namespaces with. */
#pragma once
#include "engine/manager.h"
#include "model/weakening.h"

/**
 * manager_resolve_namespaces() - the containers that a new one names, before the caller is authorised
 * @spec:      "container:NAME" becomes "container:ID", or "host" where that container has the host's
 * @owner:     of the new container
 * @weakening: the keys are added of those that belong to the host or to others
 *
 * Return: 0, FAILURE_NO_SUCH_CONTAINER, FAILURE_AMBIGUOUS, or FAILURE_INVALID_SPEC: they cannot be joined.
 */
int manager_resolve_namespaces(Manager *m, ContainerSpec *spec, uid_t owner, Weakening *weakening,
                Failure *reterr);
