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
        const char *name;           /* one word, or a group and a word: "image prune" */
        const char *operands;       /* how help names them */
        const char *summary;        /* one line */
        const Flag *const *flags;   /* NULL-terminated list of tables */
        int min_operands;
        int max_operands;           /* OPERANDS_ANY: no bound */
        bool flags_first;           /* the first operand ends the flags */
        bool runs_workload;         /* exits with the workload's status, or 125 to 127 on failure; others exit with 1 */
        VerbFn run;
} Verb;

/* Beside those of verbs.c, in the order of their names. */
extern const Verb more_verbs[];
extern const size_t n_more_verbs;

/** verb_find() - NULL if there is none; verb_find_pair() - one of two words. verbs_print() - a line for each. */
const Verb *verb_find(const char *name);
const Verb *verb_find_pair(const char *group, const char *word);
void verbs_print(FILE *out);

/** verb_print_help() - what `pocketdocker VERB --help` shows. */
void verb_print_help(const Verb *v, FILE *out);

/** verb_main() - parse, run, report. Return: the exit status. */
int verb_main(const Verb *v, Client *c, char **argv);

int verb_attach(Client *c, const Arguments *args, Failure *reterr);
int verb_create(Client *c, const Arguments *args, Failure *reterr);
int verb_events(Client *c, const Arguments *args, Failure *reterr);
int verb_exec(Client *c, const Arguments *args, Failure *reterr);
int verb_cp(Client *c, const Arguments *args, Failure *reterr);
int verb_export(Client *c, const Arguments *args, Failure *reterr);
int verb_healthcheck(Client *c, const Arguments *args, Failure *reterr);
int verb_history(Client *c, const Arguments *args, Failure *reterr);
int verb_image_prune(Client *c, const Arguments *args, Failure *reterr);
int verb_images(Client *c, const Arguments *args, Failure *reterr);
int verb_import(Client *c, const Arguments *args, Failure *reterr);
int verb_info(Client *c, const Arguments *args, Failure *reterr);
int verb_inspect(Client *c, const Arguments *args, Failure *reterr);
int verb_kill(Client *c, const Arguments *args, Failure *reterr);
int verb_load(Client *c, const Arguments *args, Failure *reterr);
int verb_login(Client *c, const Arguments *args, Failure *reterr);
int verb_logout(Client *c, const Arguments *args, Failure *reterr);
int verb_logs(Client *c, const Arguments *args, Failure *reterr);
int verb_pause(Client *c, const Arguments *args, Failure *reterr);
int verb_ps(Client *c, const Arguments *args, Failure *reterr);
int verb_pull(Client *c, const Arguments *args, Failure *reterr);
int verb_rename(Client *c, const Arguments *args, Failure *reterr);
int verb_restart(Client *c, const Arguments *args, Failure *reterr);
int verb_rm(Client *c, const Arguments *args, Failure *reterr);
int verb_rmi(Client *c, const Arguments *args, Failure *reterr);
int verb_run(Client *c, const Arguments *args, Failure *reterr);
int verb_save(Client *c, const Arguments *args, Failure *reterr);
int verb_start(Client *c, const Arguments *args, Failure *reterr);
int verb_stats(Client *c, const Arguments *args, Failure *reterr);
int verb_stop(Client *c, const Arguments *args, Failure *reterr);
int verb_system_df(Client *c, const Arguments *args, Failure *reterr);
int verb_system_prune(Client *c, const Arguments *args, Failure *reterr);
int verb_tag(Client *c, const Arguments *args, Failure *reterr);
int verb_top(Client *c, const Arguments *args, Failure *reterr);
int verb_unpause(Client *c, const Arguments *args, Failure *reterr);
int verb_untag(Client *c, const Arguments *args, Failure *reterr);
int verb_update(Client *c, const Arguments *args, Failure *reterr);
int verb_volume_create(Client *c, const Arguments *args, Failure *reterr);
int verb_volume_ls(Client *c, const Arguments *args, Failure *reterr);
int verb_volume_prune(Client *c, const Arguments *args, Failure *reterr);
int verb_volume_rm(Client *c, const Arguments *args, Failure *reterr);
int verb_version(Client *c, const Arguments *args, Failure *reterr);
int verb_wait(Client *c, const Arguments *args, Failure *reterr);
