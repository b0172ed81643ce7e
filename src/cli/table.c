/* SPDX-License-Identifier: Apache-2.0 */
/* cli/table.c: libsmartcols, which knows wide characters and makes control characters visible. */
#include "cli/table.h"
#include <errno.h>
#include <libsmartcols.h>
#include <locale.h>
#include <stdio.h>
#include "base/str.h"

#define SEPARATOR "   "

struct Table {
        struct libscols_table *table; /* owned */
        char **headers;               /* owned */
        size_t n_columns;
        size_t n_lines;
};

int table_new(const char *const *headers, Table **ret) {
        _cleanup_(table_freep) Table *t = NULL;

        /* Widths of characters are a matter of the locale; nothing else of it is wanted, and no other verb waits for it. */
        (void) setlocale(LC_CTYPE, ""); /* an unknown one leaves ASCII */

        t = calloc(1, sizeof(*t));
        if (!t)
                return -ENOMEM;
        t->table = scols_new_table();
        if (!t->table)
                return -ENOMEM;

        for (; headers[t->n_columns]; t->n_columns++)
                if (!scols_table_new_column(t->table, headers[t->n_columns], 0, 0))
                        return -ENOMEM;
        if (strv_copy((char *const *) headers, &t->headers) < 0)
                return -ENOMEM;
        if (scols_table_set_column_separator(t->table, SEPARATOR) < 0)
                return -ENOMEM;
        /* A terminal's width would cut cells off, and what is shown there and in a pipe should be the same. */
        (void) scols_table_set_termforce(t->table, SCOLS_TERMFORCE_NEVER); /* cannot fail on a table */

        *ret = TAKE_PTR(t);
        return 0;
}

Table *table_free(Table *t) {
        if (!t)
                return NULL;
        if (t->table)
                scols_unref_table(t->table);
        strv_free(t->headers);
        free(t);
        return NULL;
}

int table_add(Table *t, const char *const *cells) {
        struct libscols_line *line;
        int r;

        line = scols_table_new_line(t->table, NULL);
        if (!line)
                return -ENOMEM;
        t->n_lines++;
        for (size_t i = 0; i < t->n_columns && cells[i]; i++) {
                r = scols_line_set_data(line, i, cells[i]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int table_print(Table *t) {
        if (t->n_lines > 0)
                return scols_print_table(t->table);

        /* The library prints nothing then; people, and scripts that drop the first line, want the headers all the same. */
        for (size_t i = 0; i < t->n_columns; i++)
                printf("%s%s", i > 0 ? SEPARATOR : "", t->headers[i]);
        putchar('\n');
        return 0;
}
