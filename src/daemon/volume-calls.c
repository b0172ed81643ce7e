/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/volume-calls.c: making, finding, listing and removing volumes. */
#include "daemon/volume-calls.h"
#include <stdlib.h>
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/calls.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "model/limits.h"

#define LIST_ENTRY_BYTES 512U /* of a list, without its labels */

int authz_volume(sd_bus_message *m, const Volume *v, const char *verb, const char *own_action,
                const char *other_action, sd_bus_error *error) {
        bool own;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        own = uid == volume_owner(v);
        if (own && !own_action)
                return 1;

        return authz_check(m,
                        &(AuthzRequest){
                                        .action = own ? own_action : other_action,
                                        .verb = verb,
                                        .name = volume_name(v),
                                        .owner = volume_owner(v),
                        },
                        error);
}

static int reply_volume(sd_bus_message *m, const Volume *v) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = volume_path(v, &path);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "o", path);
}

/* By its name: it may have gone while its row came to the disk. */
static int reply_created(sd_bus_message *m, Call *call) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (!call->untagged)
                return sd_bus_reply_method_errno(m, ENOMEM, NULL);
        r = sd_bus_path_encode(BUS_PATH_VOLUMES, call->untagged[0], &path);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "o", path);
}

static int check_labels(char *const *labels, sd_bus_error *error) {
        size_t n = 0, bytes = 0;

        STRV_FOREACH(label, labels) {
                n++;
                bytes += strlen(*label) + 1;
                if ((*label)[0] == '\0' || (*label)[0] == '=' || !strchr(*label, '='))
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "The label '%.64s' is not of the form KEY=VALUE", *label);
        }
        if (n > LABELS_MAX || bytes > LABELS_BYTES_MAX)
                return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_LIMIT_REACHED),
                                "There are more than %u labels, or they are longer than %u bytes",
                                LABELS_MAX, LABELS_BYTES_MAX);
        return 0;
}

static int check_driver(const char *driver, char *const *options, sd_bus_error *error) {
        if (!isempty(driver) && !streq(driver, "local"))
                return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_UNSUPPORTED),
                                "The volume driver '%.64s' is not supported by this version: local",
                                driver);
        if (strv_length(options) > 0)
                return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_UNSUPPORTED),
                                "The volume option '%.64s' is not supported by this version",
                                options[0]);
        return 0;
}

static int create(sd_bus_message *m, const char *name, char *const *labels, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        uid_t uid;
        Volume *v;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = authz_check(m,
                        &(AuthzRequest){
                                        .action = POLKIT_ACTION_MANAGE_OWN,
                                        .verb = "create-volume",
                                        .name = isempty(name) ? NULL : name,
                                        .owner = uid,
                        },
                        error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, reply_created, &call, error);
        if (r < 0)
                return r;

        r = manager_create_volume(
                        manager_of(m), name, labels, uid, call_done, call, &v, &failure);
        if (r >= 0)
                (void) strv_push(&call->untagged, volume_name(v)); /* the reply finds it missing */
        return call_started(&call, r, &failure, error);
}

int manager_method_create_volume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_strv_free_ char **labels = NULL, **options = NULL;
        const char *name, *driver = NULL;
        const DictField fields[] = {
                { "labels", DICT_STRINGS, &labels },
                { "driver", DICT_STRING, &driver },
                { "opt", DICT_STRINGS, &options },
        };
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r >= 0)
                r = check_driver(driver, options, error);
        if (r >= 0)
                r = check_labels(labels, error);
        return r < 0 ? r : create(m, name, labels, error);
}

int manager_method_get_volume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        const char *name;
        Volume *v;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = manager_find_volume(manager_of(m), name, &v, &failure);
        return r < 0 ? bus_failure_set(error, r, &failure) : reply_volume(m, v);
}

typedef struct VolumeQuery {
        char **names, **labels; /* owned */
        int dangling;           /* -1: does not matter */
} VolumeQuery;

static bool has_label(char *const *labels, const char *wanted) {
        size_t n = strlen(wanted);

        STRV_FOREACH(label, labels)
                if (streq(*label, wanted) ||
                                (!strchr(wanted, '=') && startswith(*label, wanted) &&
                                                (*label)[n] == '='))
                        return true;
        return false;
}

/* @all: its labels are the caller's to read, or none matches. */
static bool volume_fits(const VolumeQuery *q, const Volume *v, bool all) {
        bool named = strv_length(q->names) == 0;

        if (q->dangling >= 0 && (volume_n_users(v) == 0) != (q->dangling != 0))
                return false;
        STRV_FOREACH(name, q->names)
                named = named || strstr(volume_name(v), *name);
        STRV_FOREACH(label, q->labels)
                if (!all || !has_label(volume_labels(v), *label))
                        return false;
        return named;
}

static int append_volumes(
                sd_bus_message *reply, Manager *manager, const VolumeQuery *q, uid_t uid,
                sd_bus_error *error) {
        uint64_t bytes = 0;
        Volume *v = NULL;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "(oa{sv})");
        if (r < 0)
                return r;

        while ((v = manager_next_volume(manager, v))) {
                bool all = uid == 0 || uid == volume_owner(v);

                if (!volume_fits(q, v, all))
                        continue;
                bytes += LIST_ENTRY_BYTES;
                STRV_FOREACH(label, all ? volume_labels(v) : NULL)
                        bytes += strlen(*label) + 8;
                if (bytes > LIST_BYTES_MAX)
                        return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_LIMIT_REACHED),
                                        "The list is longer than %llu bytes: narrow it by a filter",
                                        LIST_BYTES_MAX);
                r = volume_append(reply, v, all);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(reply);
}

static int list(sd_bus_message *m, VolumeQuery *q, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        const DictField fields[] = {
                { "name", DICT_STRINGS, &q->names },
                { "label", DICT_STRINGS, &q->labels },
                { "dangling", DICT_TRISTATE, &q->dangling },
        };
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = dict_read_filter(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;
        if (strv_length(q->names) + strv_length(q->labels) > FILTER_VALUES_MAX)
                return sd_bus_error_setf(error, failure_to_bus_name(FAILURE_LIMIT_REACHED),
                                "There are more than %u filters", FILTER_VALUES_MAX);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_volumes(reply, manager_of(m), q, uid, error);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

int manager_method_list_volumes(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        VolumeQuery q = { .dangling = -1 };
        int r;

        r = list(m, &q, error);
        strv_free(q.names);
        strv_free(q.labels);
        return r;
}

int manager_method_remove_volume(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        const char *name;
        bool force = false;
        const DictField field = { "force", DICT_BOOL, &force };
        Volume *v;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = dict_read(m, &field, 1, error);
        if (r < 0)
                return r;

        r = manager_find_volume(manager_of(m), name, &v, &failure);
        if (r < 0 && force) /* that it is not there is what was wanted */
                return sd_bus_reply_method_return(m, NULL);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = authz_volume(m, v, "remove-volume", POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_MANAGE,
                        error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = manager_remove_volume(manager_of(m), v, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

static int prune(sd_bus_message *m, VolumePrune *request, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = authz_check(m,
                        &(AuthzRequest){
                                        .action = POLKIT_ACTION_MANAGE_OWN,
                                        .verb = "prune-volumes",
                                        .owner = uid,
                        },
                        error);
        if (r <= 0)
                return r < 0 ? r : 1;

        request->everyones = uid == 0;
        r = manager_prune_volumes(daemon->manager, request, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}

int manager_method_prune_volumes(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        VolumePrune request = {};
        const DictField fields[] = {
                { "all", DICT_BOOL, &request.all },
                { "label", DICT_STRINGS, &request.labels },
        };
        int r;

        r = dict_read_filter(m, fields, ELEMENTSOF(fields), error);
        if (r >= 0)
                r = prune(m, &request, error);
        strv_free(request.labels);
        return r;
}
