/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/container-calls.c: handlers of org.pocketdocker.Container that change it, wait for it or tell of it. Each reads,
 * authorises, asks the engine, and replies or parks; one that asks polkit runs twice, from its first line.
 */
#include <signal.h>
#include "base/parse.h"
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/calls.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"

/* What changes a container: his own by manage-own, another's by manage. */
static int authz_manage(
                sd_bus_message *m, const Container *c, const char *verb, sd_bus_error *error) {
        return authz_container(m, c, verb, POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_MANAGE, error);
}

int container_method_start(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        Container *c = userdata;
        int r;

        r = dict_read(m, NULL, 0, error);
        if (r < 0)
                return r;

        r = authz_manage(m, c, "start", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_start(c, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

typedef int (*StopFn)(Container *c, uint64_t timeout_usec, int signal, EngineDone done,
                void *userdata, Failure *reterr);

/* @empty is what an empty name means. Return: a signal, or negative with @error filled in. */
static int read_signal(const char *name, int empty, sd_bus_error *error) {
        int sig;

        if (isempty(name))
                return empty;
        sig = parse_signal(name);
        if (sig < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "There is no signal '%.64s'", name);
        return sig;
}

static int stop_or_restart(
                sd_bus_message *m, Container *c, const char *verb, StopFn fn, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        uint64_t timeout = CONTAINER_TIMEOUT_DEFAULT;
        const char *name = NULL;
        const DictField fields[] = {
                { "timeout", DICT_U64, &timeout },
                { "signal", DICT_STRING, &name },
        };
        int sig, r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        sig = read_signal(name, 0, error);
        if (sig < 0)
                return sig;

        r = authz_manage(m, c, verb, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = fn(c, timeout, sig, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_stop(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return stop_or_restart(m, userdata, "stop", container_stop, error);
}

int container_method_restart(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return stop_or_restart(m, userdata, "restart", container_restart, error);
}

int container_method_kill(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        Daemon *daemon = daemon_of(m);
        Container *c = userdata;
        const char *name;
        int sig, r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        sig = read_signal(name, SIGKILL, error);
        if (sig < 0)
                return sig;

        r = authz_manage(m, c, "kill", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_kill(c, sig, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, NULL);
}

typedef int (*PauseFn)(Container *c, EngineDone done, void *userdata, Failure *reterr);

static int pause_or_unpause(sd_bus_message *m, Container *c, const char *verb, PauseFn fn,
                sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        int r;

        r = authz_manage(m, c, verb, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = fn(c, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_pause(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return pause_or_unpause(m, userdata, "pause", container_pause, error);
}

int container_method_unpause(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return pause_or_unpause(m, userdata, "unpause", container_unpause, error);
}

int container_method_remove(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        bool force = false, volumes = false;
        Container *c = userdata;
        const DictField fields[] = {
                { "force", DICT_BOOL, &force },
                { "volumes", DICT_BOOL, &volumes },
        };
        int r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = authz_manage(m, c, "remove", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_remove(c, force, volumes, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        Container *c = userdata;
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = authz_manage(m, c, "rename", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_rename(c, name, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_wait(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        const char *name = "stopped";
        Container *c = userdata;
        const DictField field = { "condition", DICT_STRING, &name };
        WaitCondition condition;
        int r;

        r = dict_read(m, &field, 1, error);
        if (r < 0)
                return r;

        condition = wait_condition_from_string(name);
        if ((int) condition < 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "Option 'condition' is stopped, next-exit, removed, running, "
                                "healthy or unhealthy, not '%.64s'",
                                name);

        r = authz_container(m, c, "wait", NULL, POLKIT_ACTION_INSPECT, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_wait(c, condition, call_wait_done, call, &call->waiter, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_run_healthcheck(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        Container *c = userdata;
        int r;

        r = authz_manage(m, c, "healthcheck", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_run_healthcheck(c, call_healthcheck_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_inspect(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *document = NULL;
        Container *c = userdata;
        int r;

        r = authz_container(m, c, "inspect", NULL, POLKIT_ACTION_INSPECT, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_inspect(c, authz_may_read(m, container_owner(c)), &document);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "s", document);
}
