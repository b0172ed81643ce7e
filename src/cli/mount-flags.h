/* SPDX-License-Identifier: Apache-2.0 */
/* cli/mount-flags.h: --volume and --mount: what the caller names, opened as the caller, or named to the service. */
#pragma once
#include "cli/client.h"
#include "cli/flags.h"
#include "model/container-mount.h"

/**
 * mount_flags_prepare() - the option `mount` of CreateContainer
 * @ret: string list, owned by the caller; NULL: none was given
 *
 * A directory or file of the host is opened here and handed over, so that it is the caller's alone (idmap=caller); root, and
 * who asks for idmap=all, names it instead.
 *
 * Return: 0, or negative errno with a sentence.
 */
int mount_flags_prepare(Client *c, const Arguments *args, char ***ret, Failure *reterr);

/** volume_flag_parse() - one value of --volume: SOURCE:TARGET[:OPTIONS] or TARGET. @ret: container_mount_done(). */
int volume_flag_parse(const char *text, ContainerMount *ret, Failure *reterr);
