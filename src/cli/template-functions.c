/* SPDX-License-Identifier: Apache-2.0 */
/* cli/template-functions.c: the functions of templates, and how values read as text. */
#include <ctype.h>
#include <string.h>
#include "base/str.h"
#include "cli/template-tree.h"

static int as_string(const char *text, json_t **ret) {
        *ret = json_string_nocheck(text);
        return *ret ? 0 : -ENOMEM;
}

static int as_bool(bool value, json_t **ret) {
        *ret = value ? json_true() : json_false();
        return 0;
}

static int wrong_type(Run *run, const char *function, const char *wanted) {
        return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                        "The template's function '%s' takes %s", function, wanted);
}

bool value_is_true(const json_t *value) {
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                return json_object_size(value) > 0;
        case JSON_ARRAY:
                return json_array_size(value) > 0;
        case JSON_STRING:
                return json_string_length(value) > 0;
        case JSON_INTEGER:
                return json_integer_value(value) != 0;
        case JSON_REAL:
                return json_real_value(value) != 0;
        default:
                return json_is_true(value);
        }
}

static void append_value(StrBuf *b, const json_t *value, int depth);

static void append_object(StrBuf *b, const json_t *value, int depth) {
        json_t *object = (json_t *) value; /* jansson's iterators take no const, and change nothing */
        const char *gap = "";

        strbuf_puts(b, "map[");
        for (void *i = json_object_iter(object); i; i = json_object_iter_next(object, i)) {
                strbuf_printf(b, "%s%s:", gap, json_object_iter_key(i));
                append_value(b, json_object_iter_value(i), depth + 1);
                gap = " ";
        }
        strbuf_putc(b, ']');
}

static void append_value(StrBuf *b, const json_t *value, int depth) {
        switch (json_typeof(value)) {
        case JSON_OBJECT:
                append_object(b, value, depth);
                return;
        case JSON_ARRAY:
                strbuf_putc(b, '[');
                for (size_t i = 0; i < json_array_size(value); i++) {
                        strbuf_puts(b, i > 0 ? " " : "");
                        append_value(b, json_array_get(value, i), depth + 1);
                }
                strbuf_putc(b, ']');
                return;
        case JSON_STRING:
                strbuf_puts(b, json_string_value(value));
                return;
        case JSON_INTEGER:
                strbuf_printf(b, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
                return;
        case JSON_REAL:
                strbuf_printf(b, "%g", json_real_value(value));
                return;
        case JSON_NULL:
                strbuf_puts(b, depth > 0 ? "<nil>" : "<no value>");
                return;
        default:
                strbuf_puts(b, json_is_true(value) ? "true" : "false");
        }
}

int value_to_text(const json_t *value, char **ret) {
        _cleanup_strbuf_ StrBuf b = {};

        append_value(&b, value, 0);
        return strbuf_steal(&b, ret, NULL);
}

static int fn_json(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        _cleanup_free_ char *text = NULL;

        text = json_dumps(args[0], JSON_COMPACT | JSON_ENCODE_ANY);
        return text ? as_string(text, ret) : -ENOMEM;
}

static int fn_join(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        _cleanup_strbuf_ StrBuf b = {};
        _cleanup_free_ char *text = NULL;
        int r;

        if (!json_is_array(args[0]) && !json_is_null(args[0]))
                return wrong_type(run, "join", "a list and a separator");
        for (size_t i = 0; i < json_array_size(args[0]); i++) {
                strbuf_puts(&b, i > 0 ? strempty(json_string_value(args[1])) : "");
                append_value(&b, json_array_get(args[0], i), 0);
        }

        r = strbuf_steal(&b, &text, NULL);
        return r < 0 ? r : as_string(text, ret);
}

static int fn_split(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        const char *s = json_string_value(args[0]), *separator = json_string_value(args[1]), *end;
        json_t *list;

        if (!s || isempty(separator))
                return wrong_type(run, "split", "a text and a separator");
        list = json_array();
        while (list) {
                end = strstr(s, separator) ?: s + strlen(s);
                if (json_array_append_new(list, json_stringn_nocheck(s, (size_t) (end - s))) < 0) {
                        json_decref(list);
                        list = NULL;
                }
                if (!list || !*end)
                        break;
                s = end + strlen(separator);
        }

        *ret = list;
        return list ? 0 : -ENOMEM;
}

static int fn_len(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        size_t n;

        if (json_is_object(args[0]))
                n = json_object_size(args[0]);
        else if (json_is_array(args[0]))
                n = json_array_size(args[0]);
        else if (json_is_string(args[0]))
                n = json_string_length(args[0]);
        else if (json_is_null(args[0]))
                n = 0;
        else
                return wrong_type(run, "len", "a list, a map or a text");

        *ret = json_integer((json_int_t) n);
        return *ret ? 0 : -ENOMEM;
}

/* ASCII letters alone change: names and states have no others, and a locale would change what a script reads. */
static int change_case(Run *run, const char *name, json_t *value, bool upper, bool first_only,
                json_t **ret) {
        _cleanup_free_ char *text = NULL;
        bool first = true;

        if (!json_is_string(value))
                return wrong_type(run, name, "a text");
        text = strdup(json_string_value(value));
        if (!text)
                return -ENOMEM;

        for (char *p = text; *p; p++) {
                if (!first_only || first)
                        *p = (char) (upper ? toupper((unsigned char) *p) : tolower((unsigned char) *p));
                first = *p == ' ' || *p == '\t' || *p == '-';
        }
        return as_string(text, ret);
}

static int fn_upper(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return change_case(run, "upper", args[0], true, false, ret);
}

static int fn_lower(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return change_case(run, "lower", args[0], false, false, ret);
}

static int fn_title(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return change_case(run, "title", args[0], true, true, ret);
}

static int index_once(Run *run, json_t *value, json_t *key, json_t **ret) {
        json_int_t i;

        if (json_is_null(value)) {
                *ret = value;
                return 0;
        }
        if (json_is_object(value) && json_is_string(key)) {
                *ret = json_object_get(value, json_string_value(key));
                if (!*ret)
                        *ret = json_null();
                return 0;
        }
        if (!json_is_array(value) || !json_is_integer(key))
                return wrong_type(run, "index", "a list and a number, or a map and a key");

        i = json_integer_value(key);
        if (i < 0 || (size_t) i >= json_array_size(value))
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template's 'index' asks for number %" JSON_INTEGER_FORMAT
                                " of a list of %zu",
                                i, json_array_size(value));
        *ret = json_array_get(value, (size_t) i);
        return 0;
}

/* A key that is not there gives an empty text, as Docker's maps of strings do. */
static int fn_index(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        json_t *value = args[0];
        int r;

        for (size_t i = 1; i < n_args; i++) {
                r = index_once(run, value, args[i], &value);
                if (r < 0)
                        return r;
        }
        if (json_is_null(value))
                return as_string("", ret);
        *ret = json_incref(value);
        return 0;
}

static int print_all(json_t *const *args, size_t n_args, const char *gap, const char *end,
                json_t **ret) {
        _cleanup_strbuf_ StrBuf b = {};
        _cleanup_free_ char *text = NULL;
        int r;

        for (size_t i = 0; i < n_args; i++) {
                strbuf_puts(&b, i > 0 ? gap : "");
                append_value(&b, args[i], 0);
        }
        strbuf_puts(&b, end);

        r = strbuf_steal(&b, &text, NULL);
        return r < 0 ? r : as_string(text, ret);
}

static int fn_print(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return print_all(args, n_args, "", "", ret);
}

static int fn_println(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return print_all(args, n_args, " ", "\n", ret);
}

static int fn_printf(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        _cleanup_strbuf_ StrBuf b = {};
        _cleanup_free_ char *text = NULL;
        size_t used = 1;
        int r;

        if (!json_is_string(args[0]))
                return wrong_type(run, "printf", "a format first");
        for (const char *p = json_string_value(args[0]); *p; p++) {
                if (*p != '%') {
                        strbuf_putc(&b, *p);
                        continue;
                }
                p++;
                if (*p == '%') {
                        strbuf_putc(&b, '%');
                        continue;
                }
                if (!*p || !strchr("svdq", *p) || used == n_args)
                        return wrong_type(run, "printf",
                                        "%s, %v, %d, %q and %%, and a value for each");
                strbuf_puts(&b, *p == 'q' ? "\"" : "");
                append_value(&b, args[used++], 0);
                strbuf_puts(&b, *p == 'q' ? "\"" : "");
        }

        r = strbuf_steal(&b, &text, NULL);
        return r < 0 ? r : as_string(text, ret);
}

/* -1, 0, 1, or 2 when the two cannot be ordered. */
static int compare(const json_t *a, const json_t *b) {
        int r;

        if (json_is_string(a) && json_is_string(b)) {
                r = strcmp(json_string_value(a), json_string_value(b));
                return (r > 0) - (r < 0);
        }
        if (json_is_number(a) && json_is_number(b)) {
                double x = json_number_value(a), y = json_number_value(b);

                return (x > y) - (x < y);
        }
        return json_equal(a, b) ? 0 : 2;
}

static int fn_eq(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        bool equal = false;

        for (size_t i = 1; i < n_args; i++)
                equal = equal || compare(args[0], args[i]) == 0;
        return as_bool(equal, ret);
}

static int fn_ne(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return as_bool(compare(args[0], args[1]) != 0, ret);
}

static int ordered(
                Run *run, const char *name, json_t *const *args, int low, int high, json_t **ret) {
        int c = compare(args[0], args[1]);

        if (c == 2)
                return wrong_type(run, name, "two numbers or two texts");
        return as_bool(c >= low && c <= high, ret);
}

static int fn_lt(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return ordered(run, "lt", args, -1, -1, ret);
}

static int fn_le(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return ordered(run, "le", args, -1, 0, ret);
}

static int fn_gt(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return ordered(run, "gt", args, 1, 1, ret);
}

static int fn_ge(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return ordered(run, "ge", args, 0, 1, ret);
}

/* and, or: the first argument that decides, as in Go. */
static int first_deciding(json_t *const *args, size_t n_args, bool stop_at, json_t **ret) {
        size_t i = 0;

        while (i + 1 < n_args && value_is_true(args[i]) != stop_at)
                i++;
        *ret = json_incref(args[i]);
        return 0;
}

static int fn_and(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return first_deciding(args, n_args, false, ret);
}

static int fn_or(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return first_deciding(args, n_args, true, ret);
}

static int fn_not(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        return as_bool(!value_is_true(args[0]), ret);
}

static int slice_bounds(Run *run, const char *name, json_t *const *args, size_t n_args, size_t size,
                size_t *ret_from, size_t *ret_to) {
        json_int_t from = n_args > 1 ? json_integer_value(args[1]) : 0;
        json_int_t to = n_args > 2 ? json_integer_value(args[2]) : (json_int_t) size;

        if (from < 0 || to < from || (size_t) to > size)
                return fail(run->reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The template's '%s' is out of the value's %zu", name, size);
        *ret_from = (size_t) from;
        *ret_to = (size_t) to;
        return 0;
}

static int fn_slice(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        size_t from = 0, to = 0;
        int r;

        if (json_is_string(args[0])) {
                r = slice_bounds(run, "slice", args, n_args, json_string_length(args[0]), &from,
                                &to);
                if (r < 0)
                        return r;
                *ret = json_stringn_nocheck(json_string_value(args[0]) + from, to - from);
                return *ret ? 0 : -ENOMEM;
        }
        if (!json_is_array(args[0]))
                return wrong_type(run, "slice", "a text or a list");

        r = slice_bounds(run, "slice", args, n_args, json_array_size(args[0]), &from, &to);
        if (r < 0)
                return r;
        *ret = json_array();
        for (size_t i = from; *ret && i < to; i++)
                if (json_array_append(*ret, json_array_get(args[0], i)) < 0) {
                        json_decref(*ret);
                        return -ENOMEM;
                }
        return *ret ? 0 : -ENOMEM;
}

static int fn_truncate(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        size_t n;

        if (!json_is_string(args[0]) || !json_is_integer(args[1]) ||
                        json_integer_value(args[1]) < 0)
                return wrong_type(run, "truncate", "a text and a length");
        n = json_string_length(args[0]);
        if ((json_int_t) n > json_integer_value(args[1]))
                n = (size_t) json_integer_value(args[1]);
        *ret = json_stringn_nocheck(json_string_value(args[0]), n);
        return *ret ? 0 : -ENOMEM;
}

enum { PAD_MAX = 1000 };

static int fn_pad(Run *run, json_t *const *args, size_t n_args, json_t **ret) {
        _cleanup_free_ char *text = NULL;
        json_int_t before = json_integer_value(args[1]), after = json_integer_value(args[2]);
        int r;

        if (!json_is_string(args[0]) || before < 0 || before > PAD_MAX || after < 0 ||
                        after > PAD_MAX)
                return wrong_type(run, "pad", "a text and two small numbers");
        r = str_printf(&text, "%*s%s%*s", (int) before, "", json_string_value(args[0]), (int) after,
                        "");
        return r < 0 ? r : as_string(text, ret);
}

static const TemplateFunction functions[] = {
        { "json", fn_json, 1, 1 },       { "join", fn_join, 2, 2 },   { "split", fn_split, 2, 2 },
        { "len", fn_len, 1, 1 },         { "upper", fn_upper, 1, 1 }, { "lower", fn_lower, 1, 1 },
        { "title", fn_title, 1, 1 },     { "index", fn_index, 1, 16 }, { "print", fn_print, 0, 32 },
        { "println", fn_println, 0, 32 }, { "printf", fn_printf, 1, 32 }, { "eq", fn_eq, 2, 32 },
        { "ne", fn_ne, 2, 2 },           { "lt", fn_lt, 2, 2 },       { "le", fn_le, 2, 2 },
        { "gt", fn_gt, 2, 2 },           { "ge", fn_ge, 2, 2 },       { "and", fn_and, 1, 32 },
        { "or", fn_or, 1, 32 },          { "not", fn_not, 1, 1 },     { "slice", fn_slice, 1, 3 },
        { "truncate", fn_truncate, 2, 2 }, { "pad", fn_pad, 3, 3 },
};

const TemplateFunction *template_function_find(const char *name) {
        for (size_t i = 0; i < ELEMENTSOF(functions); i++)
                if (streq(functions[i].name, name))
                        return &functions[i];
        return NULL;
}
