/* SPDX-License-Identifier: Apache-2.0 */
/* engine/plan-failure.c: what went wrong between clone3 and execve, as a person reads it. */
#include "engine/plan-failure.h"
#include <stdbool.h>
#include <string.h>
#include "base/str.h"

/* Return: it was about a place of the host that is to be mounted. */
static bool describe_mount(const PlanFailure *f, const char *name, int error, Failure *ret) {
        const char *blank = strchr(f->detail, ' ');

        if (f->step == PLAN_STEP_SOURCE && error == ENOENT)
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "There is no '%s', which container '%s' is to have", f->detail,
                                name);
        else if (f->step == PLAN_STEP_SOURCE && error == ESTALE)
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "What is at '%s' is not what container '%s' was given", f->detail,
                                name);
        else if (f->step == PLAN_STEP_SOURCE)
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "Container '%s' cannot have '%s': %s", name, f->detail,
                                strerror(error));
        else if (f->step == PLAN_STEP_MAPPED_MOUNT && blank)
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "The file system of '%s', or of what is mounted below it, cannot "
                                "map user ids: it is of type '%.*s'",
                                blank + 1, (int) (blank - f->detail), f->detail);
        else
                return false;
        return true;
}

void plan_failure_describe(const PlanFailure *f, const char *command, const char *name,
                const char *attempt, Failure *ret) {
        const char *step = plan_step_to_string((PlanStep) f->step);
        int error = f->error > 0 ? f->error : EIO;

        if (f->step == PLAN_STEP_EXECVE && (error == ENOENT || error == ENOTDIR))
                (void) fail(ret, FAILURE_COMMAND_NOT_FOUND, error,
                                "Command '%s' was not found in container '%s'", command, name);
        else if (f->step == PLAN_STEP_EXECVE)
                (void) fail(ret, FAILURE_COMMAND_NOT_EXECUTABLE, error,
                                "Command '%s' cannot be executed in container '%s': %s", command,
                                name, strerror(error));
        else if (f->step == PLAN_STEP_USER && error == ENOENT)
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "User or group '%s' was not found in the image of container '%s'",
                                f->detail, name);
        else if (f->step == PLAN_STEP_USER && error == ERANGE)
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "User or group '%s' of container '%s' has an id above 65535",
                                f->detail, name);
        else if (!describe_mount(f, name, error, ret))
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "Failed to %s container '%s' at step '%s'%s%s%s: %s", attempt, name,
                                strempty(step), f->detail[0] ? " ('" : "", f->detail,
                                f->detail[0] ? "')" : "", strerror(error));
}
