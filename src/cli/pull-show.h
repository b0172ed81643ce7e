/* SPDX-License-Identifier: Apache-2.0 */
/* cli/pull-show.h: how far a pull is: a bar for each layer on a terminal, else a line for each change. Knows no bus. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include "base/cleanup.h"

typedef struct PullLine {
        const char *digest; /* borrowed; "sha256:HEX" */
        const char *state;  /* borrowed; "waiting", "fetching", "done", "exists" */
        uint64_t done, total;
} PullLine;

typedef struct PullShow {
        FILE *out;       /* borrowed; NULL: nothing is shown */
        bool terminal;
        char (*states)[16]; /* owned; of each layer, as last told */
        size_t n;
        unsigned drawn;  /* lines above the cursor that are ours */
        unsigned rows, columns;
} PullShow;

/** pull_show_init() - @out: a terminal or not; NULL: nothing is shown. */
void pull_show_init(PullShow *s, FILE *out);
void pull_show_done(PullShow *s);

/** pull_show_update() - all layers as they are now. Return: 0 or -ENOMEM. */
int pull_show_update(PullShow *s, const PullLine *lines, size_t n);

/** pull_line_format() - one line of a terminal of @columns: state, bar, bytes; without a line's end. */
void pull_line_format(const PullLine *l, unsigned columns, char *ret, size_t size);
