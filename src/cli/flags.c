/* SPDX-License-Identifier: Apache-2.0 */
/* cli/flags.c: reads `-it`, `-n5`, `--name x`, `--name=x`, `--rm=false` and `--` by tables, as Docker's command does. */
#include "cli/flags.h"
#include <limits.h>
#include "base/str.h"

/* getopt_long() is not used: it abbreviates, permutes argv, and knows no `--switch=false`. */

static const Flag *find_long(const Flag *const *tables, const char *name, size_t n) {
        for (; *tables; tables++)
                for (const Flag *o = *tables; o->name; o++)
                        if (strlen(o->name) == n && strncmp(o->name, name, n) == 0)
                                return o;
        return NULL;
}

static const Flag *find_letter(const Flag *const *tables, char letter) {
        for (; *tables; tables++)
                for (const Flag *o = *tables; o->name; o++)
                        if (o->letter == letter)
                                return o;
        return NULL;
}

static int switch_parse(const char *text, bool *ret) {
        if (streq(text, "true") || streq(text, "1") || streq(text, "t") || streq(text, "yes"))
                *ret = true;
        else if (streq(text, "false") || streq(text, "0") || streq(text, "f") || streq(text, "no"))
                *ret = false;
        else
                return -EINVAL;
        return 0;
}

static int add(Arguments *a, const Flag *o, const char *text, Failure *reterr) {
        FlagValue *values;
        bool on;

        if (o->kind == FLAG_SWITCH) {
                if (switch_parse(text, &on) < 0)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'--%s' takes true or false, not '%s'", o->name, text);
                text = on ? "true" : "false";
        }

        values = reallocarray(a->values, a->n_values + 1, sizeof(*values));
        if (!values)
                return -ENOMEM;
        a->values = values;
        a->values[a->n_values++] = (FlagValue) { .flag = o, .text = text };
        return 0;
}

/* One `--word`; returns how many words after it were taken, 0 or 1. */
static int parse_long(const Flag *const *tables, const char *word, const char *next, Arguments *a,
                Failure *reterr) {
        const char *name = word + 2, *eq = strchr(name, '=');
        size_t n = eq ? (size_t) (eq - name) : strlen(name);
        const Flag *o;
        int r;

        o = find_long(tables, name, n);
        if (!o)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "Unknown flag '--%.*s'", (int) n,
                                name);

        if (eq)
                return add(a, o, eq + 1, reterr);
        if (o->kind == FLAG_SWITCH)
                return add(a, o, "true", reterr);
        if (!next)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "Flag '--%s' needs a value",
                                o->name);

        r = add(a, o, next, reterr);
        return r < 0 ? r : 1;
}

/* One `-abc`: letters of switches, the last of which may be a flag with its value behind it (`-n5`, `-n=5`, `-n 5`). */
static int parse_letters(const Flag *const *tables, const char *word, const char *next,
                Arguments *a, Failure *reterr) {
        const Flag *o;
        int r;

        for (const char *p = word + 1; *p; p++) {
                o = find_letter(tables, *p);
                if (!o)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "Unknown flag '-%c' in '%s'", *p, word);

                if (o->kind == FLAG_SWITCH && p[1] != '=') {
                        r = add(a, o, "true", reterr);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (p[1])
                        return add(a, o, p + (p[1] == '=' ? 2 : 1), reterr);
                if (!next)
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "Flag '-%c' needs a value", *p);

                r = add(a, o, next, reterr);
                return r < 0 ? r : 1;
        }
        return 0;
}

static bool is_flag(const char *word) {
        return word[0] == '-' && word[1]; /* a lone `-` is standard input */
}

int arguments_parse(const Flag *const *tables, bool flags_first, char **argv, Arguments *ret,
                Failure *reterr) {
        _cleanup_(arguments_done) Arguments a = {};
        size_t n = 0;
        int r;

        while (argv[n])
                n++;
        a.operands = calloc(n + 1, sizeof(char *));
        if (!a.operands)
                return -ENOMEM;

        for (size_t i = 0; i < n; i++) {
                if (streq(argv[i], "--") || (flags_first && !is_flag(argv[i]))) {
                        i += streq(argv[i], "--");
                        while (i < n)
                                a.operands[a.n_operands++] = argv[i++];
                        break;
                }
                if (!is_flag(argv[i])) {
                        a.operands[a.n_operands++] = argv[i];
                        continue;
                }

                if (argv[i][1] == '-')
                        r = parse_long(tables, argv[i], argv[i + 1], &a, reterr);
                else
                        r = parse_letters(tables, argv[i], argv[i + 1], &a, reterr);
                if (r < 0)
                        return r;
                i += r;
        }

        *ret = a;
        a = (Arguments) {};
        return 0;
}

void arguments_done(Arguments *a) {
        free(a->values);
        free(a->operands);
        *a = (Arguments) {};
}

const char *arguments_string(const Arguments *a, const char *name) {
        for (size_t i = a->n_values; i > 0; i--)
                if (streq(a->values[i - 1].flag->name, name))
                        return a->values[i - 1].text;
        return NULL;
}

bool arguments_given(const Arguments *a, const char *name) {
        return arguments_string(a, name);
}

bool arguments_switch(const Arguments *a, const char *name, bool fallback) {
        const char *text = arguments_string(a, name);

        return text ? streq(text, "true") : fallback;
}

int arguments_list(const Arguments *a, const char *name, const char ***ret) {
        const char **list;
        size_t n = 0;

        list = calloc(a->n_values + 1, sizeof(char *));
        if (!list)
                return -ENOMEM;
        for (size_t i = 0; i < a->n_values; i++)
                if (streq(a->values[i].flag->name, name))
                        list[n++] = a->values[i].text;

        *ret = list;
        return 0;
}

int arguments_number(const Arguments *a, const char *name, long *ret, Failure *reterr) {
        const char *text = arguments_string(a, name);
        char *end;
        long value;

        if (!text)
                return 0;

        errno = 0;
        value = strtol(text, &end, 10);
        if (errno != 0 || end == text || *end)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "Flag '--%s' takes a whole number, not '%s'", name, text);

        *ret = value;
        return 1;
}

enum { HELP_COLUMN = 32 };

void flags_print(const Flag *const *tables, FILE *out) {
        for (; *tables; tables++)
                for (const Flag *o = *tables; o->name; o++) {
                        int n = 0;

                        if (!o->help)
                                continue;
                        if (o->letter)
                                n += fprintf(out, "  -%c, --%s", o->letter, o->name);
                        else
                                n += fprintf(out, "      --%s", o->name);
                        if (o->kind != FLAG_SWITCH)
                                n += fprintf(out, " %s", o->arg);
                        if (n >= HELP_COLUMN)
                                n = fprintf(out, "\n") - 1;
                        fprintf(out, "%*s%s\n", HELP_COLUMN - n, "", o->help);
                }
}
