/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run-pull.h: the image of `run` and `create`, pulled by --pull and --platform. What is shown goes to stderr. */
#pragma once
#include "cli/client.h"
#include "cli/flags.h"

/** run_pull_first() - before the container is asked for: where a policy or a platform wants it. Return: 0, or negative with a sentence. */
int run_pull_first(Client *c, const Arguments *args, const char *image, Failure *reterr);

/**
 * run_pull_missing() - after the service has said that it has no such image
 * Return: 1 it has it now; 0 it is not to be pulled: @reterr is as it was; or negative with a sentence.
 */
int run_pull_missing(Client *c, const Arguments *args, const char *image, Failure *reterr);
