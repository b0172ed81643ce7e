/* SPDX-License-Identifier: Apache-2.0 */
/* base/base64.c: four characters are three bytes. */
#include "base/base64.h"
#include <stdint.h>
#include <string.h>
#include "base/cleanup.h"

static const char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

int base64_encode(const void *data, size_t size, char **ret) {
        const uint8_t *bytes = data;
        char *text, *p;

        text = p = malloc((size + 2) / 3 * 4 + 1);
        if (!text)
                return -ENOMEM;

        for (size_t i = 0; i < size; i += 3) {
                size_t n = size - i;
                uint32_t group = (uint32_t) bytes[i] << 16 |
                                 (n > 1 ? (uint32_t) bytes[i + 1] << 8 : 0) |
                                 (n > 2 ? (uint32_t) bytes[i + 2] : 0);

                *p++ = alphabet[group >> 18];
                *p++ = alphabet[group >> 12 & 63];
                *p++ = n > 1 ? alphabet[group >> 6 & 63] : '=';
                *p++ = n > 2 ? alphabet[group & 63] : '=';
        }
        *p = '\0';
        *ret = text;
        return 0;
}

int base64_decode(const char *text, char **ret, size_t *ret_size) {
        _cleanup_free_ char *bytes = NULL;
        size_t length = strlen(text), padding = 0, size = 0;
        uint32_t group = 0;

        if (length % 4 == 0)
                while (padding < 2 && padding < length && text[length - 1 - padding] == '=')
                        padding++;
        length -= padding;
        if (length % 4 == 1)
                return -EINVAL;

        bytes = malloc(length / 4 * 3 + 3);
        if (!bytes)
                return -ENOMEM;
        for (size_t i = 0; i < length; i++) {
                const char *found = strchr(alphabet, text[i]); /* never the NUL: @length stops before it */

                if (!found)
                        return -EINVAL;
                group = group << 6 | (uint32_t) (found - alphabet);
                if (i % 4 != 0)
                        bytes[size++] = (char) (group >> (6 - 2 * (i % 4)));
        }
        /* Of the last character some bits belong to no byte: another text of the same bytes is none. */
        if ((length % 4 == 2 && (group & 15) != 0) || (length % 4 == 3 && (group & 3) != 0))
                return -EINVAL;

        bytes[size] = '\0';
        *ret_size = size;
        *ret = bytes;
        bytes = NULL;
        return 0;
}
