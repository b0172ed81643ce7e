/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/bus-failure.c: knows failures and sd_bus_error; knows no object. */
#include "daemon/bus-failure.h"
#include "base/str.h"

const char *bus_text(const char *s, char **buffer) {
        char *p;

        if (utf8_is_valid(s))
                return s;

        *buffer = p = strdup(s);
        while (p && *p) {
                size_t n = utf8_length(p);

                if (n == 0) {
                        *p = '?';
                        n = 1;
                }
                p += n;
        }
        return *buffer;
}

int bus_failure_set(sd_bus_error *error, int r, const Failure *f) {
        _cleanup_free_ char *buffer = NULL;
        const char *message;

        if (!failure_is_set(f))
                return r < 0 ? sd_bus_error_set_errno(error, r) : -EIO;

        message = bus_text(failure_message(f), &buffer);
        (void) sd_bus_error_set(error, failure_to_bus_name(f->code),
                        message); /* the name alone, without memory */
        return -f->errnum;
}

int bus_failure_reply(sd_bus_message *m, const Failure *f) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;

        (void) bus_failure_set(&error, -EIO, f);
        return sd_bus_reply_method_error(m, &error);
}
