/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-prune.c: what nobody uses goes: images, and with `system prune` containers that have ended before them. */
#include <inttypes.h>
#include <stdio.h>
#include "base/parse.h"
#include "base/str.h"
#include "cli/filters.h"
#include "cli/human.h"
#include "cli/operation.h"
#include "cli/verbs.h"
#include "model/names.h"

static int begin_prune(Client *c, const Arguments *args, char **ret_operation, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        const char *operation;
        int r;

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "PruneImages", &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && arguments_switch(args, "all", false))
                r = sd_bus_message_append(m, "{sv}", "all", "b", 1);
        if (r < 0)
                return client_message_error(r, reterr);
        r = filters_append(m, args, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        if (r < 0)
                return client_message_error(r, reterr);
        r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &operation);
        if (r >= 0)
                r = free_and_strdup(ret_operation, operation);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int prune_images(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_free_ char *operation = NULL, *freed = NULL;
        _cleanup_strv_free_ char **ids = NULL;
        char size[HUMAN_SIZE_MAX];
        uint64_t bytes = 0;
        int r;

        r = begin_prune(c, args, &operation, reterr);
        if (r >= 0)
                r = operation_wait(c, operation, &freed, &ids, reterr);
        if (r < 0)
                return r;

        if (strv_length(ids) > 0)
                puts("Deleted Images:");
        STRV_FOREACH(id, ids)
                printf("deleted: sha256:%s\n", *id);
        (void) parse_u64(freed, &bytes); /* a service that says it otherwise has freed an unknown number */
        human_size(bytes, size);
        printf("%sTotal reclaimed space: %s\n", ids ? "\n" : "", size);
        return 0;
}

int verb_image_prune(Client *c, const Arguments *args, Failure *reterr) {
        int r;

        r = client_open(c, reterr); /* before the question, which is asked once */
        if (r < 0)
                return r;
        if (!arguments_switch(args, "force", false) &&
                        !confirm(arguments_switch(args, "all", false)
                                                        ? "all images that no container uses"
                                                        : "all images without a name that no "
                                                          "container uses"))
                return 0;
        return prune_images(c, args, reterr);
}

static int list_ended(Client *c, sd_bus_message **ret, Failure *reterr) {
        return client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "ListContainers",
                        CLIENT_TIMEOUT_USEC, ret, reterr, "a{sv}", 1, "status", "as", 3, "created",
                        "exited", "dead");
}

static int remove_ended(Client *c, Failure *reterr) {
        _cleanup_message_ sd_bus_message *list = NULL;
        bool any = false;
        int r;

        r = list_ended(c, &list, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(list, 'a', "(oa{sv})");
        while (r >= 0 && (r = sd_bus_message_enter_container(list, 'r', "oa{sv}")) > 0) {
                const char *path;

                r = sd_bus_message_read(list, "o", &path);
                if (r >= 0)
                        r = sd_bus_message_skip(list, "a{sv}");
                if (r >= 0)
                        r = sd_bus_message_exit_container(list);
                if (r < 0)
                        break;
                r = client_call(c, path, BUS_INTERFACE_CONTAINER, "Remove", CLIENT_TIMEOUT_USEC,
                                NULL, reterr, "a{sv}", 0);
                if (r < 0) { /* another user's, or started meanwhile */
                        fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(reterr));
                        failure_done(reterr);
                        r = 0;
                        continue;
                }
                if (!any)
                        puts("Deleted Containers:");
                any = true;
                puts(path_id(path));
        }
        if (any)
                putchar('\n');
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_system_prune(Client *c, const Arguments *args, Failure *reterr) {
        int r;

        r = client_open(c, reterr);
        if (r < 0)
                return r;
        if (!arguments_switch(args, "force", false) &&
                        !confirm(arguments_switch(args, "all", false)
                                                        ? "all containers that do not run, and all "
                                                          "images that no container uses"
                                                        : "all containers that do not run, and all "
                                                          "images without a name"))
                return 0;
        r = remove_ended(c, reterr);
        return r < 0 ? r : prune_images(c, args, reterr);
}
