/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verb-objects.c: verbs that do one thing to each of several objects; one that fails does not keep the others from it. */
#include <stdio.h>
#include <string.h>
#include "base/parse.h"
#include "base/str.h"
#include "cli/run-flags.h"
#include "cli/verbs.h"
#include "model/names.h"

/* What happens to one object; prints what there is to print on success. */
typedef int (*ObjectFn)(Client *c, const Arguments *args, const char *name, Failure *reterr);

static int for_each(Client *c, const Arguments *args, ObjectFn fn, Failure *reterr) {
        int status = 0, r;

        for (size_t i = 0; i < args->n_operands; i++) {
                r = fn(c, args, args->operands[i], reterr);
                if (r >= 0)
                        continue;
                /* The last failure, or one that concerns them all, is the caller's to report. */
                if (c->absent || (args->n_operands == 1) || !c->bus)
                        return r;
                fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(reterr));
                status = 1;
        }
        return status;
}

/*
 * Calls that end when something happens to the container are sent together, or the graces of ten containers would add up,
 * and one that is removed at its end would be gone before it is asked for. Fewer than the service takes of one caller.
 */
enum { CALLS_AT_ONCE = 64 };

typedef struct Pending {
        ClientCall call;
        Failure failure;
        int error; /* of what came before the call was sent */
} Pending;

typedef int (*AppendFn)(sd_bus_message *m, const Arguments *args, Failure *reterr);
typedef int (*EndFn)(const char *name, sd_bus_message *reply, Failure *reterr);

static void begin(Client *c, const Arguments *args, const char *name, const char *member,
                AppendFn append, Pending *p) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = client_find(c, name, &path, &p->failure);
        if (r >= 0)
                r = client_new_call(c, path, BUS_INTERFACE_CONTAINER, member, &m, &p->failure);
        if (r >= 0)
                r = append(m, args, &p->failure);
        /* A grace may be as long as the caller likes; the service answers at the end of it, so no time is set here. */
        if (r >= 0)
                r = client_begin_call(c, m, CLIENT_FOR_EVER, &p->call, &p->failure);
        p->error = MIN2(r, 0);
}

static int end(Client *c, const char *name, EndFn fn, Pending *p) {
        _cleanup_message_ sd_bus_message *reply = NULL;
        int r = p->error;

        if (r >= 0)
                r = client_end_call(c, &p->call, &reply, &p->failure);
        return r < 0 ? r : fn(name, reply, &p->failure);
}

static int all_at_once(Client *c, const Arguments *args, const char *member, AppendFn append,
                EndFn fn, Failure *reterr) {
        _cleanup_free_ Pending *pending = NULL;
        size_t n = args->n_operands, sent = 0;
        int status = 0, r = 0;

        pending = calloc(n, sizeof(*pending));
        if (!pending)
                return -ENOMEM;

        for (size_t i = 0; r >= 0 && i < n; i++) {
                Pending *p = &pending[i];

                /* Where there is no service, the first says so for all. */
                for (; sent < n && sent - i < CALLS_AT_ONCE; sent++) {
                        if (sent > 0 && (!c->bus || c->absent))
                                break;
                        begin(c, args, args->operands[sent], member, append, &pending[sent]);
                }
                r = end(c, args->operands[i], fn, p);
                if (r < 0 && (c->absent || n == 1 || !c->bus))
                        failure_move(&p->failure, reterr);
                else if (r < 0) {
                        fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(&p->failure));
                        status = 1;
                        r = 0;
                }
        }

        for (size_t i = 0; i < n; i++) {
                client_call_done(&pending[i].call);
                failure_done(&pending[i].failure);
        }
        return r < 0 ? r : status;
}

static int call_container(Client *c, const char *name, const char *member, uint64_t timeout_usec,
                Failure *reterr, sd_bus_message **ret_reply,
                AppendFn append, const Arguments *args) {
        _cleanup_message_ sd_bus_message *m = NULL;
        _cleanup_free_ char *path = NULL;
        int r;

        r = client_find(c, name, &path, reterr);
        if (r >= 0)
                r = client_new_call(c, path, BUS_INTERFACE_CONTAINER, member, &m, reterr);
        if (r >= 0)
                r = append(m, args, reterr);
        return r < 0 ? r : client_send_call(c, m, timeout_usec, ret_reply, reterr);
}

/* a{sv} of the flags that have a key. */
static int append_options(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        usec_t timeout;
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < args->n_values; i++) {
                const Flag *flag = args->values[i].flag;
                const char *text = args->values[i].text;

                if (!flag->key || arguments_string(args, flag->name) != text)
                        continue;
                if (flag->kind == FLAG_SWITCH)
                        r = sd_bus_message_append(
                                        m, "{sv}", flag->key, "b", (int) streq(text, "true"));
                else if (flag->kind == FLAG_SECONDS) {
                        if (parse_seconds(text, &timeout) < 0)
                                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                                "'%s' of '--%s' is no time", text, flag->name);
                        r = sd_bus_message_append(m, "{sv}", flag->key, "t", timeout);
                } else
                        r = sd_bus_message_append(m, "{sv}", flag->key, "s", text);
        }
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_signal(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        int r;

        r = sd_bus_message_append(m, "s", strempty(arguments_string(args, "signal")));
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int append_nothing(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        return 0;
}

static int append_name(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        int r;

        r = sd_bus_message_append(m, "s", args->operands[1]);
        return r < 0 ? client_message_error(r, reterr) : 0;
}

static int done(int r, const char *name) {
        if (r >= 0)
                puts(name);
        return r;
}

static int print_name(const char *name, sd_bus_message *reply, Failure *reterr) {
        return done(0, name);
}

static int kill_one(Client *c, const Arguments *args, const char *name, Failure *reterr) {
        return done(call_container(c, name, "Kill", CLIENT_TIMEOUT_USEC, reterr, NULL,
                                    append_signal, args),
                        name);
}

static int pause_one(Client *c, const Arguments *args, const char *name, Failure *reterr) {
        return done(call_container(c, name, "Pause", CLIENT_TIMEOUT_USEC, reterr, NULL,
                                    append_nothing, args),
                        name);
}

static int unpause_one(Client *c, const Arguments *args, const char *name, Failure *reterr) {
        return done(call_container(c, name, "Unpause", CLIENT_TIMEOUT_USEC, reterr, NULL,
                                    append_nothing, args),
                        name);
}

static int rm_one(Client *c, const Arguments *args, const char *name, Failure *reterr) {
        int r;

        r = call_container(
                        c, name, "Remove", CLIENT_TIMEOUT_USEC, reterr, NULL, append_options, args);
        /* With --force the wish is that it be gone. */
        if (r < 0 && reterr->code == FAILURE_NO_SUCH_CONTAINER &&
                        arguments_switch(args, "force", false)) {
                fprintf(stderr, PROGRAM_CLI ": %s\n", failure_message(reterr));
                failure_done(reterr);
                return 0;
        }
        return done(r, name);
}

static int append_limits(sd_bus_message *m, const Arguments *args, Failure *reterr) {
        return run_flags_append(m, args, NULL, NULL, reterr);
}

static int update_one(Client *c, const Arguments *args, const char *name, Failure *reterr) {
        return done(call_container(c, name, "SetResources", CLIENT_TIMEOUT_USEC, reterr, NULL,
                                    append_limits, args),
                        name);
}

static int print_status(const char *name, sd_bus_message *reply, Failure *reterr) {
        int32_t status;
        int r;

        r = sd_bus_message_read(reply, "i", &status);
        if (r < 0)
                return client_message_error(r, reterr);
        printf("%d\n", status);
        return fflush(stdout) == 0
                               ? 0
                               : fail_errno(reterr, errno, "Failed to write to standard output");
}

static int print_each(sd_bus_message *m, const char *prefix) {
        const char *text;
        int r;

        r = sd_bus_message_enter_container(m, 'a', "s");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_read(m, "s", &text)) > 0)
                printf("%s%s\n", prefix, text);
        return r < 0 ? r : sd_bus_message_exit_container(m);
}

static int rmi_one(Client *c, const Arguments *args, const char *name, Failure *reterr) {
        _cleanup_message_ sd_bus_message *m = NULL, *reply = NULL;
        int r;

        r = client_new_call(c, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER, "RemoveImage", &m, reterr);
        if (r < 0)
                return r;
        r = sd_bus_message_append(m, "s", name);
        if (r < 0)
                return client_message_error(r, reterr);
        r = append_options(m, args, reterr);
        if (r >= 0)
                r = client_send_call(c, m, CLIENT_TIMEOUT_USEC, &reply, reterr);
        if (r < 0)
                return r;

        r = print_each(reply, "Untagged: ");
        if (r >= 0)
                r = print_each(reply, "Deleted: sha256:");
        return r < 0 ? client_message_error(r, reterr) : 0;
}

int verb_stop(Client *c, const Arguments *args, Failure *reterr) {
        return all_at_once(c, args, "Stop", append_options, print_name, reterr);
}

int verb_restart(Client *c, const Arguments *args, Failure *reterr) {
        return all_at_once(c, args, "Restart", append_options, print_name, reterr);
}

int verb_kill(Client *c, const Arguments *args, Failure *reterr) {
        return for_each(c, args, kill_one, reterr);
}

int verb_pause(Client *c, const Arguments *args, Failure *reterr) {
        return for_each(c, args, pause_one, reterr);
}

int verb_unpause(Client *c, const Arguments *args, Failure *reterr) {
        return for_each(c, args, unpause_one, reterr);
}

int verb_rm(Client *c, const Arguments *args, Failure *reterr) {
        return for_each(c, args, rm_one, reterr);
}

int verb_rmi(Client *c, const Arguments *args, Failure *reterr) {
        return for_each(c, args, rmi_one, reterr);
}

int verb_update(Client *c, const Arguments *args, Failure *reterr) {
        if (args->n_values == 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'update' needs a flag that says what to change");
        return for_each(c, args, update_one, reterr);
}

int verb_wait(Client *c, const Arguments *args, Failure *reterr) {
        return all_at_once(c, args, "Wait", append_options, print_status, reterr);
}

int verb_rename(Client *c, const Arguments *args, Failure *reterr) {
        return call_container(c, args->operands[0], "Rename", CLIENT_TIMEOUT_USEC, reterr, NULL,
                        append_name, args);
}
