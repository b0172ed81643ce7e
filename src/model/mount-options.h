/* SPDX-License-Identifier: Apache-2.0 */
/* model/mount-options.h: the options `mount` and `volumes-from`, and which values of the first weaken. Set by model/container-options.c's table. */
#pragma once
#include "model/container-options.h"

int mount_option_mount(ContainerOptions *o, const OptionValue *value, Failure *reterr);
int mount_option_volumes_from(ContainerOptions *o, const OptionValue *value, Failure *reterr);

/** mount_options_weakening() - a place of the host by its name. What was handed over as a descriptor is its caller's. */
void mount_options_weakening(const ContainerSpec *spec, Weakening *w);
