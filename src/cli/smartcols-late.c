/* SPDX-License-Identifier: Apache-2.0 */
/* cli/smartcols-late.c: libsmartcols' functions under their own names, loaded when a table is printed. */
#include <libsmartcols.h>
#include "cli/late.h"

/* The ABI that libsmartcols.h describes. */
#define LATE_LIBRARY "libsmartcols.so.1"

LATE(struct libscols_table *, scols_new_table, (void), ())
LATE(void, scols_unref_table, (struct libscols_table *tb), (tb))
LATE(struct libscols_column *, scols_table_new_column,
                (struct libscols_table * tb, const char *name, double whint, int flags),
                (tb, name, whint, flags))
LATE(int, scols_table_set_column_separator, (struct libscols_table *tb, const char *sep), (tb, sep))
LATE(int, scols_table_set_termforce, (struct libscols_table *tb, int force), (tb, force))
LATE(struct libscols_line *, scols_table_new_line,
                (struct libscols_table * tb, struct libscols_line *parent), (tb, parent))
LATE(int, scols_line_set_data, (struct libscols_line * ln, size_t n, const char *data),
                (ln, n, data))
LATE(int, scols_print_table, (struct libscols_table *tb), (tb))
