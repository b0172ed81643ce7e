/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/config.h: pocketdocker.conf: where it is, who may have written it, and its lines. What they mean is model/engine-config.h's. */
#pragma once
#include "model/engine-config.h"

/**
 * config_load() - read the configuration
 * @file: this file alone, which must be there; NULL: the vendor's, the administrator's, then what stands in the `.d` beside
 *        each, where the administrator's file takes the place of one of the vendor's that has its name
 * @ret:  the caller's, also on failure
 *
 * Return: 0, or a sentence that names file and line.
 */
int config_load(const char *file, EngineConfig *ret, Failure *reterr);

/** config_parse() - the lines of one file. @name: what sentences call it. Return: as above. */
int config_parse(const char *name, const char *text, EngineConfig *c, Failure *reterr);
