/* SPDX-License-Identifier: Apache-2.0 */
/* engine/pull-request.c: what a caller asks for, checked and written as a pull has it. */
#include "base/str.h"
#include "engine/pull-private.h"
#include "model/id.h"
#include "model/image-ref.h"
#include "model/limits.h"
#include "model/platform.h"

static int no_memory(Failure *reterr) {
        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
}

/* It becomes an argument of a process, which every user can read: no password may be in it. */
static int read_url(Pull *p, const PullRequest *request, Failure *reterr) {
        const char *url = request->reference, *host = strstr(url, "//") + 2,
                   *hex = request->sha256 ? startswith(request->sha256, DIGEST_PREFIX) ?:
                                                    request->sha256
                                          : NULL;
        size_t n = strcspn(host, "/?#");

        if (strlen(url) >= URL_MAX)
                return fail(reterr, FAILURE_INVALID_REFERENCE, 0,
                                "The URL is longer than %u bytes", URL_MAX);
        if (n == 0 || memchr(host, '@', n) || strpbrk(url, "# \"\\<>^`{|}"))
                return fail(reterr, FAILURE_INVALID_REFERENCE, 0, "'%s' is not a valid URL", url);
        for (const char *c = url; *c; c++)
                if ((unsigned char) *c <= ' ' || (unsigned char) *c >= 0x7f)
                        return fail(reterr, FAILURE_INVALID_REFERENCE, 0, "'%s' is not a valid URL",
                                        url);
        if (!hex)
                return fail(reterr, FAILURE_INVALID_ARGS, 0,
                                "What '%s' gives can only be pulled with its SHA-256", url);
        if (!id_is_valid(hex))
                return fail(reterr, FAILURE_INVALID_ARGS, 0,
                                "'%s' is not a SHA-256 in 64 hex digits", request->sha256);
        if (request->platform || request->policy != PULL_ALWAYS)
                return fail(reterr, FAILURE_INVALID_ARGS, 0,
                                "A URL has no platform, and no other policy than 'always'");
        if (free_and_strdup(&p->reference, url) < 0 || free_and_strdup(&p->sha256, hex) < 0)
                return no_memory(reterr);
        return 0;
}

static int read_platform(Pull *p, const char *text, Failure *reterr) {
        char normalized[PLATFORM_MAX];
        Platform platform;
        int r;

        if (!text)
                return 0;
        r = platform_parse(text, &platform, reterr);
        if (r < 0)
                return r;
        return free_and_strdup(&p->platform, platform_to_string(&platform, normalized)) < 0
                               ? no_memory(reterr)
                               : 0;
}

static int read_name(Manager *m, Pull *p, const PullRequest *request, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        const char *hex;
        int r;

        r = image_ref_parse(request->reference, &ref, reterr);
        if (r < 0)
                return r;
        if (ref->id)
                return fail(reterr, FAILURE_INVALID_REFERENCE, 0,
                                "'%s' is an image id: no registry is asked by those",
                                request->reference);
        if (request->sha256)
                return fail(reterr, FAILURE_INVALID_ARGS, 0,
                                "A SHA-256 beside a name is written '%s@sha256:…'",
                                request->reference);
        if (engine_config_blocks(&m->config, ref->domain))
                return fail(reterr, FAILURE_REGISTRY_DENIED, 0,
                                "The registry '%s' is blocked by the configuration", ref->domain);
        r = read_platform(p, request->platform, reterr);
        if (r < 0)
                return r;
        hex = ref->digest ? startswith(ref->digest, DIGEST_PREFIX) : NULL;
        if (image_ref_normalized(ref, &p->reference) < 0 ||
                        free_and_strdup(&p->domain, ref->domain) < 0 ||
                        free_and_strdup(&p->digest, hex) < 0)
                return no_memory(reterr);
        return 0;
}

static void pull_freep(Pull **p) {
        pull_free(*p);
}

int manager_pull_image(Manager *m, const PullRequest *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        _cleanup_(pull_freep) Pull *p = NULL;
        int r;

        p = calloc(1, sizeof(*p));
        if (!p)
                return no_memory(reterr);
        list_init(&p->pulls);
        p->credentials_fd = p->control_fd = -EBADF;
        p->policy = request->policy;
        p->may_take = request->may_take;
        r = image_ref_is_url(request->reference) ? read_url(p, request, reterr)
                                       : read_name(m, p, request, reterr);
        if (r < 0)
                return r;
        r = image_share_left(m, owner, &p->share_bytes, reterr);
        if (r < 0)
                return r;
        p->credentials_fd = request->credentials_fd;
        r = pull_begin(m, p, owner, ret, reterr);
        if (r < 0) {
                p->credentials_fd = -EBADF; /* still the caller's */
                return r;
        }
        p = NULL; /* the operation's */
        return 0;
}
