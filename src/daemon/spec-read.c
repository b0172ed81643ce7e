/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/spec-read.c: hands each pair to the table of options; knows no option. */
#include "daemon/spec-read.h"
#include "base/str.h"
#include "daemon/bus-failure.h"
#include "daemon/dict-read.h"

static int read_value(sd_bus_message *m, OptionKind kind, OptionValue *value, char ***ret_strings) {
        int enabled = 0, r;

        value->kind = kind;
        switch (kind) {
        case OPTION_STRING:
                return sd_bus_message_read(m, "v", "s", &value->string);
        case OPTION_NUMBER:
                return sd_bus_message_read(m, "v", "t", &value->number);
        case OPTION_SWITCH:
                r = sd_bus_message_read(m, "v", "b", &enabled);
                value->enabled = enabled;
                return r;
        default:
                break;
        }

        r = sd_bus_message_enter_container(m, 'v', "as");
        if (r < 0)
                return r;

        r = sd_bus_message_read_strv(m, ret_strings);
        if (r < 0)
                return r;

        value->strings = *ret_strings;
        return sd_bus_message_exit_container(m);
}

static int read_option(sd_bus_message *m, const char *key, const char *signature, void *userdata,
                sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_strv_free_ char **strings = NULL;
        ContainerOptions *o = userdata;
        OptionValue value = {};
        OptionKind kind;
        int r;

        kind = container_option_kind(key, &failure);
        if ((int) kind < 0)
                return bus_failure_set(error, (int) kind, &failure);

        if (!streq(signature, option_kind_to_signature(kind)))
                return dict_wrong_type(error, key, signature, option_kind_to_signature(kind));

        r = read_value(m, kind, &value, &strings);
        if (r < 0)
                return r;

        r = container_options_set(o, key, &value, &failure);
        return r < 0 ? bus_failure_set(error, r, &failure) : 0;
}

static int read_update(sd_bus_message *m, const char *key, const char *signature, void *userdata,
                sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        int r;

        if (container_option_is_updatable(key))
                return read_option(m, key, signature, userdata, error);

        r = container_option_kind(key, &failure);
        if (r >= 0)
                r = fail(&failure, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "The option '%s' cannot be changed once a container is made", key);
        return bus_failure_set(error, r, &failure);
}

int resources_read(sd_bus_message *m, ContainerOptions *o, sd_bus_error *error) {
        return dict_each(m, read_update, o, error);
}

int spec_read(sd_bus_message *m, ContainerOptions *o, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        int r;

        r = dict_each(m, read_option, o, error);
        if (r < 0)
                return r;

        r = container_options_check(o, &failure);
        return r < 0 ? bus_failure_set(error, r, &failure) : 0;
}
