/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store/image-shares.h: what each user has in images: those with a tag of his, those without any that he brought, and the
 * layers that a pull of his keeps. A layer counts once for him, however many of his images have it.
 */
#pragma once
#include "model/failure.h"
#include "store/db.h"

typedef struct ImageShare {
        uint64_t images, bytes;
} ImageShare;

/** store_image_share() - of the user @owner. Return: 0 or what fail() gives. */
int store_image_share(Store *store, uint32_t owner, ImageShare *ret, Failure *reterr);

/** image_share_check() - is it within the user's bounds? Root has none. Return: 0 or FAILURE_LIMIT_REACHED. */
int image_share_check(uint32_t owner, const ImageShare *share, Failure *reterr);
