/* SPDX-License-Identifier: Apache-2.0 */
/* model/engine-config.c: the keys of pocketdocker.conf and their bounds. */
#include "model/engine-config.h"
#include <stddef.h>
#include <strings.h>
#include "base/parse.h"
#include "base/str.h"
#include "model/image-ref.h"
#include "model/json.h"
#include "model/limits.h"
#include "model/names.h"

typedef enum KeyKind {
        KEY_REGISTRY,   /* char * */
        KEY_REGISTRIES, /* char **: one or more, separated by blanks */
        KEY_MIRROR,     /* char **: REGISTRY=URL */
        KEY_DIRECTORY,  /* char ** */
        KEY_NUMBER,     /* uint32_t */
        KEY_COUNT,      /* uint64_t */
        KEY_BYTES,      /* uint64_t */
        KEY_TIME,       /* uint64_t, µs */
} KeyKind;

typedef struct Key {
        const char *section, *name;
        KeyKind kind;
        size_t offset;     /* in EngineConfig */
        uint64_t min, max; /* of numbers */
        uint64_t built_in;
} Key;

#define MEMBER(name) offsetof(EngineConfig, name)

static const Key keys[] = {
        { "Registries", "Default", KEY_REGISTRY, MEMBER(default_registry), 0, 0, 0 },
        { "Registries", "Mirror", KEY_MIRROR, MEMBER(mirrors), 0, 0, 0 },
        { "Registries", "Insecure", KEY_REGISTRIES, MEMBER(insecure), 0, 0, 0 },
        { "Registries", "Blocked", KEY_REGISTRIES, MEMBER(blocked), 0, 0, 0 },
        { "Registries", "CertificateDirectory", KEY_DIRECTORY, MEMBER(certificates), 0, 0, 0 },
        { "Pull", "ParallelLayers", KEY_NUMBER, MEMBER(parallel_layers), 1, PARALLEL_LAYERS_MAX,
          3 },
        { "Pull", "Retries", KEY_NUMBER, MEMBER(retries), 0, PULL_RETRIES_MAX, 5 },
        { "Pull", "RatioMax", KEY_NUMBER, MEMBER(ratio_max), 1, 1000000, ARCHIVE_RATIO_DEFAULT },
        { "Pull", "PathDepthMax", KEY_NUMBER, MEMBER(path_depth_max), 1, ARCHIVE_DEPTH_MAX,
          ARCHIVE_DEPTH_MAX },
        { "Pull", "Timeout", KEY_TIME, MEMBER(timeout_usec), 1000 * 1000, PULL_TIMEOUT_MAX_USEC,
          PULL_TIMEOUT_USEC },
        { "Pull", "LayerBytesMax", KEY_BYTES, MEMBER(layer_bytes_max), 1, ARCHIVE_BYTES_MAX,
          ARCHIVE_BYTES_MAX },
        { "Pull", "ImageBytesMax", KEY_BYTES, MEMBER(image_bytes_max), 1, UINT64_MAX,
          ARCHIVE_BYTES_MAX },
        { "Pull", "EntriesMax", KEY_COUNT, MEMBER(entries_max), 1, ARCHIVE_ENTRIES_MAX,
          ARCHIVE_ENTRIES_MAX },
};

static const char *const certificates_built_in[] = { "/etc/pocketdocker/certs.d",
        "/etc/docker/certs.d" };

static void *member(EngineConfig *c, const Key *key) {
        return (char *) c + key->offset;
}

static int set_built_in(EngineConfig *c, const Key *key) {
        void *at = member(c, key);
        int r = 0;

        switch (key->kind) {
        case KEY_REGISTRY:
                return free_and_strdup((char **) at, DEFAULT_REGISTRY);
        case KEY_REGISTRIES:
        case KEY_MIRROR:
                *(char ***) at = strv_free(*(char ***) at);
                return 0;
        case KEY_DIRECTORY:
                *(char ***) at = strv_free(*(char ***) at);
                for (size_t i = 0; r >= 0 && i < ELEMENTSOF(certificates_built_in); i++)
                        r = strv_push(at, certificates_built_in[i]);
                return r;
        case KEY_NUMBER:
                *(uint32_t *) at = (uint32_t) key->built_in;
                return 0;
        case KEY_COUNT:
        case KEY_BYTES:
        case KEY_TIME:
                *(uint64_t *) at = key->built_in;
                return 0;
        }
        return -EINVAL;
}

int engine_config_init(EngineConfig *ret) {
        int r = 0;

        *ret = (EngineConfig) {};
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(keys); i++)
                r = set_built_in(ret, &keys[i]);
        return r;
}

void engine_config_done(EngineConfig *c) {
        free(c->default_registry);
        strv_free(c->mirrors);
        strv_free(c->insecure);
        strv_free(c->blocked);
        strv_free(c->certificates);
        *c = (EngineConfig) {};
}

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

/* As a reference would have it: what is no registry there is none here. */
static int check_registry(const Key *key, const char *value, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        _cleanup_free_ char *text = NULL;
        int r;

        if (str_printf(&text, "%s/x", value) < 0)
                return no_memory(reterr);
        r = image_ref_parse(text, &ref, NULL);
        if (r == -ENOMEM)
                return no_memory(reterr);
        if (r >= 0 && ref->domain && streq(ref->domain, value))
                return 0;
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' of '%s=' is not a registry's name",
                        value, key->name);
}

static int add(char ***l, const Key *key, const char *value, Failure *reterr) {
        if (strv_length(*l) >= CONFIG_LIST_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0, "'%s=' has more than %u values",
                                key->name, CONFIG_LIST_MAX);
        return strv_push(l, value) < 0 ? no_memory(reterr) : 0;
}

static int add_registries(char ***l, const Key *key, const char *value, Failure *reterr) {
        _cleanup_strv_free_ char **words = NULL;
        int r = 0;

        if (strv_split(value, ' ', &words) < 0)
                return no_memory(reterr);
        STRV_FOREACH(word, words) {
                if (isempty(*word))
                        continue;
                r = check_registry(key, *word, reterr);
                if (r >= 0)
                        r = add(l, key, *word, reterr);
                if (r < 0)
                        break;
        }
        return r;
}

static int add_mirror(char ***l, const Key *key, const char *value, Failure *reterr) {
        const char *equals = strchr(value, '='), *url = equals ? equals + 1 : "",
                   *host = startswith(url, "https://") ?: startswith(url, "http://");
        _cleanup_free_ char *registry = NULL;
        int r;

        /* A user's name there would be shown to whoever may read this file. */
        if (isempty(host) || *host == '/' || strpbrk(host, "@?# \"\\"))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' of '%s=' is not REGISTRY=URL", value, key->name);
        registry = strndup(value, (size_t) (equals - value));
        if (!registry)
                return no_memory(reterr);
        r = check_registry(key, registry, reterr);
        return r < 0 ? r : add(l, key, value, reterr);
}

static int add_directory(char ***l, const Key *key, const char *value, Failure *reterr) {
        if (value[0] != '/' || strlen(value) >= PATH_BYTES_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "'%s' of '%s=' is not an absolute path", value, key->name);
        return add(l, key, value, reterr);
}

static int set_number(EngineConfig *c, const Key *key, const char *value, Failure *reterr) {
        uint64_t n = 0;
        int r;

        if (key->kind == KEY_BYTES)
                r = parse_bytes(value, &n);
        else if (key->kind == KEY_TIME)
                r = parse_seconds(value, &n);
        else
                r = parse_u64(value, &n);
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' of '%s=' is not a %s",
                                value, key->name, key->kind == KEY_TIME ? "time" : "number");
        if (n < key->min || n > key->max)
                return fail(reterr, FAILURE_INVALID_ARGS, ERANGE,
                                "'%s' of '%s=' is too %s", value, key->name,
                                n < key->min ? "small" : "large");
        if (key->kind == KEY_NUMBER)
                *(uint32_t *) member(c, key) = (uint32_t) n;
        else
                *(uint64_t *) member(c, key) = n;
        return 0;
}

static int set(EngineConfig *c, const Key *key, const char *value, Failure *reterr) {
        char ***list = member(c, key);
        int r;

        switch (key->kind) {
        case KEY_REGISTRY:
                r = check_registry(key, value, reterr);
                if (r < 0)
                        return r;
                return free_and_strdup(member(c, key), value) < 0 ? no_memory(reterr) : 0;
        case KEY_REGISTRIES:
                return add_registries(list, key, value, reterr);
        case KEY_MIRROR:
                return add_mirror(list, key, value, reterr);
        case KEY_DIRECTORY:
                return add_directory(list, key, value, reterr);
        case KEY_NUMBER:
        case KEY_COUNT:
        case KEY_BYTES:
        case KEY_TIME:
                return set_number(c, key, value, reterr);
        }
        return -EINVAL;
}

int engine_config_set(EngineConfig *c, const char *section, const char *key, const char *value,
                Failure *reterr) {
        for (size_t i = 0; i < ELEMENTSOF(keys); i++) {
                if (!streq(keys[i].section, section) || !streq(keys[i].name, key))
                        continue;
                if (*value)
                        return set(c, &keys[i], value, reterr);
                if (keys[i].kind == KEY_DIRECTORY) { /* the built-in ones, too */
                        c->certificates = strv_free(c->certificates);
                        return 0;
                }
                return set_built_in(c, &keys[i]) < 0 ? no_memory(reterr) : 0;
        }
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no '%s=' in the section '[%s]'",
                        key, section);
}

bool engine_config_blocks(const EngineConfig *c, const char *domain) {
        STRV_FOREACH(blocked, c->blocked)
                if (strcasecmp(*blocked, domain) == 0)
                        return true;
        return false;
}

/* {"REGISTRY": ["URL", …]} */
static int put_mirrors(json_t *j, char *const *mirrors) {
        json_t *all = json_object();

        if (json_put_new(j, "mirrors", all) < 0)
                return -ENOMEM;
        STRV_FOREACH(mirror, mirrors) {
                const char *equals = strchr(*mirror, '=');
                _cleanup_free_ char *registry =
                                strndup(*mirror, (size_t) (equals - *mirror));
                json_t *urls;

                if (!registry)
                        return -ENOMEM;
                urls = json_object_get(all, registry);
                if (!urls) {
                        urls = json_array();
                        if (json_put_new(all, registry, urls) < 0)
                                return -ENOMEM;
                }
                if (json_array_append_new(urls, json_string(equals + 1)) < 0)
                        return -ENOMEM;
        }
        return 0;
}

int engine_config_for_fetch(const EngineConfig *c, char **ret) {
        _cleanup_json_ json_t *j = NULL;

        j = json_object();
        if (!j || put_mirrors(j, c->mirrors) < 0 ||
                        json_put_strv(j, "insecure", c->insecure) < 0 ||
                        json_put_strv(j, "blocked", c->blocked) < 0 ||
                        json_put_strv(j, "certs", c->certificates) < 0 ||
                        json_put_u64(j, "retries", c->retries) < 0)
                return -ENOMEM;
        return json_print(j, ret);
}
