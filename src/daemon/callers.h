/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/callers.h: who calls. A filter sees each method call before any handler: it learns the sender's uid from the bus
 * without blocking, holds the call meanwhile, and keeps the answer until the sender leaves the bus. So handlers and
 * getters find the uid at hand. A peer's uid is known from its socket.
 */
#pragma once
#include "daemon/daemon.h"

struct Caller {
        Link *link; /* borrowed */
        char *name; /* owned; unique name, NULL for a peer */
        uid_t uid;  /* valid once known */
        bool known;
        sd_bus_slot *gone;  /* owned: NameOwnerChanged of this name */
        sd_bus_slot *asked; /* owned: GetConnectionCredentials under way */
        List calls;         /* of Call.caller_calls */
        List questions;     /* of Question.questions */
        unsigned n_questions;
        uint32_t pid;          /* as the bus told it; 0: not known */
        uint32_t *groups;      /* owned: of its connection */
        size_t n_groups;
        List mount_tokens;     /* of MountToken.tokens */
        unsigned n_mount_tokens;
        unsigned n_calls;      /* parked and held ones; at most CALLS_PER_CALLER_MAX */
        sd_bus_message **held; /* owned: came before the uid was known, in order */
        size_t n_held;
};

/** callers_filter() - for sd_bus_add_filter(); userdata is the Link. */
int callers_filter(sd_bus_message *m, void *userdata, sd_bus_error *error);

/** caller_of() - the caller of a message that passed the filter; NULL if it left. */
Caller *caller_of(Link *link, sd_bus_message *m);

/** callers_uid() - whose message is being handled or whose property is being read. Return: 0, or -ENXIO (left). */
int callers_uid(sd_bus_message *m, uid_t *ret);

/** caller_new_peer() - Return: 0 or -ENOMEM. */
int caller_new_peer(Link *link, uid_t uid, Caller **ret);

/** caller_free() - it left: ends its waits, drops its held calls and its questions to polkit. */
Caller *caller_free(Caller *caller);

/** caller_charge() - count one more call in flight against its caller and its uid. Return: 0 or FAILURE_LIMIT_REACHED. */
int caller_charge(Caller *caller, Failure *reterr);

/** messages_push() - append a reference; messages_requeue() - give all back to the bus, in order, and leave the list empty. */
int messages_push(sd_bus_message ***messages, size_t *n, sd_bus_message *m);
void messages_requeue(sd_bus *bus, sd_bus_message **messages, size_t n);
void messages_free(sd_bus_message **messages, size_t n);
