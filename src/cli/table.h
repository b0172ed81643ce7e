/* SPDX-License-Identifier: Apache-2.0 */
/* cli/table.h: columns on a terminal. Knows no container. */
#pragma once
#include <stddef.h>
#include "base/cleanup.h"

typedef struct Table Table;

/** table_new() - @headers: NULL-terminated. Return: 0 or -ENOMEM. */
int table_new(const char *const *headers, Table **ret);
Table *table_free(Table *t);
DEFINE_CLEANUP(Table *, table_free);

/** table_add() - one line; @cells: NULL-terminated, as many as there are headers at most; copied. Return: 0 or -ENOMEM. */
int table_add(Table *t, const char *const *cells);

/** table_print() - to standard output. Return: 0 or negative errno. */
int table_print(Table *t);
