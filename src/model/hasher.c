/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/hasher.c: SHA-256 computed by libcrypto with what the CPU has. Apart from digest.c, so that a program which only
 * reads digests does not load that library at its start.
 */
#include <openssl/evp.h>
#include "base/str.h"
#include "model/digest.h"

struct Hasher {
        EVP_MD_CTX *context; /* owned */
};

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
