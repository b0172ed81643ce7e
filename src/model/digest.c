/* SPDX-License-Identifier: Apache-2.0 */
/* model/digest.c: SHA-256 values, computed by libcrypto with what the CPU has. */
#include "model/digest.h"
#include <ctype.h>
#include <openssl/evp.h>
#include "base/str.h"

struct Hasher {
        EVP_MD_CTX *context; /* owned */
};

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

int hasher_new(Hasher **ret) {
        _cleanup_(hasher_freep) Hasher *h = NULL;

        h = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        h->context = EVP_MD_CTX_new();
        if (!h->context)
                return -ENOMEM;
        if (EVP_DigestInit_ex(h->context, EVP_sha256(), NULL) != 1)
                return -EIO;

        *ret = TAKE_PTR(h);
        return 0;
}

Hasher *hasher_free(Hasher *h) {
        if (!h)
                return NULL;

        EVP_MD_CTX_free(h->context);
        free(h);
        return NULL;
}

int hasher_add(Hasher *h, const void *data, size_t size) {
        return EVP_DigestUpdate(h->context, data, size) == 1 ? 0 : -EIO;
}

int hasher_finish(Hasher *h, Digest *ret) {
        return EVP_DigestFinal_ex(h->context, ret->bytes, NULL) == 1 ? 0 : -EIO;
}

int digest_of(const void *data, size_t size, Digest *ret) {
        _cleanup_(hasher_freep) Hasher *h = NULL;
        int r;

        r = hasher_new(&h);
        if (r < 0)
                return r;
        r = hasher_add(h, data, size);
        if (r < 0)
                return r;
        return hasher_finish(h, ret);
}

int digest_chain(const Digest *parent, const Digest *diff_id, Digest *ret) {
        char text[2 * DIGEST_MAX];

        if (!parent) {
                *ret = *diff_id;
                return 0;
        }

        digest_to_string(parent, text);
        text[DIGEST_MAX - 1] = ' ';
        digest_to_string(diff_id, text + DIGEST_MAX);
        return digest_of(text, strlen(text), ret);
}
