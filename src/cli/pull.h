/* SPDX-License-Identifier: Apache-2.0 */
/* cli/pull.h: an image of a registry, asked for and watched. */
#pragma once
#include <stdio.h>
#include "cli/client.h"

typedef struct PullArgs {
        const char *reference; /* as typed */
        const char *platform, *policy, *sha256; /* NULL: not given */
        FILE *out;             /* where it is shown; NULL: nowhere */
} PullArgs;

typedef struct PullOutcome {
        char *id;        /* owned; 64 hex digits */
        char *reference; /* owned; normalized, or the URL */
        char *digest;    /* owned; "sha256:HEX"; NULL: there is none */
        bool unchanged;
} PullOutcome;

void pull_outcome_done(PullOutcome *o);

/**
 * pull_image() - with this user's credentials, until it has ended
 *
 * On SIGINT and SIGTERM it is cancelled, and the end waited for; the second time this program ends. Warnings go to stderr.
 *
 * Return: 0, or negative errno with a sentence.
 */
int pull_image(Client *c, const PullArgs *args, PullOutcome *ret, Failure *reterr);
