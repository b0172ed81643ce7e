/* SPDX-License-Identifier: Apache-2.0 */
/* puller/load-oci.c: an OCI layout: from its index, through indexes, to the manifest of each image. */
#include <stdio.h>
#include "base/str.h"
#include "model/image-ref.h"
#include "model/json.h"
#include "model/limits.h"
#include "puller/entry-name.h"
#include "puller/load-private.h"

#define INDEX_NAME "index.json"
#define LAYOUT_NAME "oci-layout"
#define DEPTH_MAX 4U /* indexes in indexes */
#define REF_NAME "org.opencontainers.image.ref.name"
#define CONTAINERD_NAME "io.containerd.image.name"
#define BLOB_PATH_MAX sizeof(LOAD_BLOBS "/") + DIGEST_HEX_MAX

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

static void blob_path(const char *digest, char ret[static BLOB_PATH_MAX]) {
        (void) snprintf(ret, BLOB_PATH_MAX, LOAD_BLOBS "%s", digest); /* fits */
}

static int check_size(const Loader *l, const Descriptor *d, const char *path, Failure *reterr) {
        const ArchiveMember *member = NULL;
        int r;

        r = image_archive_find(l->archive, path, &member, reterr);
        if (r < 0)
                return r;
        if (member->size == d->size_bytes)
                return 0;
        return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                        "'%s' of '%s' is %llu bytes long, and not %llu as is said of it", path,
                        image_archive_name(l->archive), (unsigned long long) member->size,
                        (unsigned long long) d->size_bytes);
}

/* A manifest or an index, verified. */
static int read_manifest(const Loader *l, const Descriptor *d, Manifest **ret, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        char path[BLOB_PATH_MAX], hex[DIGEST_HEX_MAX];
        size_t size;
        Digest found;
        int r;

        blob_path(d->digest, path);
        r = check_size(l, d, path, reterr);
        if (r >= 0)
                r = load_text(l->archive, path, &text, &size, &found, reterr);
        if (r < 0)
                return r;
        digest_to_hex(&found, hex);
        if (!streq(hex, d->digest))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "'%s' of '%s' has the digest '%s'", path,
                                image_archive_name(l->archive), hex);
        return manifest_parse(text, size, d->media_type, image_archive_name(l->archive), ret,
                        reterr);
}

static int add_image(Loader *l, const Descriptor *d, const char *name, const char *index_digest,
                Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        char *normalized;
        Listed *listed;

        listed = load_add(l, reterr);
        if (!listed)
                return -ENOMEM; /* the sentence is there */
        listed->manifest = *d;
        memcpy(listed->index_digest, index_digest, DIGEST_HEX_MAX);

        /* The specification lets this be any words, and "latest" alone is a tag of nothing: then it gets no name. */
        if (!name || !strpbrk(name, ":/") || image_ref_parse_tag(name, &ref, NULL) < 0)
                return 0;
        if (image_ref_normalized(ref, &normalized) < 0 ||
                        strv_consume(&listed->references, normalized) < 0)
                return no_memory(reterr);
        return 0;
}

/* Down through indexes to the manifest that fits; where only one is there, whatever it is for. */
static int list_one(Loader *l, const Descriptor *first, const char *name, Failure *reterr) {
        char index_digest[DIGEST_HEX_MAX] = "", platform[PLATFORM_MAX];
        Descriptor d = *first;

        for (unsigned depth = 0; depth < DEPTH_MAX; depth++) {
                _cleanup_(manifest_freep) Manifest *m = NULL;
                const IndexEntry *best;
                int r;

                r = read_manifest(l, &d, &m, reterr);
                if (r < 0)
                        return r;
                if (!m->is_index)
                        return add_image(l, &d, name, index_digest, reterr);
                if (depth == 0)
                        memcpy(index_digest, d.digest, sizeof(index_digest));
                best = m->n_entries == 1 ? &m->entries[0] : manifest_choose(m, &l->platform);
                if (!best)
                        return fail(reterr, FAILURE_INVALID_ARCHIVE, ENOENT,
                                        "'sha256:%s' of '%s' has no image for '%s'", d.digest,
                                        image_archive_name(l->archive),
                                        platform_to_string(&l->platform, platform));
                d = best->descriptor;
        }
        return fail(reterr, FAILURE_INVALID_ARCHIVE, ELOOP,
                        "'sha256:%s' of '%s' is an index too deep in others", d.digest,
                        image_archive_name(l->archive));
}

static int read_name(const json_t *entry, char **ret) {
        const json_t *annotations = NULL;
        int r;

        r = json_is_object(entry) ? json_read_object(entry, "annotations", &annotations) : 0;
        if (r <= 0)
                return r;
        r = json_read_string(annotations, CONTAINERD_NAME, REFERENCE_MAX, ret);
        return r != 0 ? r : json_read_string(annotations, REF_NAME, REFERENCE_MAX, ret);
}

static int rank_of(const Loader *l, const IndexEntry *entry) {
        return entry->has_platform ? platform_rank(&l->platform, &entry->platform) : 0;
}

/* One name for several platforms is one image: is there a better one than @i? */
static bool is_bettered(const Loader *l, const Manifest *index, char *const *names, size_t i) {
        int rank = rank_of(l, &index->entries[i]);

        for (size_t k = 0; k < index->n_entries; k++) {
                int other = rank_of(l, &index->entries[k]);

                if (k == i || other < 0 || !index->entries[i].has_platform ||
                                !index->entries[k].has_platform || !streq(names[i], names[k]))
                        continue;
                if (rank < 0 || other < rank || (other == rank && k < i))
                        return true;
        }
        return false;
}

static int check_layout(const Loader *l, Failure *reterr) {
        _cleanup_free_ char *version = NULL;
        _cleanup_json_ json_t *j = NULL;
        int r;

        r = load_document(l->archive, LAYOUT_NAME, &j, reterr);
        if (r < 0)
                return r;
        r = json_is_object(j) ? json_read_string(j, "imageLayoutVersion", MEDIA_TYPE_MAX, &version)
                              : -EBADMSG;
        if (r == -ENOMEM)
                return no_memory(reterr);
        if (r <= 0 || !startswith(version, "1."))
                return load_damaged(l->archive, LAYOUT_NAME, "tells of no layout of version 1",
                                reterr);
        return 0;
}

/* "" for one without. */
static int read_names(const Loader *l, const Manifest *index, char ***ret, Failure *reterr) {
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_json_ json_t *j = NULL;
        int r;

        r = load_document(l->archive, INDEX_NAME, &j, reterr);
        if (r < 0)
                return r;
        for (size_t i = 0; i < index->n_entries; i++) {
                _cleanup_free_ char *name = NULL;

                r = read_name(json_array_get(json_object_get(j, "manifests"), i), &name);
                if (r == -EBADMSG)
                        return load_damaged(l->archive, INDEX_NAME,
                                        "has annotations that are none", reterr);
                if (r >= 0)
                        r = strv_push(&names, strempty(name));
                if (r < 0)
                        return no_memory(reterr);
        }
        *ret = TAKE_PTR(names);
        return 0;
}

int load_list_oci(Loader *l, Failure *reterr) {
        _cleanup_(manifest_freep) Manifest *index = NULL;
        _cleanup_strv_free_ char **names = NULL;
        _cleanup_free_ char *text = NULL;
        Digest ignored;
        size_t size;
        int r;

        r = check_layout(l, reterr);
        if (r >= 0)
                r = load_text(l->archive, INDEX_NAME, &text, &size, &ignored, reterr);
        if (r >= 0)
                r = manifest_parse(text, size, MANIFEST_TYPE_OCI_INDEX,
                                image_archive_name(l->archive), &index, reterr);
        if (r >= 0 && !index->is_index)
                r = load_damaged(l->archive, INDEX_NAME, "is no index", reterr);
        if (r >= 0)
                r = read_names(l, index, &names, reterr);
        for (size_t i = 0; r >= 0 && i < index->n_entries; i++)
                if (!is_bettered(l, index, names, i))
                        r = list_one(l, &index->entries[i].descriptor, names[i], reterr);
        return r;
}

int load_image_oci(const Loader *l, const Listed *listed, LoadedImage *image, Failure *reterr) {
        _cleanup_(manifest_freep) Manifest *m = NULL;
        char path[BLOB_PATH_MAX];
        int r;

        r = read_manifest(l, &listed->manifest, &m, reterr);
        if (r < 0)
                return r;
        blob_path(m->config.digest, path);
        r = check_size(l, &m->config, path, reterr);
        if (r >= 0)
                r = load_config(l->archive, path, m->config.digest, image, reterr);
        for (size_t i = 0; r >= 0 && i < m->n_layers; i++) {
                blob_path(m->layers[i].digest, path);
                r = check_size(l, &m->layers[i], path, reterr);
                if (r >= 0)
                        r = load_layer(l->archive, path, m->layers[i].digest, image, reterr);
        }
        if (r < 0)
                return r;

        memcpy(image->manifest.manifest_digest, listed->manifest.digest, DIGEST_HEX_MAX);
        memcpy(image->manifest.digest,
                        *listed->index_digest ? listed->index_digest : listed->manifest.digest,
                        DIGEST_HEX_MAX);
        r = free_and_strdup(&image->manifest.media_type, m->media_type);
        return r < 0 ? no_memory(reterr) : 0;
}
