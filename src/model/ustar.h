/* SPDX-License-Identifier: Apache-2.0 */
/* model/ustar.h: the header blocks of tar archives that hold images: a handful of plain files and directories. */
#pragma once
#include <stdint.h>

#define USTAR_BLOCK 512U
#define USTAR_NAME_MAX 256U /* prefix, slash, name and the NUL */
#define USTAR_LINK_MAX 101U

typedef struct UstarHeader {
        char name[USTAR_NAME_MAX + 1];
        char link[USTAR_LINK_MAX]; /* "": none */
        char type;                 /* '0' a file, '1' hard link, '2' symbolic link, '5' directory, 'x', 'g', 'L', 'K', …; never NUL */
        uint64_t size;
} UstarHeader;

/**
 * ustar_decode() - one block, of ustar, GNU's or the old form
 *
 * Return: 1, 0 (all zeros: the end), or -EBADMSG: no header, a wrong checksum, a size that is no number.
 * Source: POSIX.1-2017, pax, "ustar Interchange Format"; tar(5) of libarchive for GNU's numbers
 */
int ustar_decode(const uint8_t block[static USTAR_BLOCK], UstarHeader *ret);

/**
 * ustar_encode() - the same way back: mode 0644 or 0755, owner 0:0, time 0
 * @type: '0' or '5'
 *
 * Return: 0 or -ENAMETOOLONG (over 100 bytes).
 */
int ustar_encode(const char *name, char type, uint64_t size, uint8_t ret[static USTAR_BLOCK]);

/** ustar_padded() - @size up to the next whole block; saturates. */
uint64_t ustar_padded(uint64_t size);
