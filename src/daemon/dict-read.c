/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/dict-read.c: knows a{sv}; knows no option's meaning. */
#include "daemon/dict-read.h"
#include <stdbool.h>
#include <stdint.h>
#include "base/str.h"

static const char *const signatures[] = {
        [DICT_STRING] = "s",
        [DICT_STRINGS] = "as",
        [DICT_BOOL] = "b",
        [DICT_TRISTATE] = "b",
        [DICT_U32] = "u",
        [DICT_U64] = "t",
        [DICT_FD] = "h",
};

int dict_wrong_type(
                sd_bus_error *error, const char *key, const char *signature, const char *expected) {
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                        "Option '%.256s' is of type '%.64s', not '%s'", key, expected, signature);
}

int dict_each(sd_bus_message *m, DictFn fn, void *userdata, sd_bus_error *error) {
        const char *key, *signature;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(m, 'e', "sv")) > 0) {
                r = sd_bus_message_read(m, "s", &key);
                if (r < 0)
                        return r;

                r = sd_bus_message_peek_type(m, NULL, &signature);
                if (r < 0)
                        return r;

                r = fn(m, key, signature, userdata, error);
                if (r < 0)
                        return r;

                r = sd_bus_message_exit_container(m);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        return sd_bus_message_exit_container(m);
}

static int read_strings(sd_bus_message *m, char ***ret) {
        _cleanup_strv_free_ char **strings = NULL;
        int r;

        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r < 0)
                return r;

        r = sd_bus_message_read_strv(m, &strings);
        if (r < 0)
                return r;

        r = sd_bus_message_exit_container(m);
        if (r < 0)
                return r;

        strv_free(*ret);
        *ret = TAKE_PTR(strings);
        return 0;
}

typedef struct Fields {
        const DictField *fields;
        size_t n;
        const char *word; /* what sentences call a key */
} Fields;

static int read_field(sd_bus_message *m, const char *key, const char *signature, void *userdata,
                sd_bus_error *error) {
        const Fields *f = userdata;
        int flag, r;

        for (size_t i = 0; i < f->n; i++) {
                const DictField *field = &f->fields[i];

                if (!streq(field->key, key))
                        continue;
                if (!streq(signature, signatures[field->type]))
                        return dict_wrong_type(error, key, signature, signatures[field->type]);

                switch (field->type) {
                case DICT_STRINGS:
                        return read_strings(m, field->ret);
                case DICT_BOOL: /* the bus's booleans are as wide as an int */
                        r = sd_bus_message_read(m, "v", "b", &flag);
                        if (r >= 0)
                                *(bool *) field->ret = flag;
                        return r;
                default:
                        return sd_bus_message_read(m, "v", signature, field->ret);
                }
        }
        return sd_bus_error_setf(
                        error, SD_BUS_ERROR_INVALID_ARGS, "There is no %s '%.256s'", f->word, key);
}

int dict_read(sd_bus_message *m, const DictField *fields, size_t n, sd_bus_error *error) {
        return dict_each(m, read_field, &(Fields){ fields, n, "option" }, error);
}

int dict_read_filter(
                sd_bus_message *m, const DictField *fields, size_t n, sd_bus_error *error) {
        return dict_each(m, read_field, &(Fields){ fields, n, "filter" }, error);
}
