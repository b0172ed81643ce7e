/* SPDX-License-Identifier: Apache-2.0 */
/* cli/operation.c: Wait, and what came of it. */
#include "cli/operation.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "model/names.h"

static int get_results(Client *c, const char *path, char ***ret, Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r;

        r = client_call(c, path, "org.freedesktop.DBus.Properties", "Get", CLIENT_TIMEOUT_USEC,
                        &reply, reterr, "ss", BUS_INTERFACE_OPERATION, "Results");
        if (r < 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_read_strv(reply, ret);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int operation_wait(Client *c, const char *path, char **ret_result, char ***ret_results,
                Failure *reterr) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        const char *result;
        int r;

        r = client_call(c, path, BUS_INTERFACE_OPERATION, "Wait", CLIENT_FOR_EVER, &reply, reterr,
                        NULL);
        if (r < 0)
                return r;
        r = sd_bus_message_read(reply, "s", &result);
        if (r >= 0 && ret_result)
                r = free_and_strdup(ret_result, result);
        if (r < 0)
                return client_message_error(r, reterr);
        return ret_results ? get_results(c, path, ret_results, reterr) : 0;
}

bool confirm(const char *what) {
        char answer[16];

        printf("WARNING! This will remove %s.\nAre you sure you want to continue? [y/N] ", what);
        (void) fflush(stdout); /* what cannot be asked is answered by no */
        return fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}
