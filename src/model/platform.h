/* SPDX-License-Identifier: Apache-2.0 */
/* model/platform.h: what an image was built for: "linux/arm64/v8", and which of several fits best. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "model/failure.h"

#define PLATFORM_PART_MAX 32U /* bytes of a part, with the NUL */

/* In Go's words, normalised: "arm64" means v8, "amd64" v1, "arm" has its version always. */
typedef struct Platform {
        char os[PLATFORM_PART_MAX];
        char architecture[PLATFORM_PART_MAX];
        char variant[PLATFORM_PART_MAX]; /* "": none, or the usual one */
} Platform;

/**
 * platform_parse() - "os/architecture[/variant]", "architecture" or "os" alone as Docker takes it
 *
 * Other names of an architecture are taken: x86_64, aarch64, armhf, …. What is left out is this machine's.
 *
 * Return: 0, or FAILURE_INVALID_ARGS with a sentence.
 */
int platform_parse(const char *s, Platform *ret, Failure *reterr);

/** platform_set() - of the members of a document, normalised; @variant may be NULL. Return: 0 or -EINVAL: no words. */
int platform_set(const char *os, const char *architecture, const char *variant, Platform *ret);

/** platform_of_machine() - linux and what this program was built for. */
void platform_of_machine(Platform *ret);

/** platform_to_string() - "linux/arm/v7"; static storage is the caller's. */
#define PLATFORM_MAX (3 * PLATFORM_PART_MAX)
const char *platform_to_string(const Platform *p, char ret[static PLATFORM_MAX]);

/**
 * platform_rank() - how well something built for @offered runs where @wanted is asked for: 0 is best
 *
 * A variant runs on each above it: arm v6 on v7, amd64 v1 on v3; arm runs on arm64 and 386 on amd64, after all that are
 * of the architecture itself.
 *
 * Return: the rank, or -ENOENT: not at all.
 * Source: the order is that of Docker and containerd
 */
int platform_rank(const Platform *wanted, const Platform *offered);
