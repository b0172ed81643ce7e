/* SPDX-License-Identifier: Apache-2.0 */
/* cli/run-flags.h: the flags of `run` and `create`, and how they travel. Knows no connection. */
#pragma once
#include <systemd/sd-bus.h>
#include "cli/flags.h"

/* What becomes of the container: one row is one option of CreateContainer. */
extern const Flag container_flags[];

/* What it may use, and what follows its end: what `update` changes, too. */
extern const Flag limit_flags[];

/**
 * run_flags_append() - append a{sv} to a call
 * @args:    parsed by container_flags, limit_flags or both
 * @mounts:  what mount_flags_prepare() made of --volume and --mount; NULL: none
 * @command: NULL-terminated; the words after the image
 *
 * `--env KEY`, `--env-file` and `--label-file` are read here, so that the service sees values only.
 *
 * Return: 0, or negative errno with a sentence that names the flag or file.
 */
int run_flags_append(sd_bus_message *m, const Arguments *args, char *const *mounts,
                char *const *command, Failure *reterr);

/** strings_append() - append {sv} of strings. Return: 0 or negative errno. */
int strings_append(sd_bus_message *m, const char *key, char *const *list);

/** env_append() - append `env` of `exec`: {sv} of KEY=VALUE and KEY. */
int env_append(sd_bus_message *m, const Arguments *args, Failure *reterr);
