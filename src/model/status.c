/* SPDX-License-Identifier: Apache-2.0 */
/* model/status.c: the STATUS column. */
#include "model/status.h"
#include <stdio.h>

const char *status_text(ContainerState state, ContainerHealth health, int exit_code,
                usec_t started_usec, usec_t finished_usec, usec_t now_usec,
                char ret[static STATUS_TEXT_MAX]) {
        static const char *const health_words[_CONTAINER_HEALTH_MAX] = {
                [HEALTH_NONE] = "",
                [HEALTH_STARTING] = " (health: starting)",
                [HEALTH_HEALTHY] = " (healthy)",
                [HEALTH_UNHEALTHY] = " (unhealthy)",
        };
        const char *word =
                        health >= 0 && health < _CONTAINER_HEALTH_MAX ? health_words[health] : "";
        char up[HUMAN_DURATION_MAX], ago[HUMAN_DURATION_MAX];

        format_human_duration(now_usec > started_usec ? now_usec - started_usec : 0, up);
        format_human_duration(now_usec > finished_usec ? now_usec - finished_usec : 0, ago);

        /* All fit: two times HUMAN_DURATION_MAX and the longest words are below STATUS_TEXT_MAX. */
        switch (state) {
        case CONTAINER_CREATED:
                (void) snprintf(ret, STATUS_TEXT_MAX, "Created");
                break;
        case CONTAINER_RUNNING:
                (void) snprintf(ret, STATUS_TEXT_MAX, "Running (%s)%s", up, word);
                break;
        case CONTAINER_PAUSED:
                (void) snprintf(ret, STATUS_TEXT_MAX, "Paused (%s)", up);
                break;
        case CONTAINER_RESTARTING:
                (void) snprintf(ret, STATUS_TEXT_MAX, "Restarting (%d) %s ago", exit_code, ago);
                break;
        case CONTAINER_EXITED:
                (void) snprintf(ret, STATUS_TEXT_MAX, "Stopped (%d) %s ago", exit_code, ago);
                break;
        default:
                (void) snprintf(ret, STATUS_TEXT_MAX, "Dead");
        }
        return ret;
}
