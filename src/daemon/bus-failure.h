/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/bus-failure.h: a Failure as a D-Bus error. Names are model/failure.c's; this is the one translator. */
#pragma once
#include <systemd/sd-bus.h>
#include "model/failure.h"

/**
 * bus_failure_set() - fill in @error
 * @r: what the failed function returned; without a sentence in @f its errno tells
 * Return: negative, for a handler to return.
 */
int bus_failure_set(sd_bus_error *error, int r, const Failure *f);

/** bus_failure_reply() - answer @m with it. Return: as sd_bus_reply_method_error(). */
int bus_failure_reply(sd_bus_message *m, const Failure *f);

/** bus_text() - @s, or if it is not UTF-8 a copy in *@buffer with each bad byte as `?`: a bus ends the connection over one. NULL without memory. */
const char *bus_text(const char *s, char **buffer);
