/* SPDX-License-Identifier: Apache-2.0 */
/* puller/save.c: layers first, then configs, then the documents that list them: a reader of either form finds them by name. */
#include "puller/save.h"
#include <stdio.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/digest.h"
#include "model/image-ref.h"
#include "model/json.h"
#include "model/limits.h"
#include "puller/manifest.h"
#include "puller/tar-split.h"

#define PIECE_BYTES (256U * 1024)
#define NAME_MAX_BYTES 101U
#define CONFIG_TYPE "application/vnd.oci.image.config.v1+json"
#define LAYER_TYPE "application/vnd.oci.image.layer.v1.tar"

typedef struct Save {
        const SavePlan *plan; /* borrowed */
        ArchiveOut *out;      /* borrowed */
        SaveNextFn next;
        void *userdata;
        uint64_t *layer_sizes;  /* owned; of the plan's layers */
        uint64_t *config_sizes; /* owned; of its images */
        uint8_t *piece;         /* owned, PIECE_BYTES */
} Save;

static void save_done(Save *s) {
        free(s->layer_sizes);
        free(s->config_sizes);
        free(s->piece);
}

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

static bool is_docker(const Save *s) {
        return s->plan->format == SAVE_DOCKER_ARCHIVE;
}

static void layer_name(const Save *s, const char *diff_id, char ret[static NAME_MAX_BYTES]) {
        (void) snprintf(ret, NAME_MAX_BYTES, is_docker(s) ? "%s.tar" : "blobs/sha256/%s",
                        diff_id); /* fits */
}

static void config_name(const Save *s, const char *id, char ret[static NAME_MAX_BYTES]) {
        (void) snprintf(ret, NAME_MAX_BYTES, is_docker(s) ? "%s.json" : "blobs/sha256/%s",
                        id); /* fits */
}

static int write_layer(Save *s, const char *diff_id, int fd, uint64_t *ret_size, Failure *reterr) {
        _cleanup_(tar_split_reader_freep) TarSplitReader *reader = NULL;
        _cleanup_(hasher_freep) Hasher *hasher = NULL;
        char name[NAME_MAX_BYTES], hex[DIGEST_HEX_MAX];
        Digest found;
        ssize_t n;
        int r;

        r = tar_split_reader_new(fd, diff_id, &reader, reterr);
        if (r < 0)
                return r;
        r = hasher_new(&hasher);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash the layer '%s'", diff_id);
        *ret_size = tar_split_size(reader);
        layer_name(s, diff_id, name);
        r = archive_out_begin(s->out, name, *ret_size, reterr);
        while (r >= 0 && (n = tar_split_read(reader, s->piece, PIECE_BYTES, reterr)) != 0) {
                if (n < 0)
                        return (int) n;
                r = hasher_add(hasher, s->piece, (size_t) n);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to hash the layer '%s'", diff_id);
                r = archive_out_data(s->out, s->piece, (size_t) n, reterr);
        }
        if (r < 0)
                return r;
        r = hasher_finish(hasher, &found);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash the layer '%s'", diff_id);
        digest_to_hex(&found, hex);
        if (streq(hex, diff_id))
                return 0;
        return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                        "The layer '%s' is not on disk as it was: it is '%s' now", diff_id, hex);
}

static int write_layers(Save *s, Failure *reterr) {
        for (size_t i = 0; i < strv_length(s->plan->layers); i++) {
                _cleanup_close_ int fd = -EBADF;
                int r;

                fd = s->next(s->userdata, reterr);
                if (fd < 0)
                        return fd;
                r = write_layer(s, s->plan->layers[i], fd, &s->layer_sizes[i], reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Two of the plan's images are never the same one. */
static int write_config(Save *s, const char *id, int fd, uint64_t *ret_size, Failure *reterr) {
        _cleanup_free_ char *data = NULL;
        char name[NAME_MAX_BYTES], hex[DIGEST_HEX_MAX];
        Digest found;
        ssize_t n;
        int r;

        data = malloc(IMAGE_CONFIG_BYTES_MAX + 1);
        if (!data)
                return no_memory(reterr);
        n = read_full(fd, data, IMAGE_CONFIG_BYTES_MAX + 1);
        if (n < 0)
                return fail_errno(reterr, (int) n, "Failed to read the config '%s'", id);
        r = digest_of(data, (size_t) n, &found);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash the config '%s'", id);
        digest_to_hex(&found, hex);
        if (!streq(hex, id))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "The config '%s' is not on disk as it was: it is '%s' now", id,
                                hex);
        *ret_size = (uint64_t) n;
        config_name(s, id, name);
        return archive_out_file(s->out, name, data, (size_t) n, reterr);
}

static int write_configs(Save *s, Failure *reterr) {
        for (size_t i = 0; i < s->plan->n_images; i++) {
                _cleanup_close_ int fd = -EBADF;
                int r;

                fd = s->next(s->userdata, reterr);
                if (fd < 0)
                        return fd;
                r = write_config(s, s->plan->images[i].config, fd, &s->config_sizes[i], reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int write_document(Save *s, const char *name, const json_t *j, Failure *reterr) {
        _cleanup_free_ char *text = NULL;

        if (json_print(j, &text) < 0)
                return no_memory(reterr);
        return archive_out_file(s->out, name, text, strlen(text), reterr);
}

static int put_docker_image(const Save *s, json_t *list, const SaveImage *image) {
        json_t *j = json_object(), *layers = json_array(), *tags = json_array();
        char name[NAME_MAX_BYTES];
        int r;

        if (json_array_append_new(list, j) < 0) {
                json_decref(layers);
                json_decref(tags);
                return -ENOMEM;
        }
        config_name(s, image->config, name);
        r = json_put_string(j, "Config", name);
        if (json_put_new(j, "Layers", layers) < 0 || json_put_new(j, "RepoTags", tags) < 0)
                r = -ENOMEM;
        STRV_FOREACH(id, image->layers) {
                layer_name(s, *id, name);
                if (r >= 0 && json_array_append_new(layers, json_string(name)) < 0)
                        r = -ENOMEM;
        }
        STRV_FOREACH(reference, image->references) {
                _cleanup_free_ char *familiar = NULL;

                if (r >= 0)
                        r = image_ref_familiar_from(*reference, &familiar);
                if (r >= 0 && json_array_append_new(tags, json_string(familiar)) < 0)
                        r = -ENOMEM;
        }
        return r;
}

static int write_docker_list(Save *s, Failure *reterr) {
        _cleanup_json_ json_t *list = json_array();

        if (!list)
                return no_memory(reterr);
        for (size_t i = 0; i < s->plan->n_images; i++)
                if (put_docker_image(s, list, &s->plan->images[i]) < 0)
                        return no_memory(reterr);
        return write_document(s, "manifest.json", list, reterr);
}

/* @ret: owned; NULL without memory. */
static json_t *descriptor(const char *type, const char *digest, uint64_t size) {
        return json_pack("{s:s, s:o, s:I}", "mediaType", type, "digest",
                        json_sprintf(DIGEST_PREFIX "%s", digest), "size", (json_int_t) size);
}

static uint64_t size_of_layer(const Save *s, const char *diff_id) {
        for (size_t i = 0; i < strv_length(s->plan->layers); i++)
                if (streq(s->plan->layers[i], diff_id))
                        return s->layer_sizes[i];
        return 0;
}

static int write_manifest(Save *s, size_t index, char ret_digest[static DIGEST_HEX_MAX],
                uint64_t *ret_size, Failure *reterr) {
        const SaveImage *image = &s->plan->images[index];
        _cleanup_json_ json_t *j = NULL;
        _cleanup_free_ char *text = NULL;
        char name[NAME_MAX_BYTES];
        json_t *layers;
        Digest found;
        int r;

        j = json_pack("{s:i, s:s, s:o, s:[]}", "schemaVersion", 2, "mediaType", MANIFEST_TYPE_OCI,
                        "config", descriptor(CONFIG_TYPE, image->config, s->config_sizes[index]),
                        "layers");
        layers = json_object_get(j, "layers");
        if (!layers)
                return no_memory(reterr);
        STRV_FOREACH(id, image->layers)
                if (json_array_append_new(layers,
                                    descriptor(LAYER_TYPE, *id, size_of_layer(s, *id))) < 0)
                        return no_memory(reterr);
        if (json_print(j, &text) < 0)
                return no_memory(reterr);
        *ret_size = strlen(text);
        r = digest_of(text, *ret_size, &found);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hash a manifest");
        digest_to_hex(&found, ret_digest);
        (void) snprintf(name, sizeof(name), "blobs/sha256/%s", ret_digest); /* fits */
        return archive_out_file(s->out, name, text, *ret_size, reterr);
}

/* One for each of its names; without any it is listed by its digest alone. */
static int list_manifest(json_t *list, const SaveImage *image, const char *digest, uint64_t size) {
        if (!image->references)
                return json_array_append_new(list, descriptor(MANIFEST_TYPE_OCI, digest, size)) < 0
                                       ? -ENOMEM
                                       : 0;
        STRV_FOREACH(reference, image->references) {
                json_t *d = descriptor(MANIFEST_TYPE_OCI, digest, size);

                if (json_array_append_new(list, d) < 0 ||
                                json_object_set_new(d, "annotations",
                                                json_pack("{s:s, s:s}",
                                                                "org.opencontainers.image.ref.name",
                                                                *reference,
                                                                "io.containerd.image.name",
                                                                *reference)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

static int write_layout(Save *s, Failure *reterr) {
        static const char layout[] = "{\"imageLayoutVersion\":\"1.0.0\"}";
        _cleanup_json_ json_t *index = NULL;
        json_t *list;
        int r = 0;

        index = json_pack("{s:i, s:s, s:[]}", "schemaVersion", 2, "mediaType",
                        MANIFEST_TYPE_OCI_INDEX, "manifests");
        list = json_object_get(index, "manifests");
        if (!list)
                return no_memory(reterr);
        for (size_t i = 0; i < s->plan->n_images; i++) {
                char digest[DIGEST_HEX_MAX] = "";
                uint64_t size = 0;

                r = write_manifest(s, i, digest, &size, reterr);
                if (r < 0)
                        return r;
                if (list_manifest(list, &s->plan->images[i], digest, size) < 0)
                        return no_memory(reterr);
        }
        r = archive_out_file(s->out, "oci-layout", layout, strlen(layout), reterr);
        if (r >= 0)
                r = write_document(s, "index.json", index, reterr);
        return r < 0 ? r : write_docker_list(s, reterr); /* beside it, for `docker load` */
}

int save_images(const SavePlan *plan, ArchiveOut *out, SaveNextFn next, void *userdata,
                Failure *reterr) {
        _cleanup_(save_done) Save s = {
                .plan = plan,
                .out = out,
                .next = next,
                .userdata = userdata,
                .layer_sizes = calloc(strv_length(plan->layers) + 1, sizeof(uint64_t)),
                .config_sizes = calloc(plan->n_images + 1, sizeof(uint64_t)),
                .piece = malloc(PIECE_BYTES),
        };
        int r = 0;

        if (!s.layer_sizes || !s.config_sizes || !s.piece)
                return no_memory(reterr);
        if (!is_docker(&s)) {
                r = archive_out_dir(out, "blobs/", reterr);
                if (r >= 0)
                        r = archive_out_dir(out, "blobs/sha256/", reterr);
        }
        if (r >= 0)
                r = write_layers(&s, reterr);
        if (r >= 0)
                r = write_configs(&s, reterr);
        if (r >= 0)
                r = is_docker(&s) ? write_docker_list(&s, reterr) : write_layout(&s, reterr);
        return r < 0 ? r : archive_out_end(out, reterr);
}
