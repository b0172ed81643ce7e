/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/image-calls.c: what org.pocketdocker.Manager does with the names of images, and how they go. */
#include "base/str.h"
#include "daemon/authz-images.h"
#include "daemon/bus-failure.h"
#include "daemon/calls.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "engine/measure.h"

static int reply_removed(sd_bus_message *m, Call *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = sd_bus_message_append_strv(reply, call->untagged);
        if (r < 0)
                return r;

        r = sd_bus_message_append_strv(reply, call->deleted);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

int manager_method_remove_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        const char *reference;
        bool force = false;
        const DictField field = { "force", DICT_BOOL, &force };
        int r;

        r = sd_bus_message_read(m, "s", &reference);
        if (r < 0)
                return r;

        r = dict_read(m, &field, 1, error);
        if (r < 0)
                return r;

        r = authz_removal(m, "remove-image", reference, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, reply_removed, &call, error);
        if (r < 0)
                return r;

        r = manager_remove_image(manager_of(m), reference, force, call_done, call, &call->untagged,
                        &call->deleted, &failure);
        return call_started(&call, r, &failure, error);
}

int manager_method_tag_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        const char *reference, *tag;
        bool may_take; /* there is no time between the question and the act */
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "ss", &reference, &tag);
        if (r < 0)
                return r;

        r = authz_tag(m, "tag", tag, POLKIT_ACTION_MANAGE_OWN, &may_take, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = manager_tag_image(manager_of(m), reference, tag, uid, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

int manager_method_untag_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        const char *reference;
        int r;

        r = sd_bus_message_read(m, "s", &reference);
        if (r < 0)
                return r;

        r = authz_removal(m, "untag", reference, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = manager_untag_image(manager_of(m), reference, call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}

static int prune(sd_bus_message *m, PruneRequest *request, uid_t uid, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        int own, r;

        r = own = manager_prune_is_own(daemon->manager, request, uid);
        if (r < 0)
                return r;

        r = authz_check(m,
                        &(AuthzRequest){
                                        .action = own ? POLKIT_ACTION_MANAGE_OWN
                                                      : POLKIT_ACTION_MANAGE_IMAGES,
                                        .verb = "prune-images",
                                        .owner = own ? uid : (uid_t) -1,
                        },
                        error);
        if (r <= 0)
                return r < 0 ? r : 1;

        request->only_own = own;
        r = manager_prune_images(daemon->manager, request, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}

int manager_method_prune_images(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        PruneRequest request = { .until_usec = UINT64_MAX };
        const DictField fields[] = {
                { "all", DICT_BOOL, &request.all },
                { "until", DICT_U64, &request.until_usec },
                { "label", DICT_STRINGS, &request.labels },
                { "label!", DICT_STRINGS, &request.not_labels },
        };
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = dict_read_filter(m, fields, ELEMENTSOF(fields), error);
        if (r >= 0)
                r = prune(m, &request, uid, error);
        strv_free(request.labels);
        strv_free(request.not_labels);
        return r;
}

static int append_usage(sd_bus_message *m, const char *name, const DiskUsage *usage) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", name);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "a{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}", "Count", "t", usage->count, "Active", "t",
                                usage->active);
        if (r >= 0 && usage->has_size)
                r = sd_bus_message_append(m, "{sv}{sv}", "Size", "t", usage->size_bytes,
                                "Reclaimable", "t", usage->reclaimable_bytes);
        for (int i = 0; r >= 0 && i < 3; i++) /* the dictionary, the variant, the entry */
                r = sd_bus_message_close_container(m);
        return r;
}

static int reply_disk_usage(sd_bus_message *m, Call *call) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        DiskUsage images, containers, volumes;
        int r;

        r = manager_disk_usage(call->daemon->manager, &images, &containers, &volumes);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = append_usage(reply, "Images", &images);
        if (r >= 0)
                r = append_usage(reply, "Containers", &containers);
        if (r >= 0)
                r = append_usage(reply, "Volumes", &volumes);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
}

int manager_method_get_disk_usage(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(call_freep) Call *call = NULL;
        _cleanup_failure_ Failure failure = {};
        int r;

        r = call_new(m, reply_disk_usage, &call, error);
        if (r < 0)
                return r;
        r = manager_measure(manager_of(m), call_done, call);
        if (r < 0)
                (void) fail(&failure, FAILURE_NO_MEMORY, r, "Out of memory");
        return call_started(&call, r, &failure, error);
}
