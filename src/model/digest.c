/* SPDX-License-Identifier: Apache-2.0 */
/* model/digest.c: SHA-256 values as text and bytes. */
#include "model/digest.h"
#include <ctype.h>
#include "base/str.h"
#include "model/sha256.h"

/* algorithm ":" encoded, as the OCI image specification writes any digest */
static bool is_other_digest(const char *s) {
        const char *colon = strchr(s, ':');
        size_t n;

        if (!colon || colon == s)
                return false;
        for (const char *p = s; p < colon; p++)
                if (!strchr("abcdefghijklmnopqrstuvwxyz0123456789+._-", *p))
                        return false;
        for (n = 0; colon[1 + n] != '\0'; n++)
                if (!isalnum((unsigned char) colon[1 + n]) && !strchr("=_-", colon[1 + n]))
                        return false;
        return n >= 32;
}

int digest_from_string(const char *s, Digest *ret) {
        const char *hex = startswith(s, DIGEST_PREFIX);

        if (hex)
                return digest_from_hex(hex, ret);
        return is_other_digest(s) ? -EOPNOTSUPP : -EINVAL;
}

int digest_from_hex(const char *hex, Digest *ret) {
        return hex_decode(hex, ret->bytes, DIGEST_BYTES);
}

void digest_to_string(const Digest *d, char ret[static DIGEST_MAX]) {
        memcpy(ret, DIGEST_PREFIX, sizeof(DIGEST_PREFIX));
        hex_encode(d->bytes, DIGEST_BYTES, ret + sizeof(DIGEST_PREFIX) - 1);
}

void digest_to_hex(const Digest *d, char ret[static DIGEST_HEX_MAX]) {
        hex_encode(d->bytes, DIGEST_BYTES, ret);
}

bool digest_equal(const Digest *a, const Digest *b) {
        return memcmp(a->bytes, b->bytes, DIGEST_BYTES) == 0;
}

int digest_of(const void *data, size_t size, Digest *ret) {
        sha256(data, size, ret->bytes);
        return 0;
}
