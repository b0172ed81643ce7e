/* SPDX-License-Identifier: Apache-2.0 */
/* cli/verbs.h: the table of verbs: one row says all that parsing, help and running need. */
#pragma once
#include <stdbool.h>
#include "cli/client.h"
#include "cli/flags.h"

/**
 * VerbFn - run a verb
 *
 * If the system bus turns out to have no such service, it is called again for an embedded daemon: before its first call on
 * the bus it must change nothing that cannot be done twice.
 *
 * Return: the exit status, or negative errno with a sentence.
 */
typedef int (*VerbFn)(Client *c, const Arguments *args, Failure *reterr);

enum { OPERANDS_ANY = -1 };

typedef struct Verb {
        const char *name;
        const char *operands;       /* how help names them */
        const char *summary;        /* one line */
        const Flag *const *flags;   /* NULL-terminated list of tables */
        int min_operands;
        int max_operands;           /* OPERANDS_ANY: no bound */
        bool flags_first;           /* the first operand ends the flags */
        bool runs_workload;         /* exits with the workload's status, or 125 to 127 on failure; others exit with 1 */
        VerbFn run;
} Verb;

/** verb_find() - NULL if there is none. verbs_print() - a line for each. */
const Verb *verb_find(const char *name);
void verbs_print(FILE *out);

/** verb_print_help() - what `pocketdocker VERB --help` shows. */
void verb_print_help(const Verb *v, FILE *out);

/** verb_main() - parse, run, report. Return: the exit status. */
int verb_main(const Verb *v, Client *c, char **argv);

int verb_attach(Client *c, const Arguments *args, Failure *reterr);
int verb_create(Client *c, const Arguments *args, Failure *reterr);
int verb_events(Client *c, const Arguments *args, Failure *reterr);
int verb_exec(Client *c, const Arguments *args, Failure *reterr);
int verb_healthcheck(Client *c, const Arguments *args, Failure *reterr);
int verb_images(Client *c, const Arguments *args, Failure *reterr);
int verb_import(Client *c, const Arguments *args, Failure *reterr);
int verb_info(Client *c, const Arguments *args, Failure *reterr);
int verb_inspect(Client *c, const Arguments *args, Failure *reterr);
int verb_kill(Client *c, const Arguments *args, Failure *reterr);
int verb_logs(Client *c, const Arguments *args, Failure *reterr);
int verb_pause(Client *c, const Arguments *args, Failure *reterr);
int verb_ps(Client *c, const Arguments *args, Failure *reterr);
int verb_rename(Client *c, const Arguments *args, Failure *reterr);
int verb_restart(Client *c, const Arguments *args, Failure *reterr);
int verb_rm(Client *c, const Arguments *args, Failure *reterr);
int verb_rmi(Client *c, const Arguments *args, Failure *reterr);
int verb_run(Client *c, const Arguments *args, Failure *reterr);
int verb_start(Client *c, const Arguments *args, Failure *reterr);
int verb_stats(Client *c, const Arguments *args, Failure *reterr);
int verb_stop(Client *c, const Arguments *args, Failure *reterr);
int verb_top(Client *c, const Arguments *args, Failure *reterr);
int verb_unpause(Client *c, const Arguments *args, Failure *reterr);
int verb_update(Client *c, const Arguments *args, Failure *reterr);
int verb_version(Client *c, const Arguments *args, Failure *reterr);
int verb_wait(Client *c, const Arguments *args, Failure *reterr);
