/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-ref.c: Docker's reference grammar. Knows text only; asks no registry and no store. */
#include "model/image-ref.h"
#include <stdio.h>
#include "base/str.h"
#include "model/digest.h"
#include "model/id.h"
#include "model/limits.h"
#include "model/names.h"

#define LOWER "abcdefghijklmnopqrstuvwxyz"
#define UPPER "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
#define DIGITS "0123456789"
#define LEGACY_DOMAIN "index.docker.io"
#define QUOTE_MAX 128

static char default_registry[REFERENCE_NAME_MAX + 1] = DEFAULT_REGISTRY;

void image_ref_use_registry(const char *domain) {
        (void) snprintf(default_registry, sizeof(default_registry), "%s", domain); /* it fits */
}

const char *image_ref_get_registry(void) {
        return default_registry;
}

ImageRef *image_ref_free(ImageRef *ref) {
        if (!ref)
                return NULL;

        free(ref->domain);
        free(ref->path);
        free(ref->tag);
        free(ref->digest);
        free(ref->id);
        free(ref);
        return NULL;
}

/* What stands between two runs of letters and digits: ".", "_", "__", or dashes. Return: its length, 0: none of these. */
static size_t separator_length(const char *s) {
        size_t n;

        if (*s == '.')
                return 1;
        if (*s == '_')
                return s[1] == '_' ? 2 : 1;
        n = strspn(s, "-");
        return n;
}

/* [a-z0-9]+ (separator [a-z0-9]+)* */
static bool component_is_valid(const char *s, size_t size) {
        const char *end = s + size;

        for (;;) {
                size_t n = strspn(s, LOWER DIGITS);

                if (n == 0 || s + n > end)
                        return false;
                s += n;
                if (s == end)
                        return true;

                n = separator_length(s);
                if (n == 0)
                        return false;
                s += n;
        }
}

static bool path_is_valid(const char *path) {
        const char *s = path;

        for (;;) {
                size_t n = strcspn(s, "/");

                if (!component_is_valid(s, n))
                        return false;
                if (s[n] == '\0')
                        return true;
                s += n + 1;
        }
}

/* ":PORT" up to @end, at least one digit and at most five; nothing is fine too. */
static bool port_is_valid(const char *s, const char *end) {
        size_t n;

        if (s == end)
                return true;
        if (*s != ':')
                return false;
        n = strspn(s + 1, DIGITS);
        return n >= 1 && n <= 5 && s + 1 + n == end;
}

/* Labels of letters, digits and inner dashes, joined by dots. */
static bool host_is_valid(const char *s, size_t size) {
        const char *end = s + size;

        while (s < end) {
                size_t n = strspn(s, LOWER UPPER DIGITS "-");

                if (n == 0 || s[0] == '-' || s[n - 1] == '-')
                        return false;
                s += n;
                if (s == end)
                        return true;
                if (*s++ != '.')
                        return false;
        }
        return false;
}

static bool domain_is_valid(const char *domain) {
        const char *end = domain + strlen(domain);
        size_t n;

        if (domain[0] == '[') { /* an IPv6 address */
                n = strspn(domain + 1, "abcdefABCDEF" DIGITS ":");
                return n >= 2 && domain[1 + n] == ']' && port_is_valid(domain + n + 2, end);
        }

        n = strcspn(domain, ":");
        return host_is_valid(domain, n) && port_is_valid(domain + n, end);
}

/* Does the text before the first slash name a registry? It has a dot, a port or a capital, or is localhost. */
static bool looks_like_domain(const char *s, size_t size) {
        if (size == strlen("localhost") && memcmp(s, "localhost", size) == 0)
                return true;
        for (size_t i = 0; i < size; i++)
                if (strchr(".:[" UPPER, s[i]))
                        return true;
        return false;
}

static bool tag_is_valid(const char *tag) {
        size_t n = strspn(tag, LOWER UPPER DIGITS "_.-");

        return n >= 1 && n <= REFERENCE_TAG_MAX && tag[n] == '\0' && tag[0] != '.' && tag[0] != '-';
}

static int split_name(ImageRef *ref, char *name) {
        const char *slash = strchr(name, '/'), *path = name;
        const char *prefix = "";
        int r;

        if (slash && looks_like_domain(name, (size_t) (slash - name))) {
                ref->domain = strndup(name, (size_t) (slash - name));
                path = slash + 1;
                if (ref->domain && streq(ref->domain, LEGACY_DOMAIN))
                        r = free_and_strdup(&ref->domain, DEFAULT_REGISTRY);
                else
                        r = 0;
        } else
                r = free_and_strdup(&ref->domain, default_registry);
        if (r < 0 || !ref->domain)
                return -ENOMEM;

        if (streq(ref->domain, DEFAULT_REGISTRY) && !strchr(path, '/'))
                prefix = DEFAULT_REPOSITORY_PREFIX;
        return str_printf(&ref->path, "%s%s", prefix, path);
}

/* Takes "@DIGEST" and ":TAG" off the end of @name, which is changed. */
static int split_suffixes(ImageRef *ref, char *name, const char *typed, Failure *reterr) {
        Digest ignored;
        char *at, *colon;
        int r;

        at = strchr(name, '@');
        if (at) {
                r = digest_from_string(at + 1, &ignored);
                if (r == -EOPNOTSUPP)
                        return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                        "The digest of '%s' is not a SHA-256", typed);
                if (r < 0)
                        return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                        "The digest of '%s' is not valid", typed);
                ref->digest = strdup(at + 1);
                if (!ref->digest)
                        return -ENOMEM;
                *at = '\0';
        }

        /* A colon before the last slash is a port's. */
        colon = strrchr(name, ':');
        if (!colon || strchr(colon, '/'))
                return 0;
        if (!tag_is_valid(colon + 1))
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "The tag of '%s' is not valid", typed);
        ref->tag = strdup(colon + 1);
        if (!ref->tag)
                return -ENOMEM;
        *colon = '\0';
        return 0;
}

static int check_name(const ImageRef *ref, const char *typed, Failure *reterr) {
        if (!domain_is_valid(ref->domain))
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "The registry in '%s' is not a valid host name", typed);
        if (strpbrk(ref->path, UPPER))
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "The name of '%s' must be in lower case", typed);
        if (!path_is_valid(ref->path))
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "'%s' is not a valid image reference", typed);
        if (strlen(ref->domain) + 1 + strlen(ref->path) > REFERENCE_NAME_MAX)
                return fail(reterr, FAILURE_INVALID_REFERENCE, ENAMETOOLONG,
                                "The name of '%s' is longer than %u bytes", typed,
                                REFERENCE_NAME_MAX);
        return 0;
}

static int parse_id(const char *s, ImageRef **ret) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        const char *hex = startswith(s, DIGEST_PREFIX);

        if (!id_is_valid(hex ? hex : s))
                return 0;

        ref = calloc(1, sizeof(*ref));
        if (!ref)
                return -ENOMEM;
        ref->id = strdup(hex ? hex : s);
        if (!ref->id)
                return -ENOMEM;
        *ret = TAKE_PTR(ref);
        return 1;
}

int image_ref_parse(const char *s, ImageRef **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        _cleanup_free_ char *name = NULL;
        char typed[QUOTE_MAX];
        int r;

        (void) snprintf(typed, sizeof(typed), "%.*s", QUOTE_MAX - 1, s); /* cutting is what is meant */
        if (*s == '\0')
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "An image reference must not be empty");
        if (strlen(s) >= REFERENCE_MAX)
                return fail(reterr, FAILURE_INVALID_REFERENCE, ENAMETOOLONG,
                                "The image reference '%s' is too long", typed);

        r = parse_id(s, ret);
        if (r != 0)
                return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;

        ref = calloc(1, sizeof(*ref));
        name = strdup(s);
        if (!ref || !name)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        r = split_suffixes(ref, name, typed, reterr);
        if (r >= 0)
                r = split_name(ref, name);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return r;
        r = check_name(ref, typed, reterr);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(ref);
        return 0;
}

int image_ref_parse_tag(const char *s, ImageRef **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        char typed[QUOTE_MAX];
        int r;

        r = image_ref_parse(s, &ref, reterr);
        if (r < 0)
                return r;

        (void) snprintf(typed, sizeof(typed), "%.*s", QUOTE_MAX - 1, s); /* cutting is what is meant */
        if (ref->id)
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "'%s' is an image id and cannot be a name", typed);
        if (ref->digest)
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "The name '%s' for an image must not have a digest", typed);
        if (!ref->tag && free_and_strdup(&ref->tag, DEFAULT_TAG) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        *ret = TAKE_PTR(ref);
        return 0;
}

int image_ref_normalized(const ImageRef *ref, char **ret) {
        if (ref->id)
                return str_printf(ret, "%s", ref->id);
        if (ref->digest)
                return str_printf(ret, "%s/%s@%s", ref->domain, ref->path, ref->digest);
        return str_printf(
                        ret, "%s/%s:%s", ref->domain, ref->path, ref->tag ? ref->tag : DEFAULT_TAG);
}

bool image_ref_is_url(const char *s) {
        return startswith(s, "https://") || startswith(s, "http://");
}

bool image_ref_is_digest(const char *normalized) {
        return strchr(normalized, '@') != NULL;
}

/* Up to the digest, or to the tag: a colon before the last slash is a port's. */
size_t image_ref_repository_length(const char *normalized) {
        const char *slash = strrchr(normalized, '/');
        size_t path = slash ? (size_t) (slash - normalized) : 0;

        return path + strcspn(normalized + path, ":@");
}

bool image_ref_same_repository(const char *a, const char *b) {
        size_t n = image_ref_repository_length(a);

        return n == image_ref_repository_length(b) && memcmp(a, b, n) == 0;
}

int image_ref_repository(const ImageRef *ref, char **ret) {
        const char *path, *slash;

        if (ref->id)
                return str_printf(ret, "%s", ref->id);

        /* What is left out must come back when the text is read again: "localhost/x" would be
         * another registry's, and 64 hex digits an id. */
        path = streq(ref->domain, DEFAULT_REGISTRY)
                               ? startswith(ref->path, DEFAULT_REPOSITORY_PREFIX)
                               : NULL;
        if (!path || strchr(path, '/'))
                path = ref->path;
        slash = strchr(path, '/');
        if (!streq(ref->domain, default_registry) || id_is_valid(path) ||
                        (slash && looks_like_domain(path, (size_t) (slash - path))))
                return str_printf(ret, "%s/%s", ref->domain, ref->path);
        return str_printf(ret, "%s", path);
}

int image_ref_familiar(const ImageRef *ref, char **ret) {
        _cleanup_free_ char *repository = NULL;
        const char *tag = ref->tag ? ref->tag : DEFAULT_TAG;
        int r;

        r = image_ref_repository(ref, &repository);
        if (r < 0)
                return r;

        if (ref->id) {
                *ret = TAKE_PTR(repository);
                return 0;
        }
        if (ref->digest)
                return str_printf(ret, "%s@%s", repository, ref->digest);
        if (streq(repository, "sha256") && id_is_valid(tag)) /* a name that would read as an id */
                return image_ref_normalized(ref, ret);
        return str_printf(ret, "%s:%s", repository, tag);
}

int image_ref_familiar_from(const char *normalized, char **ret) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        int r;

        r = image_ref_parse(normalized, &ref, NULL);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                return str_printf(ret, "%s", normalized);
        return image_ref_familiar(ref, ret);
}
