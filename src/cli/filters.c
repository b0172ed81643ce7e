/* SPDX-License-Identifier: Apache-2.0 */
/* cli/filters.c: values of one key become one list. */
#include "cli/filters.h"
#include <string.h>
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "cli/client.h"

static bool same_key(const char *a, const char *b) {
        size_t n = strcspn(a, "=");

        return strcspn(b, "=") == n && strncmp(a, b, n) == 0;
}

static int append_switch(sd_bus_message *m, const char *key, const char *value, Failure *reterr) {
        bool on;
        int r;

        r = parse_bool(value, &on);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The filter '%s' takes true or false, not '%s'", key, value);
        r = sd_bus_message_append(m, "{sv}", key, "b", (int) on);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_time(sd_bus_message *m, const char *key, const char *value, Failure *reterr) {
        usec_t t;
        int r;

        r = parse_time(value, now_realtime(), &t);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The filter '%s' takes a date or a duration, not '%s'", key, value);
        r = sd_bus_message_append(m, "{sv}", key, "t", t);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_key(
                sd_bus_message *m, const char *const *filters, size_t first, Failure *reterr) {
        _cleanup_free_ char *key = strndup(filters[first], strcspn(filters[first], "="));
        int r;

        if (!key)
                return client_message_error(-ENOMEM, reterr);
        if (streq(key, "dangling"))
                return append_switch(m, key, filters[first] + strlen(key) + 1, reterr);
        if (streq(key, "until"))
                return append_time(m, key, filters[first] + strlen(key) + 1, reterr);

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", key);
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'a', "s");
        for (size_t i = first; r >= 0 && filters[i]; i++)
                if (same_key(filters[i], filters[first]))
                        r = sd_bus_message_append(m, "s", filters[i] + strlen(key) + 1);
        for (int i = 0; r >= 0 && i < 3; i++) /* the list, the variant, the entry */
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int filters_append(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        _cleanup_free_ const char **filters = NULL;
        bool seen;
        int r;

        r = arguments_list(args, "filter", &filters);
        if (r < 0)
                return client_message_error(r, reterr);

        for (size_t i = 0; filters[i]; i++) {
                if (!strchr(filters[i], '=') || filters[i][0] == '=')
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The filter '%s' is not of the form KEY=VALUE", filters[i]);
                seen = false;
                for (size_t j = 0; j < i; j++)
                        seen = seen || same_key(filters[i], filters[j]);
                if (seen)
                        continue;
                r = append_key(m, filters, i, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
