/* SPDX-License-Identifier: Apache-2.0 */
/* model/namespace-json.h: the stored form of a container's namespaces: the member "namespaces" of its spec. */
#pragma once
#include "model/json.h"
#include "model/namespace-modes.h"

/** namespace_modes_to_json() - adds the member to @spec, unless all is default. Return: 0 or -ENOMEM. */
int namespace_modes_to_json(const NamespaceModes *m, json_t *spec);

/** namespace_modes_from_json() - @ret: empty; namespace_modes_done(), also on failure. Return: 0, -ENOMEM or -EBADMSG. */
int namespace_modes_from_json(const json_t *spec, NamespaceModes *ret);
