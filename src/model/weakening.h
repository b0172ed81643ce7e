/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/weakening.h: which options weaken a container's confinement, by their keys, or by those of a security option. Whoever
 * has an option that does so adds it; the daemon asks for `privileged` where there is one, and shows polkit's rules all of
 * them: a rule that allows one must be able to see that there is no other.
 */
#pragma once
#include <stddef.h>

#define WEAKENINGS_MAX 32U /* more than there are such options */

/* Words are literals. Begin with {}. */
typedef struct Weakening {
        const char *words[WEAKENINGS_MAX];
        size_t n;
} Weakening;

/** weakening_add() - @word is an option's key; once each, in the order of their coming. */
void weakening_add(Weakening *w, const char *word);

/** weakening_to_string() - separated by commas; @ret: owned by the caller, NULL if there is none. Return: 0 or -ENOMEM. */
int weakening_to_string(const Weakening *w, char **ret);
