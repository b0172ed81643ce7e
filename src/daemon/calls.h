/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/calls.h: calls that are answered later. A parked call keeps its message until the engine says how it ended. When
 * its caller leaves, a wait is ended; all else goes on and is answered to nobody.
 */
#pragma once
#include "daemon/daemon.h"
#include "engine/container.h"
#include "engine/operation.h"
#include "model/id.h"

typedef struct Call Call;
typedef int (*CallReply)(sd_bus_message *m, Call *call); /* answers a call that succeeded */

struct Call {
        Daemon *daemon;                    /* borrowed */
        Caller *caller;                    /* borrowed; NULL: left */
        sd_bus_message *message;           /* owned; NULL: left */
        List caller_calls;                 /* in caller->calls */
        List daemon_calls;                 /* in daemon->calls */
        Waiter *waiter;                    /* owned: what it waits for, if it is a wait */
        OperationWaiter *operation_waiter; /* the same */
        CallReply reply;                   /* NULL: an empty reply */
        bool starting; /* within the engine's call: an end that comes now frees nothing yet */
        bool finished;
        char id[ID_MAX];            /* of the container or image it is about, for the reply */
        char **untagged, **deleted; /* owned: of RemoveImage */
};

/** call_new() - park @m. Return: 0, or an error for the caller: a limit is reached. */
int call_new(sd_bus_message *m, CallReply reply, Call **ret, sd_bus_error *error);
Call *call_free(Call *call);
DEFINE_CLEANUP(Call *, call_free);

/**
 * call_started() - end of a handler that asked the engine
 * @call: the variable that holds it; emptied where the call goes on
 * @r:    what the engine said at once
 *
 * Return: what the handler returns: 1, or an error that is in @error.
 */
int call_started(Call **call, int r, const Failure *failure, sd_bus_error *error);

/* The engine's answers: userdata is the Call. */
void call_done(const Failure *failure, void *userdata);
void call_wait_done(int exit_code, const Failure *failure, void *userdata);
void call_healthcheck_done(ContainerHealth health, int exit_code, const char *output,
                const Failure *failure, void *userdata);
void call_exec_started(
                const char *exec_id, StreamFds *streams, const Failure *failure, void *userdata);
void call_operation_done(Operation *o, void *userdata);

/** call_caller_left() - for callers.c: nobody is there to be answered. May free the call. */
void call_caller_left(Call *call);

/** streams_append() - a{sh} of what is open in @streams; the fds stay the caller's. */
int streams_append(sd_bus_message *m, const StreamFds *streams);
void streams_close(StreamFds *streams);
