/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/probe-command.h: the command of a health check, once: begun, its output kept, ended with all that it made. Knows
 * neither time nor health.
 */
#pragma once
#include "engine/container-private.h"

typedef struct ProbeCommand ProbeCommand;

/* Both are called from the loop; each may free the command. */
typedef struct ProbeHandler {
        void (*ended)(int exit_code, const char *output, void *userdata); /* once; not after it was ended by us */
        void (*gone)(void *userdata);                                     /* last: nothing of it is left */
} ProbeHandler;

/** probe_command_new() - @handler: borrowed. Return: 0, or what fail() gives; then there is nothing. */
int probe_command_new(Container *c, uint64_t number, const ProbeHandler *handler, void *userdata,
                ProbeCommand **ret, Failure *reterr);

/** probe_command_end() - kill it with all that it made; `gone` follows, `ended` does not. */
void probe_command_end(ProbeCommand *p);

/** probe_command_free() - the same, and nothing follows. */
ProbeCommand *probe_command_free(ProbeCommand *p);
