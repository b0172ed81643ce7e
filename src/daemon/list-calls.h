/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/list-calls.h: ListContainers and ListImages: one reply, made of memory alone. */
#pragma once
#include <systemd/sd-bus.h>

int manager_method_list_containers(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_list_images(sd_bus_message *m, void *userdata, sd_bus_error *error);
