/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/callers.c: knows senders and their uids; knows no object.
 *
 * A caller on the system bus, from its first call: the match on NameOwnerChanged of its name is sent, then the question
 * for its credentials; the bus answers in that order. So if it leaves before the match is in place, the credentials say
 * so, and if later, the signal does. Its calls wait in caller->held until then and are given back in their order.
 */
#include "daemon/callers.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/caller-group.h"
#include "daemon/calls.h"
#include "daemon/dict-read.h"
#include "daemon/mount-tokens.h"
#include "model/limits.h"

#define DRIVER_NAME "org.freedesktop.DBus"
#define DRIVER_PATH "/org/freedesktop/DBus"

int messages_push(sd_bus_message ***messages, size_t *n, sd_bus_message *m) {
        sd_bus_message **grown;

        /* Powers of two: room is made when the count reaches one. */
        if ((*n & (*n - 1)) == 0) {
                grown = realloc(*messages, (*n == 0 ? 1 : *n * 2) * sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                *messages = grown;
        }
        (*messages)[(*n)++] = sd_bus_message_ref(m);
        return 0;
}

void messages_requeue(sd_bus *bus, sd_bus_message **messages, size_t n) {
        int r;

        for (size_t i = 0; i < n; i++) {
                r = sd_bus_enqueue_for_read(bus, messages[i]);
                if (r < 0) /* it will be answered, though not served */
                        (void) sd_bus_reply_method_errno(messages[i], r, NULL);
        }
        messages_free(messages, n);
}

void messages_free(sd_bus_message **messages, size_t n) {
        for (size_t i = 0; i < n; i++)
                sd_bus_message_unref(messages[i]);
        free(messages);
}

Caller *caller_free(Caller *caller) {
        Call *call;

        if (!caller)
                return NULL;

        authz_caller_left(caller);
        LIST_FOREACH(call, &caller->calls, Call, caller_calls)
                call_caller_left(call);
        messages_free(caller->held, caller->n_held);
        mount_tokens_free(caller);
        free(caller->groups);
        sd_bus_slot_unref(caller->gone);
        sd_bus_slot_unref(caller->asked);
        if (caller->name)
                (void) map_remove(caller->link->callers, caller->name);
        free(caller->name);
        free(caller);
        return NULL;
}

DEFINE_CLEANUP(Caller *, caller_free);

static Caller *caller_new(Link *link) {
        Caller *caller;

        caller = malloc(sizeof(*caller));
        if (!caller)
                return NULL;
        *caller = (Caller){ .link = link };
        list_init(&caller->calls);
        list_init(&caller->questions);
        list_init(&caller->mount_tokens);
        return caller;
}

int caller_new_peer(Link *link, uid_t uid, Caller **ret) {
        Caller *caller;

        caller = caller_new(link);
        if (!caller)
                return -ENOMEM;
        caller->uid = uid;
        caller->known = true;
        *ret = caller;
        return 0;
}

static void give_back_held(Caller *caller) {
        sd_bus_message **held = TAKE_PTR(caller->held);
        size_t n = caller->n_held;

        caller->n_calls -= (unsigned) n;
        caller->n_held = 0;
        messages_requeue(caller->link->bus, held, n);
}

/* Its calls cannot be served: tell it, and forget it. */
static void caller_refuse(Caller *caller, FailureCode code, const char *sentence) {
        _cleanup_failure_ Failure failure = {};

        (void) fail(&failure, code, 0, "%s", sentence);
        for (size_t i = 0; i < caller->n_held; i++)
                (void) bus_failure_reply(caller->held[i],
                                &failure); /* it may be gone: then nobody reads it */
        caller_free(caller);
}

static int on_gone(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *name, *before, *after;

        if (sd_bus_message_read(m, "sss", &name, &before, &after) >= 0 && isempty(after))
                caller_free(userdata);
        return 0;
}

/* Without the match we should not learn that it left, and its uid could become another's. */
static int on_match(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        if (sd_bus_message_is_method_error(m, NULL))
                caller_refuse(userdata, FAILURE_LIMIT_REACHED,
                                "The service has too many callers at the moment");
        return 0;
}

static int read_credential(sd_bus_message *m, const char *key, const char *signature,
                void *userdata, sd_bus_error *error) {
        Caller *caller = userdata;
        uint32_t uid;
        int r;

        if (!streq(key, "UnixUserID") || !streq(signature, "u")) {
                r = caller_group_read(caller, m, key, signature);
                return r != 0 ? MIN2(r, 0) : sd_bus_message_skip(m, "v");
        }

        r = sd_bus_message_read(m, "v", "u", &uid);
        if (r < 0)
                return r;
        caller->uid = uid;
        caller->known = true;
        return 0;
}

static int on_credentials(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Caller *caller = userdata;
        int r;

        caller->asked = sd_bus_slot_unref(caller->asked);

        r = sd_bus_message_is_method_error(m, NULL) ? -ENXIO
                                                    : dict_each(m, read_credential, caller, error);
        if (r < 0 || !caller->known)
                caller_refuse(caller, FAILURE_ACCESS_DENIED,
                                "The caller's user is not known to the bus");
        else
                give_back_held(caller);
        return 0;
}

static int caller_ask(Caller *caller) {
        _cleanup_free_ char *match = NULL;
        sd_bus *bus = caller->link->bus;
        int r;

        r = str_printf(&match,
                        "type='signal',sender='" DRIVER_NAME "',path='" DRIVER_PATH
                        "',interface='" DRIVER_NAME "',member='NameOwnerChanged',arg0='%s'",
                        caller->name);
        if (r < 0)
                return r;

        r = sd_bus_add_match_async(bus, &caller->gone, match, on_gone, on_match, caller);
        if (r < 0)
                return r;

        return sd_bus_call_method_async(bus, &caller->asked, DRIVER_NAME, DRIVER_PATH, DRIVER_NAME,
                        "GetConnectionCredentials", on_credentials, caller, "s", caller->name);
}

static int caller_add(Link *link, const char *name, Caller **ret) {
        _cleanup_(caller_freep) Caller *caller = NULL;
        _cleanup_free_ char *copy = NULL;
        int r;

        caller = caller_new(link);
        copy = strdup(name);
        if (!caller || !copy)
                return -ENOMEM;

        r = map_put(link->callers, name, caller);
        if (r < 0)
                return r;
        caller->name = TAKE_PTR(copy); /* from here on caller_free() takes it out of the map */

        r = caller_ask(caller);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(caller);
        return 0;
}

Caller *caller_of(Link *link, sd_bus_message *m) {
        const char *name;

        if (link->peer_caller)
                return link->peer_caller;
        name = m ? sd_bus_message_get_sender(m) : NULL;
        return name ? map_get(link->callers, name) : NULL;
}

int callers_uid(sd_bus_message *m, uid_t *ret) {
        Caller *caller = m ? caller_of(link_current(sd_bus_message_get_bus(m)), m) : NULL;

        if (!caller || !caller->known)
                return -ENXIO;
        *ret = caller->uid;
        return 0;
}

static unsigned calls_of_uid(Daemon *daemon, uid_t uid) {
        unsigned n = 0;
        Caller *caller;
        Link *link;

        LIST_FOREACH(link, &daemon->links, Link, links) {
                if (link->peer_caller && link->peer_caller->uid == uid)
                        n += link->peer_caller->n_calls;
                MAP_FOREACH(caller, link->callers)
                        if (caller->known && caller->uid == uid)
                                n += caller->n_calls;
        }
        return n;
}

int caller_charge(Caller *caller, Failure *reterr) {
        if (caller->n_calls >= CALLS_PER_CALLER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "One connection may have %u calls in flight", CALLS_PER_CALLER_MAX);

        /* Root's calls are bounded by each connection alone. */
        if (caller->known && caller->uid != 0 &&
                        calls_of_uid(caller->link->daemon, caller->uid) >= CALLS_PER_OWNER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "One user may have %u calls in flight", CALLS_PER_OWNER_MAX);

        caller->n_calls++;
        return 0;
}

static int caller_hold(Caller *caller, sd_bus_message *m, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        int r;

        r = caller_charge(caller, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = messages_push(&caller->held, &caller->n_held, m);
        if (r < 0) {
                caller->n_calls--;
                return r;
        }
        return 1;
}

int callers_filter(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Link *link = userdata;
        Caller *caller;
        uint8_t type;
        int r;

        r = sd_bus_message_get_type(m, &type);
        if (r < 0 || type != SD_BUS_MESSAGE_METHOD_CALL)
                return r;

        caller = caller_of(link, m);
        if (!caller) {
                if (!sd_bus_message_get_sender(m))
                        return -EBADMSG;
                r = caller_add(link, sd_bus_message_get_sender(m), &caller);
                if (r < 0)
                        return r;
        }
        if (!caller->known)
                return caller_hold(caller, m, error);

        r = authz_hold(caller, m);
        return r < 0 ? bus_failure_set(error, r, NULL) : r;
}
