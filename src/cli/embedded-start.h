/* SPDX-License-Identifier: Apache-2.0 */
/* cli/embedded-start.h: starts an embedded daemon. */
#pragma once
#include "model/failure.h"

/** embedded_start() - returns once it serves. Return: 0, or negative errno with its sentence or ours. */
int embedded_start(const char *root, const char *run_root, Failure *reterr);
