/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/copy-calls.c: CopyFrom and CopyTo. Whoever may run a command in a container may see and change its files. */
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"
#include "engine/copy.h"

static int copy(sd_bus_message *m, Container *c, const CopyRequest *request, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        Daemon *daemon = daemon_of(m);
        char path[OBJECT_PATH_MAX];
        Operation *o;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = authz_container(m, c, request->writes ? "copy-to" : "copy-from",
                        POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_EXEC, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_copy(c, request, uid, &o, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        changes_flush(daemon->changes);
        return sd_bus_reply_method_return(m, "o", operation_path(operation_number(o), path));
}

int container_method_copy_from(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        CopyRequest request = {};
        const DictField field = { "follow", DICT_BOOL, &request.follow };
        int r;

        r = sd_bus_message_read(m, "sh", &request.path, &request.fd);
        if (r < 0)
                return r;

        r = dict_read(m, &field, 1, error);
        if (r < 0)
                return r;

        r = archive_check_output(request.fd, error);
        return r < 0 ? r : copy(m, userdata, &request, error);
}

int container_method_copy_to(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        CopyRequest request = { .writes = true };
        const DictField fields[] = {
                { "keep-owners", DICT_BOOL, &request.keep_owners },
                { "one", DICT_BOOL, &request.one },
        };
        int r;

        r = sd_bus_message_read(m, "sh", &request.path, &request.fd);
        if (r < 0)
                return r;

        r = dict_read(m, fields, ELEMENTSOF(fields), error);
        if (r < 0)
                return r;

        r = archive_check_input(request.fd, error);
        return r < 0 ? r : copy(m, userdata, &request, error);
}
