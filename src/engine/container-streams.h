/* SPDX-License-Identifier: Apache-2.0 */
/* engine/container-streams.h: waiting for a container, its streams, its log, commands beside it. Knows no bus. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "engine/observer.h"

typedef enum WaitCondition {
        WAIT_STOPPED,
        WAIT_NEXT_EXIT,
        WAIT_REMOVED,
        WAIT_RUNNING,
        WAIT_HEALTHY, /* these two fail for one without a check, and when it ends for good */
        WAIT_UNHEALTHY,
        _WAIT_CONDITION_MAX,
        _WAIT_CONDITION_INVALID = -EINVAL,
} WaitCondition;
WaitCondition wait_condition_from_string(const char *s);

typedef struct Waiter Waiter;
typedef void (*WaitDone)(int exit_code, const Failure *failure, void *userdata);

/**
 * container_wait() - be told of a condition
 * @ret: waiter_free() cancels it; it is gone once @done was called. @done is called at once (from
 * within) if the condition holds. With spec->remove the container is removed only after every
 * pending waiter's @done returned.
 */
int container_wait(Container *c, WaitCondition condition, WaitDone done, void *userdata,
                Waiter **ret, Failure *reterr);
Waiter *waiter_free(Waiter *w);

/* Streams */
typedef enum StreamMask {
        STREAM_STDIN = 1 << 0,
        STREAM_STDOUT = 1 << 1,
        STREAM_STDERR = 1 << 2,
        STREAM_BLOCK = 1 << 3,
} StreamMask;

typedef struct StreamFds {
        int stdin_fd, stdout_fd, stderr_fd; /* the client's ends, -EBADF where not asked for; owned
                                               by the caller */
} StreamFds;

/** container_attach() - fresh streams; in the state created they are kept until the start. */
int container_attach(Container *c, unsigned streams, StreamFds *ret, Failure *reterr);

typedef struct LogRequest {
        bool follow, timestamps, framed;
        unsigned streams;    /* STREAM_STDOUT | STREAM_STDERR */
        uint64_t tail;       /* lines; UINT64_MAX: all */
        uint64_t since_usec; /* 0: from the beginning */
        uint64_t until_usec; /* 0: to the end */
} LogRequest;

/** container_logs() - a worker writes the log into a fresh pipe; @ret_fd is its read end, owned by
 * the caller. */
int container_logs(Container *c, const LogRequest *request, int *ret_fd, Failure *reterr);

/* Exec */
typedef struct ExecArgs {
        char *const *argv;
        char *const *env;        /* added to the container's */
        const char *user;        /* NULL: the container's */
        const char *working_dir; /* NULL: the container's */
        bool tty;
        unsigned streams;
        unsigned rows, columns;
} ExecArgs;
typedef void (*ExecStarted)(
                const char *exec_id, StreamFds *streams, const Failure *failure, void *userdata);

/** container_exec() - @started: once; takes the streams' fds out of *streams (TAKE_FD) on success.
 */
int container_exec(Container *c, const ExecArgs *args, ExecStarted started, void *userdata,
                Failure *reterr);
int container_wait_exec(Container *c, const char *exec_id, WaitDone done, void *userdata,
                Waiter **ret, Failure *reterr);
int container_resize_exec(Container *c, const char *exec_id, unsigned rows, unsigned columns,
                Failure *reterr);
int container_kill_exec(Container *c, const char *exec_id, int signal, Failure *reterr);
