/* SPDX-License-Identifier: Apache-2.0 */
/* model/status.h: a container's state in words for people, as `ps` shows it. */
#pragma once
#include "base/usec.h"
#include "model/lifecycle.h"

#define STATUS_TEXT_MAX 96U

/**
 * status_text() - "Running (3 minutes)", "Running (3 minutes) (healthy)", "Stopped (0) 2 minutes ago", "Created", "Paused (3 minutes)",
 * "Restarting (1) 4 seconds ago", "Dead"
 * @started_usec, @finished_usec: µs since the epoch; 0: never
 * @now_usec: realtime; a clock that was set back counts as no time
 */
const char *status_text(ContainerState state, ContainerHealth health, int exit_code,
                usec_t started_usec, usec_t finished_usec, usec_t now_usec,
                char ret[static STATUS_TEXT_MAX]);
