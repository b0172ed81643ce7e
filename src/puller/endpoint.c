/* SPDX-License-Identifier: Apache-2.0 */
/* puller/endpoint.c: see endpoint.h. */
#include "puller/endpoint.h"
#include <string.h>
#include "base/str.h"

/* A token is renewed when the way there and back might take as long as it is still good. */
#define LIFETIME_MARGIN_USEC (5 * USEC_PER_SEC)

int endpoint_init(Endpoint *e, Http *http, const FetchConfig *config, const char *url, bool is_file,
                Failure *reterr) {
        _cleanup_free_ char *base = NULL;
        UrlOrigin origin;
        size_t n;

        if (str_printf(&base, "%s%s", strstr(url, "://") ? "" : "https://", url) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (url_origin(base, &origin) < 0)
                return fail(reterr, FAILURE_INVALID_REFERENCE, EINVAL,
                                "'%.200s' is not a URL that can be fetched", url);
        for (n = strlen(base); !is_file && n > 0 && base[n - 1] == '/'; n--)
                base[n - 1] = '\0';

        e->http = http;
        e->config = config;
        e->is_file = is_file;
        e->insecure = fetch_config_is_insecure(config, origin.authority);
        e->plain = origin.plain;
        e->expires_usec = USEC_INFINITY;
        if (origin.plain && !e->insecure)
                return fail(reterr, FAILURE_INVALID_ARGS, EPERM,
                                "'%s' would be fetched in plain HTTP, which is for registries "
                                "configured as insecure",
                                origin.authority);
        if (free_and_strdup(&e->authority, origin.authority) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        e->base = TAKE_PTR(base);
        return fetch_config_certificates(config, e->authority, &e->certificates, reterr);
}

static void forget_challenge(Endpoint *e) {
        free(e->asked.scheme);
        strv_free(e->asked.parameters);
        e->asked = (Challenge){};
}

void endpoint_done(Endpoint *e) {
        http_call_free(e->call);
        forget_challenge(e);
        login_done(&e->login);
        strbuf_done(&e->body);
        free(e->base);
        free(e->authority);
        free(e->certificates);
        free(e->authorization);
        *e = (Endpoint){};
}

bool endpoint_fall_back(Endpoint *e, int error) {
        const char *rest = startswith(e->base, "https://");
        char *base;

        /* What has certificates of its own is not spoken to without. */
        if (!e->insecure || e->plain || e->answered || e->certificates || !rest ||
                        error == -ENOMEM || error == -ENOENT || error == -ECANCELED)
                return false;
        if (str_printf(&base, "http://%s", rest) < 0)
                return false;
        free(e->base);
        e->base = base;
        e->plain = true;
        return true;
}

bool endpoint_is_expired(const Endpoint *e) {
        return e->expires_usec != USEC_INFINITY && now_boottime() >= e->expires_usec;
}

static int denied(const Endpoint *e, const char *why, Failure *reterr) {
        return fail(reterr, FAILURE_REGISTRY_DENIED, EACCES, "The registry '%s' %s", e->authority,
                        why);
}

static void set_authorization(Endpoint *e, char *value, usec_t expires_usec) {
        free(e->authorization);
        e->authorization = value;
        e->expires_usec = expires_usec;
        e->generation++;
}

/* A token's end, either way. fn() may do anything with the endpoint but free it. */
static void tell(Endpoint *e, const Failure *failure, bool again) {
        e->access = ENDPOINT_OPEN;
        e->call = http_call_free(e->call);
        strbuf_done(&e->body);
        e->fn(e, failure, again, e->userdata);
}

static int on_token_body(const HttpReply *reply, const void *data, size_t size, void *userdata) {
        Endpoint *e = userdata;

        return strbuf_append(&e->body, data, size);
}

static int take_token(Endpoint *e, Failure *reterr) {
        _cleanup_free_ char *token = NULL;
        char *value;
        usec_t lifetime;
        int r;

        r = token_parse(strempty(e->body.data), e->body.size, &token, &lifetime);
        if (r >= 0)
                r = bearer_credentials(token, &value);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return denied(e, "has a token service whose answer is no token", reterr);
        lifetime = lifetime > 2 * LIFETIME_MARGIN_USEC ? lifetime - LIFETIME_MARGIN_USEC
                                                       : lifetime / 2;
        set_authorization(e, value, usec_add(now_boottime(), lifetime));
        return 0;
}

static void on_token(const HttpReply *reply, const HttpEnd *end, const char *text, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Endpoint *e = userdata;
        bool again = false;

        if (end->error == -ECANCELED)
                (void) denied(e, "has a token service whose answer is no token", &failure);
        else if (end->error < 0) {
                again = end->error == -ETIMEDOUT || end->error == -ECONNRESET ||
                        end->error == -ECONNREFUSED;
                (void) endpoint_failure(e, end, &failure);
        } else if (reply->status == 200)
                (void) take_token(e, &failure);
        else {
                again = reply->status == 429 || reply->status >= 500;
                (void) endpoint_refusal(e, reply, text, "a token", NULL, &failure);
        }
        tell(e, failure_is_set(&failure) ? &failure : NULL, again);
}

static const HttpHandler token_handler = { .body = on_token_body, .done = on_token };

static int ask_for_token(Endpoint *e, Failure *reterr) {
        _cleanup_free_ char *url = NULL, *form = NULL, *basic = NULL;
        const Challenge *c = &e->asked;
        bool by_form = !isempty(e->login.identity_token);
        int r;

        if (by_form) {
                r = isempty(challenge_get(c, "realm"))
                                    ? -EINVAL
                                    : free_and_strdup(&url, challenge_get(c, "realm"));
                if (r >= 0)
                        r = token_form(c, e->scope, e->login.identity_token, &form);
        } else {
                r = token_url(c, e->scope, e->login.user, &url);
                if (r >= 0 && !isempty(e->login.user))
                        r = basic_credentials(e->login.user, e->login.password, &basic);
        }
        e->body.max_bytes = TOKEN_REPLY_BYTES_MAX;
        if (r >= 0)
                r = http_call_new(e->http,
                                &(HttpArgs){
                                                .url = url,
                                                .authorization = basic,
                                                .form = form,
                                                .certificates = e->certificates,
                                                .timeout_usec = e->config->document_usec,
                                                .handler = &token_handler,
                                                .userdata = e,
                                },
                                &e->call);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return denied(e, "asks for a token from where none can be had", reterr);
        e->access = ENDPOINT_ASKING;
        return 1;
}

static int answer_basic(Endpoint *e, Failure *reterr) {
        char *value;
        int r;

        if (isempty(e->login.user))
                return denied(e, "asks for a login", reterr);
        if (e->authorization) /* it has had what we have */
                return denied(e, "refuses the user's name or password", reterr);
        r = basic_credentials(e->login.user, e->login.password, &value);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return denied(e, "cannot be given a user's name with a colon", reterr);
        set_authorization(e, value, USEC_INFINITY);
        return 0;
}

static int remember(Endpoint *e, const Challenge *c) {
        Challenge copy = {};

        if (free_and_strdup(&copy.scheme, c->scheme) < 0 ||
                        strv_copy(c->parameters, &copy.parameters) < 0) {
                free(copy.scheme);
                return -ENOMEM;
        }
        forget_challenge(e);
        e->asked = copy;
        return 0;
}

int endpoint_authorize(Endpoint *e, const Challenges *c, Failure *reterr) {
        const Challenge *bearer = c ? challenges_find(c, "bearer") : NULL;
        char *value;

        if (e->access == ENDPOINT_ASKING)
                return 1;
        if (e->is_file)
                return denied(e, "does not give the file without a login", reterr);
        if (!isempty(e->login.registry_token) && !e->authorization) {
                if (bearer_credentials(e->login.registry_token, &value) < 0)
                        return denied(e, "cannot be given such a token", reterr);
                set_authorization(e, value, USEC_INFINITY);
                return 0;
        }
        if (bearer && remember(e, bearer) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (bearer || (!c && e->asked.scheme))
                return ask_for_token(e, reterr);
        if (c && challenges_find(c, "basic"))
                return answer_basic(e, reterr);
        return denied(e, "asks for a login in a way that is not supported", reterr);
}
