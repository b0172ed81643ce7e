/* SPDX-License-Identifier: Apache-2.0 */
/* cli/template-parse.c: text to tree, by recursive descent. Knows the grammar; evaluates nothing. */
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "cli/template-tree.h"

typedef struct Parser {
        Template *t;      /* borrowed: owns every node from the moment it is made */
        const char *p;    /* what comes next */
        bool trim;        /* the last action ended in `-}}` */
        int depth;
        char *variables[TEMPLATE_VARIABLES_MAX]; /* owned; NULL: not in use */
        Failure *reterr;
} Parser;

static int parse_pipe(Parser *p, Node **ret);
static int parse_list(Parser *p, Node **ret, const char **ret_word);

static int refuse(Parser *p, const char *what) {
        size_t n = strcspn(p->p, "\n");

        if (!*p->p)
                return fail(p->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template is not understood at its end: %s", what);
        return fail(p->reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "The template is not understood at '%.*s': %s", (int) (n < 40 ? n : 40),
                        p->p, what);
}

static int node_new(Parser *p, NodeKind kind, Node **ret) {
        Template *t = p->t;
        Node *node, **nodes;

        if (t->n_nodes == TEMPLATE_NODES_MAX)
                return refuse(p, "it is too long");

        /* Grown in steps of 64: most templates have fewer nodes. */
        if (t->n_nodes % 64 == 0) {
                nodes = reallocarray(t->nodes, t->n_nodes + 64, sizeof(Node *));
                if (!nodes)
                        return -ENOMEM;
                t->nodes = nodes;
        }

        node = malloc(sizeof(*node));
        if (!node)
                return -ENOMEM;
        *node = (Node) { .kind = kind, .variable = -1, .key_variable = -1 };
        t->nodes[t->n_nodes++] = node;

        *ret = node;
        return 0;
}

Template *template_free(Template *t) {
        if (!t)
                return NULL;
        for (size_t i = 0; i < t->n_nodes; i++) {
                free(t->nodes[i]->text);
                free(t->nodes[i]);
        }
        free(t->nodes);
        free(t);
        return NULL;
}

static void skip_blanks(Parser *p) {
        while (isspace((unsigned char) *p->p))
                p->p++;
}

static bool is_name(char c) {
        return isalnum((unsigned char) c) || c == '_' || (unsigned char) c >= 0x80;
}

static size_t name_length(const char *s) {
        size_t n = 0;

        while (is_name(s[n]))
                n++;
        return n;
}

static bool at_end_of_action(const Parser *p) {
        return strncmp(p->p, "}}", 2) == 0 || strncmp(p->p, "-}}", 3) == 0;
}

static int end_action(Parser *p) {
        skip_blanks(p);
        if (!at_end_of_action(p))
                return refuse(p, "'}}' is expected");
        p->trim = *p->p == '-';
        p->p += p->trim ? 3 : 2;
        return 0;
}

/* "text" with Go's escapes that matter, or `text`; \t and \n between actions are the caller's affair. */
static int parse_string(Parser *p, Node **ret) {
        char quote = *p->p;
        const char *end = p->p + 1;
        Node *node;
        char *out;
        int r;

        while (*end && *end != quote)
                end += quote == '"' && end[0] == '\\' && end[1] ? 2 : 1;
        if (!*end)
                return refuse(p, "the quoted text has no end");

        r = node_new(p, NODE_STRING, &node);
        if (r < 0)
                return r;
        out = node->text = malloc((size_t) (end - p->p));
        if (!out)
                return -ENOMEM;

        for (const char *s = p->p + 1; s < end; s++) {
                if (quote == '"' && *s == '\\') {
                        s++;
                        *out++ = *s == 'n' ? '\n' : *s == 't' ? '\t' : *s == 'r' ? '\r' : *s;
                } else
                        *out++ = *s;
        }
        *out = '\0';
        p->p = end + 1;

        *ret = node;
        return 0;
}

/* `.A.B` as NUL-separated names, ended by an empty one; a lone `.` is the empty path. */
static int parse_path(Parser *p, char **ret) {
        const char *s = p->p;
        char *path, *out;
        size_t n = 0;

        while (s[n] == '.' && is_name(s[n + 1]))
                n += 1 + name_length(s + n + 1);

        out = path = calloc(1, n + 2);
        if (!path)
                return -ENOMEM;
        for (size_t i = 1; i < n; i++)
                *out++ = s[i] == '.' ? '\0' : s[i];
        p->p += n;

        *ret = path;
        return 0;
}

static int variable_find(Parser *p, const char *name, size_t n, int *ret) {
        for (int i = 1; i < TEMPLATE_VARIABLES_MAX; i++)
                if (p->variables[i] && strlen(p->variables[i]) == n &&
                                strncmp(p->variables[i], name, n) == 0) {
                        *ret = i;
                        return 0;
                }
        return refuse(p, "no such variable was set");
}

/* A second setting of the same name takes the same slot, which is all that templates of one line need. */
static int variable_set(Parser *p, const char *name, size_t n, int *ret) {
        for (int i = 1; i < TEMPLATE_VARIABLES_MAX; i++) {
                if (p->variables[i] && (strlen(p->variables[i]) != n ||
                                                       strncmp(p->variables[i], name, n) != 0))
                        continue;
                if (!p->variables[i]) {
                        p->variables[i] = strndup(name, n);
                        if (!p->variables[i])
                                return -ENOMEM;
                }
                *ret = i;
                return 0;
        }
        return refuse(p, "it has too many variables");
}

static int parse_variable(Parser *p, Node **ret) {
        size_t n = name_length(p->p + 1);
        Node *node;
        int r;

        r = node_new(p, NODE_VARIABLE, &node);
        if (r < 0)
                return r;

        node->variable = 0;
        if (n > 0) {
                r = variable_find(p, p->p + 1, n, &node->variable);
                if (r < 0)
                        return r;
        }
        p->p += 1 + n;
        *ret = node;
        return parse_path(p, &node->text);
}

static int parse_number(Parser *p, Node **ret) {
        char *end;
        Node *node;
        int r;

        r = node_new(p, NODE_NUMBER, &node);
        if (r < 0)
                return r;
        errno = 0;
        node->number = strtoll(p->p, &end, 10);
        if (errno != 0 || is_name(*end))
                return refuse(p, "this is no whole number");
        p->p = end;

        *ret = node;
        return 0;
}

static int parse_word(Parser *p, Node **ret) {
        size_t n = name_length(p->p);
        Node *node;
        int r;

        r = node_new(p, NODE_FUNCTION, &node);
        if (r < 0)
                return r;
        node->text = strndup(p->p, n);
        if (!node->text)
                return -ENOMEM;

        if (streq(node->text, "true") || streq(node->text, "false")) {
                node->kind = NODE_BOOLEAN;
                node->number = streq(node->text, "true");
        } else if (streq(node->text, "nil"))
                node->kind = NODE_NIL;
        else if (!template_function_find(node->text))
                return fail(p->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template's function '%s' does not exist", node->text);
        p->p += n;

        *ret = node;
        return 0;
}

static int parse_parentheses(Parser *p, Node **ret) {
        Node *node, *inner;
        int r;

        if (++p->depth > TEMPLATE_DEPTH_MAX)
                return refuse(p, "it is nested too deeply");
        p->p++;
        r = parse_pipe(p, &inner);
        if (r < 0)
                return r;
        p->depth--;

        skip_blanks(p);
        if (*p->p != ')')
                return refuse(p, "')' is expected");
        p->p++;
        if (p->p[0] != '.') {
                *ret = inner;
                return 0;
        }

        r = node_new(p, NODE_FIELD, &node); /* (index .List 0).Name */
        if (r < 0)
                return r;
        node->value = inner;
        *ret = node;
        return parse_path(p, &node->text);
}

static int parse_operand(Parser *p, Node **ret) {
        char c = *p->p;
        int r;

        if (c == '"' || c == '`')
                return parse_string(p, ret);
        if (c == '$')
                return parse_variable(p, ret);
        if (c == '(')
                return parse_parentheses(p, ret);
        if (c == '.') {
                r = node_new(p, NODE_FIELD, ret);
                if (r < 0)
                        return r;
                if (!is_name(p->p[1])) {
                        p->p++;
                        (*ret)->text = calloc(1, 1);
                        return (*ret)->text ? 0 : -ENOMEM;
                }
                return parse_path(p, &(*ret)->text);
        }
        if (isdigit((unsigned char) c) ||
                        ((c == '-' || c == '+') && isdigit((unsigned char) p->p[1])))
                return parse_number(p, ret);
        if (is_name(c))
                return parse_word(p, ret);
        return refuse(p, c ? "a value is expected" : "'}}' is missing");
}

static int parse_command(Parser *p, Node **ret) {
        Node *command, **tail;
        int r;

        r = node_new(p, NODE_COMMAND, &command);
        if (r < 0)
                return r;

        tail = &command->value;
        do {
                r = parse_operand(p, tail);
                if (r < 0)
                        return r;
                tail = &(*tail)->next;
                skip_blanks(p);
        } while (*p->p && *p->p != '|' && *p->p != ')' && !at_end_of_action(p));

        *ret = command;
        return 0;
}

static int parse_pipe(Parser *p, Node **ret) {
        Node *pipe, **tail;
        int r;

        r = node_new(p, NODE_PIPE, &pipe);
        if (r < 0)
                return r;

        tail = &pipe->value;
        for (;;) {
                skip_blanks(p);
                r = parse_command(p, tail);
                if (r < 0)
                        return r;
                tail = &(*tail)->next;
                if (*p->p != '|')
                        break;
                p->p++;
        }

        *ret = pipe;
        return 0;
}

/* `$a, $b :=` or `$a :=` before a pipeline; leaves everything as it is where there is none. */
static int parse_variables(Parser *p, Node *node) {
        const char *start = p->p, *name[2];
        size_t length[2];
        int n = 0, slot = -1, r;

        while (n < 2 && *p->p == '$') {
                name[n] = p->p + 1;
                length[n] = name_length(name[n]);
                if (length[n] == 0)
                        break;
                p->p += 1 + length[n++];
                skip_blanks(p);
                if (*p->p != ',')
                        break;
                p->p++;
                skip_blanks(p);
        }
        if (n == 0 || (*p->p != ':' && *p->p != '=') || (*p->p == ':' && p->p[1] != '=')) {
                p->p = start;
                return 0;
        }
        p->p += *p->p == ':' ? 2 : 1;

        for (int i = 0; i < n; i++) {
                r = variable_set(p, name[i], length[i], &slot);
                if (r < 0)
                        return r;
                if (i == 0 && n == 2)
                        node->key_variable = slot;
                else
                        node->variable = slot;
        }
        return 0;
}

/* The rest of if, with and range, after the keyword, down to the matching end. */
static int parse_block(Parser *p, NodeKind kind, Node **ret) {
        const char *word = NULL;
        Node *node;
        int r;

        if (++p->depth > TEMPLATE_DEPTH_MAX)
                return refuse(p, "it is nested too deeply");
        r = node_new(p, kind, &node);
        if (r < 0)
                return r;

        skip_blanks(p);
        r = parse_variables(p, node);
        if (r < 0)
                return r;
        r = parse_pipe(p, &node->value);
        if (r < 0)
                return r;
        r = end_action(p);
        if (r < 0)
                return r;
        r = parse_list(p, &node->body, &word);
        if (r < 0)
                return r;

        if (word && streq(word, "else")) {
                skip_blanks(p);
                if (strncmp(p->p, "if", 2) == 0 && !is_name(p->p[2])) {
                        p->p += 2;
                        /* The inner block takes the one `end` that closes both. */
                        r = parse_block(p, NODE_IF, &node->otherwise);
                        p->depth--;
                        *ret = node;
                        return r;
                }
                r = end_action(p);
                if (r < 0)
                        return r;
                r = parse_list(p, &node->otherwise, &word);
                if (r < 0)
                        return r;
        }
        if (!word || !streq(word, "end"))
                return refuse(p, "'{{end}}' is missing");
        p->depth--;

        *ret = node;
        return end_action(p);
}

static bool take_keyword(Parser *p, const char *word) {
        size_t n = strlen(word);

        if (strncmp(p->p, word, n) != 0 || is_name(p->p[n]))
                return false;
        p->p += n;
        return true;
}

static int parse_action(Parser *p, Node **ret) {
        Node *node;
        int r;

        if (take_keyword(p, "if"))
                return parse_block(p, NODE_IF, ret);
        if (take_keyword(p, "with"))
                return parse_block(p, NODE_WITH, ret);
        if (take_keyword(p, "range"))
                return parse_block(p, NODE_RANGE, ret);

        r = node_new(p, NODE_ACTION, &node);
        if (r < 0)
                return r;
        r = parse_variables(p, node);
        if (r < 0)
                return r;
        if (node->variable > 0)
                node->kind = NODE_ASSIGN;
        r = parse_pipe(p, &node->value);
        if (r < 0)
                return r;

        *ret = node;
        return end_action(p);
}

/* Text up to the next action; `{{-` takes the blanks before it away, `-}}` those after it. */
static int parse_text(Parser *p, Node **ret) {
        const char *start = p->p, *open = strstr(start, "{{"), *end;
        Node *node;
        int r;

        end = open ? open : start + strlen(start);
        p->p = end;
        if (p->trim)
                while (start < end && isspace((unsigned char) *start))
                        start++;
        p->trim = false;
        if (open && open[2] == '-' && isspace((unsigned char) open[3]))
                while (end > start && isspace((unsigned char) end[-1]))
                        end--;

        r = node_new(p, NODE_TEXT, &node);
        if (r < 0)
                return r;
        node->text = strndup(start, (size_t) (end - start));
        if (!node->text)
                return -ENOMEM;

        *ret = node;
        return 0;
}

static int skip_comment(Parser *p) {
        const char *end = strstr(p->p, "*/");

        if (!end)
                return refuse(p, "the comment has no end");
        p->p = end + 2;
        return end_action(p);
}

/* Nodes up to the end of the text, or to an `else` or `end`, whose word is returned and taken. */
static int parse_list(Parser *p, Node **ret, const char **ret_word) {
        Node **tail = ret;
        int r;

        *ret_word = NULL;
        for (;;) {
                r = parse_text(p, tail);
                if (r < 0)
                        return r;
                tail = &(*tail)->next;
                if (!*p->p)
                        return 0;

                p->p += 2;
                if (p->p[0] == '-' && isspace((unsigned char) p->p[1]))
                        p->p++;
                skip_blanks(p);
                if (strncmp(p->p, "/*", 2) == 0) {
                        r = skip_comment(p);
                        if (r < 0)
                                return r;
                        continue;
                }
                if (take_keyword(p, "end"))
                        *ret_word = "end";
                else if (take_keyword(p, "else"))
                        *ret_word = "else";
                if (*ret_word)
                        return 0;

                r = parse_action(p, tail);
                if (r < 0)
                        return r;
                tail = &(*tail)->next;
        }
}

int template_new(const char *text, Template **ret, Failure *reterr) {
        _cleanup_(template_freep) Template *t = NULL;
        Parser p = { .p = text, .reterr = reterr };
        const char *word;
        int r;

        if (strlen(text) > TEMPLATE_SIZE_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template is longer than %d bytes", TEMPLATE_SIZE_MAX);

        p.t = t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;

        r = parse_list(&p, &t->root, &word);
        for (int i = 0; i < TEMPLATE_VARIABLES_MAX; i++)
                free(p.variables[i]);
        if (r < 0)
                return r;
        if (word)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template has an '{{%s}}' without a block", word);

        *ret = TAKE_PTR(t);
        return 0;
}
