/* SPDX-License-Identifier: Apache-2.0 */
/* engine/command.h: a command beside the workload, as a user's exec and a health check start it. */
#pragma once
#include "engine/container-private.h"

typedef struct CommandArgs {
        const ExecArgs *exec;
        const StreamFds *ours; /* the command's ends */
        const Cgroup *cgroup;
        int record_fd;         /* of its exit record */
        int own_cgroup_fd;     /* it ends with all that it made there; -EBADF: it is one of the payload's */
        const MonitorHandler *handler;
        void *userdata;
} CommandArgs;

/** command_spawn() - @ret_pidfd: the monitor's, owned by the caller. The container must run. Return: 0 or negative errno. */
int command_spawn(Container *c, const CommandArgs *args, MonitorClient **ret, int *ret_pidfd);

/** command_failure() - why it was not started, as a sentence. */
void command_failure(const Container *c, const char *command, const PlanFailure *f, Failure *ret);
