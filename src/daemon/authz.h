/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/authz.h: may this caller do that? Root and the daemon's own user may, without asking; polkit decides on others.
 * While polkit thinks nothing has changed: the message waits here, and on a yes goes back to the bus's queue, so that the
 * object is found anew and the handler runs again from its first line. The answer is valid for that message alone.
 */
#pragma once
#include "daemon/callers.h"
#include "engine/container.h"

/* What polkit's rules get to see; strings may be NULL and are borrowed. The details have the members' names. */
typedef struct AuthzRequest {
        const char *action;    /* org.pocketdocker.… */
        const char *verb;      /* "start", "exec", … */
        const char *container; /* its id; NULL for one that is to be made */
        const char *name;      /* of the container or volume */
        const char *image;     /* as typed, or a tag */
        const char *network;   /* of the container; "default" where none is named */
        const char *options;   /* the keys of those that weaken the confinement, separated by commas */
        uid_t owner;           /* of the object; the caller's own for a new one */
} AuthzRequest;

/**
 * authz_check() - call it before the first change of state
 * Return: > 0 go on, 0 polkit is asked (the handler returns 1 and will be called again), < 0 refused, told in @error.
 */
int authz_check(sd_bus_message *m, const AuthzRequest *request, sd_bus_error *error);

/** authz_container() - the same for @c: @own_action (NULL: nothing to ask) for its owner, @other_action for all others. */
int authz_container(sd_bus_message *m, const Container *c, const char *verb, const char *own_action,
                const char *other_action, sd_bus_error *error);

/** authz_network() - the network of a container, as a detail. Borrowed. */
const char *authz_network(const ContainerSpec *spec);

/** authz_may_read() - is the message's caller its owner or root? For getters, which cannot wait. */
bool authz_may_read(sd_bus_message *m, uid_t owner);

/**
 * authz_hold() - hold @m back if a question about an earlier call of this caller on the same container is open
 * So Attach, Wait and Start, sent in one go, stay in order. Return: 1 held, 0 not, or negative errno.
 */
int authz_hold(Caller *caller, sd_bus_message *m);

/** authz_caller_left() - drop its questions, and tell polkit so. */
void authz_caller_left(Caller *caller);
