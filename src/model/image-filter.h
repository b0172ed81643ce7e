/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/image-filter.h: which images a list shows: `images --filter KEY=VALUE` as Docker reads it. References are
 * alternatives, labels must all match, different keys must all match.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"

/* Lists are NULL-terminated and owned; NULL: not asked for. Begin with IMAGE_FILTER_INIT. */
typedef struct ImageFilter {
        char **references;                /* patterns: `*` and `?` stop at a slash */
        char **labels;                    /* KEY or KEY=VALUE */
        char **not_labels;                /* the same, of which it may have none */
        char **before, **since;           /* images; image_filter_resolve() asks for their times */
        int dangling;                     /* 1: without a tag, 0: with one, negative: both */
        uint64_t before_usec, since_usec; /* exclusive bounds, set by image_filter_resolve() */
} ImageFilter;

#define IMAGE_FILTER_INIT                                                                          \
        { .dangling = -1, .before_usec = UINT64_MAX }

void image_filter_done(ImageFilter *f);

/**
 * image_filter_resolve() - turn the images of `before` and `since` into times, and check the bounds
 * @lookup: finds one and gives its creation in *@ret_created_usec, or fails with a sentence
 *
 * Return: 0, FAILURE_LIMIT_REACHED (more than FILTER_VALUES_MAX values), or what @lookup gives.
 */
typedef int (*ImageFilterLookup)(
                const char *reference, void *userdata, uint64_t *ret_created_usec, Failure *reterr);
int image_filter_resolve(ImageFilter *f, ImageFilterLookup lookup, void *userdata, Failure *reterr);

/* An image as a filter sees it; borrowed. */
typedef struct ImageSubject {
        char *const *tags;    /* familiar names, "bb:1" */
        char *const *digests; /* "bb@sha256:…": without a tag, but not dangling */
        char *const *labels; /* KEY=VALUE */
        uint64_t created_usec;
} ImageSubject;

bool image_filter_matches(const ImageFilter *f, const ImageSubject *s);

/** image_filter_shows() - of an image that matches, is this tag to be shown? Not one that no reference asks for. */
bool image_filter_shows(const ImageFilter *f, const char *tag);

/** image_pattern_matches() - @pattern fits the familiar name @tag, with its tag or without. */
bool image_pattern_matches(const char *pattern, const char *tag);
