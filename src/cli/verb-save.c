/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-save.c: images, and what a container has, on their way into an archive. */
#include <stdio.h>
#include "base/str.h"
#include "cli/operation.h"
#include "cli/output-file.h"
#include "cli/verbs.h"
#include "model/names.h"

/* Sends the call; the operation that it gives is waited for. */
static int run_call(Client *c, sd_bus_message *m, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *operation;
        int r;

        r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &operation);
        return r < 0 ? client_message_error(r, reterr)
                     : operation_wait(c, operation, NULL, NULL, reterr);
}

static int append_save(sd_bus_message *m, const Arguments *args, int fd) {
        const char *format = arguments_string(args, "format");
        int r;

        r = sd_bus_message_append_strv(m, args->operands);
        if (r >= 0)
                r = sd_bus_message_append(m, "h", fd);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0 && format)
                r = sd_bus_message_append(m, "{sv}", "format", "s", format);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int verb_save(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(output_file_done) OutputFile file = { .fd = -EBADF };
        _cleanup_message_ sd_bus_message *m = NULL;
        int r;

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "SaveImage", &m, reterr);
        if (r >= 0)
                r = output_file_open(arguments_string(args, "output"), &file, reterr);
        if (r < 0)
                return r;
        r = append_save(m, args, file.fd);
        if (r < 0)
                return client_message_error(r, reterr);
        r = run_call(c, m, reterr);
        return r < 0 ? r : output_file_finish(&file, reterr);
}

int verb_export(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(output_file_done) OutputFile file = { .fd = -EBADF };
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = client_find(c, args->operands[0], &path, reterr);
        if (r >= 0)
                r = client_new_call(c, path, BUS_INTERFACE_CONTAINER, "Export", &m, reterr);
        if (r >= 0)
                r = output_file_open(arguments_string(args, "output"), &file, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "ha{sv}", file.fd, 0);
        if (r < 0)
                return client_message_error(r, reterr);
        r = run_call(c, m, reterr);
        return r < 0 ? r : output_file_finish(&file, reterr);
}
