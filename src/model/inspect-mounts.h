/* SPDX-License-Identifier: Apache-2.0 */
/* model/inspect-mounts.h: mounts as `inspect` shows them. */
#pragma once
#include "model/container-spec.h"
#include "model/json.h"

/** inspect_mounts() - Docker's array Mounts. @volumes_dir: where volumes are, may be NULL. Return: a new reference, or NULL: out of memory. */
json_t *inspect_mounts(const ContainerSpec *spec, const char *volumes_dir);
