/* SPDX-License-Identifier: Apache-2.0 */
/* puller/load-private.h: what the two forms of archives share. */
#pragma once
#include <jansson.h>
#include "puller/load-image.h"
#include "puller/manifest.h"

/* An image that is listed. Strings and lists are owned. */
typedef struct Listed {
        char **references; /* normalized */
        char *config;      /* Docker's: path in the archive; NULL: OCI's */
        char **layers;     /* the same */
        Descriptor manifest; /* OCI's */
        char index_digest[DIGEST_HEX_MAX]; /* of what was listed, if that is an index; "" */
} Listed;

struct Loader {
        const ImageArchive *archive; /* borrowed */
        Platform platform;
        Listed *listed; /* owned */
        size_t n;
};

#define LOAD_BLOBS "blobs/sha256/"

/** load_text() - a document of the archive; load_document() - the same as JSON. Owned by the caller. */
int load_text(const ImageArchive *archive, const char *path, char **ret, size_t *ret_size,
                Digest *ret_digest, Failure *reterr);
int load_document(const ImageArchive *archive, const char *path, json_t **ret, Failure *reterr);

/** load_config() - the image's config, verified, into the manifest. @digest: 64 hex digits it must have, or NULL. */
int load_config(const ImageArchive *archive, const char *path, const char *digest,
                LoadedImage *image, Failure *reterr);

/** load_add() - a place in the list. Return: NULL with FAILURE_LIMIT_REACHED or FAILURE_NO_MEMORY. */
Listed *load_add(Loader *l, Failure *reterr);

/** load_layer() - one more layer of an image whose config was read. @digest: of its bytes, NULL: not told. */
int load_layer(const ImageArchive *archive, const char *path, const char *digest,
                LoadedImage *image, Failure *reterr);

/** load_damaged() - the sentence for a document that is not what it should be. */
int load_damaged(const ImageArchive *archive, const char *path, const char *why, Failure *reterr);

int load_list_docker(Loader *l, Failure *reterr);
int load_list_oci(Loader *l, Failure *reterr);
int load_image_oci(const Loader *l, const Listed *listed, LoadedImage *image, Failure *reterr);
