/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verbs.c: the table of verbs with their flags, and the one way in which each is parsed, run and reported. */
#include "cli/verbs.h"
#include <string.h>
#include "base/str.h"
#include "cli/run-flags.h"
#include "model/names.h"

#define HELP { "help", 0, FLAG_SWITCH, NULL, NULL, "Show this text" }
#define FORMAT(what) { "format", 'f', FLAG_STRING, NULL, "FORMAT", what }
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
#define NO_TRUNC { "no-trunc", 0, FLAG_SWITCH, NULL, NULL, "Show ids and commands whole" }
#define FILTER(what) { "filter", 'f', FLAG_LIST, NULL, "KEY=VALUE", what }
#define TABLE_FORMAT                                                                               \
        {                                                                                          \
                "format", 0, FLAG_STRING, NULL, "FORMAT",                                          \
                                "table, json, or a template such as '{{.Names}}'"                  \
        }

static const Flag help_only[] = { HELP, {} };

static const Flag run_only[] = {
        { "detach", 'd', FLAG_SWITCH, NULL, NULL, "Leave it running and print its id" },
        { "attach", 'a', FLAG_LIST, NULL, "STREAM", "Attach stdin, stdout or stderr only" },
        CIDFILE, DETACH_KEYS, SIG_PROXY,
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag create_only[] = {
        CIDFILE,
        { "attach", 'a', FLAG_LIST, NULL, "STREAM", NULL },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, NULL },
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

static const Flag stats_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Also those that do not run" },
        { "no-stream", 0, FLAG_SWITCH, NULL, NULL, "One look, which takes a second" },
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

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

static const Flag ps_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Accepted for Docker's sake: all are shown anyway" },
        { "running", 'r', FLAG_SWITCH, NULL, NULL, "Only those that run, or are paused" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Only ids" },
        { "last", 'n', FLAG_NUMBER, NULL, "N", "Only the N created last" },
        { "latest", 'l', FLAG_SWITCH, NULL, NULL, "Only the one created last" },
        { "size", 's', FLAG_SWITCH, NULL, NULL, NULL },
        FILTER("Only those that match: id, name, label, status, health, ancestor, ..."),
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

static const Flag logs_flags[] = {
        { "follow", 'f', FLAG_SWITCH, "follow", NULL, "Go on until the container ends" },
        { "tail", 'n', FLAG_STRING, NULL, "N", "Only the last N lines; by default all" },
        { "since", 0, FLAG_STRING, NULL, "TIME",
          "Only what is newer: a date, or a duration back from now" },
        { "until", 0, FLAG_STRING, NULL, "TIME", "Only what is older" },
        { "timestamps", 't', FLAG_SWITCH, "timestamps", NULL, "Put the time before each line" },
        { "details", 0, FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag images_flags[] = {
        { "all", 'a', FLAG_SWITCH, NULL, NULL, "Accepted for Docker's sake" },
        { "quiet", 'q', FLAG_SWITCH, NULL, NULL, "Only ids" },
        { "digests", 0, FLAG_SWITCH, NULL, NULL, NULL },
        FILTER("Only those that match: reference, label, before, since, dangling"),
        NO_TRUNC, TABLE_FORMAT, HELP, {},
};

static const Flag import_flags[] = {
        { "message", 'm', FLAG_STRING, NULL, "TEXT", "The image's comment" },
        HELP, {},
};

static const Flag rmi_flags[] = {
        { "force", 'f', FLAG_SWITCH, "force", NULL, "Also take away several tags of one image" },
        { "no-prune", 0, FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag inspect_flags[] = {
        FORMAT("A template such as '{{.State.Status}}', or json"),
        { "type", 0, FLAG_STRING, NULL, "TYPE",
          "container or image; by default the first that is found" },
        { "size", 's', FLAG_SWITCH, NULL, NULL, NULL },
        HELP, {},
};

static const Flag info_flags[] = {
        FORMAT("A template such as '{{.ServerVersion}}', or json"),
        HELP, {},
};

static const Flag events_flags[] = {
        { "since", 0, FLAG_STRING, NULL, "TIME",
          "Also what was: a date, or a duration back from now" },
        { "until", 0, FLAG_STRING, NULL, "TIME", "Go on until then only" },
        FILTER("Only those that match: container, image, event, type"),
        { "format", 0, FLAG_STRING, NULL, "FORMAT", "json, or a template such as '{{.Action}}'" },
        HELP, {},
};

#define TABLES(...) ((const Flag *const[]) { __VA_ARGS__, NULL })

static const Verb verbs[] = {
        { "attach", "CONTAINER", "Stay with a running container",
                TABLES(attach_flags), 1, 1, false, true, verb_attach },
        { "create", "IMAGE|ROOTFS.tar [COMMAND [ARG...]]", "Make a container without starting it",
                TABLES(container_flags, limit_flags, create_only), 1, OPERANDS_ANY, true, true,
                verb_create },
        { "events", "", "Show what happens, as it happens",
                TABLES(events_flags), 0, 0, false, false, verb_events },
        { "exec", "CONTAINER COMMAND [ARG...]", "Run a command beside a workload",
                TABLES(exec_flags), 2, OPERANDS_ANY, true, true, verb_exec },
        { "healthcheck", "run CONTAINER", "Probe a container's health now: 0 healthy, 1 unhealthy",
                TABLES(help_only), 2, 2, false, true, verb_healthcheck },
        { "images", "[NAME[:TAG]]", "List images",
                TABLES(images_flags), 0, 1, false, false, verb_images },
        { "import", "FILE|- [NAME[:TAG]]", "Make an image of a root file system's tar archive",
                TABLES(import_flags), 1, 2, false, false, verb_import },
        { "info", "", "Show where and how the service runs",
                TABLES(info_flags), 0, 0, false, false, verb_info },
        { "inspect", "NAME...", "Show all that is known of containers and images, as JSON",
                TABLES(inspect_flags), 1, OPERANDS_ANY, false, false, verb_inspect },
        { "kill", "CONTAINER...", "Send a signal",
                TABLES(kill_flags), 1, OPERANDS_ANY, false, false, verb_kill },
        { "logs", "CONTAINER", "Show what a container has written",
                TABLES(logs_flags), 1, 1, false, false, verb_logs },
        { "pause", "CONTAINER...", "Freeze all processes of containers",
                TABLES(help_only), 1, OPERANDS_ANY, false, false, verb_pause },
        { "ps", "", "List containers, running or not",
                TABLES(ps_flags), 0, 0, false, false, verb_ps },
        { "rename", "CONTAINER NAME", "Give a container another name",
                TABLES(help_only), 2, 2, false, false, verb_rename },
        { "restart", "CONTAINER...", "Stop and start containers",
                TABLES(stop_flags), 1, OPERANDS_ANY, false, false, verb_restart },
        { "rm", "CONTAINER...", "Remove containers",
                TABLES(rm_flags), 1, OPERANDS_ANY, false, false, verb_rm },
        { "rmi", "IMAGE...", "Take tags away, and images with their last one",
                TABLES(rmi_flags), 1, OPERANDS_ANY, false, false, verb_rmi },
        { "run", "IMAGE|ROOTFS.tar [COMMAND [ARG...]]", "Make a container and start it",
                TABLES(container_flags, limit_flags, run_only), 1, OPERANDS_ANY, true, true,
                verb_run },
        { "start", "CONTAINER...", "Start containers",
                TABLES(start_flags), 1, OPERANDS_ANY, false, true, verb_start },
        { "stats", "[CONTAINER...]", "Show what containers use, every second",
                TABLES(stats_flags), 0, OPERANDS_ANY, false, false, verb_stats },
        { "stop", "CONTAINER...", "Stop containers: a signal, a grace, SIGKILL",
                TABLES(stop_flags), 1, OPERANDS_ANY, false, false, verb_stop },
        { "top", "CONTAINER [PS_OPTION...]", "Show the processes of a container",
                TABLES(help_only), 1, OPERANDS_ANY, true, false, verb_top },
        { "unpause", "CONTAINER...", "Let paused containers run on",
                TABLES(help_only), 1, OPERANDS_ANY, false, false, verb_unpause },
        { "update", "CONTAINER...", "Change limits and the restart policy, of running ones at once",
                TABLES(limit_flags, help_only), 1, OPERANDS_ANY, false, false, verb_update },
        { "version", "", "Show the versions of this command and of the service",
                TABLES(info_flags), 0, 0, false, false, verb_version },
        { "wait", "CONTAINER...", "Wait for containers to stop and print their exit status",
                TABLES(wait_flags), 1, OPERANDS_ANY, false, false, verb_wait },
};

const Verb *verb_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                if (streq(verbs[i].name, name))
                        return &verbs[i];
        return NULL;
}

void verbs_print(FILE *out) {
        for (size_t i = 0; i < ELEMENTSOF(verbs); i++)
                fprintf(out, "  %-12s%s\n", verbs[i].name, verbs[i].summary);
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
