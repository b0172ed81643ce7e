/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-config.c: config documents of images, from strangers and for ourselves. */
#include "model/image-config.h"
#include "base/str.h"
#include "base/usec.h"
#include "model/digest.h"
#include "model/json.h"
#include "model/limits.h"

#define SHORT_TEXT_MAX 256U
#define PORTS_MAX 1024U
#define IMAGE_VOLUMES_MAX 256U

static Healthcheck *healthcheck_free(Healthcheck *h) {
        if (!h)
                return NULL;

        strv_free(h->test);
        free(h);
        return NULL;
}

ImageConfig *image_config_free(ImageConfig *config) {
        if (!config)
                return NULL;

        free(config->architecture);
        free(config->os);
        free(config->variant);
        free(config->created);
        free(config->author);
        free(config->comment);
        strv_free(config->env);
        strv_free(config->entrypoint);
        strv_free(config->cmd);
        free(config->working_dir);
        free(config->user);
        free(config->stop_signal);
        strv_free(config->labels);
        strv_free(config->exposed_ports);
        strv_free(config->volumes);
        strv_free(config->diff_ids);
        healthcheck_free(config->healthcheck);
        for (size_t i = 0; i < config->n_history; i++) {
                free(config->history[i].created);
                free(config->history[i].created_by);
                free(config->history[i].comment);
        }
        free(config->history);
        free(config);
        return NULL;
}

/* Durations are nanoseconds in Docker's form. */
static int read_nanoseconds(const json_t *j, const char *key, uint64_t *ret_usec) {
        uint64_t nsec = 0;
        int r;

        r = json_read_u64(j, key, &nsec);
        if (r <= 0)
                return r;
        if (nsec > INT64_MAX)
                return -EBADMSG;
        *ret_usec = nsec / NSEC_PER_USEC;
        return 1;
}

static int read_healthcheck(const json_t *j, ImageConfig *config) {
        const json_t *health = NULL;
        Healthcheck *h;
        int r;

        r = json_read_object(j, "Healthcheck", &health);
        if (r <= 0)
                return r;

        h = config->healthcheck = calloc(1, sizeof(*h));
        if (!h)
                return -ENOMEM;
        r = json_read_strv(health, "Test", ARGV_MAX, ARGV_BYTES_MAX, &h->test);
        if (r >= 0)
                r = read_nanoseconds(health, "Interval", &h->interval_usec);
        if (r >= 0)
                r = read_nanoseconds(health, "Timeout", &h->timeout_usec);
        if (r >= 0)
                r = read_nanoseconds(health, "StartPeriod", &h->start_period_usec);
        if (r >= 0)
                r = read_nanoseconds(health, "StartInterval", &h->start_interval_usec);
        if (r >= 0)
                r = json_read_u32(health, "Retries", &h->retries);
        return r;
}

static int read_execution(const json_t *j, ImageConfig *config) {
        const json_t *inner = NULL;
        int r;

        r = json_read_object(j, "config", &inner);
        if (r <= 0)
                return r;

        r = json_read_strv(inner, "Env", ENV_MAX, ENV_BYTES_MAX, &config->env);
        if (r >= 0)
                r = json_read_strv(
                                inner, "Entrypoint", ARGV_MAX, ARGV_BYTES_MAX, &config->entrypoint);
        if (r >= 0)
                r = json_read_strv(inner, "Cmd", ARGV_MAX, ARGV_BYTES_MAX, &config->cmd);
        if (r >= 0)
                r = json_read_string(inner, "WorkingDir", PATH_BYTES_MAX, &config->working_dir);
        if (r >= 0)
                r = json_read_string(inner, "User", USER_BYTES_MAX, &config->user);
        if (r >= 0)
                r = json_read_string(inner, "StopSignal", SHORT_TEXT_MAX, &config->stop_signal);
        if (r >= 0)
                r = json_read_map(inner, "Labels", LABELS_MAX, LABELS_BYTES_MAX, &config->labels);
        if (r >= 0)
                r = json_read_keys(inner, "ExposedPorts", PORTS_MAX, PORTS_MAX * SHORT_TEXT_MAX,
                                &config->exposed_ports);
        if (r >= 0)
                r = json_read_keys(inner, "Volumes", IMAGE_VOLUMES_MAX,
                                IMAGE_VOLUMES_MAX * PATH_BYTES_MAX, &config->volumes);
        if (r >= 0)
                r = read_healthcheck(inner, config);
        return r;
}

/* "sha256:HEX" becomes HEX. */
static int read_diff_ids(const json_t *j, ImageConfig *config) {
        const json_t *rootfs = NULL;
        Digest digest;
        int r;

        r = json_read_object(j, "rootfs", &rootfs);
        if (r <= 0)
                return r;
        r = json_read_strv(rootfs, "diff_ids", LAYERS_MAX, LAYERS_MAX * SHORT_TEXT_MAX,
                        &config->diff_ids);
        if (r <= 0)
                return r;

        for (char **s = config->diff_ids; s && *s; s++) {
                if (digest_from_string(*s, &digest) < 0)
                        return -EBADMSG;
                digest_to_hex(&digest, *s); /* shorter than what stood there */
        }
        return 0;
}

static int read_history_entry(const json_t *j, HistoryEntry *entry) {
        int r;

        r = json_read_string(j, "created", SHORT_TEXT_MAX, &entry->created);
        if (r >= 0)
                r = json_read_string(j, "created_by", IMAGE_CONFIG_BYTES_MAX, &entry->created_by);
        if (r >= 0)
                r = json_read_string(j, "comment", IMAGE_CONFIG_BYTES_MAX, &entry->comment);
        if (r >= 0)
                r = json_read_bool(j, "empty_layer", &entry->empty_layer);
        return r;
}

/* The last entry of the history that has a comment is the image's. */
static int read_history(const json_t *j, ImageConfig *config) {
        const json_t *history = json_object_get(j, "history");
        size_t n = json_array_size(history);
        const char *comment = NULL;
        int r;

        if (!history || json_is_null(history))
                return 0;
        if (!json_is_array(history) || n > HISTORY_MAX)
                return -EBADMSG;
        if (n == 0)
                return 0;

        config->history = calloc(n, sizeof(*config->history));
        if (!config->history)
                return -ENOMEM;
        for (; config->n_history < n; config->n_history++) {
                HistoryEntry *entry = &config->history[config->n_history];

                r = read_history_entry(json_array_get(history, config->n_history), entry);
                comment = entry->comment ?: comment;
                if (r < 0) {
                        config->n_history++; /* what it has is freed with the others */
                        return r;
                }
        }
        return free_and_strdup(&config->comment, comment);
}

static int read_document(const json_t *j, ImageConfig *config) {
        int r;

        r = json_read_string(j, "architecture", SHORT_TEXT_MAX, &config->architecture);
        if (r >= 0)
                r = json_read_string(j, "os", SHORT_TEXT_MAX, &config->os);
        if (r >= 0)
                r = json_read_string(j, "variant", SHORT_TEXT_MAX, &config->variant);
        if (r >= 0)
                r = json_read_string(j, "created", SHORT_TEXT_MAX, &config->created);
        if (r >= 0)
                r = json_read_string(j, "author", PATH_BYTES_MAX, &config->author);
        if (r >= 0)
                r = read_history(j, config);
        if (r >= 0)
                r = read_execution(j, config);
        if (r >= 0)
                r = read_diff_ids(j, config);
        return r;
}

int image_config_parse(const char *json, size_t size, ImageConfig **ret, Failure *reterr) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        int r;

        if (size > IMAGE_CONFIG_BYTES_MAX)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The image's config is longer than %u bytes",
                                IMAGE_CONFIG_BYTES_MAX);

        config = calloc(1, sizeof(*config));
        if (!config)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        j = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
        if (!j && json_error_code(&error) == json_error_out_of_memory)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (!j)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                                "The image's config is not valid JSON: %s", error.text);

        r = json_is_object(j) ? read_document(j, config) : -EBADMSG;
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARCHIVE, EBADMSG,
                            "The image's config has a member of a wrong type or beyond its bound");
        *ret = TAKE_PTR(config);
        return 0;
}

static int put_nanoseconds(json_t *j, const char *key, uint64_t usec) {
        return usec > 0 ? json_put_u64(j, key, usec * NSEC_PER_USEC) : 0;
}

static int put_healthcheck(json_t *j, const Healthcheck *h) {
        json_t *health;

        if (!h)
                return 0;

        health = json_object();
        if (json_put_new(j, "Healthcheck", health) < 0)
                return -ENOMEM;
        if (json_put_strv(health, "Test", h->test) < 0 ||
                        put_nanoseconds(health, "Interval", h->interval_usec) < 0 ||
                        put_nanoseconds(health, "Timeout", h->timeout_usec) < 0 ||
                        put_nanoseconds(health, "StartPeriod", h->start_period_usec) < 0 ||
                        put_nanoseconds(health, "StartInterval", h->start_interval_usec) < 0 ||
                        (h->retries > 0 && json_put_u64(health, "Retries", h->retries) < 0))
                return -ENOMEM;
        return 0;
}

static int put_execution(json_t *j, const ImageConfig *config) {
        json_t *inner = json_object();

        if (json_put_new(j, "config", inner) < 0)
                return -ENOMEM;
        if (json_put_strv(inner, "Env", config->env) < 0 ||
                        json_put_strv(inner, "Entrypoint", config->entrypoint) < 0 ||
                        json_put_strv(inner, "Cmd", config->cmd) < 0 ||
                        json_put_string(inner, "WorkingDir", config->working_dir) < 0 ||
                        json_put_string(inner, "User", config->user) < 0 ||
                        json_put_string(inner, "StopSignal", config->stop_signal) < 0 ||
                        json_put_map(inner, "Labels", config->labels) < 0 ||
                        json_put_keys(inner, "ExposedPorts", config->exposed_ports) < 0 ||
                        json_put_keys(inner, "Volumes", config->volumes) < 0)
                return -ENOMEM;
        return put_healthcheck(inner, config->healthcheck);
}

static int put_rootfs(json_t *j, char *const *diff_ids) {
        json_t *rootfs = json_object(), *array = json_array();
        int r;

        r = json_put_new(rootfs, "diff_ids", array);
        if (r < 0) {
                json_decref(rootfs);
                return r;
        }
        r = json_put_new(j, "rootfs", rootfs);
        if (r < 0)
                return r;

        STRV_FOREACH (s, diff_ids)
                if (json_array_append_new(array, json_sprintf(DIGEST_PREFIX "%s", *s)) < 0)
                        return -ENOMEM;
        return json_put_string(rootfs, "type", "layers");
}

static int put_history(json_t *j, const ImageConfig *config) {
        const HistoryEntry of_comment = { .comment = config->comment }, *entries = config->history;
        size_t n = config->n_history;
        json_t *history;

        if (n == 0 && !isempty(config->comment)) {
                entries = &of_comment;
                n = 1;
        }
        if (n == 0)
                return 0;

        history = json_array();
        if (json_put_new(j, "history", history) < 0)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                json_t *entry = json_object();

                if (json_array_append_new(history, entry) < 0 ||
                                json_put_string(entry, "created", entries[i].created) < 0 ||
                                json_put_string(entry, "created_by", entries[i].created_by) < 0 ||
                                json_put_string(entry, "comment", entries[i].comment) < 0 ||
                                json_put_bool(entry, "empty_layer", entries[i].empty_layer) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int image_config_to_json(const ImageConfig *config, char **ret) {
        _cleanup_json_ json_t *j = NULL;

        j = json_object();
        if (!j)
                return -ENOMEM;
        if (json_put_string(j, "architecture", config->architecture) < 0 ||
                        json_put_string(j, "os", config->os) < 0 ||
                        json_put_string(j, "variant", config->variant) < 0 ||
                        json_put_string(j, "created", config->created) < 0 ||
                        json_put_string(j, "author", config->author) < 0 ||
                        put_history(j, config) < 0 || put_execution(j, config) < 0 ||
                        put_rootfs(j, config->diff_ids) < 0)
                return -ENOMEM;
        return json_print(j, ret);
}

int image_config_for_import(
                const char *diff_id, const char *architecture, const char *message, char **ret) {
        _cleanup_strv_free_ char **diff_ids = NULL;
        ImageConfig config = {
                .architecture = (char *) architecture, /* borrowed: this one is printed, never freed */
                .os = (char *) "linux",
                .comment = (char *) message,
        };
        int r;

        r = strv_push(&diff_ids, diff_id);
        if (r < 0)
                return r;
        config.diff_ids = diff_ids;
        return image_config_to_json(&config, ret);
}

#if defined(__x86_64__)
#define ARCHITECTURE "amd64"
#elif defined(__i386__)
#define ARCHITECTURE "386"
#elif defined(__aarch64__)
#define ARCHITECTURE "arm64"
#elif defined(__arm__)
#define ARCHITECTURE "arm"
#elif defined(__riscv) && __riscv_xlen == 64
#define ARCHITECTURE "riscv64"
#elif defined(__powerpc64__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define ARCHITECTURE "ppc64le"
#elif defined(__s390x__)
#define ARCHITECTURE "s390x"
#elif defined(__loongarch64)
#define ARCHITECTURE "loong64"
#else
#define ARCHITECTURE "unknown"
#endif

const char *image_architecture(void) {
        return ARCHITECTURE;
}
