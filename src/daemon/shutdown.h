/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/shutdown.h: SIGTERM and SIGINT: does the machine go down, or only the daemon? */
#pragma once
#include "daemon/daemon.h"

/** shutdown_watch() - handle the two from now on; they are blocked already. Embedded the daemon ends at once. Return: 0 or negative errno. */
int shutdown_watch(Daemon *daemon);
