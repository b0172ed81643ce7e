/* SPDX-License-Identifier: Apache-2.0 */
/* cli/session.h: a command in the foreground: its streams, signals, terminal and end. Knows no flags. */
#pragma once
#include <stdbool.h>
#include "cli/client.h"
#include "cli/detach-keys.h"

typedef struct Session {
        /* what is wanted; filled in by the caller */
        const char *path;     /* the container's object path */
        bool start;           /* send Start, and Wait before it */
        bool until_gone;      /* stay until the container is removed, which it is at its end */
        bool block;           /* the workload waits for this client rather than dropping it */
        bool want_stdin, want_stdout, want_stderr;
        bool tty;             /* the workload has a terminal */
        bool sig_proxy;       /* pass signals on */
        DetachKeys keys;
} Session;

/** session_prepare() - is what is wanted possible on this terminal? Return: 0, or -EINVAL with a sentence. */
int session_prepare(const Session *s, Failure *reterr);

/**
 * session_run() - attach, start if asked to, and stay until the end
 *
 * The calls leave together, so that a start costs one round trip. If the connection goes, the streams do not: the end is
 * asked for on a new one.
 *
 * Return: the workload's exit status; 0 after the detach keys; or negative errno with a sentence.
 */
int session_run(Client *c, const Session *s, Failure *reterr);

/**
 * session_exec() - the same for a command beside the workload
 * @call: Exec, filled in; its reply has the name of the exec and the streams
 */
int session_exec(Client *c, const Session *s, sd_bus_message *call, Failure *reterr);
