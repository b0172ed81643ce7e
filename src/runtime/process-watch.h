/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/process-watch.h: reports the end of one process, whoever started it. Knows pidfds; knows
 * no containers. */
#pragma once
#include <systemd/sd-event.h>
#include "base/cleanup.h"

typedef struct ProcessWatch ProcessWatch;
typedef struct ProcessExit {
        int error;  /* 0, or negative errno: status lost (-ECHILD: not our child) */
        int code;   /* CLD_EXITED, CLD_KILLED or CLD_DUMPED */
        int status; /* exit code 0..255, or a signal number */
} ProcessExit;
typedef void (*ProcessExitFn)(const ProcessExit *end, void *userdata);

/**
 * process_watch_new() - report the end of one process
 * @event:    loop to attach to; referenced
 * @pidfd:    owned by the watch on success, by the caller on failure
 * @fn:       called once, from the loop, never from within this call; may free the watch
 * @ret:      the watch; freeing it cancels the report
 *
 * A process that has ended already is reported as well: its pidfd stays readable.
 *
 * Return: 0, or negative errno: -ENOMEM, or what sd_event_add_io() gives.
 * Source: pidfd_open(2), waitid(2)
 */
int process_watch_new(
                sd_event *event, int pidfd, ProcessExitFn fn, void *userdata, ProcessWatch **ret);
ProcessWatch *process_watch_free(ProcessWatch *w);
DEFINE_CLEANUP(ProcessWatch *, process_watch_free);
