/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listing.c: a table needs no JSON, so rows are texts until a template asks for a value. */
#include "cli/listing.h"
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "cli/table.h"
#include "cli/template.h"

typedef enum ListingKind {
        LISTING_TABLE,
        LISTING_JSON,
        LISTING_TEMPLATE,
        LISTING_TABLE_TEMPLATE,
} ListingKind;

struct Listing {
        ListingKind kind;
        const Column *columns; /* borrowed */
        Template *template;    /* owned; NULL without one */
        Table *table;          /* owned; NULL where none is printed */
};

int format_unescape(const char *format, char **ret) {
        bool action = false;
        char *text, *out;

        out = text = malloc(strlen(format) + 1);
        if (!text)
                return -ENOMEM;
        for (const char *p = format; *p; p++) {
                if (strncmp(p, "{{", 2) == 0)
                        action = true;
                else if (strncmp(p, "}}", 2) == 0)
                        action = false;
                if (!action && *p == '\\' && (p[1] == 't' || p[1] == 'n'))
                        *out++ = *++p == 't' ? '\t' : '\n';
                else
                        *out++ = *p;
        }
        *out = '\0';

        *ret = text;
        return 0;
}

static int row_to_json(const Column *columns, const char *const *values, json_t **ret) {
        _cleanup_(json_decrefp) json_t *row = json_object();

        if (!row)
                return -ENOMEM;
        for (size_t i = 0; columns[i].field; i++)
                if (json_object_set_new_nocheck(row, columns[i].field,
                                    json_string_nocheck(strempty(values[i]))) < 0)
                        return -ENOMEM;

        *ret = TAKE_PTR(row);
        return 0;
}

static int labels_to_json(char *const *labels, json_t **ret) {
        _cleanup_(json_decrefp) json_t *object = json_object();

        if (!object)
                return -ENOMEM;
        STRV_FOREACH(label, labels) {
                _cleanup_free_ char *key = strdup(*label);
                char *eq;

                if (!key)
                        return -ENOMEM;
                eq = strchr(key, '=');
                if (eq)
                        *eq++ = '\0';
                if (json_object_set_new_nocheck(object, key, json_string_nocheck(strempty(eq))) < 0)
                        return -ENOMEM;
        }

        *ret = TAKE_PTR(object);
        return 0;
}

static int run_template(Listing *l, const char *const *values, char *const *labels, char **ret,
                Failure *reterr) {
        _cleanup_(json_decrefp) json_t *row = NULL, *label_object = NULL;
        int r;

        r = row_to_json(l->columns, values, &row);
        if (r >= 0)
                r = labels_to_json(labels, &label_object);
        return r < 0 ? r : template_run(l->template, row, label_object, ret, reterr);
}

static void split_cells(char *line, const char **cells) {
        size_t n = 0;
        char *cell;

        while (n < COLUMNS_MAX && (cell = strsep(&line, "\t")))
                cells[n++] = cell;
        cells[n] = NULL;
}

/* The headers are the template's own output over a row that holds the headers, so they stand where their values do. */
static int begin_table_template(Listing *l, Failure *reterr) {
        const char *headers[COLUMNS_MAX + 1] = {}, *cells[COLUMNS_MAX + 1];
        _cleanup_free_ char *line = NULL;
        int r;

        for (size_t i = 0; l->columns[i].field; i++)
                headers[i] = l->columns[i].header;
        r = run_template(l, headers, NULL, &line, reterr);
        if (r < 0)
                return r;
        split_cells(line, cells);
        return table_new(cells, &l->table);
}

static int begin_table(Listing *l) {
        const char *headers[COLUMNS_MAX + 1];
        size_t n = 0;

        for (const Column *c = l->columns; c->field; c++)
                if (c->shown)
                        headers[n++] = c->header;
        headers[n] = NULL;
        return table_new(headers, &l->table);
}

static int begin_template(Listing *l, const char *format, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        int r;

        r = format_unescape(format, &text);
        if (r < 0)
                return r;
        r = template_new(text, &l->template, reterr);
        if (r < 0)
                return r;
        return l->kind == LISTING_TABLE_TEMPLATE ? begin_table_template(l, reterr) : 0;
}

int listing_new(const char *format, const Column *columns, Listing **ret, Failure *reterr) {
        _cleanup_(listing_freep) Listing *l = NULL;
        int r;

        l = calloc(1, sizeof(*l));
        if (!l)
                return -ENOMEM;
        l->columns = columns;

        if (isempty(format) || streq(format, "table"))
                r = begin_table(l);
        else if (streq(format, "json")) {
                l->kind = LISTING_JSON;
                r = 0;
        } else if (startswith(format, "table ") || startswith(format, "table\\t")) {
                l->kind = LISTING_TABLE_TEMPLATE;
                r = begin_template(l,
                                format + strlen("table") + strspn(format + strlen("table"), " "),
                                reterr);
        } else {
                l->kind = LISTING_TEMPLATE;
                r = begin_template(l, format, reterr);
        }
        if (r < 0)
                return r;

        *ret = TAKE_PTR(l);
        return 0;
}

Listing *listing_free(Listing *l) {
        if (!l)
                return NULL;
        template_free(l->template);
        table_free(l->table);
        free(l);
        return NULL;
}

static int add_json(Listing *l, const char *const *values) {
        _cleanup_(json_decrefp) json_t *row = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = row_to_json(l->columns, values, &row);
        if (r < 0)
                return r;
        text = json_dumps(row, JSON_COMPACT | JSON_SORT_KEYS);
        if (!text)
                return -ENOMEM;
        puts(text);
        return 0;
}

static int add_shown(Listing *l, const char *const *values) {
        const char *cells[COLUMNS_MAX + 1];
        size_t n = 0;

        for (size_t i = 0; l->columns[i].field; i++)
                if (l->columns[i].shown)
                        cells[n++] = strempty(values[i]);
        cells[n] = NULL;
        return table_add(l->table, cells);
}

int listing_add(Listing *l, const char *const *values, char *const *labels, Failure *reterr) {
        _cleanup_free_ char *line = NULL;
        const char *cells[COLUMNS_MAX + 1];
        int r;

        if (l->kind == LISTING_TABLE)
                return add_shown(l, values);
        if (l->kind == LISTING_JSON)
                return add_json(l, values);

        r = run_template(l, values, labels, &line, reterr);
        if (r < 0)
                return r;
        if (l->kind == LISTING_TEMPLATE) {
                puts(line);
                return 0;
        }
        split_cells(line, cells);
        return table_add(l->table, cells);
}

int listing_print(Listing *l, Failure *reterr) {
        int r;

        if (!l->table)
                return 0;
        r = table_print(l->table);
        return r < 0 ? fail_errno(reterr, r, "Failed to print the table") : 0;
}
