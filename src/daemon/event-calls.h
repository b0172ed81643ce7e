/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/event-calls.h: events on the bus: the signal, and the list of those that were. Everybody may see them. */
#pragma once
#include <systemd/sd-bus.h>
#include "model/event.h"

/** event_emit() - org.pocketdocker.Manager.Event to all who listen. Return: 0 or negative errno. */
int event_emit(sd_bus *bus, const Event *e);

int manager_method_list_events(sd_bus_message *m, void *userdata, sd_bus_error *error);
