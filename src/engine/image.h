/* SPDX-License-Identifier: Apache-2.0 */
/* engine/image.h: one image as its users see it. Knows no bus. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include "engine/observer.h"
#include "model/image-config.h"

const char *image_id(const Image *i);          /* 64 hex digits */
char *const *image_tags(const Image *i);       /* familiar names; string list, sorted */
char *const *image_digests(const Image *i);    /* familiar, NAME@sha256:HEX: what it was pulled by; sorted */
uint64_t image_created_usec(const Image *i);   /* when it came to this store */
uint64_t image_size(const Image *i);           /* bytes of its unpacked layers */
const ImageConfig *image_config(const Image *i);

/** image_is_owned_by() - has it a tag of @uid's, or none and was brought by him? */
bool image_is_owned_by(const Image *i, uid_t uid);

/** image_inspect() - one JSON object; malloc()ed, owned by the caller. Return: 0 or -ENOMEM. */
int image_inspect(Image *i, char **ret_json);
