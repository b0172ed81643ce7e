/* SPDX-License-Identifier: Apache-2.0 */
/* puller/endpoint-failure.c: what went wrong with a registry, in words that a user can act on. */
#include <string.h>
#include "base/str.h"
#include "model/json.h"
#include "puller/endpoint.h"

#define REASON_MAX 512U

int endpoint_failure(const Endpoint *e, const HttpEnd *end, Failure *reterr) {
        const char *what = e->is_file ? "server" : "registry";

#define UNREACHABLE(errnum, ...) fail(reterr, FAILURE_REGISTRY_UNREACHABLE, errnum, __VA_ARGS__)
        switch (end->error) {
        case -ENOMEM:
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        case -ENOENT:
                return UNREACHABLE(EHOSTUNREACH, "Failed to find the %s '%s': %s", what,
                                e->authority, end->detail);
        case -ECONNREFUSED:
                return UNREACHABLE(ECONNREFUSED, "Failed to connect to the %s '%s': %s", what,
                                e->authority, end->detail);
        case -EKEYREJECTED:
                return UNREACHABLE(EKEYREJECTED,
                                "The certificate of the %s '%s' is not trusted: %s", what,
                                e->authority, end->detail);
        case -ETIMEDOUT:
                return UNREACHABLE(ETIMEDOUT, "The %s '%s' is too slow: %s", what, e->authority,
                                end->detail);
        case -ECONNRESET:
                return UNREACHABLE(ECONNRESET, "The connection to the %s '%s' broke off: %s", what,
                                e->authority, end->detail);
        case -ELOOP:
                return UNREACHABLE(ELOOP, "The %s '%s' redirects more than %u times", what,
                                e->authority, HTTP_REDIRECTS_MAX);
        case -EPERM:
                return UNREACHABLE(EPERM,
                                "The %s '%s' redirects to where must not be followed, such as "
                                "plain HTTP",
                                what, e->authority);
        case -E2BIG:
                return UNREACHABLE(EBADMSG, "The %s '%s' sends headers of more than %u bytes", what,
                                e->authority, HTTP_HEADERS_BYTES_MAX);
        default:
                return UNREACHABLE(EPROTO, "Failed to speak with the %s '%s': %s", what,
                                e->authority, end->detail);
        }
#undef UNREACHABLE
}

/* {"errors":[{"code":"…","message":"…"}]}, or the token service's {"details":"…"}. "" where it says nothing. */
static void read_reason(const char *text, char ret[static REASON_MAX]) {
        _cleanup_free_ char *message = NULL, *code = NULL;
        _cleanup_json_ json_t *j = NULL;
        const json_t *first;
        json_error_t error;

        ret[0] = '\0';
        j = json_loads(text, 0, &error);
        first = json_array_get(json_object_get(j, "errors"), 0);
        if (!json_is_object(first))
                first = j;
        if (!json_is_object(first))
                return;
        /* what is of another type is not told */
        (void) json_read_string(first, "message", REASON_MAX, &message);
        if (!message)
                (void) json_read_string(first, "details", REASON_MAX, &message);
        (void) json_read_string(first, "code", REASON_MAX, &code);
        if (message || code)
                (void) snprintf(ret, REASON_MAX, "%s", message ? message : code); /* cut if long */
        text_clean(ret);
}

int endpoint_refusal(const Endpoint *e, const HttpReply *reply, const char *text, const char *what,
                const char *name, Failure *reterr) {
        const char *kind = e->is_file ? "server" : "registry", *colon;
        char reason[REASON_MAX], of[REASON_MAX] = "";

        read_reason(text, reason);
        colon = reason[0] ? ": " : "";
        if (name)
                (void) snprintf(of, sizeof(of), " of '%s'", name);

        switch (reply->status) {
        case 401:
        case 403:
                return fail(reterr, FAILURE_REGISTRY_DENIED, EACCES,
                                "The %s '%s' does not give %s%s%s%s%s", kind, e->authority, what,
                                of, e->has_login ? "" : " (it may not exist, or need a login)",
                                colon, reason);
        case 404:
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, ENOENT,
                                "The %s '%s' does not have %s%s%s%s", kind, e->authority, what, of,
                                colon, reason);
        case 429:
                return fail(reterr, FAILURE_REGISTRY_DENIED, EBUSY,
                                "The %s '%s' takes no more requests at present%s%s", kind,
                                e->authority, colon, reason);
        default:
                return fail(reterr, FAILURE_REGISTRY_UNREACHABLE, EPROTO,
                                "The %s '%s' answered with status %d when asked for %s%s%s%s", kind,
                                e->authority, reply->status, what, of, colon, reason);
        }
}
