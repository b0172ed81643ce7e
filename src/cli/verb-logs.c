/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-logs.c: `logs`, and framed.c's work on what the service sends. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "cli/framed.h"
#include "cli/verbs.h"
#include "model/names.h"

static int append_time(
                sd_bus_message *m, const Arguments *args, const char *name, Failure *reterr) {
        const char *text = arguments_string(args, name);
        usec_t t;
        int r;

        if (!text)
                return 0;
        if (parse_time(text, now_realtime(), &t) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' of '--%s' is neither a date like 2026-01-02T15:04:05 nor a "
                                "duration like 10m",
                                text, name);
        r = sd_bus_message_append(m, "{sv}", name, "t", t);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_tail(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        const char *text = arguments_string(args, "tail");
        uint64_t lines;
        int r;

        if (!text || streq(text, "all") || text[0] == '-')
                return 0;
        if (parse_u64(text, &lines) < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' of '--tail' is no number of lines", text);
        r = sd_bus_message_append(m, "{sv}", "tail", "t", lines);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_options(sd_bus_message *m, const Arguments *args, bool framed, Failure *reterr) {
        static const char *const switches[] = { "follow", "timestamps" };
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}", "framed", "b", (int) framed);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(switches); i++)
                if (arguments_switch(args, switches[i], false))
                        r = sd_bus_message_append(m, "{sv}", switches[i], "b", true);
        if (r < 0)
                return client_message_error(r, reterr);

        r = append_tail(m, args, reterr);
        if (r >= 0)
                r = append_time(m, args, "since", reterr);
        if (r >= 0)
                r = append_time(m, args, "until", reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

/* Where both streams go to one place, nobody needs to tell them apart, and the kernel can move the pages. */
static bool same_target(void) {
        struct stat out, err;

        return fstat(STDOUT_FILENO, &out) == 0 && fstat(STDERR_FILENO, &err) == 0 &&
               out.st_dev == err.st_dev && out.st_ino == err.st_ino && out.st_rdev == err.st_rdev;
}

int verb_logs(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        _cleanup_free_ char *path = NULL;
        bool framed = !same_target();
        int fd, r;

        r = client_find(c, args->operands[0], &path, reterr);
        if (r >= 0)
                r = client_new_call(c, path, BUS_INTERFACE_CONTAINER, "Logs", &m, reterr);
        if (r >= 0)
                r = append_options(m, args, framed, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;

        r = sd_bus_message_read(reply, "h", &fd);
        if (r < 0)
                return client_message_error(r, reterr);

        /* Nothing more is asked for; the stream goes on whatever becomes of the connection, and of the daemon. */
        r = framed ? framed_copy(fd, STDOUT_FILENO, STDERR_FILENO) : plain_copy(fd, STDOUT_FILENO);
        if (r == -EPIPE)
                return 128 + SIGPIPE;
        if (r == -EBADMSG)
                return fail(reterr, FAILURE_INTERNAL, r, "The log's stream is cut off or garbled");
        return r < 0 ? fail_errno(reterr, r, "Failed to copy the log") : 0;
}
