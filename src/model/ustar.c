/* SPDX-License-Identifier: Apache-2.0 */
/* model/ustar.c: see ustar.h. Believes no field of a block. */
#include "model/ustar.h"
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "base/str.h"

enum { /* where the fields are */
        NAME = 0, MODE = 100, UID = 108, GID = 116, SIZE = 124, MTIME = 136, CHECKSUM = 148,
        TYPE = 156, LINK = 157, MAGIC = 257, PREFIX = 345,
};
#define NAME_BYTES 100U
#define PREFIX_BYTES 155U
#define SIZE_BYTES 12U
#define OCTAL_SIZE_MAX ((UINT64_C(1) << 33) - 1) /* eleven digits */

static int read_octal(const uint8_t *field, size_t width, uint64_t *ret) {
        uint64_t value = 0;
        size_t i = 0;

        while (i < width && field[i] == ' ')
                i++;
        for (; i < width && field[i] >= '0' && field[i] <= '7'; i++)
                value = value << 3 | (uint64_t) (field[i] - '0'); /* twelve digits fit by far */
        for (; i < width; i++)
                if (field[i] != ' ' && field[i] != '\0')
                        return -EBADMSG;
        *ret = value;
        return 0;
}

/* GNU's form for what eleven digits cannot say: big endian, the first bit set; negative numbers are none of a size. */
static int read_size(const uint8_t *field, uint64_t *ret) {
        uint64_t value = 0;

        if (!(field[0] & 0x80))
                return read_octal(field, SIZE_BYTES, ret);
        if (field[0] != 0x80)
                return -EBADMSG;
        for (size_t i = 1; i < SIZE_BYTES; i++) {
                if (value >> 55)
                        return -EBADMSG;
                value = value << 8 | field[i];
        }
        *ret = value;
        return 0;
}

/* Its own bytes count as blanks. Old programs have added them up as signed numbers. */
static bool checksum_fits(const uint8_t *block) {
        uint64_t wanted;
        int64_t sum = 0, signed_sum = 0;

        if (read_octal(block + CHECKSUM, 8, &wanted) < 0)
                return false;
        for (size_t i = 0; i < USTAR_BLOCK; i++) {
                uint8_t byte = i >= CHECKSUM && i < CHECKSUM + 8 ? ' ' : block[i];

                sum += byte;
                signed_sum += (int8_t) byte;
        }
        return (int64_t) wanted == sum || (int64_t) wanted == signed_sum;
}

int ustar_decode(const uint8_t block[static USTAR_BLOCK], UstarHeader *ret) {
        static const uint8_t zeros[USTAR_BLOCK];
        UstarHeader h = {};
        size_t n = 0;

        if (memcmp(block, zeros, USTAR_BLOCK) == 0)
                return 0;
        if (!checksum_fits(block) || read_size(block + SIZE, &h.size) < 0)
                return -EBADMSG;

        /* GNU has other things where POSIX has the prefix. */
        if (memcmp(block + MAGIC, "ustar\0", 6) == 0 && block[PREFIX] != '\0') {
                n = strnlen((const char *) block + PREFIX, PREFIX_BYTES);
                memcpy(h.name, block + PREFIX, n);
                h.name[n++] = '/';
        }
        memcpy(h.name + n, block + NAME, strnlen((const char *) block + NAME, NAME_BYTES));
        memcpy(h.link, block + LINK, strnlen((const char *) block + LINK, NAME_BYTES));
        h.type = block[TYPE] == '\0' || block[TYPE] == '7' ? '0' : (char) block[TYPE];
        if (h.type == '0' && endswith(h.name, "/")) /* as the old form writes a directory */
                h.type = '5';
        *ret = h;
        return 1;
}

static void write_octal(uint8_t *field, size_t width, uint64_t value) {
        char text[32];

        (void) snprintf(text, sizeof(text), "%0*llo", (int) width - 1,
                        (unsigned long long) value); /* fits */
        memcpy(field, text, width);
}

static void write_size(uint8_t *field, uint64_t size) {
        if (size <= OCTAL_SIZE_MAX) {
                write_octal(field, SIZE_BYTES, size);
                return;
        }
        memset(field, 0, SIZE_BYTES);
        field[0] = 0x80;
        for (size_t i = 0; i < sizeof(size); i++)
                field[SIZE_BYTES - 1 - i] = (uint8_t) (size >> (8 * i));
}

int ustar_encode(const char *name, char type, uint64_t size, uint8_t ret[static USTAR_BLOCK]) {
        unsigned sum = 0;

        if (strlen(name) > NAME_BYTES)
                return -ENAMETOOLONG;

        memset(ret, 0, USTAR_BLOCK);
        memcpy(ret + NAME, name, strlen(name));
        write_octal(ret + MODE, 8, type == '5' ? 0755 : 0644);
        write_octal(ret + UID, 8, 0);
        write_octal(ret + GID, 8, 0);
        write_size(ret + SIZE, size);
        write_octal(ret + MTIME, 12, 0);
        ret[TYPE] = (uint8_t) type;
        memcpy(ret + MAGIC, "ustar\00000", 8);
        memset(ret + CHECKSUM, ' ', 8);
        for (size_t i = 0; i < USTAR_BLOCK; i++)
                sum += ret[i];
        write_octal(ret + CHECKSUM, 7, sum);
        return 0;
}

uint64_t ustar_padded(uint64_t size) {
        if (size > UINT64_MAX - USTAR_BLOCK)
                return UINT64_MAX / USTAR_BLOCK * USTAR_BLOCK;
        return (size + USTAR_BLOCK - 1) / USTAR_BLOCK * USTAR_BLOCK;
}
