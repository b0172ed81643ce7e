/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-history.h: the steps in which an image was made, newest first, each with its layer. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include "model/image-config.h"

/* Strings are borrowed from the config, and may be NULL. */
typedef struct ImageStep {
        uint64_t created_usec; /* since the epoch; 0: not told */
        const char *created_by, *comment;
        const char *diff_id; /* NULL: a step without a layer */
} ImageStep;

/**
 * image_steps() - what the config's history says, and a step for each layer that it says nothing of
 * @ret: malloc()ed, owned by the caller
 *
 * Return: 0 or -ENOMEM.
 */
int image_steps(const ImageConfig *config, ImageStep **ret, size_t *ret_n);
