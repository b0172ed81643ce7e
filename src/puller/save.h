/* SPDX-License-Identifier: Apache-2.0 */
/* puller/save.h: images as one tar, Docker's form or an OCI layout. Knows where its bytes go; knows no daemon. */
#pragma once
#include "model/save-plan.h"
#include "puller/archive-out.h"

/* The next part of the plan, in its order: its layers, then its configs. Return: an fd, save_images()' now, or what fail() gives. */
typedef int (*SaveNextFn)(void *userdata, Failure *reterr);

/**
 * save_images() - write them all
 *
 * Each layer is made again by tar-split.h and must have its diff id: else it fails, with what was written so far.
 *
 * Return: 0, or what fail() gives.
 */
int save_images(const SavePlan *plan, ArchiveOut *out, SaveNextFn next, void *userdata,
                Failure *reterr);
