/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/operation-bus.c: org.pocketdocker.Operation: progress, Wait, Cancel, and how a path finds its operation. */
#include <inttypes.h>
#include <stdio.h>
#include "base/parse.h"
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/calls.h"
#include "daemon/changes.h"
#include "daemon/objects.h"

const char *operation_path(uint64_t number, char ret[static OBJECT_PATH_MAX]) {
        (void) snprintf(ret, OBJECT_PATH_MAX, "%s/%" PRIu64, BUS_PATH_OPERATIONS, number);
        return ret;
}

static int get_kind(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", operation_kind(userdata));
}

static int get_owner(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "u", (uint32_t) operation_owner(userdata));
}

static int get_state(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(
                        reply, "s", operation_state_to_string(operation_state(userdata)));
}

static int get_progress(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        uint64_t done, total;

        operation_progress(userdata, &done, &total);
        return sd_bus_message_append(reply, "(tt)", done, total);
}

static int get_result(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", operation_result(userdata));
}

static int get_results(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append_strv(reply, (char **) operation_results(userdata));
}

static int get_error(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Failure *f = operation_failure(userdata);
        _cleanup_free_ char *buffer = NULL;

        if (!failure_is_set(f))
                return sd_bus_message_append(reply, "(ss)", "", "");
        return sd_bus_message_append(reply, "(ss)", failure_to_bus_name(f->code),
                        bus_text(failure_message(f), &buffer));
}

static int get_layers(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const OperationLayer *layers;
        char digest[DIGEST_MAX];
        size_t n;
        int r;

        layers = operation_layers(userdata, &n);
        r = sd_bus_message_open_container(reply, 'a', "(stts)");
        for (size_t i = 0; r >= 0 && i < n; i++) {
                (void) snprintf(digest, sizeof(digest), DIGEST_PREFIX "%s", layers[i].digest);
                r = sd_bus_message_append(reply, "(stts)", digest, layers[i].done, layers[i].total,
                                operation_layer_state_to_string(layers[i].state));
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int append_strings(sd_bus_message *m, const char *name, char *const *strings) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        STRV_FOREACH(s, strings) {
                _cleanup_free_ char *buffer = NULL;

                if (r >= 0)
                        r = sd_bus_message_append(m, "s", bus_text(*s, &buffer));
        }
        for (unsigned i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(m);
        return r;
}

static int get_details(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Operation *o = userdata;
        char digest[DIGEST_MAX];
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0 && !isempty(operation_digest(o))) {
                (void) snprintf(digest, sizeof(digest), DIGEST_PREFIX "%s", operation_digest(o));
                r = sd_bus_message_append(reply, "{sv}", "Digest", "s", digest);
        }
        if (r >= 0 && operation_unchanged(o))
                r = sd_bus_message_append(reply, "{sv}", "Unchanged", "b", true);
        if (r >= 0 && operation_warnings(o))
                r = append_strings(reply, "Warnings", operation_warnings(o));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int authz_operation(sd_bus_message *m, Operation *o, const char *verb, const char *action,
                sd_bus_error *error) {
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;
        if (uid == operation_owner(o))
                return 1; /* who may begin it may follow and end it */

        return authz_check(m,
                        &(AuthzRequest){ .action = action,
                                        .verb = verb,
                                        .owner = operation_owner(o) },
                        error);
}

static int method_wait(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        Operation *o = userdata;
        int r;

        r = authz_operation(m, o, "wait", POLKIT_ACTION_INSPECT, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = operation_wait(o, call_operation_done, call, &call->operation_waiter, &failure);
        return call_started(&call, r, &failure, error);
}

static int method_cancel(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Daemon *daemon = daemon_of(m);
        Operation *o = userdata;
        int r;

        r = authz_operation(m, o, "cancel", POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        operation_cancel(o);
        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, NULL);
}

static int operation_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
                void **ret, sd_bus_error *error) {
        const char *text = startswith(path, BUS_PATH_OPERATIONS "/");
        Daemon *daemon = ((Link *) userdata)->daemon;
        char canonical[OBJECT_PATH_MAX];
        Operation *o = NULL;
        uint64_t number;

        /* One path per object: no leading zeros. */
        if (!text || parse_u64(text, &number) < 0 ||
                        !streq(path, operation_path(number, canonical)))
                return 0;
        if (daemon->removing_operation && number == operation_number(daemon->removing_operation))
                o = daemon->removing_operation;
        else if (daemon->manager)
                o = manager_get_operation(daemon->manager, number);
        if (!o)
                return 0;

        *ret = o;
        return 1;
}

static int operation_enumerate(
                sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        Manager *manager = ((Link *) userdata)->daemon->manager;
        _cleanup_strv_free_ char **paths = NULL;
        char path[OBJECT_PATH_MAX];
        Operation *o = NULL;
        int r;

        while (manager && (o = manager_next_operation(manager, o))) {
                r = strv_push(&paths, operation_path(operation_number(o), path));
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(paths);
        return 1;
}

static const sd_bus_vtable operation_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Kind", "s", get_kind, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Owner", "u", get_owner, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("State", "s", get_state, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Progress", "(tt)", get_progress, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Layers", "a(stts)", get_layers, 0,
                        SD_BUS_VTABLE_PROPERTY_EMITS_INVALIDATION),
        SD_BUS_PROPERTY("Details", "a{sv}", get_details, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Result", "s", get_result, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Results", "as", get_results, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("Error", "(ss)", get_error, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_METHOD_WITH_ARGS("Wait", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", result), method_wait,
                        SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Cancel", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_cancel,
                        SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int operation_bus_add(Link *link) {
        int r;

        r = sd_bus_add_fallback_vtable(link->bus, NULL, BUS_PATH_OPERATIONS,
                        BUS_INTERFACE_OPERATION, operation_vtable, operation_find, link);
        if (r < 0)
                return r;

        return sd_bus_add_node_enumerator(
                        link->bus, NULL, BUS_PATH_OPERATIONS, operation_enumerate, link);
}
