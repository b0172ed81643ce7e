/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch-manifest.c: from a reference to a config and the descriptors of its layers, each held against its digest. */
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "model/image-config.h"
#include "puller/fetch-private.h"

#define INDEX_DEPTH_MAX 3U /* an index may list an index */

/* A short document on its way, and then at hand. */
typedef struct Document {
        const char *what;    /* borrowed */
        const char *name;    /* borrowed; the image */
        const Digest *wanted; /* borrowed; NULL: whatever comes */
        Ask *ask;            /* owned */
        StrBuf body;
        Digest digest;
        char *type, *told_digest; /* owned; NULL: not told */
        bool over;
        Failure failure;
} Document;

static void document_done(Document *d) {
        ask_free(d->ask);
        strbuf_done(&d->body);
        free(d->type);
        free(d->told_digest);
        failure_done(&d->failure);
        *d = (Document) {};
}
#define _cleanup_document_ _cleanup_(document_done)

static int on_body(const void *data, size_t size, void *userdata) {
        Document *d = userdata;

        if (strbuf_append(&d->body, data, size) >= 0)
                return 0;
        d->over = true;
        (void) fail(&d->failure, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return -ENOMEM;
}

/* Is it what was asked for? Return: 0 or what fail() gives. */
static int check(Document *d, const HttpReply *reply, Failure *reterr) {
        char wanted[DIGEST_MAX], got[DIGEST_MAX];
        Digest told;

        if (free_and_strdup(&d->type, reply->content_type) < 0 ||
                        free_and_strdup(&d->told_digest, reply->content_digest) < 0 ||
                        strbuf_append(&d->body, "", 0) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (digest_of(d->body.data, d->body.size, &d->digest) < 0)
                return fail(reterr, FAILURE_INTERNAL, EIO, "Failed to compute a digest");

        digest_to_string(&d->digest, got);
        if (d->wanted && !digest_equal(d->wanted, &d->digest)) {
                digest_to_string(d->wanted, wanted);
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "The digest of %s of '%s' should be %s, but it is %s", d->what,
                                d->name, wanted, got);
        }
        /* where nothing was asked for by digest, the registry's own word is held against what it sends */
        if (d->told_digest && digest_from_string(d->told_digest, &told) >= 0 &&
                        !digest_equal(&told, &d->digest))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "The registry says that the digest of %s of '%s' is %s, but it is "
                                "%s",
                                d->what, d->name, d->told_digest, got);
        return 0;
}

static void on_done(const HttpReply *reply, const Failure *failure, void *userdata) {
        Document *d = userdata;

        if (failure)
                failure_copy(failure, &d->failure);
        else if (check(d, reply, &d->failure) < 0 && ask_again(d->ask, true)) {
                failure_done(&d->failure);
                d->body.size = 0;
                ask_go(d->ask);
                return;
        }
        d->over = true;
}

static void on_head(const HttpReply *reply, const Failure *failure, void *userdata) {
        Document *d = userdata;

        if (!failure)
                (void) free_and_strdup(&d->told_digest, reply->content_digest); /* then it is asked for whole */
        d->over = true;
}

static const AskHandler get_handler = { .body = on_body, .done = on_done },
                        head_handler = { .body = on_body, .done = on_head };

static int run(Fetch *f, Document *d, const AskArgs *args, Failure *reterr) {
        int r;

        d->what = args->what;
        d->name = f->name;
        r = registry_ask(f->registry, args, &d->ask);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        while (!d->over) {
                r = fetch_step(f);
                if (r < 0) {
                        failure_move(&f->failure, reterr);
                        return r;
                }
        }
        d->ask = ask_free(d->ask);
        if (failure_is_set(&d->failure)) {
                r = -d->failure.errnum;
                failure_move(&d->failure, reterr);
                return r;
        }
        return 0;
}

/* By its digest; the size is known as well. */
static int get_blob(Fetch *f, const char *kind, const Descriptor *descriptor, const char *what,
                uint64_t max_bytes, Document *d, Failure *reterr) {
        _cleanup_free_ char *path = NULL;
        Digest digest;
        int r;

        if (descriptor->size_bytes > max_bytes)
                return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                "The size of %s of '%s' is %" PRIu64 " bytes, more than %" PRIu64,
                                what, f->name, descriptor->size_bytes, max_bytes);
        r = digest_from_hex(descriptor->digest, &digest);
        if (r >= 0)
                r = str_printf(&path, "%s/" DIGEST_PREFIX "%s", kind, descriptor->digest);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to ask for %s", what);
        d->wanted = &digest;
        r = run(f, d, &(AskArgs) {
                .path = path,
                .accept = streq(kind, "manifests") ? MANIFEST_ACCEPT : NULL,
                .what = what,
                .is_document = true,
                .size_bytes = descriptor->size_bytes,
                .handler = &get_handler,
                .userdata = d,
        }, reterr);
        d->wanted = NULL;
        return r;
}

/* What the tag, or the digest, names. */
static int get_named(Fetch *f, Document *d, Failure *reterr) {
        _cleanup_free_ char *path = NULL;
        Digest digest;
        int r;

        if (str_printf(&path, "manifests/%s", f->ref->digest ? f->ref->digest : f->ref->tag) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (f->ref->digest) {
                r = digest_from_string(f->ref->digest, &digest);
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to read the digest of '%s'", f->name);
                d->wanted = &digest;
        }
        r = run(f, d, &(AskArgs) {
                .path = path,
                .accept = MANIFEST_ACCEPT,
                .what = "the manifest",
                .is_document = true,
                .size_bytes = UINT64_MAX,
                .max_bytes = MANIFEST_BYTES_MAX,
                .handler = &get_handler,
                .userdata = d,
        }, reterr);
        d->wanted = NULL;
        return r;
}

/* Registries that count what is pulled do not count this. Return: true: it is the known one. */
static bool is_known(Fetch *f) {
        _cleanup_document_ Document d = {};
        _cleanup_free_ char *path = NULL;

        if (!f->args.known_digest ||
                        str_printf(&path, "manifests/%s",
                                        f->ref->digest ? f->ref->digest : f->ref->tag) < 0)
                return false;
        /* What fails here fails, with a sentence, when it is asked for whole. */
        if (run(f, &d, &(AskArgs) {
                .path = path,
                .accept = MANIFEST_ACCEPT,
                .what = "the manifest",
                .head = true,
                .is_document = true,
                .size_bytes = UINT64_MAX,
                .max_bytes = MANIFEST_BYTES_MAX,
                .handler = &head_handler,
                .userdata = &d,
        }, NULL) < 0)
                return false;
        return streq_ptr(d.told_digest, f->args.known_digest);
}

/* Down the indexes to a manifest for the platform. @top: what the reference names, read already. */
static int descend(Fetch *f, const Document *top, Manifest **ret,
                char digest[static DIGEST_HEX_MAX], Failure *reterr) {
        _cleanup_(manifest_freep) Manifest *m = NULL;
        char platform[PLATFORM_MAX];
        int r;

        digest_to_hex(&top->digest, digest);
        r = manifest_parse(top->body.data, top->body.size, top->type, f->name, &m, reterr);
        if (r < 0)
                return r;
        for (unsigned depth = 0; m->is_index; depth++) {
                _cleanup_document_ Document d = {};
                const IndexEntry *entry = manifest_choose(m, &f->platform);
                Descriptor next;

                if (!entry)
                        return fail(reterr, FAILURE_NO_SUCH_IMAGE, ENOENT,
                                        "There is no image for the platform '%s' in '%s'",
                                        platform_to_string(&f->platform, platform), f->name);
                if (depth == INDEX_DEPTH_MAX)
                        return fail(reterr, FAILURE_UNSUPPORTED, EOPNOTSUPP,
                                        "'%s' has indexes in indexes, more than %u deep", f->name,
                                        INDEX_DEPTH_MAX);
                next = entry->descriptor;
                r = get_blob(f, "manifests", &next, "the manifest", MANIFEST_BYTES_MAX, &d, reterr);
                if (r < 0)
                        return r;
                m = manifest_free(m);
                r = manifest_parse(d.body.data, d.body.size, next.media_type, f->name, &m, reterr);
                if (r < 0)
                        return r;
                digest_to_hex(&d.digest, digest);
        }
        *ret = TAKE_PTR(m);
        return 0;
}

/* Does it run here, or where the caller has said? */
static int check_platform(Fetch *f, const ImageConfig *config, Failure *reterr) {
        char wanted[PLATFORM_MAX], offered[PLATFORM_MAX];
        _cleanup_free_ char *text = NULL;
        Platform p;

        if (isempty(config->os) || isempty(config->architecture))
                return 0; /* it says nothing, and old ones do not */
        if (platform_set(config->os, config->architecture, config->variant, &p) < 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The config of '%s' names a platform that is none", f->name);
        if (platform_rank(&f->platform, &p) >= 0)
                return 0;
        platform_to_string(&f->platform, wanted);
        platform_to_string(&p, offered);
        if (f->args.platform || !streq(p.os, "linux"))
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, ENOENT,
                                "'%s' is for the platform '%s', not for '%s'", f->name, offered,
                                wanted);
        if (str_printf(&text, "'%s' is for the platform '%s', and this is '%s'", f->name, offered,
                        wanted) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return reporter_warning(f->args.reporter, text);
}

static int take_config(Fetch *f, const Document *d, const Manifest *m, PullManifest *ret,
                Failure *reterr) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        int r;

        r = image_config_parse(d->body.data, d->body.size, &config, reterr);
        if (r >= 0)
                r = check_platform(f, config, reterr);
        if (r < 0)
                return r;
        if (strv_length(config->diff_ids) != m->n_layers)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The config of '%s' has %zu diff ids for %zu layers", f->name,
                                strv_length(config->diff_ids), m->n_layers);
        ret->layers = calloc(MAX2(m->n_layers, (size_t) 1), sizeof(*ret->layers));
        ret->raw_config = malloc(d->body.size + 1);
        if (!ret->layers || !ret->raw_config || image_config_to_json(config, &ret->config) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (strlen(ret->config) > IMAGE_CONFIG_BYTES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "The config of '%s' is longer than %u bytes", f->name,
                                IMAGE_CONFIG_BYTES_MAX);

        memcpy(ret->raw_config, d->body.data, d->body.size);
        ret->raw_config[d->body.size] = '\0';
        ret->raw_config_size = d->body.size;
        digest_to_hex(&d->digest, ret->config_id);
        for (size_t i = 0; i < m->n_layers; i++) {
                PullLayer *l = ret->layers + i;

                memcpy(l->digest, m->layers[i].digest, sizeof(l->digest));
                (void) snprintf(l->diff_id, sizeof(l->diff_id), "%s", config->diff_ids[i]); /* checked */
                l->size_bytes = m->layers[i].size_bytes;
        }
        ret->n_layers = m->n_layers;
        return 0;
}

static int check_sizes(const Fetch *f, const Manifest *m, Failure *reterr) {
        uint64_t total = 0;

        for (size_t i = 0; i < m->n_layers; i++) {
                uint64_t size = m->layers[i].size_bytes; /* at most INT64_MAX, and LAYERS_MAX of them */

                if (size > f->config.layer_bytes_max)
                        return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                        "Layer %zu of '%s' has %" PRIu64
                                        " bytes, more than the limit of %" PRIu64,
                                        i + 1, f->name, size, f->config.layer_bytes_max);
                total = total > UINT64_MAX - size ? UINT64_MAX : total + size;
        }
        if (total > f->config.image_bytes_max)
                return fail(reterr, FAILURE_LIMIT_REACHED, EFBIG,
                                "The layers of '%s' have %" PRIu64
                                " bytes, more than the limit of %" PRIu64,
                                f->name, total, f->config.image_bytes_max);
        return 0;
}

int fetch_manifest(Fetch *f, PullManifest *ret, Failure *reterr) {
        _cleanup_(manifest_freep) Manifest *m = NULL;
        _cleanup_document_ Document top = {}, config = {};
        char digest[DIGEST_MAX];
        int r;

        if (is_known(f))
                return 0;
        if (failure_is_set(&f->failure)) /* the daemon went, and the like */
                return fail(reterr, FAILURE_CANCELLED, ECANCELED, "The daemon has ended");
        r = get_named(f, &top, reterr);
        if (r < 0)
                return r;
        digest_to_string(&top.digest, digest);
        if (streq_ptr(f->args.known_digest, digest))
                return 0;
        digest_to_hex(&top.digest, ret->digest);

        r = descend(f, &top, &m, ret->manifest_digest, reterr);
        if (r >= 0)
                r = check_sizes(f, m, reterr);
        if (r < 0)
                return r;
        ret->media_type = strdup(m->media_type);
        if (!ret->media_type)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        strbuf_done(&top.body); /* up to 4 MiB, not needed any more */

        r = get_blob(f, "blobs", &m->config, "the config", IMAGE_CONFIG_BYTES_MAX, &config, reterr);
        if (r >= 0)
                r = take_config(f, &config, m, ret, reterr);
        return r < 0 ? r : 1;
}
