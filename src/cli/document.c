/* SPDX-License-Identifier: Apache-2.0 */
/* cli/document.c: bus values to JSON, JSON to lines. */
#include "cli/document.h"
#include <stdio.h>
#include "base/cleanup.h"
#include "base/str.h"
#include "cli/listing.h"
#include "cli/template.h"

int document_print(json_t *document, const char *format, Failure *reterr) {
        _cleanup_(template_freep) Template *t = NULL;
        _cleanup_free_ char *text = NULL, *line = NULL;
        int r;

        if (streq(format, "json")) {
                line = json_dumps(document, JSON_COMPACT | JSON_ENCODE_ANY);
                if (!line)
                        return -ENOMEM;
                puts(line);
                return 0;
        }

        r = format_unescape(format, &text);
        if (r >= 0)
                r = template_new(text, &t, reterr);
        if (r >= 0)
                r = template_run(t, document, NULL, &line, reterr);
        if (r < 0)
                return r;
        puts(line);
        return 0;
}

static int read_list(sd_bus_message *m, json_t **ret) {
        _cleanup_(json_decrefp) json_t *list = json_array();
        const char *text;
        int r;

        if (!list)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read(m, "s", &text)) > 0)
                if (json_array_append_new(list, json_string(text)) < 0)
                        return -ENOMEM;
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(list);
        return 0;
}

static int read_basic(sd_bus_message *m, char type, json_t **ret) {
        union {
                const char *s;
                uint32_t u;
                int32_t i;
                uint64_t t;
                int b;
        } v;
        int r;

        r = sd_bus_message_read_basic(m, type, &v);
        if (r < 0)
                return r;

        switch (type) {
        case 's':
        case 'o':
                *ret = json_string(v.s);
                break;
        case 'u':
                *ret = json_integer(v.u);
                break;
        case 'i':
                *ret = json_integer(v.i);
                break;
        case 't':
                *ret = json_integer((json_int_t) v.t);
                break;
        case 'b':
                *ret = v.b ? json_true() : json_false();
                break;
        default:
                return -EBADMSG;
        }
        return *ret ? 0 : -ENOMEM;
}

static int read_variant(sd_bus_message *m, json_t **ret) {
        const char *contents;
        char type;
        int r;

        r = sd_bus_message_peek_type(m, &type, &contents);
        if (r < 0)
                return r;
        if (type != 'v' ||
                        (!streq(contents, "as") &&
                                        (strlen(contents) != 1 || !strchr("souitb", *contents)))) {
                r = sd_bus_message_skip(m, NULL); /* of a later version's */
                *ret = json_null();
                return r;
        }

        r = sd_bus_message_enter_container(m, 'v', contents);
        if (r >= 0)
                r = streq(contents, "as") ? read_list(m, ret) : read_basic(m, *contents, ret);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

int document_from_message(sd_bus_message *m, json_t **ret) {
        _cleanup_(json_decrefp) json_t *object = json_object();
        const char *name;
        json_t *value;
        int r;

        if (!object)
                return -ENOMEM;
        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        while (r >= 0 && (r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &name);
                if (r >= 0)
                        r = read_variant(m, &value);
                if (r < 0)
                        return r;
                if (json_object_set_new_nocheck(object, name, value) < 0)
                        return -ENOMEM;
                r = sd_bus_message_exit_container(m);
        }
        if (r >= 0)
                r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(object);
        return 0;
}
