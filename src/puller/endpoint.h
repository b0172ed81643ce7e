/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/endpoint.h: one of the places where a repository can be had: the registry itself or a mirror. Knows how to
 * reach it (TLS or plain), who we are to it and the token that it gave; asks only for tokens.
 */
#pragma once
#include "base/str.h"
#include "puller/auth.h"
#include "puller/http.h"
#include "puller/url.h"

typedef struct Endpoint Endpoint;

/* The state of the question who we are. */
typedef enum EndpointAccess {
        ENDPOINT_OPEN,   /* ask: with `authorization`, if there is one */
        ENDPOINT_ASKING, /* a token is under way: fn() comes */
} EndpointAccess;

struct Endpoint {
        Http *http;                /* borrowed */
        const FetchConfig *config; /* borrowed */
        char *base;                /* owned; "https://host:5000/prefix", or the whole URL of a plain file */
        char *authority;           /* owned; "host:5000": what sentences name */
        bool is_file;              /* base is what is wanted; there are no tokens */
        bool insecure, plain;      /* plain HTTP may be spoken; it is */
        bool answered;             /* it has said something already */
        char *certificates;        /* owned; may be NULL */
        Login login;
        bool has_login;

        EndpointAccess access;
        char *authorization;       /* owned; NULL: none yet */
        usec_t expires_usec;       /* of the authorization; USEC_INFINITY: never */
        unsigned generation;       /* counts authorizations: who was refused with an old one tries the new one */
        Challenge asked;           /* what was last asked for; owned */
        const char *scope;         /* borrowed; of what we want, where a challenge does not say */
        HttpCall *call;            /* owned; for a token */
        StrBuf body;
        void (*fn)(Endpoint *e, const Failure *failure, bool again, void *userdata);
        void *userdata;            /* borrowed */
};

/**
 * endpoint_init() - @url without a scheme: HTTPS, or what insecure ones speak
 *
 * Reads its certificates: what may read them must still be allowed. Return: 0 or what fail() gives.
 */
int endpoint_init(Endpoint *e, Http *http, const FetchConfig *config, const char *url, bool is_file,
                Failure *reterr);
void endpoint_done(Endpoint *e);

/** endpoint_fall_back() - after an error of TLS: speak plain HTTP from now on. Return: false: not with this one. */
bool endpoint_fall_back(Endpoint *e, int error);

/**
 * endpoint_authorize() - a request was refused with 401, or its token is old: get another
 * @c: what the refusal asks for; NULL: as the last time
 *
 * Return: 0 it may be asked again at once, 1 fn() comes, or FAILURE_REGISTRY_DENIED: nothing would help.
 */
int endpoint_authorize(Endpoint *e, const Challenges *c, Failure *reterr);

/** endpoint_is_expired() - the token will not be taken any more. */
bool endpoint_is_expired(const Endpoint *e);

/** endpoint_failure() - a call has failed: in a sentence. Return: negative errno. */
int endpoint_failure(const Endpoint *e, const HttpEnd *end, Failure *reterr);

/**
 * endpoint_refusal() - a reply of a status that is not wanted: in a sentence, with the registry's own reason if it gives one
 * @what: "the manifest", "layer 1", …; @name: the image
 */
int endpoint_refusal(const Endpoint *e, const HttpReply *reply, const char *text, const char *what,
                const char *name, Failure *reterr);
