/* SPDX-License-Identifier: Apache-2.0 */
/* puller/auth.c: logins and tokens as text. */
#include "puller/auth.h"
#include <ctype.h>
#include <string.h>
#include "base/base64.h"
#include "base/str.h"
#include "model/json.h"
#include "model/limits.h"
#include "model/names.h"

#define LOGINS_MAX 256U
#define URL_BYTES_MAX (16U * 1024)
#define LIFETIME_MAX_USEC (24 * USEC_PER_HOUR)
#define CLIENT_ID "pocketdocker"

void login_done(Login *login) {
        free(login->user);
        free(login->password);
        free(login->identity_token);
        free(login->registry_token);
        *login = (Login) {};
}

/* The names that docker.io has had. */
static bool is_default_registry(const char *host, size_t n) {
        static const char *const names[] = { DEFAULT_REGISTRY, "index.docker.io",
                "registry-1.docker.io" };

        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                if (strlen(names[i]) == n && strncmp(host, names[i], n) == 0)
                        return true;
        return false;
}

static bool key_names_host(const char *key, const char *host) {
        const char *s = startswith(key, "https://");
        size_t n;

        s = s ? s : startswith(key, "http://");
        s = s ? s : key;
        n = strcspn(s, "/");
        if (streq(host, DEFAULT_REGISTRY) && is_default_registry(s, n))
                return true;
        return strlen(host) == n && strncmp(s, host, n) == 0;
}

/* "auth" is both in one. */
static int split_auth(const char *auth, Login *login) {
        _cleanup_free_ char *text = NULL;
        size_t size;
        char *colon;
        int r;

        r = base64_decode(auth, &text, &size);
        if (r < 0)
                return r == -ENOMEM ? r : -EBADMSG;
        while (size > 0 && text[size - 1] == '\0') /* old versions of Docker have put them there */
                size--;
        if (memchr(text, 0, size))
                return -EBADMSG;
        colon = strchr(text, ':');
        if (!colon)
                return -EBADMSG;
        *colon = '\0';
        r = free_and_strdup(&login->user, text);
        return r < 0 ? r : free_and_strdup(&login->password, colon + 1);
}

static int read_login(const json_t *entry, Login *login) {
        _cleanup_free_ char *auth = NULL;
        int r;

        if (!json_is_object(entry))
                return -EBADMSG;
        r = json_read_string(entry, "username", STRING_BYTES_MAX, &login->user);
        if (r >= 0)
                r = json_read_string(entry, "password", STRING_BYTES_MAX, &login->password);
        if (r >= 0)
                r = json_read_string(entry, "identitytoken", TOKEN_BYTES_MAX,
                                &login->identity_token);
        if (r >= 0)
                r = json_read_string(entry, "registrytoken", TOKEN_BYTES_MAX,
                                &login->registry_token);
        if (r >= 0)
                r = json_read_string(entry, "auth", CREDENTIALS_BYTES_MAX, &auth);
        if (r >= 0 && !isempty(auth))
                r = split_auth(auth, login);
        return r < 0 ? r : 0;
}

static bool login_is_empty(const Login *login) {
        return isempty(login->user) && isempty(login->identity_token) &&
               isempty(login->registry_token);
}

static int find(const json_t *j, const char *host, Login *login) {
        const json_t *auths = NULL, *entry;
        const char *key;
        int r;

        if (!json_is_object(j))
                return -EBADMSG;
        r = json_read_object(j, "auths", &auths);
        if (r <= 0)
                return r;
        if (json_object_size(auths) > LOGINS_MAX)
                return -EBADMSG;

        json_object_foreach ((json_t *) auths, key, entry) {
                if (!key_names_host(key, host))
                        continue;
                r = read_login(entry, login);
                if (r < 0)
                        return r;
                if (!login_is_empty(login))
                        return 1;
                login_done(login);
        }
        return 0;
}

int login_find(const char *json, size_t size, const char *host, Login *ret, Failure *reterr) {
        _cleanup_login_ Login login = {};
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;
        int r;

        j = json_loadb(json, size, JSON_REJECT_DUPLICATES, &error);
        if (!j)
                r = json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
        else
                r = find(j, host, &login);
        if (r == -ENOMEM)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r < 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                            "The credentials for '%s' do not have the form of Docker's config.json",
                            host);
        *ret = login;
        login = (Login) {};
        return r;
}

int basic_credentials(const char *user, const char *password, char **ret) {
        _cleanup_free_ char *both = NULL, *text = NULL;
        int r;

        if (strchr(user, ':')) /* it would end up in the password */
                return -EINVAL;
        r = str_printf(&both, "%s:%s", user, strempty(password));
        if (r >= 0)
                r = base64_encode(both, strlen(both), &text);
        return r < 0 ? r : str_printf(ret, "Basic %s", text);
}

static bool is_header_text(const char *s) {
        for (; *s != '\0'; s++)
                if (*s <= ' ' || *s > '~')
                        return false;
        return true;
}

int bearer_credentials(const char *token, char **ret) {
        if (isempty(token) || !is_header_text(token))
                return -EINVAL;
        return str_printf(ret, "Bearer %s", token);
}

/* All but letters, digits and "-._~" as %XX. Source: RFC 3986, section 2 */
static void put_encoded(StrBuf *b, const char *s, size_t n) {
        for (size_t i = 0; i < n; i++)
                if (isalnum((unsigned char) s[i]) || strchr("-._~", s[i]))
                        (void) strbuf_putc(b, s[i]);
                else
                        (void) strbuf_printf(b, "%%%02X", (unsigned char) s[i]);
}

static void put_parameter(StrBuf *b, const char *separator, const char *name, const char *value,
                size_t n) {
        (void) strbuf_printf(b, "%s%s=", separator, name);
        put_encoded(b, value, n);
}

int token_url(const Challenge *bearer, const char *scope, const char *user, char **ret) {
        _cleanup_strbuf_ StrBuf b = { .max_bytes = URL_BYTES_MAX };
        const char *realm = challenge_get(bearer, "realm"),
                   *service = challenge_get(bearer, "service"),
                   *told = challenge_get(bearer, "scope"), *separator;
        int r;

        if (isempty(realm) || !is_header_text(realm) || strchr(realm, '#') ||
                        (!startswith(realm, "https://") && !startswith(realm, "http://")))
                return -EINVAL;

        (void) strbuf_puts(&b, realm);
        separator = strchr(realm, '?') ? "&" : "?";
        if (!isempty(service)) {
                put_parameter(&b, separator, "service", service, strlen(service));
                separator = "&";
        }
        for (const char *s = isempty(told) ? scope : told;; separator = "&") {
                size_t n;

                s += strspn(s, " ");
                n = strcspn(s, " ");
                if (n == 0)
                        break;
                put_parameter(&b, separator, "scope", s, n);
                s += n;
        }
        if (!isempty(user))
                put_parameter(&b, separator, "account", user, strlen(user));

        r = strbuf_steal(&b, ret, NULL);
        return r == -E2BIG ? -EINVAL : r;
}

int token_form(const Challenge *bearer, const char *scope, const char *identity_token, char **ret) {
        _cleanup_strbuf_ StrBuf b = {};
        const char *service = strempty(challenge_get(bearer, "service")),
                   *told = challenge_get(bearer, "scope");

        if (!isempty(told))
                scope = told;
        (void) strbuf_puts(&b, "grant_type=refresh_token&client_id=" CLIENT_ID);
        put_parameter(&b, "&", "service", service, strlen(service));
        put_parameter(&b, "&", "scope", scope, strlen(scope));
        put_parameter(&b, "&", "refresh_token", identity_token, strlen(identity_token));
        return strbuf_steal(&b, ret, NULL);
}

static int read_token(const json_t *j, char **ret, usec_t *ret_lifetime) {
        _cleanup_free_ char *token = NULL;
        uint64_t seconds = 0;
        int r;

        if (!json_is_object(j))
                return -EBADMSG;
        r = json_read_string(j, "token", TOKEN_BYTES_MAX, &token);
        if (r >= 0 && isempty(token))
                r = json_read_string(j, "access_token", TOKEN_BYTES_MAX, &token);
        if (r < 0)
                return r;
        if (isempty(token) || !is_header_text(token))
                return -EBADMSG;

        /* What is no number here is passed over: a refusal comes soon enough, and then another token is had. */
        *ret_lifetime = TOKEN_LIFETIME_USEC;
        if (json_read_u64(j, "expires_in", &seconds) > 0 && seconds > 0)
                *ret_lifetime = MIN2(seconds, LIFETIME_MAX_USEC / USEC_PER_SEC) * USEC_PER_SEC;
        *ret = TAKE_PTR(token);
        return 0;
}

int token_parse(const char *json, size_t size, char **ret, usec_t *ret_lifetime) {
        _cleanup_json_ json_t *j = NULL;
        json_error_t error;

        j = json_loadb(json, size, 0, &error);
        if (!j)
                return json_error_code(&error) == json_error_out_of_memory ? -ENOMEM : -EBADMSG;
        return read_token(j, ret, ret_lifetime);
}
