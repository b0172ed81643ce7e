/* SPDX-License-Identifier: Apache-2.0 */
/* cli/sha256.h: the hash of one short text. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/**
 * sha256() - hash a text at hand
 *
 * Names of directories only: model/digest.h has the fast one, whose library costs a third of a whole start to load.
 * Source: FIPS 180-4
 */
void sha256(const void *data, size_t size, uint8_t ret[static 32]);
