/* SPDX-License-Identifier: Apache-2.0 */
/* cli/flags.h: flags as tables, and how argv is read by them. Knows no verb and no bus. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef enum FlagKind {
        FLAG_SWITCH,   /* --name, --name=true|false; on the bus b */
        FLAG_STRING,   /* the last one counts; s */
        FLAG_LIST,     /* may be repeated; as */
        FLAG_SIZE,     /* `512`, `64m`, -1: without limit; t, bytes */
        FLAG_DURATION, /* `1m30s`; t, µs */
        FLAG_SECONDS,  /* `5` or `1m30s`, -1: for ever; t, µs */
        FLAG_MICROSECONDS, /* `50000` or `50ms`, -1: none; t, µs */
        FLAG_NUMBER,   /* a whole number; the verb's own */
} FlagKind;

typedef struct Flag {
        const char *name; /* long name without dashes */
        char letter;      /* 0: none */
        FlagKind kind;
        const char *key;  /* the D-Bus option that carries it; NULL: the command's own business */
        const char *arg;  /* how help names the value */
        const char *help; /* NULL: not shown: a second name, or a flag that this version's daemon refuses */
} Flag;

typedef struct FlagValue {
        const Flag *flag; /* borrowed */
        const char *text;     /* borrowed from argv; of a switch "true" or "false" */
} FlagValue;

typedef struct Arguments {
        FlagValue *values; /* owned; in the order of typing */
        size_t n_values;
        char **operands;     /* owned array of borrowed strings, NULL-terminated */
        size_t n_operands;
} Arguments;

/**
 * arguments_parse() - read a verb's argv
 * @tables:        NULL-terminated list of tables, each ended by a flag without a name
 * @flags_first: the first operand ends the flags (`run IMAGE COMMAND --its-own`)
 * @argv:          without the verb, NULL-terminated; must outlive the result
 *
 * Return: 0, -ENOMEM, or -EINVAL with a sentence that names the flag.
 */
int arguments_parse(const Flag *const *tables, bool flags_first, char **argv, Arguments *ret,
                Failure *reterr);
void arguments_done(Arguments *a);

/** arguments_string() - the last value of a flag, NULL if it was not given. @name is the table's. */
const char *arguments_string(const Arguments *a, const char *name);

/** arguments_switch() - a switch's last value, or @fallback. */
bool arguments_switch(const Arguments *a, const char *name, bool fallback);

/** arguments_given() - was the flag typed at all? */
bool arguments_given(const Arguments *a, const char *name);

/** arguments_list() - the values of a repeatable flag, NULL-terminated; the array is the caller's. Return: 0 or -ENOMEM. */
int arguments_list(const Arguments *a, const char *name, const char ***ret);

/**
 * arguments_number() - a whole number
 *
 * Return: 1 and *ret, 0 if the flag was not given, or -EINVAL with a sentence.
 */
int arguments_number(const Arguments *a, const char *name, long *ret, Failure *reterr);

/** flags_print() - the shown flags, one or more lines each, as `--help` prints them. */
void flags_print(const Flag *const *tables, FILE *out);
