/* SPDX-License-Identifier: Apache-2.0 */
/* engine/plan-failure.c: what went wrong between clone3 and execve, as a person reads it. */
#include "engine/plan-failure.h"
#include <string.h>
#include "base/str.h"

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
        else
                (void) fail(ret, FAILURE_START_FAILED, error,
                                "Failed to %s container '%s' at step '%s'%s%s%s: %s", attempt, name,
                                strempty(step), f->detail[0] ? " ('" : "", f->detail,
                                f->detail[0] ? "')" : "", strerror(error));
}
