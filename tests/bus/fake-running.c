/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-running.c: what may be asked of a fake container that runs: pause, numbers, processes. One whose name begins with
 * `stuck` cannot be paused.
 */
#include "engine/container-usage.h"
#include <fcntl.h>
#include <unistd.h>
#include "base/fd.h"
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

int container_get_stats(Container *c, Stats *ret, Failure *reterr) {
        if (c->state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        stats_init(ret);
        ret->values[STATS_ONLINE_CPUS] = 2;
        ret->values[STATS_CPU_USAGE] = 1500;
        return 0;
}

/* The first line, and the end. */
int container_watch_stats(Container *c, int *ret_fd, Failure *reterr) {
        char line[STATS_LINE_MAX];
        Stats stats;
        int fds[2], r;

        r = container_get_stats(c, &stats, reterr);
        if (r < 0)
                return r;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = write_full(fds[1], line, stats_to_json(&stats, c->id, c->name, line));
        close_fd(fds[1]);
        *ret_fd = fds[0];
        return r;
}

int container_list_processes(Container *c, ContainerProcess **ret, size_t *ret_n, size_t *ret_total,
                Failure *reterr) {
        if (c->state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        *ret = calloc(1, sizeof(**ret));
        if (!*ret)
                return -ENOMEM;
        **ret = (ContainerProcess){
                .process = { .pid = 4711, .parent = 4710, .inner = 1, .cpu_usec = 5, .name = "sh" },
                .inner_uid = 7,
                .started_usec = 3,
        };
        *ret_n = 1;
        *ret_total = 9;
        return 0;
}
