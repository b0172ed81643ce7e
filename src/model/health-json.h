/* SPDX-License-Identifier: Apache-2.0 */
/* model/health-json.h: a health check as the member "health" of a spec's stored form. Absent: none was asked for. */
#pragma once
#include <jansson.h>
#include "model/health.h"

int health_config_to_json(const HealthConfig *config, json_t *spec); /* Return: 0 or -ENOMEM. */
int health_config_from_json(const json_t *spec, HealthConfig *ret);  /* Return: 0, -ENOMEM, -EBADMSG. */
