/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/peer-driver.h: what a client asks of org.freedesktop.DBus, answered on a connection without a message bus. */
#pragma once
#include "daemon/peer-bus.h"

#define PEER_SERVICE_NAME ":1.0" /* our unique name on every such connection */
#define PEER_MATCHES_MAX 256U

/** peer_driver_filter() - for sd_bus_add_filter(), userdata is the Peer: answers what is for the bus, and refuses what is for nobody. */
int peer_driver_filter(sd_bus_message *m, void *userdata, sd_bus_error *error);

/** match_wants_us() - does this rule ask for signals of ours? @rule: as AddMatch has it. */
bool match_wants_us(const char *rule);
