/* SPDX-License-Identifier: Apache-2.0 */
/* cli/import.h: an archive becomes an image. */
#pragma once
#include "cli/client.h"

/**
 * import_file() - hand an archive over and wait for the image
 * @file:      a path, or "-" for standard input
 * @reference: NAME[:TAG], or "" for an untagged image
 * @message:   the image's comment, or NULL
 * @ret_id:    64 hex digits; owned by the caller
 *
 * Return: 0, or negative errno with a sentence.
 */
int import_file(Client *c, const char *file, const char *reference, const char *message,
                char **ret_id, Failure *reterr);
