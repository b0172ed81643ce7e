/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/pull-call.h: org.pocketdocker.Manager.PullImage. */
#pragma once
#include <systemd/sd-bus.h>

int manager_method_pull_image(sd_bus_message *m, void *userdata, sd_bus_error *error);
