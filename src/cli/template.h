/* SPDX-License-Identifier: Apache-2.0 */
/* cli/template.h: the part of Go's text templates that scripts use with --format. Knows JSON values; knows no verb. */
#pragma once
#include <jansson.h>
#include <stdio.h>
#include "base/cleanup.h"
#include "model/failure.h"

/*
 * Text with {{actions}}: .Field.Sub, $, $name, "text", `text`, numbers, true, false, nil, pipelines (a | b), parentheses;
 * if, else if, else, with, range (also `range $k, $v := .Map`), end, {{/ * comment * /}}, {{- trimming -}};
 * functions: json, join, split, len, upper, lower, title, index, print, println, printf (%s %v %d %q %%), eq, ne, lt, le,
 * gt, ge, and, or, not, slice, truncate, pad.
 * A field that is not there is an error that names it, but nil where an `if`, `with`, `and`, `or` or `not` asks for it.
 */

typedef struct Template Template;

/* What bounds a template, whatever it holds. */
enum {
        TEMPLATE_SIZE_MAX = 64 * 1024,       /* bytes of text */
        TEMPLATE_NODES_MAX = 8 * 1024,
        TEMPLATE_DEPTH_MAX = 64,             /* blocks and parentheses */
        TEMPLATE_VARIABLES_MAX = 32,
        TEMPLATE_OUTPUT_MAX = 16 * 1024 * 1024, /* bytes that one run may print */
};

/**
 * template_new() - parse a template
 * @text: NUL-terminated; copied
 *
 * Return: 0, -ENOMEM, or -EINVAL with a sentence that names what was not understood.
 * Source: the documentation of Go's package text/template
 */
int template_new(const char *text, Template **ret, Failure *reterr);
Template *template_free(Template *t);
DEFINE_CLEANUP(Template *, template_free);

/**
 * template_run() - print a template over a value
 * @value:  borrowed; `.` at the start
 * @labels: borrowed object that `.Label "key"` looks in, or NULL
 * @ret:    what was printed; owned by the caller
 *
 * Return: 0, -ENOMEM, -EFBIG, or -EINVAL with a sentence that names the field or function.
 */
int template_run(const Template *t, json_t *value, json_t *labels, char **ret, Failure *reterr);
