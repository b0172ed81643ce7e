/* SPDX-License-Identifier: Apache-2.0 */
/* model/digest.h: SHA-256 values: parsed, printed, made of bytes as they come. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"

#define DIGEST_BYTES 32U
#define DIGEST_HEX_MAX 65U                    /* 64 digits and the NUL */
#define DIGEST_PREFIX "sha256:"
#define DIGEST_MAX (sizeof(DIGEST_PREFIX) + 64) /* "sha256:" and 64 digits and the NUL */

typedef struct Digest {
        uint8_t bytes[DIGEST_BYTES];
} Digest;

/** digest_from_string() - "sha256:" and 64 lower-case hex digits. Return: 0, -EINVAL, -EOPNOTSUPP (another algorithm, well-formed). */
int digest_from_string(const char *s, Digest *ret);
int digest_from_hex(const char *hex, Digest *ret);

void digest_to_string(const Digest *d, char ret[static DIGEST_MAX]);
void digest_to_hex(const Digest *d, char ret[static DIGEST_HEX_MAX]);
bool digest_equal(const Digest *a, const Digest *b);

/** digest_of() - of bytes at hand, some MiB at most (250 MB/s): a stream has its hasher. Return: 0. */
int digest_of(const void *data, size_t size, Digest *ret);

/* A hash under way. hasher_new(): Return: 0, -ENOMEM, -EIO. hasher_add(), hasher_finish(): 0 or -EIO; after finish only hasher_free(). */
typedef struct Hasher Hasher;
int hasher_new(Hasher **ret);
Hasher *hasher_free(Hasher *h);
DEFINE_CLEANUP(Hasher *, hasher_free);
int hasher_add(Hasher *h, const void *data, size_t size);
int hasher_finish(Hasher *h, Digest *ret);
