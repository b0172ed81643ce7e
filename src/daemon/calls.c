/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/calls.c: knows parked messages and how they are answered; knows no object. */
#include "daemon/calls.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/bus-failure.h"
#include "daemon/callers.h"
#include "daemon/changes.h"

int call_new(sd_bus_message *m, CallReply reply, Call **ret, sd_bus_error *error) {
        Link *link = link_current(sd_bus_message_get_bus(m));
        Caller *caller = caller_of(link, m);
        _cleanup_failure_ Failure failure = {};
        Call *call;
        int r;

        if (!caller)
                return -ENXIO;

        r = caller_charge(caller, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        call = malloc(sizeof(*call));
        if (!call) {
                caller->n_calls--;
                return -ENOMEM;
        }
        *call = (Call){
                .daemon = link->daemon,
                .caller = caller,
                .message = sd_bus_message_ref(m),
                .reply = reply,
                .starting = true,
        };
        list_append(&caller->calls, &call->caller_calls);
        list_append(&link->daemon->calls, &call->daemon_calls);
        *ret = call;
        return 0;
}

static void call_leave_caller(Call *call) {
        if (!call->caller)
                return;
        list_remove(&call->caller_calls);
        call->caller->n_calls--;
        call->caller = NULL;
        call->message = sd_bus_message_unref(call->message);
}

Call *call_free(Call *call) {
        if (!call)
                return NULL;

        waiter_free(call->waiter);
        operation_waiter_free(call->operation_waiter);
        call_leave_caller(call);
        list_remove(&call->daemon_calls);
        strv_free(call->untagged);
        strv_free(call->deleted);
        free(call);
        return NULL;
}

void call_caller_left(Call *call) {
        if (call->waiter || call->operation_waiter)
                call_free(call);
        else
                call_leave_caller(call);
}

/* It is answered. Within the engine's call the handler still holds it. */
static void call_finish(Call *call, int r) {
        if (r < 0)
                (void) log_debug_errno(r, "Failed to answer a call, ignoring: %m");

        call->waiter = NULL; /* the engine's waiters are gone once they have told */
        call->operation_waiter = NULL;
        call->finished = true;
        if (!call->starting)
                call_free(call);
}

int call_started(Call **call, int r, const Failure *failure, sd_bus_error *error) {
        Call *c = TAKE_PTR(*call);

        c->starting = false;
        if (r >= 0 && !c->finished)
                return 1;

        c->waiter = c->finished ? NULL : c->waiter;
        call_free(c);
        return r < 0 ? bus_failure_set(error, r, failure) : 1;
}

void call_done(const Failure *failure, void *userdata) {
        Call *call = userdata;
        int r = 0;

        changes_flush(call->daemon->changes);
        if (!call->message)
                r = 0;
        else if (failure_is_set(failure))
                r = bus_failure_reply(call->message, failure);
        else if (call->reply)
                r = call->reply(call->message, call);
        else
                r = sd_bus_reply_method_return(call->message, NULL);
        call_finish(call, r);
}

void call_healthcheck_done(ContainerHealth health, int exit_code, const char *output,
                const Failure *failure, void *userdata) {
        Call *call = userdata;
        int r = 0;

        changes_flush(call->daemon->changes);
        if (call->message)
                r = failure_is_set(failure)
                                    ? bus_failure_reply(call->message, failure)
                                    : sd_bus_reply_method_return(call->message, "sis",
                                                      container_health_to_string(health), exit_code,
                                                      output);
        call_finish(call, r);
}

void call_wait_done(int exit_code, const Failure *failure, void *userdata) {
        Call *call = userdata;
        int r = 0;

        changes_flush(call->daemon->changes);
        if (call->message)
                r = failure_is_set(failure)
                                    ? bus_failure_reply(call->message, failure)
                                    : sd_bus_reply_method_return(call->message, "i", exit_code);
        call_finish(call, r);
}

void call_operation_done(Operation *o, void *userdata) {
        const Failure *failure = operation_failure(o);
        Call *call = userdata;
        int r = 0;

        changes_flush(call->daemon->changes);
        if (call->message)
                r = failure_is_set(failure) ? bus_failure_reply(call->message, failure)
                                            : sd_bus_reply_method_return(call->message, "s",
                                                              operation_result(o));
        call_finish(call, r);
}

int streams_append(sd_bus_message *m, const StreamFds *streams) {
        const struct {
                const char *name;
                int fd;
        } all[] = {
                { "stdin", streams->stdin_fd },
                { "stdout", streams->stdout_fd },
                { "stderr", streams->stderr_fd },
        };
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sh}");
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(all); i++) {
                if (all[i].fd < 0)
                        continue;
                r = sd_bus_message_append(m, "{sh}", all[i].name, all[i].fd);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

void streams_close(StreamFds *streams) {
        streams->stdin_fd = close_fd(streams->stdin_fd);
        streams->stdout_fd = close_fd(streams->stdout_fd);
        streams->stderr_fd = close_fd(streams->stderr_fd);
}

static int reply_exec(sd_bus_message *m, const char *exec_id, const StreamFds *streams) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "s", exec_id);
        if (r < 0)
                return r;

        r = streams_append(reply, streams);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

void call_exec_started(
                const char *exec_id, StreamFds *streams, const Failure *failure, void *userdata) {
        Call *call = userdata;
        int r = 0;

        changes_flush(call->daemon->changes);
        if (call->message)
                r = failure_is_set(failure) ? bus_failure_reply(call->message, failure)
                                            : reply_exec(call->message, exec_id, streams);
        if (streams)
                streams_close(streams); /* the reply has duplicates of its own */
        call_finish(call, r);
}
