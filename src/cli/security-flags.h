/* SPDX-License-Identifier: Apache-2.0 */
/* cli/security-flags.h: `--security-opt`, whose seccomp profile is a file of the caller's. */
#pragma once
#include <systemd/sd-bus.h>
#include "cli/flags.h"

/**
 * security_opts_append() - append `security-opt`, and `seccomp-profile` if one names a file
 *
 * The file is read as the caller, so that the service sees text only.
 *
 * Return: 0, or negative errno with a sentence that names the file.
 */
int security_opts_append(sd_bus_message *m, const Arguments *args, Failure *reterr);
