/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/manifest.h: manifests and indexes as registries give them, OCI's and Docker's schema 2: read with suspicion, no
 * byte of them has another use. Knows no network: whether they are what was asked for, the caller has checked by digest.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "model/digest.h"
#include "model/failure.h"
#include "model/limits.h"
#include "model/platform.h"

#define MANIFEST_TYPE_OCI "application/vnd.oci.image.manifest.v1+json"
#define MANIFEST_TYPE_OCI_INDEX "application/vnd.oci.image.index.v1+json"
#define MANIFEST_TYPE_DOCKER "application/vnd.docker.distribution.manifest.v2+json"
#define MANIFEST_TYPE_DOCKER_LIST "application/vnd.docker.distribution.manifest.list.v2+json"

/* All that a request says it takes, as the value of Accept. */
#define MANIFEST_ACCEPT                                                                            \
        MANIFEST_TYPE_OCI_INDEX ", " MANIFEST_TYPE_OCI ", " MANIFEST_TYPE_DOCKER_LIST              \
                                ", " MANIFEST_TYPE_DOCKER

#define INDEX_ENTRIES_MAX 4096U

/* What one document says of another. */
typedef struct Descriptor {
        char media_type[MEDIA_TYPE_MAX];
        char digest[DIGEST_HEX_MAX];
        uint64_t size_bytes;
} Descriptor;

typedef struct IndexEntry {
        Descriptor descriptor;
        bool has_platform;
        Platform platform; /* of one that is not told: empty, and fits where nothing else does */
} IndexEntry;

typedef struct Manifest {
        char media_type[MEDIA_TYPE_MAX];
        bool is_index;
        /* of a manifest */
        Descriptor config;
        Descriptor *layers; /* owned; base first */
        size_t n_layers;    /* at most LAYERS_MAX */
        /* of an index */
        IndexEntry *entries; /* owned */
        size_t n_entries;
} Manifest;

/**
 * manifest_parse() - read either kind
 * @type: what the server, or the document that led here, calls it; NULL or "": not told
 * @name: what sentences call the image
 *
 * A document that says another type than @type, that could be read as both kinds, or that is of a kind we do not
 * know (Docker's schema 1, artifacts that are no images) is refused; so are foreign layers, whose bytes are elsewhere.
 *
 * Return: 0, -ENOMEM, FAILURE_UNSUPPORTED or FAILURE_INVALID_ARCHIVE with a sentence.
 * Source: OCI image-spec 1.1, manifest.md and image-index.md; Docker's image manifest version 2, schema 2
 */
int manifest_parse(const char *json, size_t size, const char *type, const char *name,
                Manifest **ret, Failure *reterr);
Manifest *manifest_free(Manifest *m);
DEFINE_CLEANUP(Manifest *, manifest_free);

/** manifest_choose() - the entry of an index that fits @wanted best; the first of equals. Return: it, or NULL. */
const IndexEntry *manifest_choose(const Manifest *index, const Platform *wanted);
