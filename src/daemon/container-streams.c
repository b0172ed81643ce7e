/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/container-streams.c: handlers of org.pocketdocker.Container that hand out streams, and those of execs. A client gets
 * one end of a fresh pipe or socketpair; no fd of its own goes into a container.
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

/* In a fixed order of bits: StreamMask. */
static unsigned stream_mask(bool in, bool out, bool err, bool block) {
        return (in ? STREAM_STDIN : 0U) | (out ? STREAM_STDOUT : 0U) | (err ? STREAM_STDERR : 0U) |
               (block ? STREAM_BLOCK : 0U);
}

int container_method_attach(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_(streams_close) StreamFds streams = { -EBADF, -EBADF, -EBADF };
        _cleanup_failure_ Failure failure = {};
        bool in = false, out = true, err = true, block = false;
        Container *c = userdata;
        const DictField fields[] = {
                { "stdin", DICT_BOOL, &in },
                { "stdout", DICT_BOOL, &out },
                { "stderr", DICT_BOOL, &err },
                { "block", DICT_BOOL, &block },
        };
        int r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = authz_container(m, c, "attach", POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_attach(c, stream_mask(in, out, err, block), &streams, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = streams_append(reply, &streams);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

int container_method_logs(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        bool out = true, err = true;
        _cleanup_failure_ Failure failure = {};
        LogRequest request = { .tail = UINT64_MAX };
        _cleanup_close_ int fd = -EBADF;
        Container *c = userdata;
        const DictField fields[] = {
                { "follow", DICT_BOOL, &request.follow },
                { "stdout", DICT_BOOL, &out },
                { "stderr", DICT_BOOL, &err },
                { "timestamps", DICT_BOOL, &request.timestamps },
                { "framed", DICT_BOOL, &request.framed },
                { "tail", DICT_U64, &request.tail },
                { "since", DICT_U64, &request.since_usec },
                { "until", DICT_U64, &request.until_usec },
        };
        int r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = authz_container(m, c, "logs", NULL, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        request.streams = stream_mask(false, out, err, false);
        r = container_logs(c, &request, &fd, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, "h", fd);
}

/* A terminal's sides fit into 16 bits each. */
static int check_size(uint32_t rows, uint32_t columns, sd_bus_error *error) {
        if (rows > UINT16_MAX || columns > UINT16_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                "A terminal has at most %u rows and columns, not %u × %u",
                                UINT16_MAX, rows, columns);
        return 0;
}

int container_method_resize(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        uint32_t rows, columns;
        Container *c = userdata;
        int r;

        r = sd_bus_message_read(m, "uu", &rows, &columns);
        if (r < 0)
                return r;

        r = check_size(rows, columns, error);
        if (r < 0)
                return r;

        r = authz_container(m, c, "resize", POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_resize(c, rows, columns, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, NULL);
}

static int authz_exec(
                sd_bus_message *m, const Container *c, const char *verb, sd_bus_error *error) {
        return authz_container(m, c, verb, POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_EXEC, error);
}

typedef struct ExecOptions {
        bool in, out, err, tty;
        char **env;                     /* owned */
        const char *user, *working_dir; /* borrowed from the message */
        uint32_t rows, columns;
} ExecOptions;

static int read_exec_options(sd_bus_message *m, ExecOptions *o, sd_bus_error *error) {
        const DictField fields[] = {
                { "stdin", DICT_BOOL, &o->in },
                { "stdout", DICT_BOOL, &o->out },
                { "stderr", DICT_BOOL, &o->err },
                { "tty", DICT_BOOL, &o->tty },
                { "env", DICT_STRINGS, &o->env },
                { "user", DICT_STRING, &o->user },
                { "workdir", DICT_STRING, &o->working_dir },
                { "rows", DICT_U32, &o->rows },
                { "columns", DICT_U32, &o->columns },
        };
        int r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        return r < 0 ? r : check_size(o->rows, o->columns, error);
}

int container_method_exec(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        _cleanup_strv_free_ char **argv = NULL, **env = NULL;
        ExecOptions o = {};
        Container *c = userdata;
        int r;

        r = sd_bus_message_read_strv(m, &argv);
        if (r < 0)
                return r;

        r = read_exec_options(m, &o, error);
        env = o.env;
        if (r < 0)
                return r;
        if (strv_length(argv) == 0)
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "The command is empty");

        r = authz_exec(m, c, "exec", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_exec(c,
                        &(ExecArgs){
                                        .argv = argv,
                                        .env = env,
                                        .user = o.user,
                                        .working_dir = o.working_dir,
                                        .tty = o.tty,
                                        .streams = stream_mask(o.in, o.out, o.err, false),
                                        .rows = o.rows,
                                        .columns = o.columns,
                        },
                        call_exec_started, call, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_wait_exec(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        Container *c = userdata;
        const char *exec_id;
        int r;

        r = sd_bus_message_read(m, "s", &exec_id);
        if (r < 0)
                return r;

        r = authz_container(m, c, "wait-exec", NULL, POLKIT_ACTION_EXEC, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_wait_exec(c, exec_id, call_wait_done, call, &call->waiter, &failure);
        return call_started(&call, r, &failure, error);
}

int container_method_resize_exec(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        uint32_t rows, columns;
        Container *c = userdata;
        const char *exec_id;
        int r;

        r = sd_bus_message_read(m, "suu", &exec_id, &rows, &columns);
        if (r < 0)
                return r;

        r = check_size(rows, columns, error);
        if (r < 0)
                return r;

        r = authz_exec(m, c, "resize-exec", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_resize_exec(c, exec_id, rows, columns, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, NULL);
}

int container_method_kill_exec(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        const char *exec_id, *name;
        Container *c = userdata;
        int sig = SIGKILL, r;

        r = sd_bus_message_read(m, "ss", &exec_id, &name);
        if (r < 0)
                return r;

        if (!isempty(name)) {
                sig = parse_signal(name);
                if (sig < 0)
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "There is no signal '%.64s'", name);
        }

        r = authz_exec(m, c, "kill-exec", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_kill_exec(c, exec_id, sig, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, NULL);
}
