/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-exec.c: a command beside a workload. */
#include "base/str.h"
#include "cli/run-flags.h"
#include "cli/session.h"
#include "cli/terminal.h"
#include "cli/verbs.h"
#include "model/names.h"

#define DETACH_KEYS_DEFAULT "ctrl-p,ctrl-q"

static int append_texts(sd_bus_message *m, const Arguments *args) {
        static const char *const texts[] = { "user", "workdir" };
        const char *text;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(texts); i++) {
                text = arguments_string(args, texts[i]);
                if (text)
                        r = sd_bus_message_append(m, "{sv}", texts[i], "s", text);
        }
        if (r >= 0 && arguments_switch(args, "privileged", false))
                r = sd_bus_message_append(m, "{sv}", "privileged", "b", true);
        return r;
}

static int append_options(
                sd_bus_message *m, const Arguments *args, const Session *s, Failure *reterr) {
        uint32_t rows = 0, columns = 0;
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r >= 0)
                r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}",
                        "stdin", "b", (int) s->want_stdin,
                        "stdout", "b", (int) s->want_stdout,
                        "stderr", "b", (int) (s->want_stderr && !s->tty),
                        "tty", "b", (int) s->tty);
        if (r >= 0 && s->tty && terminal_size(STDOUT_FILENO, &rows, &columns) >= 0 && rows > 0 &&
                        columns > 0)
                r = sd_bus_message_append(
                                m, "{sv}{sv}", "rows", "u", rows, "columns", "u", columns);
        if (r >= 0)
                r = append_texts(m, args);
        if (r < 0)
                return client_message_error(r, reterr);

        r = env_append(m, args, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_exec(Client *c, const Arguments *args, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        bool detach = arguments_switch(args, "detach", false);
        Session s = {
                .want_stdin = !detach && arguments_switch(args, "interactive", false),
                .want_stdout = !detach,
                .want_stderr = !detach,
                .tty = arguments_switch(args, "tty", false),
                .sig_proxy = true,
        };
        int r;

        if (arguments_switch(args, "privileged", false))
                return fail(reterr, FAILURE_UNSUPPORTED, 0,
                                "The option 'privileged' is not supported by this version");
        r = detach_keys_parse(arguments_string(args, "detach-keys") ?: DETACH_KEYS_DEFAULT, &s.keys,
                        reterr);
        if (r >= 0)
                r = session_prepare(&s, reterr);
        if (r >= 0)
                r = client_find(c, args->operands[0], &path, reterr);
        if (r >= 0)
                r = client_new_call(c, path, BUS_INTERFACE_CONTAINER, "Exec", &m, reterr);
        if (r < 0)
                return r;

        r = sd_bus_message_append_strv(m, args->operands + 1);
        if (r < 0)
                return client_message_error(r, reterr);
        r = append_options(m, args, &s, reterr);
        if (r < 0)
                return r;

        s.path = path;
        return detach ? client_send_call(c, m, CLIENT_TIMEOUT_USEC, NULL, reterr)
                      : session_exec(c, &s, m, reterr);
}
