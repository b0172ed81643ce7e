/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-inspect.c: containers and images as JSON. */
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/document.h"
#include "cli/verbs.h"
#include "model/names.h"

static int inspect_path(
                Client *c, const char *path, const char *interface, json_t **ret, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *text;
        json_error_t e;
        int r;

        r = client_call(c, path, interface, "Inspect", CLIENT_TIMEOUT_USEC, &reply, reterr, NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &text);
        if (r < 0)
                return client_message_error(r, reterr);

        *ret = json_loads(text, 0, &e);
        return *ret ? 0
                    : fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                      "The service's document is no JSON: %s", e.text);
}

static int inspect_volume(Client *c, const char *name, json_t **ret, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *path;
        int r;

        r = client_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "GetVolume",
                        CLIENT_TIMEOUT_USEC, &reply, reterr, "s", name);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "o", &path);
        if (r < 0)
                return client_message_error(r, reterr);
        return inspect_path(c, path, BUS_INTERFACE_VOLUME, ret, reterr);
}

/* A name is a container's, an image's or a volume's; as in Docker the first of these is meant that has it. */
static int inspect_one(
                Client *c, const char *name, const char *type, json_t **ret, Failure *reterr) {
        _cleanup_free_ char *path = NULL;
        int r;

        if (!type || streq(type, "container")) {
                r = client_find(c, name, &path, reterr);
                if (r >= 0)
                        return inspect_path(c, path, BUS_INTERFACE_CONTAINER, ret, reterr);
                if (type || reterr->code != FAILURE_NO_SUCH_CONTAINER)
                        return r;
        }

        if (!type || streq(type, "image")) {
                r = client_find_image(c, name, &path, reterr);
                if (r >= 0)
                        return inspect_path(c, path, BUS_INTERFACE_IMAGE, ret, reterr);
                if (type || (reterr->code != FAILURE_NO_SUCH_IMAGE &&
                                            reterr->code != FAILURE_INVALID_REFERENCE))
                        return r;
        }

        r = inspect_volume(c, name, ret, reterr);
        if (r < 0 && !type && reterr->code == FAILURE_NO_SUCH_VOLUME)
                return fail(reterr, FAILURE_NO_SUCH_CONTAINER, 0,
                                "No container, image or volume '%s'", name);
        return r;
}

static int print_array(json_t *array, const char *format) {
        _cleanup_free_ char *text = NULL;

        text = json_dumps(array, format ? JSON_COMPACT : JSON_INDENT(4));
        if (!text)
                return -ENOMEM;
        puts(text);
        return 0;
}

int verb_inspect(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_(json_decrefp) json_t *found = json_array();
        const char *format = arguments_string(args, "format"),
                   *type = arguments_string(args, "type");
        bool as_array = isempty(format) || streq(format, "json");
        int status = 0, r;

        if (!found)
                return -ENOMEM;
        if (type && !streq(type, "container") && !streq(type, "image") && !streq(type, "volume"))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' of '--type' is neither container nor image nor volume",
                                type);

        for (size_t i = 0; i < args->n_operands; i++) {
                _cleanup_(json_decrefp) json_t *document = NULL;

                r = inspect_one(c, args->operands[i], type, &document, reterr);
                if (r < 0 && (c->absent || !c->bus))
                        return r;
                if (r >= 0 && !as_array)
                        r = document_print(document, format, reterr);
                if (r < 0) {
                        fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(reterr));
                        status = 1;
                        continue;
                }
                if (json_array_append_new(found, json_incref(document)) < 0)
                        return -ENOMEM;
        }

        if (as_array) {
                r = print_array(found, isempty(format) ? NULL : format);
                if (r < 0)
                        return r;
        }
        return status;
}
