/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/verbs.c: the verbs that begin, end and change a container, with their flags, and the one way in which each verb is
 * parsed, run and reported. All others are in verbs-more.c: whole.h says why.
 */
#include "cli/verbs.h"
#include <string.h>
#include "base/str.h"
#include "cli/run-flags.h"
#include "cli/verb-table.h"
#include "model/names.h"

#define DETACH_KEYS                                                                                \
        {                                                                                          \
                "detach-keys", 0, FLAG_STRING, NULL, "KEYS",                                       \
                                "Keys that leave a terminal; by default ctrl-p,ctrl-q"             \
        }
#define SIG_PROXY                                                                                  \
        {                                                                                          \
                "sig-proxy", 0, FLAG_SWITCH, NULL, NULL,                                           \
                                "Pass signals on to the workload; true by default"                 \
        }
#define CIDFILE                                                                                    \
        { "cidfile", 0, FLAG_STRING, NULL, "FILE", "Write the container's id to a new file" }
#define TIMEOUT(what)                                       \
        { "time", 't', FLAG_SECONDS, "timeout", "SECONDS", what }, \
        { "timeout", 0, FLAG_SECONDS, "timeout", "SECONDS", NULL }
#define SIGNAL(what) { "signal", 's', FLAG_STRING, "signal", "SIGNAL", what }

static const Flag help_only[] = { HELP, {} };

static const Flag run_only[] = {
        { "detach", 'd', FLAG_SWITCH, NULL, NULL, "Leave it running and print its id" },
        { "attach", 'a', FLAG_LIST, NULL, "STREAM", "Attach stdin, stdout or stderr only" },
        CIDFILE, DETACH_KEYS, SIG_PROXY,
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Show nothing of a pull" },
        HELP, {},
};

static const Flag create_only[] = {
        CIDFILE,
        { "attach", 'a', FLAG_LIST, NULL, "STREAM", NULL },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Show nothing of a pull" },
        HELP, {},
};

static const Flag start_flags[] = {
        { "attach", 'a', FLAG_SWITCH, NULL, NULL, "Stay with it: output, signals, exit status" },
        { "interactive", 'i', FLAG_SWITCH, NULL, NULL, "Also pass standard input" },
        DETACH_KEYS, SIG_PROXY, HELP, {},
};

static const Flag attach_flags[] = {
        { "no-stdin", 0, FLAG_SWITCH, NULL, NULL, "Pass no standard input" },
        DETACH_KEYS, SIG_PROXY, HELP, {},
};

static const Flag exec_flags[] = {
        { "detach", 'd', FLAG_SWITCH, NULL, NULL, "Leave it running" },
        { "interactive", 'i', FLAG_SWITCH, NULL, NULL, "Pass standard input" },
        { "tty", 't', FLAG_SWITCH, "tty", NULL, "Give the command a terminal" },
        { "env", 'e', FLAG_LIST, "env", "KEY[=VALUE]",
          "Set an environment variable, or hand over the caller's" },
        { "env-file", 0, FLAG_LIST, NULL, "FILE", "Read environment variables from a file" },
        { "user", 'u', FLAG_STRING, "user", "USER[:GROUP]",
          "Names or numbers, looked up in the image" },
        { "workdir", 'w', FLAG_STRING, "workdir", "PATH", "Working directory" },
        { "privileged", 0, FLAG_SWITCH, "privileged", NULL, NULL },
        DETACH_KEYS, HELP, {},
};

static const Flag stop_flags[] = {
        TIMEOUT("How long to wait before SIGKILL; -1: for ever"),
        SIGNAL("What to send first"), HELP, {},
};

static const Flag kill_flags[] = { SIGNAL("What to send; by default SIGKILL"), HELP, {} };

static const Flag rm_flags[] = {
        { "force", 'f', FLAG_SWITCH, "force", NULL, "Kill it first if it runs" },
        { "volumes", 'v', FLAG_SWITCH, "volumes", NULL, "Remove its anonymous volumes too" },
        HELP, {},
};

static const Flag wait_flags[] = {
        { "condition", 0, FLAG_STRING, "condition", "CONDITION",
          "stopped (default), next-exit, removed, running, healthy, unhealthy" },
        HELP, {},
};

static const Verb verbs[] = {
        { "attach", "CONTAINER", "Stay with a running container",
                TABLES(attach_flags), 1, 1, false, true, verb_attach },
        { "create", "IMAGE|ROOTFS.tar [COMMAND [ARG...]]", "Make a container without starting it",
                TABLES(container_flags, limit_flags, create_only), 1, OPERANDS_ANY, true, true,
                verb_create },
        { "exec", "CONTAINER COMMAND [ARG...]", "Run a command beside a workload",
                TABLES(exec_flags), 2, OPERANDS_ANY, true, true, verb_exec },
        { "kill", "CONTAINER...", "Send a signal",
                TABLES(kill_flags), 1, OPERANDS_ANY, false, false, verb_kill },
        { "pause", "CONTAINER...", "Freeze all processes of containers",
                TABLES(help_only), 1, OPERANDS_ANY, false, false, verb_pause },
        { "rename", "CONTAINER NAME", "Give a container another name",
                TABLES(help_only), 2, 2, false, false, verb_rename },
        { "restart", "CONTAINER...", "Stop and start containers",
                TABLES(stop_flags), 1, OPERANDS_ANY, false, false, verb_restart },
        { "rm", "CONTAINER...", "Remove containers",
                TABLES(rm_flags), 1, OPERANDS_ANY, false, false, verb_rm },
        { "run", "IMAGE|ROOTFS.tar [COMMAND [ARG...]]", "Make a container and start it",
                TABLES(container_flags, limit_flags, run_only), 1, OPERANDS_ANY, true, true,
                verb_run },
        { "start", "CONTAINER...", "Start containers",
                TABLES(start_flags), 1, OPERANDS_ANY, false, true, verb_start },
        { "stop", "CONTAINER...", "Stop containers: a signal, a grace, SIGKILL",
                TABLES(stop_flags), 1, OPERANDS_ANY, false, false, verb_stop },
        { "unpause", "CONTAINER...", "Let paused containers run on",
                TABLES(help_only), 1, OPERANDS_ANY, false, false, verb_unpause },
        { "update", "CONTAINER...", "Change limits and the restart policy, of running ones at once",
                TABLES(limit_flags, help_only), 1, OPERANDS_ANY, false, false, verb_update },
        { "wait", "CONTAINER...", "Wait for containers to stop and print their exit status",
                TABLES(wait_flags), 1, OPERANDS_ANY, false, false, verb_wait },
};

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i].name, name))
                        return &verbs[i];
        for (size_t i = 0; i < n_more_verbs; i++)
                if (streq(more_verbs[i].name, name))
                        return &more_verbs[i];
        return NULL;
}

/* All such are in the other table. */
const Verb *verb_find_pair(const char *group, const char *word) {
        for (size_t i = 0; i < n_more_verbs; i++) {
                const char *rest = startswith(more_verbs[i].name, group);

                if (rest && *rest == ' ' && streq(rest + 1, word))
                        return &more_verbs[i];
        }
        return NULL;
}

/* Both tables are in the order of their names. */
void verbs_print(FILE *out) {
        size_t i = 0, j = 0;

        while (i < ELEMENTSOF(verbs) || j < n_more_verbs) {
                bool first = j == n_more_verbs ||
                                (i < ELEMENTSOF(verbs) &&
                                                strcmp(verbs[i].name, more_verbs[j].name) < 0);
                const Verb *v = first ? &verbs[i++] : &more_verbs[j++];

                fprintf(out, "  %-16s%s\n", v->name, v->summary);
        }
}

void verb_print_help(const Verb *v, FILE *out) {
        fprintf(out, "Usage: " PROGRAM_CLI " %s [FLAGS]%s%s\n\n%s\n\nFlags:\n", v->name,
                        *v->operands ? " " : "", v->operands, v->summary);
        flags_print(v->flags, out);
}

static int check_operands(const Verb *v, const Arguments *args, Failure *reterr) {
        int n = (int) args->n_operands;

        if (n < v->min_operands)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' needs %s", v->name,
                                v->operands);
        if (v->max_operands == 0 && n > 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' takes no name, but '%s' was given", v->name,
                                args->operands[0]);
        if (v->max_operands != OPERANDS_ANY && n > v->max_operands)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' takes %s, and '%s' is too much", v->name, v->operands,
                                args->operands[v->max_operands]);
        return 0;
}

static int report(const Verb *v, int r, const Failure *f, bool usage) {
        const char *sentence = failure_message(f);

        fprintf(stderr, PROGRAM_CLI ": %s\n", isempty(sentence) ? strerror(-r) : sentence);
        if (usage)
                fprintf(stderr, "See '" PROGRAM_CLI " %s --help'.\n", v->name);
        if (!v->runs_workload)
                return 1;
        return failure_is_set(f) ? failure_to_exit_status(f->code) : 125;
}

int verb_main(const Verb *v, Client *c, char **argv) {
        _cleanup_(arguments_done) Arguments args = {};
        _cleanup_failure_ Failure f = {};
        int r;

        r = arguments_parse(v->flags, v->flags_first, argv, &args, &f);
        if (r >= 0 && arguments_switch(&args, "help", false)) {
                verb_print_help(v, stdout);
                return 0;
        }
        if (r >= 0)
                r = check_operands(v, &args, &f);
        if (r < 0)
                return report(v, r, &f, true);

        r = v->run(c, &args, &f);
        if (r < 0 && c->absent && !c->embedded) {
                /* The bus has no such service: it is not installed, and an embedded daemon of one's own is the way. */
                failure_done(&f);
                client_done(c);
                c->embedded = true;
                r = v->run(c, &args, &f);
        }
        return r < 0 ? report(v, r, &f, false) : r;
}
