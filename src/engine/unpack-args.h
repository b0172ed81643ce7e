/* SPDX-License-Identifier: Apache-2.0 */
/* engine/unpack-args.h: how an unpacker is called, whoever needs it: with the bounds of the configuration. */
#pragma once
#include <stdint.h>
#include "model/engine-config.h"

typedef struct UnpackArgs {
        const char *name;    /* of the archive, in sentences; NULL or "": it has none */
        const char *message; /* an image's comment; NULL or "": none */
        const char *diff_id; /* a layer's; NULL or "": the archive is a root file system */
        uint64_t bytes_left; /* of what its owner, or its image, may still have */
} UnpackArgs;

/**
 * unpack_args() - its words; the archive is its fd 3, the staging directory 4
 * @ret: owned by the caller
 *
 * Return: 0 or -ENOMEM.
 */
int unpack_args(const EngineConfig *c, const UnpackArgs *args, char ***ret);
