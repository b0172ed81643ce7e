/* SPDX-License-Identifier: Apache-2.0 */
/* model/confinement-json.h: the stored form of a confinement, a member of the spec's document. */
#pragma once
#include <jansson.h>
#include "model/confinement.h"

int confinement_to_json(const Confinement *c, json_t *spec);   /* Return: 0 or -ENOMEM. */
int confinement_from_json(const json_t *spec, Confinement *ret); /* Return: 0, -ENOMEM, -EBADMSG. */
