/* SPDX-License-Identifier: Apache-2.0 */
/* fake-running.c: what may be asked of a fake container that runs: pause. One whose name begins with `stuck` cannot be. */
#include "base/str.h"
#include "fake-engine.h"

int container_pause(Container *c, EngineDone done, void *userdata, Failure *reterr) {
        _cleanup_failure_ Failure failure = {};

        if (c->state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        if (startswith(c->name, "stuck"))
                (void) fail(&failure, FAILURE_TIMED_OUT, 0, "Container '%s' could not be paused",
                                c->name);
        else
                fake_set_state(c, CONTAINER_PAUSED, CONTAINER_CHANGED_STATE);
        return fake_later(c->manager, done, userdata, failure_is_set(&failure) ? &failure : NULL);
}

int container_unpause(Container *c, EngineDone done, void *userdata, Failure *reterr) {
        if (c->state != CONTAINER_PAUSED)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not paused",
                                c->name);
        fake_set_state(c, CONTAINER_RUNNING, CONTAINER_CHANGED_STATE);
        return fake_later(c->manager, done, userdata, NULL);
}
