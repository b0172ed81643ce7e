/* SPDX-License-Identifier: Apache-2.0 */
/* cli/client.h: the connection to PocketDocker's service, and calls on it. Knows no verb. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>
#include "base/cleanup.h"
#include "model/failure.h"

#define _cleanup_message_ _cleanup_(sd_bus_message_unrefp)

typedef struct Client {
        const char *address; /* borrowed; NULL: found out */
        bool ask_password;   /* polkit may ask the caller for one */
        bool embedded;       /* the caller's own daemon rather than the system's service; set when the latter is absent */
        bool absent;         /* a call found that the system bus knows no such service */
        bool agent_due;      /* before the first call that polkit may ask about somebody has to be there who asks */
        sd_bus *bus;         /* owned; NULL: not connected yet */
        bool unsettled;      /* the embedded daemon has not let us in yet: it may be ending */
} Client;

/* For a call whose end nobody can foretell. */
#define CLIENT_FOR_EVER UINT64_MAX
/* What dbus/ *.xml tells clients to allow for a start, a removal and the like. */
#define CLIENT_TIMEOUT_USEC (120ULL * 1000 * 1000)

void client_done(Client *c);

/**
 * client_open() - connect, starting an embedded daemon where that is the way; nothing if connected already
 *
 * In this order: the address given; a root named by POCKETDOCKER_ROOT (embedded); the system bus; without a system bus
 * embedded at ~/.pocket-docker.
 *
 * Return: 0, or negative errno with a sentence.
 */
int client_open(Client *c, Failure *reterr);

/** client_reopen() - the same after the connection was lost. */
int client_reopen(Client *c, Failure *reterr);

/** client_new_call() - an empty method call, connecting first. @ret: owned by the caller. */
int client_new_call(Client *c, const char *path, const char *interface, const char *member,
                sd_bus_message **ret, Failure *reterr);

/**
 * client_send_call() - call and wait for the reply
 * @m:         filled in; sealed here
 * @ret_reply: owned by the caller; NULL: not wanted
 *
 * Return: 0, or negative errno with the service's own sentence.
 */
int client_send_call(Client *c, sd_bus_message *m, uint64_t timeout_usec,
                sd_bus_message **ret_reply, Failure *reterr);

/* A call whose reply is waited for later, so that several can be under way. Begin with {}. */
typedef struct ClientCall {
        sd_bus_slot *slot;     /* owned; NULL: nothing was sent */
        sd_bus_message *reply; /* owned; NULL: not here yet */
} ClientCall;

void client_call_done(ClientCall *call);

/** client_begin_call() - send a call; @call stays where it is until client_end_call() or client_call_done(). */
int client_begin_call(Client *c, sd_bus_message *m, uint64_t timeout_usec, ClientCall *call,
                Failure *reterr);

/** client_end_call() - wait for its reply. @ret_reply, if wanted: owned by the caller. Return: as client_send_call(). */
int client_end_call(Client *c, ClientCall *call, sd_bus_message **ret_reply, Failure *reterr);

/** client_call() - make, send and wait in one; @types and what follows as in sd_bus_message_append(3). */
int client_call(Client *c, const char *path, const char *interface, const char *member,
                uint64_t timeout_usec, sd_bus_message **ret_reply, Failure *reterr,
                const char *types, ...);

/** client_error() - fill in a failure from a bus error, or an errno where @e is not set. Return: negative errno. */
int client_error(Client *c, const sd_bus_error *e, int error, Failure *reterr);

/** client_lost() - was this reply's error the end of the connection or of the service, rather than an answer? */
bool client_lost(const sd_bus_error *e);

/** client_find() - the object path of a container by name, id or prefix; client_find_image(): the same. @ret: owned. */
int client_find(Client *c, const char *name, char **ret_path, Failure *reterr);
int client_find_image(Client *c, const char *name, char **ret_path, Failure *reterr);

/** client_message_error() - a failure to fill in or read a message. Return: negative errno. */
int client_message_error(int error, Failure *reterr);

/** path_id() - the last component of an object path: a container's or image's id. */
const char *path_id(const char *path);
