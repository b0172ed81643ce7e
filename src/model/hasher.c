/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/hasher.c: SHA-256 of a stream, computed by libcrypto with what the CPU has. Apart from digest.c: only a worker,
 * which hashes whole layers, is worth that library's 3.4 MiB and millisecond.
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
