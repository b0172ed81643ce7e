/* SPDX-License-Identifier: Apache-2.0 */
/* base/crc.h: CRC-32 (IEEE 802.3, as in gzip) over bytes. */
#pragma once
#include <stddef.h>
#include <stdint.h>

/** crc32_ieee() - @crc: 0, or the result over the bytes before. "123456789" gives 0xcbf43926. */
uint32_t crc32_ieee(uint32_t crc, const void *data, size_t size);
