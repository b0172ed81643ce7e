/* SPDX-License-Identifier: Apache-2.0 */
/* model/mount-json.h: a spec's mounts in its stored form. */
#pragma once
#include "model/container-spec.h"
#include "model/json.h"

/** container_mounts_to_json() - into the spec's document. Return: 0 or -ENOMEM. */
int container_mounts_to_json(const ContainerSpec *spec, json_t *j);

/** container_mounts_from_json() - Return: 0, -ENOMEM, -EBADMSG. */
int container_mounts_from_json(const json_t *j, ContainerSpec *spec);
