/* SPDX-License-Identifier: Apache-2.0 */
/* model/save-plan.h: what a worker that saves images is told: in which form, and what each image is made of. */
#pragma once
#include <stddef.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef enum SaveFormat {
        SAVE_DOCKER_ARCHIVE,
        SAVE_OCI_ARCHIVE,
        _SAVE_FORMAT_MAX,
        _SAVE_FORMAT_INVALID = -EINVAL,
} SaveFormat;

const char *save_format_to_string(SaveFormat format);
SaveFormat save_format_from_string(const char *s);

/* Digests are 64 hex digits. All owned. */
typedef struct SaveImage {
        char *config;      /* its id */
        char **references; /* normalized; NULL: none */
        char **layers;     /* diff ids, base first */
} SaveImage;

typedef struct SavePlan {
        SaveFormat format;
        SaveImage *images;
        size_t n_images; /* at most IMAGE_ARCHIVE_IMAGES_MAX */
        char **layers;   /* of all images, each once: in this order they are handed over and written */
} SavePlan;

void save_plan_done(SavePlan *plan);

/** save_plan_to_json() - @ret: owned by the caller. Return: 0 or -ENOMEM. */
int save_plan_to_json(const SavePlan *plan, char **ret);

/** save_plan_from_json() - Return: 0, -ENOMEM, or -EBADMSG: none of ours. */
int save_plan_from_json(const char *json, size_t size, SavePlan *ret);
