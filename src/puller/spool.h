/* SPDX-License-Identifier: Apache-2.0 */
/* puller/spool.h: an archive that can be read in any order, made of what comes from a pipe or is compressed. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "puller/decompress.h"

/** spool_wanted() - is @fd anything but a plain tar in a regular file that stands at its beginning? */
bool spool_wanted(int fd);

/**
 * spool_fill() - write @fd's bytes, without compression around them, into @spool_fd, an empty file
 * @name:  what sentences call the archive
 * @limit: of bytes written
 * @fn:    as decompressor_new() has it
 *
 * Return: 0, or what fail() gives: FAILURE_INVALID_ARCHIVE, FAILURE_LIMIT_REACHED, FAILURE_DISK_FULL.
 */
int spool_fill(int fd, int spool_fd, const char *name, uint64_t limit, DecompressorFn fn,
                void *userdata, Failure *reterr);
