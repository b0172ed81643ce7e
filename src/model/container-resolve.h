/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-resolve.h: a spec as asked for and an image's config make the workload: argv, environment, user, directory. */
#pragma once
#include "model/container-spec.h"
#include "model/image-config.h"

/**
 * container_spec_resolve() - fill in what the image decides, as Docker does
 * @id: the container's, for HOSTNAME when no hostname was given
 *
 * argv: the entrypoint (an override drops the image's command, too) and then the command. env: PATH, HOSTNAME and, with
 * a terminal, TERM; over them the image's, over those the caller's; an entry of the caller's without `=` takes that
 * variable away. HOME is set at the start, when the user is known. labels: the image's under the caller's, sorted.
 * Afterwards every member of "the workload" is final.
 *
 * Return: 0, -ENOMEM, or FAILURE_INVALID_SPEC (no command anywhere; a stop signal of the image that is none),
 * FAILURE_LIMIT_REACHED.
 */
int container_spec_resolve(
                ContainerSpec *spec, const ImageConfig *config, const char *id, Failure *reterr);
