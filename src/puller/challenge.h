/* SPDX-License-Identifier: Apache-2.0 */
/* puller/challenge.h: what a server asks for before it gives: the values of WWW-Authenticate headers. Knows no registry. */
#pragma once
#include <stddef.h>
#include "base/cleanup.h"

#define CHALLENGES_MAX 8U
#define CHALLENGE_PARAMETERS_MAX 16U
#define CHALLENGE_BYTES_MAX 8192U /* of one header's value */

typedef struct Challenge {
        char *scheme;      /* owned; in lower case: "bearer" */
        char **parameters; /* owned; "name=value", names in lower case, values without their quotes */
} Challenge;

/* Zero-initialised is empty. */
typedef struct Challenges {
        Challenge list[CHALLENGES_MAX];
        size_t n;
} Challenges;

void challenges_done(Challenges *c);
#define _cleanup_challenges_ _cleanup_(challenges_done)

/**
 * challenges_add() - read one header's value, which may hold several challenges
 *
 * A parameter that comes twice, a value that is no text and an unfinished quote damage the header: nothing of it is kept.
 *
 * Return: 0, -ENOMEM, -EBADMSG (damaged), -E2BIG (over a bound above).
 * Source: RFC 9110, sections 11.2, 11.3 and 5.6
 */
int challenges_add(Challenges *c, const char *value);

/** challenges_find() - the first of @scheme (in lower case), or NULL. */
const Challenge *challenges_find(const Challenges *c, const char *scheme);

/** challenge_get() - a parameter's value, borrowed, or NULL. */
const char *challenge_get(const Challenge *c, const char *name);
