/* SPDX-License-Identifier: Apache-2.0 */
/* puller/manifest.c: the documents between a name and its layers. */
#include "puller/manifest.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "model/json.h"

typedef enum TypeKind {
        KIND_UNKNOWN,
        KIND_MANIFEST,
        KIND_INDEX,
        KIND_SCHEMA1,
} TypeKind;

static const struct {
        const char *type;
        TypeKind kind;
} document_types[] = {
        { MANIFEST_TYPE_OCI, KIND_MANIFEST },
        { MANIFEST_TYPE_DOCKER, KIND_MANIFEST },
        { MANIFEST_TYPE_OCI_INDEX, KIND_INDEX },
        { MANIFEST_TYPE_DOCKER_LIST, KIND_INDEX },
        { "application/vnd.docker.distribution.manifest.v1+json", KIND_SCHEMA1 },
        { "application/vnd.docker.distribution.manifest.v1+prettyjws", KIND_SCHEMA1 },
};

static const char *const config_types[] = {
        "application/vnd.oci.image.config.v1+json",
        "application/vnd.docker.container.image.v1+json",
};

static const char *const layer_types[] = {
        "application/vnd.oci.image.layer.v1.tar",
        "application/vnd.oci.image.layer.v1.tar+gzip",
        "application/vnd.oci.image.layer.v1.tar+zstd",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.diff.tar.gzip",
        "application/vnd.docker.image.rootfs.diff.tar.zstd",
};

/* Layers that a registry is not to hand out, or does not have. */
static const char *const foreign_prefixes[] = {
        "application/vnd.docker.image.rootfs.foreign.",
        "application/vnd.oci.image.layer.nondistributable.",
};

static TypeKind kind_of(const char *type) {
        for (size_t i = 0; i < ELEMENTSOF(document_types); i++)
                if (streq(document_types[i].type, type))
                        return document_types[i].kind;
        return KIND_UNKNOWN;
}

static bool is_one_of(const char *s, const char *const *list, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (streq(list[i], s))
                        return true;
        return false;
}

static bool is_foreign(const char *type) {
        for (size_t i = 0; i < ELEMENTSOF(foreign_prefixes); i++)
                if (startswith(type, foreign_prefixes[i]))
                        return true;
        return false;
}

Manifest *manifest_free(Manifest *m) {
        if (!m)
                return NULL;

        free(m->layers);
        free(m->entries);
        free(m);
        return NULL;
}

static int refuse(const char *name, const char *what, Failure *reterr) {
        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "The manifest of '%s' %s", name,
                        what);
}

/* A type without its parameters ("; charset=utf-8"), in @ret. Return: 0 or -EBADMSG: too long or no text. */
static int copy_type(const char *s, char ret[static MEDIA_TYPE_MAX]) {
        size_t n = strcspn(s, "; \t");

        if (n >= MEDIA_TYPE_MAX)
                return -EBADMSG;
        for (size_t i = 0; i < n; i++)
                if (s[i] <= ' ' || s[i] > '~')
                        return -EBADMSG;
        memcpy(ret, s, n);
        ret[n] = '\0';
        return 0;
}

static int read_type(const json_t *j, const char *key, char ret[static MEDIA_TYPE_MAX]) {
        _cleanup_free_ char *s = NULL;
        int r;

        r = json_read_string(j, key, MEDIA_TYPE_MAX, &s);
        if (r <= 0)
                return r;
        return copy_type(s, ret);
}

static int read_descriptor(const json_t *j, const char *what, const char *name, Descriptor *ret,
                Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        Descriptor d = { .size_bytes = UINT64_MAX };
        Digest digest;
        int r;

        r = json_is_object(j) ? read_type(j, "mediaType", d.media_type) : -EBADMSG;
        if (r >= 0)
                r = json_read_u64(j, "size", &d.size_bytes);
        if (r >= 0)
                r = json_read_string(j, "digest", REFERENCE_MAX, &text);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0 || !text || d.size_bytes > INT64_MAX)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The manifest of '%s' does not say size and digest of %s", name,
                                what);

        r = digest_from_string(text, &digest);
        if (r == -EOPNOTSUPP)
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "The digest '%.100s' of %s of '%s' is not a SHA-256", text, what,
                                name);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The manifest of '%s' has a digest of %s that is none", name, what);
        digest_to_hex(&digest, d.digest);
        *ret = d;
        return 0;
}

static int check_layer(const Descriptor *d, size_t index, const char *name, Failure *reterr) {
        if (is_foreign(d->media_type))
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "Layer %zu of '%s' is a foreign layer (%s): it may be fetched from "
                                "its maker only, and images with such layers are not supported",
                                index + 1, name, d->media_type);
        if (!is_one_of(d->media_type, layer_types, ELEMENTSOF(layer_types)))
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "Layer %zu of '%s' is of the unknown type '%s'", index + 1, name,
                                d->media_type);
        return 0;
}

static int read_layers(const json_t *j, const char *name, Manifest *m, Failure *reterr) {
        const json_t *layers = json_object_get(j, "layers");
        size_t n = json_array_size(layers);
        char what[32];
        int r;

        if (!json_is_array(layers))
                return refuse(name, "has no list of layers", reterr);
        if (n > LAYERS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The image '%s' has %zu layers, more than %u", name, n, LAYERS_MAX);
        m->layers = calloc(MAX2(n, (size_t) 1), sizeof(*m->layers));
        if (!m->layers)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        for (size_t i = 0; i < n; i++) {
                (void) snprintf(what, sizeof(what), "layer %zu", i + 1);
                r = read_descriptor(json_array_get(layers, i), what, name, m->layers + i, reterr);
                if (r >= 0)
                        r = check_layer(m->layers + i, i, name, reterr);
                if (r < 0)
                        return r;
                m->n_layers++;
        }
        return 0;
}

static int read_manifest(const json_t *j, const char *name, Manifest *m, Failure *reterr) {
        int r;

        r = read_descriptor(json_object_get(j, "config"), "the config", name, &m->config, reterr);
        if (r < 0)
                return r;
        if (!is_one_of(m->config.media_type, config_types, ELEMENTSOF(config_types)))
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "'%s' is no image but an artifact whose config is of the type '%s'",
                                name, m->config.media_type);
        if (m->config.size_bytes > IMAGE_CONFIG_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The config of '%s' has %" PRIu64 " bytes, more than %u", name,
                                m->config.size_bytes, IMAGE_CONFIG_BYTES_MAX);
        return read_layers(j, name, m, reterr);
}

/* Words that are none, such as a variant with a space, make the platform one that fits nothing. */
static int read_platform(const json_t *j, IndexEntry *entry) {
        _cleanup_free_ char *os = NULL, *architecture = NULL, *variant = NULL;
        const json_t *platform = NULL;
        int r;

        r = json_read_object(j, "platform", &platform);
        if (r <= 0)
                return r;
        r = json_read_string(platform, "os", MEDIA_TYPE_MAX, &os);
        if (r >= 0)
                r = json_read_string(platform, "architecture", MEDIA_TYPE_MAX, &architecture);
        if (r >= 0)
                r = json_read_string(platform, "variant", MEDIA_TYPE_MAX, &variant);
        if (r < 0)
                return r;
        entry->has_platform = true;
        (void) platform_set(os, architecture, variant, &entry->platform); /* see above */
        return 0;
}

static int read_index(const json_t *j, const char *name, Manifest *m, Failure *reterr) {
        const json_t *entries = json_object_get(j, "manifests");
        size_t n = json_array_size(entries);
        int r;

        if (!json_is_array(entries))
                return refuse(name, "has no list of manifests", reterr);
        if (n > INDEX_ENTRIES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The index of '%s' has %zu entries, more than %u", name, n,
                                INDEX_ENTRIES_MAX);
        m->entries = calloc(MAX2(n, (size_t) 1), sizeof(*m->entries));
        if (!m->entries)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        for (size_t i = 0; i < n; i++) {
                const json_t *e = json_array_get(entries, i);

                r = read_descriptor(e, "an entry", name, &m->entries[i].descriptor, reterr);
                if (r < 0)
                        return r;
                r = read_platform(e, m->entries + i);
                if (r == -ENOMEM)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                if (r < 0)
                        return refuse(name, "has an entry whose platform makes no sense", reterr);
                m->n_entries++;
        }
        return 0;
}

/* What the document says, what was said of it, and what it looks like must be one. */
static int decide_kind(const json_t *j, const char *type, const char *name, Manifest *m,
                TypeKind *ret, Failure *reterr) {
        bool lists = json_object_get(j, "manifests"),
             is_manifest = json_object_get(j, "layers") || json_object_get(j, "config");
        char told[MEDIA_TYPE_MAX] = "", own[MEDIA_TYPE_MAX] = "";

        if (copy_type(strempty(type), told) < 0 || read_type(j, "mediaType", own) < 0)
                return refuse(name, "has a media type that is none", reterr);
        if (kind_of(told) == KIND_SCHEMA1 || kind_of(own) == KIND_SCHEMA1 ||
                        json_object_get(j, "fsLayers"))
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "'%s' has a manifest of Docker's schema 1, which is not supported",
                                name);
        if (kind_of(told) != KIND_UNKNOWN && own[0] && !streq(told, own))
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The manifest of '%s' says that its type is '%s', but it came as "
                                "'%s'",
                                name, own, told);
        if (lists && is_manifest)
                return refuse(name, "lists manifests and layers: it is not clear what it is",
                                reterr);

        (void) copy_type(kind_of(told) != KIND_UNKNOWN ? told : own, m->media_type);
        *ret = kind_of(m->media_type);
        if (*ret == KIND_UNKNOWN && m->media_type[0])
                return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                "'%s' has a manifest of the unknown type '%s'", name,
                                m->media_type);
        if (*ret == KIND_UNKNOWN) { /* OCI's may leave it out */
                *ret = lists ? KIND_INDEX : KIND_MANIFEST;
                (void) copy_type(lists ? MANIFEST_TYPE_OCI_INDEX : MANIFEST_TYPE_OCI,
                                m->media_type);
        }
        return 0;
}

static int read_document(const json_t *j, const char *type, const char *name, Manifest *m,
                Failure *reterr) {
        uint64_t version = 0;
        TypeKind kind;
        int r;

        if (!json_is_object(j))
                return refuse(name, "is not an object", reterr);
        r = decide_kind(j, type, name, m, &kind, reterr);
        if (r < 0)
                return r;
        if (json_read_u64(j, "schemaVersion", &version) < 0 || version != 2)
                return refuse(name, "is not of schema version 2", reterr);

        m->is_index = kind == KIND_INDEX;
        return m->is_index ? read_index(j, name, m, reterr) : read_manifest(j, name, m, reterr);
}

int manifest_parse(const char *json, size_t size, const char *type, const char *name,
                Manifest **ret, Failure *reterr) {
        _cleanup_(manifest_freep) Manifest *m = NULL;
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        int r;

        if (size > MANIFEST_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The manifest of '%s' is larger than %u bytes", name,
                                MANIFEST_BYTES_MAX);
        m = calloc(1, sizeof(*m));
        if (!m)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        j = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
        if (!j && json_error_code(&error) == json_error_out_of_memory)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (!j)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The manifest of '%s' is not valid JSON: %s", name, error.text);

        r = read_document(j, type, name, m, reterr);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(m);
        return 0;
}

const IndexEntry *manifest_choose(const Manifest *index, const Platform *wanted) {
        const IndexEntry *best = NULL, *unknown = NULL;
        int best_rank = 0;

        for (const IndexEntry *e = index->entries; e < index->entries + index->n_entries; e++) {
                int rank;

                if (!e->has_platform) {
                        unknown = unknown ? unknown : e;
                        continue;
                }
                rank = platform_rank(wanted, &e->platform);
                if (rank >= 0 && (!best || rank < best_rank)) {
                        best = e;
                        best_rank = rank;
                }
        }
        return best ? best : unknown;
}
