/* SPDX-License-Identifier: Apache-2.0 */
/* cli/template-run.c: walks a parsed template over a JSON value. Knows no grammar and no verb. */
#include <stdarg.h>
#include <string.h>
#include "base/str.h"
#include "cli/template-tree.h"

static int run_pipe(Run *run, const Node *pipe, json_t *dot, json_t **ret);

#define _cleanup_json_ _cleanup_(json_decrefp) /* jansson's own */

/* A name in an object; a list's fields and a string's are errors that say what was there instead. */
static int field_of(Run *run, json_t *value, const char *name, json_t **ret) {
        json_t *found = json_object_get(value, name);

        if (!found && run->lenient == 0) {
                if (json_is_object(value))
                        return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The template asks for a field '%s' that is not there",
                                        name);
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template asks for a field '%s' of what has no fields", name);
        }
        *ret = found ? found : json_null();
        return 0;
}

static int walk_path(Run *run, json_t *value, const char *path, json_t **ret) {
        int r;

        for (const char *name = path; *name; name += strlen(name) + 1) {
                r = field_of(run, value, name, &value);
                if (r < 0)
                        return r;
        }
        *ret = json_incref(value);
        return 0;
}

static json_t *or_nomem(json_t *value, int *ret_r) {
        *ret_r = value ? 0 : -ENOMEM;
        return value;
}

static int run_field(Run *run, const Node *node, json_t *dot, json_t **ret) {
        _cleanup_json_ json_t *inner = NULL;
        int r;

        if (!node->value)
                return walk_path(run, dot, node->text, ret);

        r = run_pipe(run, node->value, dot, &inner);
        return r < 0 ? r : walk_path(run, inner, node->text, ret);
}

/* Everything that is a value by itself; functions are run_command()'s affair, and stand here without arguments. */
static int run_operand(Run *run, const Node *node, json_t *dot, json_t **ret) {
        int r = 0;

        switch (node->kind) {
        case NODE_FIELD:
                return run_field(run, node, dot, ret);
        case NODE_VARIABLE:
                return walk_path(run, run->variables[node->variable] ?: json_null(), node->text,
                                ret);
        case NODE_PIPE:
                return run_pipe(run, node, dot, ret);
        case NODE_FUNCTION: {
                const TemplateFunction *f = template_function_find(node->text);

                if (f->min_args > 0)
                        return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The template's function '%s' has too few arguments",
                                        f->name);
                return f->fn(run, NULL, 0, ret);
        }
        case NODE_STRING:
                *ret = or_nomem(json_string_nocheck(node->text), &r);
                return r;
        case NODE_NUMBER:
                *ret = or_nomem(json_integer(node->number), &r);
                return r;
        case NODE_BOOLEAN:
                *ret = node->number ? json_true() : json_false();
                return 0;
        default:
                *ret = json_null();
                return 0;
        }
}

/* `.Label "key"`: the one method that Docker's rows have. */
static int run_label(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        json_t *found;

        if (n_args != 1 || !json_is_string(args[0]))
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template's '.Label' takes one label's name");

        found = json_object_get(run->labels, json_string_value(args[0]));
        *ret = found ? json_incref(found) : json_string("");
        return *ret ? 0 : -ENOMEM;
}

static bool is_label(const Run *run, const Node *node) {
        return run->labels && node->kind == NODE_FIELD && !node->value &&
               streq(node->text, "Label");
}

static int call_function(
                Run *run, const char *name, json_t *const *args, size_t n_args, json_t **ret) {
        const TemplateFunction *f = template_function_find(name);

        if (n_args < f->min_args)
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template's function '%s' has too few arguments", name);
        if (n_args > f->max_args)
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template's function '%s' has too many arguments", name);
        return f->fn(run, args, n_args, ret);
}

enum { ARGUMENTS_MAX = 32 };

static int run_arguments(Run *run, const Node *first, json_t *dot, json_t *piped, json_t **args,
                size_t *ret_n) {
        int r;

        for (const Node *a = first; a; a = a->next) {
                if (*ret_n == ARGUMENTS_MAX - 1)
                        return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The template calls a function with more than %d arguments",
                                        ARGUMENTS_MAX - 1);
                r = run_operand(run, a, dot, &args[*ret_n]);
                if (r < 0)
                        return r;
                (*ret_n)++;
        }
        if (piped)
                args[(*ret_n)++] = json_incref(piped);
        return 0;
}

static bool asks_for_truth(const Node *node) {
        return node->kind == NODE_FUNCTION &&
               (streq(node->text, "and") || streq(node->text, "or") || streq(node->text, "not"));
}

/* One command; @piped, borrowed or NULL, is what the command before it gave, and becomes the last argument. */
static int run_command(Run *run, const Node *command, json_t *dot, json_t *piped, json_t **ret) {
        json_t *args[ARGUMENTS_MAX];
        const Node *first = command->value;
        size_t n = 0;
        int r;

        if (first->kind != NODE_FUNCTION && !is_label(run, first)) {
                if (piped || first->next)
                        return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "The template gives arguments to what is no function");
                return run_operand(run, first, dot, ret);
        }

        run->lenient += asks_for_truth(first);
        r = run_arguments(run, first->next, dot, piped, args, &n);
        run->lenient -= asks_for_truth(first);
        if (r >= 0)
                r = is_label(run, first) ? run_label(run, args, n, ret)
                                         : call_function(run, first->text, args, n, ret);

        while (n > 0)
                json_decref(args[--n]);
        return r;
}

static int run_pipe(Run *run, const Node *pipe, json_t *dot, json_t **ret) {
        _cleanup_json_ json_t *value = NULL;
        int r;

        for (const Node *command = pipe->value; command; command = command->next) {
                json_t *next;

                r = run_command(run, command, dot, value, &next);
                if (r < 0)
                        return r;
                json_decref(value);
                value = next;
        }

        *ret = TAKE_PTR(value);
        return 0;
}

static int output(Run *run, const char *text) {
        size_t n = strlen(text), wanted = run->n_output + n + 1;
        char *grown;

        if (wanted > TEMPLATE_OUTPUT_MAX)
                return fail(run->reterr, FAILURE_INVALID_ARGS, EFBIG,
                                "The template prints more than %d MiB", TEMPLATE_OUTPUT_MAX >> 20);
        if (wanted > run->n_allocated) {
                run->n_allocated = wanted * 2;
                grown = realloc(run->output, run->n_allocated);
                if (!grown)
                        return -ENOMEM;
                run->output = grown;
        }
        memcpy(run->output + run->n_output, text, n + 1);
        run->n_output += n;
        return 0;
}

static int print_value(Run *run, const json_t *value) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = value_to_text(value, &text);
        return r < 0 ? r : output(run, text);
}

static int run_list(Run *run, const Node *list, json_t *dot);

static void set_variable(Run *run, int slot, json_t *value) {
        if (slot < 0)
                return;
        json_decref(run->variables[slot]);
        run->variables[slot] = json_incref(value);
}

static int run_range_item(Run *run, const Node *node, json_t *key, json_t *value) {
        set_variable(run, node->key_variable, key);
        set_variable(run, node->variable, value);
        return run_list(run, node->body, value);
}

static int compare_keys(const void *a, const void *b) {
        return strcmp(*(const char *const *) a, *(const char *const *) b);
}

/* Go walks a map in the order of its keys. */
static int run_range_object(Run *run, const Node *node, json_t *object) {
        _cleanup_free_ const char **keys = NULL;
        size_t n = 0;
        int r;

        keys = calloc(json_object_size(object), sizeof(char *));
        if (!keys)
                return -ENOMEM;
        for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i))
                keys[n++] = json_object_iter_key(i);
        qsort(keys, n, sizeof(char *), compare_keys);

        for (size_t i = 0; i < n; i++) {
                _cleanup_json_ json_t *key = json_string_nocheck(keys[i]);

                if (!key)
                        return -ENOMEM;
                r = run_range_item(run, node, key, json_object_get(object, keys[i]));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int run_range(Run *run, const Node *node, json_t *dot) {
        _cleanup_json_ json_t *value = NULL;
        int r;

        r = run_pipe(run, node->value, dot, &value);
        if (r < 0)
                return r;

        if (!value_is_true(value))
                return run_list(run, node->otherwise, dot);
        if (json_is_object(value))
                return run_range_object(run, node, value);
        if (!json_is_array(value))
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template ranges over what is neither a list nor a map");

        for (size_t i = 0; i < json_array_size(value); i++) {
                _cleanup_json_ json_t *key = json_integer((json_int_t) i);

                if (!key)
                        return -ENOMEM;
                r = run_range_item(run, node, key, json_array_get(value, i));
                if (r < 0)
                        return r;
        }
        return 0;
}

static int run_condition(Run *run, const Node *node, json_t *dot) {
        _cleanup_json_ json_t *value = NULL;
        int r;

        run->lenient++;
        r = run_pipe(run, node->value, dot, &value);
        run->lenient--;
        if (r < 0)
                return r;

        set_variable(run, node->variable, value);
        if (!value_is_true(value))
                return run_list(run, node->otherwise, dot);
        return run_list(run, node->body, node->kind == NODE_WITH ? value : dot);
}

static int run_node(Run *run, const Node *node, json_t *dot) {
        _cleanup_json_ json_t *value = NULL;
        int r;

        switch (node->kind) {
        case NODE_TEXT:
                return output(run, node->text);
        case NODE_IF:
        case NODE_WITH:
                return run_condition(run, node, dot);
        case NODE_RANGE:
                return run_range(run, node, dot);
        default:
                r = run_pipe(run, node->value, dot, &value);
                if (r < 0)
                        return r;
                if (node->kind != NODE_ASSIGN)
                        return print_value(run, value);
                set_variable(run, node->variable, value);
                return 0;
        }
}

static int run_list(Run *run, const Node *list, json_t *dot) {
        int r;

        for (const Node *node = list; node; node = node->next) {
                r = run_node(run, node, dot);
                if (r < 0)
                        return r;
        }
        return 0;
}

int template_run(const Template *t, json_t *value, json_t *labels, char **ret, Failure *reterr) {
        Run run = { .labels = labels, .reterr = reterr };
        int r;

        run.variables[0] = json_incref(value); /* `$` */
        r = output(&run, "");
        if (r >= 0)
                r = run_list(&run, t->root, value);
        for (size_t i = 0; i < TEMPLATE_VARIABLES_MAX; i++)
                json_decref(run.variables[i]);
        if (r < 0) {
                free(run.output);
                return r;
        }

        *ret = run.output;
        return 0;
}
