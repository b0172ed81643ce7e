/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/ready.c: see ready.h. */
#include "monitor/ready.h"
#include <sched.h>
#include <stdlib.h>
#include <sys/resource.h>
#include "base/fd.h"
#include "init/steps.h"
#include "model/names.h"
#include "monitor/userns.h"

#define NICENESS 10 /* whoever starts or ends meanwhile goes before us */

static int hand_over(uint8_t kind, int fd) {
        return send_fd(READY_SOCKET_FD, &kind, sizeof(kind), fd);
}

int ready_run(const char *first) {
        PlanIdMap own = { 0, (uint32_t) strtoul(first, NULL, 10), READY_IDS }; /* the daemon's own words */
        PlanIdMap stored = { FOREIGN_ID_BASE, own.outside, READY_IDS };
        int user_fd, storage_fd, net_fd, r;

        (void) setpriority(PRIO_PROCESS, 0, NICENESS); /* a higher one is nobody's to refuse */
        r = user_fd = userns_new(&own, 1, &own, 1, &net_fd);
        if (r >= 0)
                r = storage_fd = userns_new(&stored, 1, &stored, 1, NULL);
        if (r >= 0 && setns(net_fd, CLONE_NEWNET) < 0)
                r = -errno;
        if (r >= 0)
                r = loopback_up();
        if (r >= 0)
                r = hand_over(READY_USERNS, user_fd);
        if (r >= 0)
                r = hand_over(READY_NETNS, net_fd);
        if (r >= 0)
                r = hand_over(READY_STORAGE, storage_fd);
        return r < 0 ? EXIT_FAILURE : EXIT_SUCCESS; /* the start that lacks them says why they cannot be had */
}
