/* SPDX-License-Identifier: Apache-2.0 */
/* cli/program-path.h: where another program of ours is. */
#pragma once
#include "model/failure.h"

/**
 * program_path() - beside this program, or where the build tree has it, or where it is installed
 * @folder: the build tree's, seen from this program's
 * @ret:    owned by the caller
 *
 * Return: 0, or negative errno with a sentence.
 */
int program_path(const char *name, const char *folder, char **ret, Failure *reterr);
