/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-info.c: info and version. */
#include <jansson.h>
#include <stdio.h>
#include "base/str.h"
#include "cli/document.h"
#include "cli/human.h"
#include "cli/template-tree.h"
#include "cli/verbs.h"
#include "model/names.h"

/* What a person reads, in this order; what is not listed is in `--format json`. */
static const struct {
        const char *field, *text;
} info_lines[] = {
        { "ServerVersion", "Service version" },
        { "Mode", "Mode" },
        { "Containers", "Containers" },
        { "ContainersRunning", " Running" },
        { "ContainersPaused", " Paused" },
        { "ContainersStopped", " Stopped" },
        { "Images", "Images" },
        { "Driver", "Storage driver" },
        { "CgroupVersion", "Cgroup version" },
        { "KernelVersion", "Kernel version" },
        { "Architecture", "Architecture" },
        { "NCPU", "CPUs" },
        { "MemTotal", "Total memory" },
        { "Name", "Name" },
        { "StateDirectory", "State directory" },
        { "RunDirectory", "Runtime directory" },
        { "CgroupPath", "Cgroup" },
        { "Controllers", "Controllers" },
};

static int print_info(json_t *info) {
        int r;

        printf("Command version: %s\n", POCKETDOCKER_VERSION);
        for (size_t i = 0; i < ELEMENTSOF(info_lines); i++) {
                _cleanup_free_ char *text = NULL;
                json_t *value = json_object_get(info, info_lines[i].field);

                if (!value)
                        continue;
                if (streq(info_lines[i].field, "MemTotal")) {
                        char size[HUMAN_SIZE_MAX];

                        human_size_binary((uint64_t) json_integer_value(value), size);
                        printf("%s: %s\n", info_lines[i].text, size);
                        continue;
                }
                r = value_to_text(value, &text);
                if (r < 0)
                        return r;
                printf("%s: %s\n", info_lines[i].text, text);
        }
        return 0;
}

int verb_info(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        _cleanup_(json_decrefp) json_t *info = NULL;
        const char *format = arguments_string(args, "format");
        int r;

        r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "GetInfo", CLIENT_TIMEOUT_USEC,
                        &reply, reterr, NULL);
        if (r < 0)
                return r;
        r = document_from_message(reply, &info);
        if (r >= 0 && json_object_set_new_nocheck(
                                      info, "ClientVersion", json_string(POCKETDOCKER_VERSION)) < 0)
                r = -ENOMEM;
        if (r < 0)
                return client_message_error(r, reterr);
        return isempty(format) ? print_info(info) : document_print(info, format, reterr);
}

static int server_version(Client *c, char **ret, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *version;
        int r;

        r = client_call(c, BUS_PATH_MANAGER, "org.freedesktop.DBus.Properties", "Get",
                        CLIENT_TIMEOUT_USEC, &reply, reterr, "ss", BUS_INTERFACE_MANAGER,
                        "Version");
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "v", "s", &version);
        if (r >= 0)
                r = free_and_strdup(ret, version);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static json_t *version_object(const char *version) {
        json_t *object = json_object();

        if (object && json_object_set_new_nocheck(object, "Version", json_string(version)) < 0) {
                json_decref(object);
                return NULL;
        }
        return object;
}

static int print_formatted(const char *format, const char *server, Failure *reterr) {
        _cleanup_(json_decrefp) json_t *document = json_object();

        if (!document ||
                        json_object_set_new_nocheck(document, "Client",
                                        version_object(POCKETDOCKER_VERSION)) < 0 ||
                        json_object_set_new_nocheck(document, "Server", version_object(server)) < 0)
                return -ENOMEM;
        return document_print(document, format, reterr);
}

int verb_version(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_free_ char *server = NULL;
        const char *format = arguments_string(args, "format");
        int r;

        r = server_version(c, &server, reterr);
        if (r < 0)
                return r;
        if (!isempty(format))
                return print_formatted(format, server, reterr);
        printf("Command: %s\nService: %s\n", POCKETDOCKER_VERSION, server);
        return 0;
}
