/* SPDX-License-Identifier: Apache-2.0 */
/* puller/registry.c: see registry.h. */
#include "puller/registry.h"
#include <inttypes.h>
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "model/names.h"

#define DEFAULT_REGISTRY_HOST "registry-1.docker.io" /* who answers for docker.io */
#define REFUSALS_MAX 1U /* 401 in spite of a token: it may have been an old one, once */
#define PROGRESS_BYTES                                                                             \
        (1024U * 1024) /* who has brought this much has earned all its retries again */

typedef enum AskState {
        ASK_HELD,    /* by who asked */
        ASK_DUE,     /* at not_before */
        ASK_WAITING, /* for the endpoint's token */
        ASK_RUNNING,
        ASK_FAILED, /* done() is to be called */
        ASK_OVER,
} AskState;

struct Ask {
        Registry *registry; /* borrowed */
        Ask *next;
        AskArgs args;
        char *path; /* owned; all other strings are borrowed */
        AskState state;
        size_t endpoint;     /* which */
        HttpCall *call;      /* owned */
        unsigned generation; /* of the authorization that was sent */
        unsigned tries, refusals, pieces;
        usec_t not_before;
        uint64_t offset;    /* bytes handed on */
        uint64_t at;        /* the next byte that the call brings; below offset: passed over */
        uint64_t earned_at; /* offset when its retries were last counted anew */
        bool began, refused_bytes;
        Failure failure;
};

struct Registry {
        Http *http;                /* borrowed */
        const FetchConfig *config; /* borrowed */
        const char *name;          /* borrowed */
        char *repository, *scope;  /* owned; NULL for a file */
        Endpoint endpoints[ENDPOINTS_MAX];
        size_t n_endpoints;
        size_t preferred; /* which has had the last document: the others of that image are there as well */
        Ask *asks;        /* borrowed: they take themselves out */
        char **warned; /* owned */
        void (*warn)(const char *text, void *userdata);
        void *userdata;
};

static void on_token(Endpoint *e, const Failure *failure, bool again, void *userdata);

static int add_endpoint(Registry *r, const char *url, bool is_file, Failure *reterr) {
        Endpoint *e = r->endpoints + r->n_endpoints;
        int k;

        if (r->n_endpoints == ENDPOINTS_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "There are more than %u mirrors",
                                ENDPOINTS_MAX - 1);
        k = endpoint_init(e, r->http, r->config, url, is_file, reterr);
        r->n_endpoints++; /* half made it is put away, too */
        e->scope = r->scope;
        e->fn = on_token;
        e->userdata = r;
        return k;
}

int registry_new(Http *http, const FetchConfig *config, const ImageRef *ref, const char *url,
                const char *name, void (*warn)(const char *text, void *userdata), void *userdata,
                Registry **ret, Failure *reterr) {
        _cleanup_(registry_freep) Registry *r = NULL;
        int k;

        r = calloc(1, sizeof(*r));
        if (!r)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *r = (Registry){
                .http = http, .config = config, .name = name, .warn = warn, .userdata = userdata
        };
        if (url) {
                k = add_endpoint(r, url, true, reterr);
                if (k < 0)
                        return k;
                *ret = TAKE_PTR(r);
                return 0;
        }

        if (free_and_strdup(&r->repository, ref->path) < 0 ||
                        str_printf(&r->scope, "repository:%s:pull", ref->path) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        STRV_FOREACH(mirror, config->mirrors) {
                k = add_endpoint(r, *mirror, false, reterr);
                if (k < 0)
                        return k;
        }
        k = add_endpoint(r,
                        streq(ref->domain, DEFAULT_REGISTRY) ? DEFAULT_REGISTRY_HOST : ref->domain,
                        false, reterr);
        if (k < 0)
                return k;
        /* by the name that people know */
        if (free_and_strdup(&r->endpoints[r->n_endpoints - 1].authority, ref->domain) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *ret = TAKE_PTR(r);
        return 0;
}

Registry *registry_free(Registry *r) {
        if (!r)
                return NULL;

        for (size_t i = 0; i < r->n_endpoints; i++)
                endpoint_done(r->endpoints + i);
        free(r->repository);
        free(r->scope);
        strv_free(r->warned);
        free(r);
        return NULL;
}

int registry_use_credentials(Registry *r, const char *json, size_t size, Failure *reterr) {
        for (Endpoint *e = r->endpoints; e < r->endpoints + r->n_endpoints; e++) {
                int k;

                k = login_find(json, size, e->authority, &e->login, reterr);
                if (k < 0)
                        return k;
                e->has_login = k > 0;
        }
        return 0;
}

static Endpoint *endpoint_of(Ask *ask) {
        return ask->registry->endpoints + ask->endpoint;
}

int registry_ask(Registry *r, const AskArgs *args, Ask **ret) {
        _cleanup_(ask_freep) Ask *ask = NULL;

        ask = calloc(1, sizeof(*ask));
        if (!ask)
                return -ENOMEM;
        *ask = (Ask){
                .registry = r,
                .next = r->asks,
                .args = *args,
                .state = ASK_DUE,
                .endpoint = r->preferred,
        };
        r->asks = ask;
        if (free_and_strdup(&ask->path, args->path) < 0)
                return -ENOMEM;
        *ret = TAKE_PTR(ask);
        return 0;
}

Ask *ask_free(Ask *ask) {
        if (!ask)
                return NULL;

        for (Ask **p = &ask->registry->asks; *p; p = &(*p)->next)
                if (*p == ask) {
                        *p = ask->next;
                        break;
                }
        http_call_free(ask->call);
        failure_done(&ask->failure);
        free(ask->path);
        free(ask);
        return NULL;
}

void ask_resume(Ask *ask) {
        if (ask->call)
                http_call_resume(ask->call);
}

bool ask_was_pieced(const Ask *ask) {
        return ask->pieces > 1;
}

bool ask_again(Ask *ask, bool elsewhere) {
        if (elsewhere && ask->endpoint + 1 >= ask->registry->n_endpoints)
                return false;
        ask->endpoint += elsewhere;
        ask->offset = ask->earned_at = 0;
        ask->tries = ask->refusals = ask->pieces = 0;
        ask->not_before = 0;
        ask->state = ASK_HELD;
        return true;
}

void ask_go(Ask *ask) {
        ask->state = ASK_DUE;
}

/*
 * It did not work. @again: it may the next time. Only the registry itself is waited for: a mirror that has trouble is
 * passed over, and what it has brought stays.
 */
static void trouble(Ask *ask, const Failure *failure, bool again, usec_t pause) {
        Registry *r = ask->registry;
        bool is_last = ask->endpoint + 1 >= r->n_endpoints;
        usec_t wait = r->config->pause_usec;

        failure_copy(failure, &ask->failure);
        if (ask->offset >= ask->earned_at + PROGRESS_BYTES) {
                ask->earned_at = ask->offset;
                ask->tries = 0;
        }
        if (again && is_last && ask->tries < r->config->retries) {
                for (unsigned i = 0; i < ask->tries && wait < FETCH_PAUSE_MAX_USEC; i++)
                        wait *= 2;
                wait = MIN2(MAX2(wait, pause), FETCH_PAUSE_MAX_USEC);
                ask->tries++;
                ask->not_before = usec_add(now_boottime(), wait);
                ask->state = ASK_DUE;
        } else if (!is_last) {
                ask->endpoint++;
                ask->tries = ask->refusals = 0;
                ask->not_before = 0;
                ask->state = ASK_DUE;
        } else
                ask->state = ASK_FAILED;
}

/* What it brings is not what was asked for. */
static void wrong_size(Ask *ask, uint64_t size, bool more) {
        const AskArgs *args = &ask->args;

        if (args->size_bytes != UINT64_MAX)
                (void) fail(&ask->failure, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "The registry '%s' sends %s%" PRIu64
                                " bytes for %s of '%s', which has %" PRIu64,
                                endpoint_of(ask)->authority, more ? "more than " : "", size,
                                args->what, ask->registry->name, args->size_bytes);
        else
                (void) fail(&ask->failure, FAILURE_LIMIT_REACHED, EFBIG,
                                "The registry '%s' sends more than %" PRIu64
                                " bytes for %s of '%s'",
                                endpoint_of(ask)->authority, args->max_bytes, args->what,
                                ask->registry->name);
        ask->refused_bytes = true;
}

/* The first bytes of a reply: where do they belong? Return: 0 or -EBADMSG. */
static int begin_body(Ask *ask, const HttpReply *reply) {
        const AskArgs *args = &ask->args;

        ask->began = true;
        ask->pieces++;
        ask->at = reply->status == 206 ? reply->range_start : 0;
        if (ask->at > ask->offset || (reply->status == 206 && ask->offset == 0 && ask->at != 0)) {
                (void) fail(&ask->failure, FAILURE_REGISTRY_UNREACHABLE, EPROTO,
                                "The registry '%s' sends another part of %s of '%s' than it was "
                                "asked for",
                                endpoint_of(ask)->authority, args->what, ask->registry->name);
                ask->refused_bytes = true;
                return -EBADMSG;
        }
        if (reply->length != UINT64_MAX && args->size_bytes != UINT64_MAX &&
                        reply->length != args->size_bytes - ask->at) {
                wrong_size(ask, reply->length + ask->at, false);
                return -EBADMSG;
        }
        return 0;
}

static int on_body(const HttpReply *reply, const void *data, size_t size, void *userdata) {
        Ask *ask = userdata;
        uint64_t bound = ask->args.size_bytes != UINT64_MAX ? ask->args.size_bytes
                                                            : ask->args.max_bytes;
        size_t skip;
        int r;

        if (!ask->began && begin_body(ask, reply) < 0)
                return -EBADMSG;
        if (ask->at + size > bound) {
                wrong_size(ask, bound, true);
                return -EBADMSG;
        }
        skip = (size_t) MIN2((uint64_t) size, ask->offset > ask->at ? ask->offset - ask->at : 0);
        if (skip < size) {
                r = ask->args.handler->body(
                                (const char *) data + skip, size - skip, ask->args.userdata);
                if (r < 0)
                        ask->state = ASK_OVER;
                if (r != 0)
                        return r;
                ask->offset += size - skip;
        }
        ask->at += size;
        return 0;
}

/* Text of `299 - "text"`: what a registry says to users; other codes are caches'. Source: distribution-spec, warnings */
static void show_warnings(Registry *r, char *const *values) {
        STRV_FOREACH(s, values) {
                const char *text = startswith(*s, "299 - \"");
                size_t n = text ? strlen(text) : 0;
                _cleanup_free_ char *copy = NULL;

                if (n < 2 || text[n - 1] != '"' || strv_length(r->warned) >= HTTP_WARNINGS_MAX)
                        continue;
                copy = strndup(text, MIN2(n - 1, (size_t) ERROR_MESSAGE_MAX - 1));
                if (!copy || strv_contains(r->warned, copy) || strv_push(&r->warned, copy) < 0)
                        continue; /* it is advice: without memory there will be worse news */
                text_clean(copy);
                r->warn(copy, r->userdata);
        }
}

static void finish(Ask *ask, const HttpReply *reply) {
        if (ask->args.is_document)
                ask->registry->preferred = ask->endpoint;
        ask->state = ASK_OVER;
        ask->args.handler->done(
                        reply, NULL, ask->args.userdata); /* may free it: nothing may follow */
}

/* It says that it does not know us. */
static void on_unauthorized(Ask *ask, const HttpReply *reply, const char *text) {
        _cleanup_failure_ Failure failure = {};
        Endpoint *e = endpoint_of(ask);
        int r;

        if (ask->generation != e->generation) { /* it was renewed meanwhile */
                ask->state = ASK_DUE;
                return;
        }
        if (ask->generation > 0 && ask->refusals++ >= REFUSALS_MAX) {
                (void) endpoint_refusal(
                                e, reply, text, ask->args.what, ask->registry->name, &failure);
                trouble(ask, &failure, false, 0);
                return;
        }
        r = endpoint_authorize(e, &reply->challenges, &failure);
        if (r < 0)
                trouble(ask, &failure, false, 0);
        else
                ask->state = r > 0 ? ASK_WAITING : ASK_DUE;
}

static void on_reply(Ask *ask, const HttpReply *reply, const char *text) {
        _cleanup_failure_ Failure failure = {};
        Endpoint *e = endpoint_of(ask);
        int status = reply->status;

        show_warnings(ask->registry, reply->warnings);
        if (status == 200 || status == 206) {
                ask->refusals = 0;
                if (ask->args.size_bytes == UINT64_MAX || ask->args.head ||
                                ask->offset == ask->args.size_bytes) {
                        finish(ask, reply);
                        return;
                }
                (void) fail(&failure, FAILURE_REGISTRY_UNREACHABLE, ECONNRESET,
                                "The registry '%s' sends only %" PRIu64 " of the %" PRIu64
                                " bytes of %s of '%s'",
                                e->authority, ask->offset, ask->args.size_bytes, ask->args.what,
                                ask->registry->name);
                trouble(ask, &failure, true, 0);
                return;
        }
        if (status == 401 && !reply->elsewhere) {
                on_unauthorized(ask, reply, text);
                return;
        }
        (void) endpoint_refusal(e, reply, text, ask->args.what, ask->registry->name, &failure);
        /* who was sent away by a third party may be sent somewhere better the next time */
        trouble(ask, &failure, status == 429 || status == 408 || status >= 500 || reply->elsewhere,
                        reply->retry_after_usec);
}

/* What the same request may not meet the next time. */
static bool is_passing(int error) {
        switch (error) {
        case -ENOENT:
        case -ECONNREFUSED:
        case -ECONNRESET:
        case -ETIMEDOUT:
        case -EPROTO:
        case -EIO:
                return true;
        default:
                return false;
        }
}

static void on_done(const HttpReply *reply, const HttpEnd *end, const char *text, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Ask *ask = userdata;
        _cleanup_(http_call_freep) HttpCall *call =
                        TAKE_PTR(ask->call); /* @reply and @text are in it */
        Endpoint *e = endpoint_of(ask);
        bool answered = e->answered || reply->status > 0;

        (void) call; /* freed at the end: that is its use */
        ask->began = false;
        if (ask->state == ASK_OVER) /* nobody wants it any more */
                return;
        if (ask->refused_bytes) {
                ask->refused_bytes = false;
                failure_move(&ask->failure, &failure);
                trouble(ask, &failure, false, 0);
                return;
        }
        if (end->error < 0 && endpoint_fall_back(e, end->error)) {
                ask->state = ASK_DUE;
                return;
        }
        e->answered = answered;
        if (end->error == 0) {
                on_reply(ask, reply, text);
                return;
        }
        /* What has never answered is more likely mistyped than out of order. */
        (void) endpoint_failure(e, end, &failure);
        trouble(ask, &failure, answered && is_passing(end->error), 0);
}

static const HttpHandler http_handler = { .body = on_body, .done = on_done };

static void on_token(Endpoint *e, const Failure *failure, bool again, void *userdata) {
        Registry *r = userdata;

        for (Ask *ask = r->asks; ask; ask = ask->next) {
                if (ask->state != ASK_WAITING || endpoint_of(ask) != e)
                        continue;
                if (failure)
                        trouble(ask, failure, again, 0);
                else
                        ask->state = ASK_DUE;
        }
}

/* Return: 0, or negative errno and @failure. */
static int start(Ask *ask, Failure *failure) {
        _cleanup_free_ char *url = NULL;
        Endpoint *e = endpoint_of(ask);
        HttpArgs args = {
                .accept = ask->args.accept,
                .head = ask->args.head,
                .offset = ask->offset,
                .certificates = e->certificates,
                .timeout_usec = ask->args.is_document ? ask->registry->config->document_usec : 0,
                .handler = &http_handler,
                .userdata = ask,
        };
        int r;

        if (e->access == ENDPOINT_ASKING || endpoint_is_expired(e)) {
                r = endpoint_authorize(e, NULL, failure);
                if (r < 0)
                        return r;
                if (r > 0) {
                        ask->state = ASK_WAITING;
                        return 0;
                }
        }
        if (e->is_file)
                r = free_and_strdup(&url, e->base);
        else
                r = str_printf(&url, "%s/v2/%s/%s", e->base, ask->registry->repository, ask->path);
        args.url = url;
        args.authorization = e->authorization;
        if (r >= 0)
                r = http_call_new(ask->registry->http, &args, &ask->call);
        if (r < 0)
                return fail_errno(failure, r, "Failed to ask the registry '%s'", e->authority);
        ask->generation = e->generation;
        ask->state = ASK_RUNNING;
        return 0;
}

usec_t registry_next_due(const Registry *r) {
        usec_t next = USEC_INFINITY;

        for (const Ask *ask = r->asks; ask; ask = ask->next) {
                if (ask->state == ASK_FAILED)
                        return 0;
                if (ask->state == ASK_DUE)
                        next = MIN2(next, ask->not_before);
        }
        return next;
}

void registry_start_due(Registry *r) {
        usec_t now = now_boottime();
        Ask *ask = r->asks;

        while (ask) {
                _cleanup_failure_ Failure failure = {};

                if (ask->state == ASK_DUE && ask->not_before <= now && start(ask, &failure) < 0)
                        trouble(ask, &failure, false, 0);
                if (ask->state != ASK_FAILED) {
                        ask = ask->next;
                        continue;
                }
                failure_move(&ask->failure, &failure);
                ask->state = ASK_OVER;
                ask->args.handler->done(NULL, &failure, ask->args.userdata);
                ask = r->asks; /* any may be gone, and new ones there */
        }
}
