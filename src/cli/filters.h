/* SPDX-License-Identifier: Apache-2.0 */
/* cli/filters.h: `--filter KEY=VALUE` on its way to the service. */
#pragma once
#include <systemd/sd-bus.h>
#include "cli/flags.h"

/**
 * filters_append() - append {sv} entries, one for each key, to an open a{sv}
 *
 * Every value is text, but for `dangling`, which is a switch, and `until`, which is a time. Keys are the service's to know and to refuse.
 *
 * Return: 0, or negative errno with a sentence.
 */
int filters_append(sd_bus_message *m, const Arguments *args, Failure *reterr);
