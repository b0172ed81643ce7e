/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/gunzip.h: takes gzip off a stream and holds it to its checksums, which libarchive's reader passes over. Knows
 * no archive; which library does it is gunzip-isal.c's or gunzip-zlib.c's.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"

typedef struct Gunzip Gunzip;

/** gunzip_wanted() - are these the first bytes of gzip data? At least three are needed to tell; fewer are none. */
static inline bool gunzip_wanted(const void *data, size_t size) {
        const uint8_t *bytes = data;

        return size >= 3 && bytes[0] == 0x1f && bytes[1] == 0x8b && bytes[2] == 8;
}

/** gunzip_new() - Return: 0 or -ENOMEM. */
int gunzip_new(Gunzip **ret);
Gunzip *gunzip_free(Gunzip *g);
DEFINE_CLEANUP(Gunzip *, gunzip_free);

/** gunzip_feed() - the next input, when gunzip_read() has asked for it; borrowed until it asks again. @size 0: the end. */
void gunzip_feed(Gunzip *g, const void *data, size_t size);

/**
 * gunzip_read() - what comes out
 * @ret_size: 0: feed more; after a return of 0: the end
 *
 * Several members in a row are one stream; what follows the last one is passed over, as gzip(1) does.
 *
 * Return: 1, 0 (the end), -EBADMSG (damaged, a checksum or length that is wrong, or cut off), -ENOMEM.
 * Source: RFC 1952
 */
int gunzip_read(Gunzip *g, void *buffer, size_t size, size_t *ret_size);
