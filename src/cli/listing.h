/* SPDX-License-Identifier: Apache-2.0 */
/* cli/listing.h: rows of named texts, printed as --format asks. Knows no bus and no verb. */
#pragma once
#include <stdbool.h>
#include "base/cleanup.h"
#include "model/failure.h"

/* A field of a row; a table of them ends with one without a name. */
typedef struct Column {
        const char *field;  /* as templates and JSON name it */
        const char *header; /* as tables name it */
        bool shown;         /* in a table without a template */
} Column;

enum { COLUMNS_MAX = 32 };

typedef struct Listing Listing;

/**
 * listing_new() - begin a list
 * @format:  NULL or "table": a table; "json": an object a line; "table TEMPLATE"; or a template, printed a line per row
 * @columns: borrowed
 *
 * Return: 0, -ENOMEM, or -EINVAL with a sentence about the template.
 */
int listing_new(const char *format, const Column *columns, Listing **ret, Failure *reterr);
Listing *listing_free(Listing *l);
DEFINE_CLEANUP(Listing *, listing_free);

/**
 * listing_add() - one row
 * @values: as many as there are columns, in their order; copied
 * @labels: KEY=VALUE list for `.Label "key"`; NULL: the rows have none
 *
 * Return: 0, or negative errno with a sentence about the template.
 */
int listing_add(Listing *l, const char *const *values, char *const *labels, Failure *reterr);

/** listing_print() - what is not printed yet: a table. Return: 0, or negative errno with a sentence. */
int listing_print(Listing *l, Failure *reterr);

/** format_unescape() - "\t" and "\n" outside of {{actions}}, as Docker takes them. @ret: owned by the caller. Return: 0 or -ENOMEM. */
int format_unescape(const char *format, char **ret);
