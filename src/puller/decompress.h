/* SPDX-License-Identifier: Apache-2.0 */
/* puller/decompress.h: reads an fd that need not seek and takes compression off. Knows no tar. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct Decompressor Decompressor;

/* Called after each piece of input: bytes read of it, bytes in all (0: not known). */
typedef void (*DecompressorFn)(uint64_t done, uint64_t total, void *userdata);

/**
 * decompressor_new() - gzip, zstd, xz, bzip2 or none of them, also one in another
 * @fd:   borrowed; read from where it stands
 * @name: what sentences call it; borrowed
 * @fn:   may be NULL
 *
 * gzip and zstd are taken off by their own libraries, with their checksums held; all else, and what was packed twice, by
 * libarchive. No helper program is ever run. Nothing is read yet.
 *
 * Return: 0, or what fail() gives.
 */
int decompressor_new(int fd, const char *name, DecompressorFn fn, void *userdata,
                Decompressor **ret, Failure *reterr);
Decompressor *decompressor_free(Decompressor *d);
DEFINE_CLEANUP(Decompressor *, decompressor_free);

/**
 * decompressor_read() - the next piece, as it comes
 * @ret: good until the next call
 *
 * Return: bytes, 0 (the end), or negative errno: decompressor_fail() says what it was.
 */
ssize_t decompressor_read(Decompressor *d, const void **ret);

/** decompressor_input() - bytes read so far. */
uint64_t decompressor_input(const Decompressor *d);

/** decompressor_failed() - has decompressor_read() given an errno? */
bool decompressor_failed(const Decompressor *d);

/** decompressor_fail() - one sentence on why decompressor_read() failed. */
int decompressor_fail(const Decompressor *d, Failure *reterr);
