/* SPDX-License-Identifier: Apache-2.0 */
/* image/image-internal.h: what the files of this folder share: the directories of the tree. */
#pragma once
#include <stdbool.h>
#include "image/image-store.h"

struct ImageStore {
        int blobs_fd, layers_fd, staging_fd, trash_fd; /* owned */
        uint64_t next_number; /* of staging/ and trash/ */
};

/** image_name_is_hex() - 64 lower-case hex digits; whatever else stands in the tree is not ours. */
bool image_name_is_hex(const char *name);

/** image_to_trash() - @name of @dir_fd leaves at once for trash/. Return: 1, 0 if there was none,
 * or negative errno. */
int image_to_trash(ImageStore *images, int dir_fd, const char *name);
