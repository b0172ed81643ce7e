/* SPDX-License-Identifier: Apache-2.0 */
/* cli/security-flags.c: see security-flags.h. Knows of the options only which of them names a file. */
#include "cli/security-flags.h"
#include <string.h>
#include "base/fd.h"
#include "base/str.h"
#include "cli/client.h"
#include "cli/run-flags.h"
#include "model/limits.h"

/* What is a file's name in an option; NULL: it names none. */
static const char *profile_of(const char *option) {
        const char *name = startswith(option, "seccomp=") ?: startswith(option, "seccomp:");

        if (!name || streq(name, "unconfined") || streq(name, "default") || streq(name, "builtin"))
                return NULL;
        return name;
}

static int append_profile(sd_bus_message *m, const char *path, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        int r;

        r = read_file(path, SECCOMP_PROFILE_BYTES_MAX, &text, &size);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, r,
                                "Failed to read the seccomp profile '%s': %s", path, strerror(-r));
        if (strlen(text) != size)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The seccomp profile '%s' is no text", path);
        r = sd_bus_message_append(m, "{sv}", "seccomp-profile", "s", text);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int security_opts_append(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        _cleanup_free_ const char **list = NULL;
        const char *profile = NULL;
        size_t n = 0;
        int r;

        r = arguments_list(args, "security-opt", &list);
        if (r < 0)
                return client_message_error(r, reterr);
        for (size_t i = 0; list[i]; i++)
                if (profile_of(list[i]))
                        profile = profile_of(list[i]); /* the last one counts */
                else
                        list[n++] = list[i];
        list[n] = NULL;
        if (n > 0)
                r = strings_append(m, "security-opt", (char *const *) list);
        if (r < 0)
                return client_message_error(r, reterr);
        return profile ? append_profile(m, profile, reterr) : 0;
}
