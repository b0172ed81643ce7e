/* SPDX-License-Identifier: Apache-2.0 */
/* puller/load-image.c: what the two forms of archives share, and Docker's own, which needs no more. */
#include "puller/load-image.h"
#include "base/str.h"
#include "model/id.h"
#include "model/image-config.h"
#include "model/image-ref.h"
#include "model/json.h"
#include "model/limits.h"
#include "puller/entry-name.h"
#include "puller/load-private.h"

#define MANIFEST_NAME "manifest.json"

static void listed_done(Listed *l) {
        strv_free(l->references);
        free(l->config);
        strv_free(l->layers);
}

Loader *loader_free(Loader *l) {
        if (!l)
                return NULL;
        for (size_t i = 0; i < l->n; i++)
                listed_done(&l->listed[i]);
        free(l->listed);
        free(l);
        return NULL;
}

size_t loader_images(const Loader *l) {
        return l->n;
}

void loaded_image_done(LoadedImage *image) {
        pull_manifest_done(&image->manifest);
        free(image->members);
        free(image->hashed);
        *image = (LoadedImage) {};
}

int load_damaged(const ImageArchive *archive, const char *path, const char *why, Failure *reterr) {
        char shown[ENTRY_SHOWN_MAX];

        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG, "Document '%s' of '%s' %s",
                        entry_show(path, shown, sizeof(shown)), image_archive_name(archive), why);
}

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

static int hash_fails(Failure *reterr, int r) {
        return fail_errno(reterr, r, "Failed to hash a document");
}

int load_text(const ImageArchive *archive, const char *path, char **ret, size_t *ret_size,
                Digest *ret_digest, Failure *reterr) {
        const ArchiveMember *member = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        r = image_archive_find(archive, path, &member, reterr);
        if (r >= 0)
                r = image_archive_read(
                                archive, member, MANIFEST_BYTES_MAX, &text, ret_size, reterr);
        if (r < 0)
                return r;
        r = digest_of(text, *ret_size, ret_digest);
        if (r < 0)
                return hash_fails(reterr, r);
        *ret = TAKE_PTR(text);
        return 0;
}

int load_document(const ImageArchive *archive, const char *path, json_t **ret, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        json_error_t error;
        Digest ignored;
        size_t size;
        json_t *j;
        int r;

        r = load_text(archive, path, &text, &size, &ignored, reterr);
        if (r < 0)
                return r;
        j = json_loadb(text, size, JSON_REJECT_DUPLICATES, &error);
        if (!j && json_error_code(&error) == json_error_out_of_memory)
                return no_memory(reterr);
        if (!j)
                return load_damaged(archive, path, "is no valid JSON", reterr);
        *ret = j;
        return 0;
}

int load_config(const ImageArchive *archive, const char *path, const char *digest,
                LoadedImage *image, Failure *reterr) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        const ArchiveMember *member = NULL;
        PullManifest *m = &image->manifest;
        _cleanup_failure_ Failure why = {};
        char shown[ENTRY_SHOWN_MAX];
        Digest found;
        int r;

        r = image_archive_find(archive, path, &member, reterr);
        if (r >= 0)
                r = image_archive_read(archive, member, IMAGE_CONFIG_BYTES_MAX, &m->raw_config,
                                &m->raw_config_size, reterr);
        if (r < 0)
                return r;
        r = digest_of(m->raw_config, m->raw_config_size, &found);
        if (r < 0)
                return hash_fails(reterr, r);
        digest_to_hex(&found, m->config_id);
        if (digest && !streq(digest, m->config_id))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "The config '%s' of '%s' has the digest '%s', not the one that it "
                                "is named by",
                                entry_show(path, shown, sizeof(shown)), image_archive_name(archive),
                                m->config_id);
        r = image_config_parse(m->raw_config, m->raw_config_size, &config, &why);
        if (r < 0)
                return fail(reterr, why.code, -r, "'%s' of '%s': %s",
                                entry_show(path, shown, sizeof(shown)), image_archive_name(archive),
                                failure_message(&why));
        if (image_config_to_json(config, &m->config) < 0)
                return no_memory(reterr);

        m->n_layers = 0;
        m->layers = calloc(strv_length(config->diff_ids) + 1, sizeof(*m->layers));
        image->members = calloc(strv_length(config->diff_ids) + 1, sizeof(*image->members));
        image->hashed = calloc(strv_length(config->diff_ids) + 1, sizeof(*image->hashed));
        if (!m->layers || !image->members || !image->hashed)
                return no_memory(reterr);
        STRV_FOREACH(id, config->diff_ids)
                memcpy(m->layers[m->n_layers++].diff_id, *id, DIGEST_HEX_MAX); /* they are such */
        return 0;
}

int load_layer(const ImageArchive *archive, const char *path, const char *digest,
                LoadedImage *image, Failure *reterr) {
        PullManifest *m = &image->manifest;
        size_t i = 0;
        int r;

        while (i < m->n_layers && image->members[i])
                i++;
        if (i == m->n_layers)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "An image of '%s' has more layers than the %zu that its config "
                                "tells of",
                                image_archive_name(archive), m->n_layers);
        r = image_archive_find(archive, path, &image->members[i], reterr);
        if (r < 0)
                return r;
        m->layers[i].size_bytes = image->members[i]->size;
        image->hashed[i] = digest != NULL;
        memcpy(m->layers[i].digest, digest ?: m->layers[i].diff_id, DIGEST_HEX_MAX);
        return 0;
}

static int check_layers(const ImageArchive *archive, const LoadedImage *image, Failure *reterr) {
        size_t n = 0;

        while (n < image->manifest.n_layers && image->members[n])
                n++;
        if (n == image->manifest.n_layers)
                return 0;
        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                        "An image of '%s' has %zu layers, but its config tells of %zu",
                        image_archive_name(archive), n, image->manifest.n_layers);
}

Listed *load_add(Loader *l, Failure *reterr) {
        Listed *more;

        if (l->n >= IMAGE_ARCHIVE_IMAGES_MAX) {
                (void) fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "'%s' has more than %u images",
                                image_archive_name(l->archive), IMAGE_ARCHIVE_IMAGES_MAX);
                return NULL;
        }
        more = reallocarray(l->listed, l->n + 1, sizeof(*more));
        if (!more) {
                (void) no_memory(reterr);
                return NULL;
        }
        l->listed = more;
        l->listed[l->n] = (Listed) {};
        return &l->listed[l->n++];
}

/* Each must be a name: one that is none was made to be taken for something else. */
static int read_tags(const Loader *l, char *const *tags, char ***ret, Failure *reterr) {
        char shown[ENTRY_SHOWN_MAX];

        STRV_FOREACH(tag, tags) {
                _cleanup_(image_ref_freep) ImageRef *ref = NULL;
                char *normalized;
                int r;

                r = image_ref_parse_tag(*tag, &ref, NULL);
                if (r == -ENOMEM)
                        return no_memory(reterr);
                if (r < 0)
                        return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                        "'%s' calls an image '%s', which is no name",
                                        image_archive_name(l->archive),
                                        entry_show(*tag, shown, sizeof(shown)));
                r = image_ref_normalized(ref, &normalized);
                if (r >= 0)
                        r = strv_contains(*ret, normalized) ? (free(normalized), 0)
                                                            : strv_consume(ret, normalized);
                if (r < 0)
                        return no_memory(reterr);
        }
        return 0;
}

static int list_one(Loader *l, const json_t *j, Failure *reterr) {
        _cleanup_strv_free_ char **tags = NULL;
        Listed *listed;
        int r;

        listed = load_add(l, reterr);
        if (!listed)
                return -ENOMEM; /* the sentence is there */
        r = json_is_object(j) ? json_read_string(j, "Config", ARCHIVE_PATH_MAX, &listed->config)
                              : -EBADMSG;
        if (r >= 0)
                r = json_read_strv(j, "Layers", LAYERS_MAX, LAYERS_MAX * ARCHIVE_PATH_MAX,
                                &listed->layers);
        if (r >= 0)
                r = json_read_strv(j, "RepoTags", TAGS_PER_IMAGE_MAX,
                                TAGS_PER_IMAGE_MAX * REFERENCE_MAX, &tags);
        if (r == -ENOMEM)
                return no_memory(reterr);
        if (r < 0 || isempty(listed->config))
                return load_damaged(l->archive, MANIFEST_NAME,
                                "has a member of a wrong type or beyond its bound", reterr);
        return read_tags(l, tags, &listed->references, reterr);
}

int load_list_docker(Loader *l, Failure *reterr) {
        _cleanup_json_ json_t *j = NULL;
        int r;

        r = load_document(l->archive, MANIFEST_NAME, &j, reterr);
        if (r < 0)
                return r;
        if (!json_is_array(j))
                return load_damaged(l->archive, MANIFEST_NAME, "is no list of images", reterr);
        for (size_t i = 0; i < json_array_size(j); i++) {
                r = list_one(l, json_array_get(j, i), reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A config is named by its digest, alone or in a layout; any other name says nothing. */
static const char *digest_in_name(const char *path, char ret[static DIGEST_HEX_MAX]) {
        const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path,
                   *end = endswith(name, ".json") ?: name + strlen(name);

        if ((size_t) (end - name) != ID_HEX)
                return NULL;
        memcpy(ret, name, ID_HEX);
        ret[ID_HEX] = '\0';
        return id_is_valid(ret) ? ret : NULL;
}

static int load_image_docker(const Loader *l, const Listed *listed, LoadedImage *image,
                Failure *reterr) {
        char digest[DIGEST_HEX_MAX];
        int r;

        r = load_config(l->archive, listed->config, digest_in_name(listed->config, digest), image,
                        reterr);
        if (r < 0)
                return r;
        STRV_FOREACH(path, listed->layers) {
                const char *wanted = startswith(*path, LOAD_BLOBS) ? digest_in_name(*path, digest)
                                                                  : NULL;

                r = load_layer(l->archive, *path, wanted, image, reterr);
                if (r < 0)
                        return r;
        }

        /* There is no manifest to have a digest: the config stands for it. */
        memcpy(image->manifest.digest, image->manifest.config_id, DIGEST_HEX_MAX);
        memcpy(image->manifest.manifest_digest, image->manifest.config_id, DIGEST_HEX_MAX);
        r = free_and_strdup(&image->manifest.media_type, MANIFEST_TYPE_DOCKER);
        return r < 0 ? no_memory(reterr) : 0;
}

int loader_new(const ImageArchive *archive, const Platform *platform, Loader **ret,
                Failure *reterr) {
        _cleanup_(loader_freep) Loader *l = NULL;
        int r;

        l = calloc(1, sizeof(*l));
        if (!l)
                return no_memory(reterr);
        l->archive = archive;
        l->platform = *platform;

        /* Newer ones of Docker's are both; the names of the images stand in Docker's list. */
        if (image_archive_has(archive, MANIFEST_NAME))
                r = load_list_docker(l, reterr);
        else if (image_archive_has(archive, "index.json"))
                r = load_list_oci(l, reterr);
        else
                r = fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "'%s' holds no images: there is neither a 'manifest.json' nor an "
                                "'index.json' in it",
                                image_archive_name(archive));
        if (r < 0)
                return r;
        if (l->n == 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, ENODATA, "'%s' lists no image",
                                image_archive_name(archive));
        *ret = TAKE_PTR(l);
        return 0;
}

int loader_image(const Loader *l, size_t i, LoadedImage *ret, Failure *reterr) {
        _cleanup_(loaded_image_done) LoadedImage image = {};
        const Listed *listed = &l->listed[i];
        int r;

        r = listed->config ? load_image_docker(l, listed, &image, reterr)
                           : load_image_oci(l, listed, &image, reterr);
        if (r >= 0)
                r = check_layers(l->archive, &image, reterr);
        if (r < 0)
                return r;
        if (strv_copy(listed->references, &image.manifest.references) < 0)
                return no_memory(reterr);
        *ret = image;
        image = (LoadedImage) {};
        return 0;
}
