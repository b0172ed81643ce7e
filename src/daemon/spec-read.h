/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/spec-read.h: the options of RunContainer, CreateContainer and SetResources, by the table of model/container-options.h. */
#pragma once
#include <systemd/sd-bus.h>
#include "model/container-options.h"

/** resources_read() - the same of SetResources: those options that a container takes after its creation. Nothing that concerns several is checked. */
int resources_read(sd_bus_message *m, ContainerOptions *o, sd_bus_error *error);

/** spec_read() - read the a{sv} that stands next in @m into @o, which was initialised. Return: 0, or negative with @error filled in. */
int spec_read(sd_bus_message *m, ContainerOptions *o, sd_bus_error *error);
