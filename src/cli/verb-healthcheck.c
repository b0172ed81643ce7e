/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-healthcheck.c: one probe, now; its result is the exit status. */
#include <stdio.h>
#include "base/str.h"
#include "cli/verbs.h"
#include "model/names.h"

enum { EXIT_UNHEALTHY = 1 };

int verb_healthcheck(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_free_ char *path = NULL;
        const char *status, *output;
        int32_t exit_code;
        int r;

        if (!streq(args->operands[0], "run"))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'healthcheck' has 'run' and no '%s'", args->operands[0]);
        r = client_find(c, args->operands[1], &path, reterr);
        if (r >= 0)
                r = client_new_call(c, path, BUS_INTERFACE_CONTAINER, "RunHealthcheck", &m, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_FOR_EVER, &reply, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "sis", &status, &exit_code, &output);
        if (r < 0)
                return client_message_error(r, reterr);

        puts(status);
        if (exit_code != 0 && !isempty(output))
                fprintf(stderr, PROGRAM_CLI ": %s%s", output, endswith(output, "\n") ? "" : "\n");
        return exit_code == 0 ? 0 : EXIT_UNHEALTHY;
}
