/* SPDX-License-Identifier: Apache-2.0 */
/* cli/template-tree.h: a parsed template, shared by template-parse.c, template-run.c and template-functions.c. */
#pragma once
#include <stdint.h>
#include "cli/template.h"

typedef enum NodeKind {
        NODE_TEXT,     /* text */
        NODE_ACTION,   /* value: prints it */
        NODE_ASSIGN,   /* variable := value */
        NODE_IF,       /* value, body, otherwise */
        NODE_WITH,
        NODE_RANGE,    /* the same; variable, key_variable */
        NODE_PIPE,     /* value: commands, each the last argument of the next */
        NODE_COMMAND,  /* value: operands */
        NODE_FIELD,    /* text: a path of names after value, or after `.` */
        NODE_VARIABLE, /* variable; text: a path, may be NULL */
        NODE_FUNCTION, /* text: its name */
        NODE_STRING,   /* text */
        NODE_NUMBER,   /* number */
        NODE_BOOLEAN,  /* number */
        NODE_NIL,
} NodeKind;

typedef struct Node Node;
struct Node {
        NodeKind kind;
        Node *next;      /* sibling */
        Node *value;     /* see above */
        Node *body;      /* blocks */
        Node *otherwise; /* else */
        char *text;      /* owned by the template; a path is NUL-separated names, ended by an empty one */
        json_int_t number;
        int variable;     /* slot, 0 is `$`; -1: none */
        int key_variable; /* of `range $key, $value :=` */
};

struct Template {
        Node **nodes; /* owned, and what they own: the one list by which all is freed */
        size_t n_nodes;
        Node *root;   /* borrowed */
};

typedef struct Run {
        json_t *variables[TEMPLATE_VARIABLES_MAX]; /* owned references */
        json_t *labels; /* borrowed */
        char *output;   /* owned */
        size_t n_output, n_allocated;
        int lenient;    /* > 0: a missing field is nil */
        int depth;
        Failure *reterr;
} Run;

/* A function: arguments and result are JSON values; the result is a new reference. Negative errno with a sentence. */
typedef int (*TemplateFn)(Run *run, json_t *const *args, size_t n_args, json_t **ret);

typedef struct TemplateFunction {
        const char *name;
        TemplateFn fn;
        unsigned min_args, max_args;
} TemplateFunction;

/** template_function_find() - NULL if there is none of that name. */
const TemplateFunction *template_function_find(const char *name);

/** value_to_text() - as Go prints it: strings as they are, lists [a b], objects map[k:v], null `<no value>`. Return: 0 or -errno. */
int value_to_text(const json_t *value, char **ret);

/** value_is_true() - not null, false, 0, "" or empty. */
bool value_is_true(const json_t *value);
