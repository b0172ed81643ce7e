/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/http.h: requests over libcurl, several at once, none of which blocks. Knows redirects, bounds, certificates and
 * when to stop listening; knows no registry and never tries twice.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <poll.h>
#include "puller/challenge.h"
#include "puller/fetch-config.h"

#define HTTP_HEADERS_BYTES_MAX (64U * 1024) /* of one reply */
#define HTTP_REDIRECTS_MAX 10U
#define HTTP_ERROR_BYTES_MAX 8192U /* what is kept of the body of a refusal */
#define HTTP_WARNINGS_MAX 8U
#define HTTP_DETAIL_MAX 256U

typedef struct Http Http;
typedef struct HttpCall HttpCall;

typedef struct HttpReply {
        int status;           /* 0: none came */
        char *content_type;   /* owned, as all here; NULL: not told */
        char *content_digest; /* Docker-Content-Digest */
        char **warnings;      /* the values of Warning headers */
        Challenges challenges;
        uint64_t length;      /* of the body; UINT64_MAX: not told */
        uint64_t range_start; /* of 206; UINT64_MAX: not told */
        usec_t retry_after_usec; /* 0: not told; at most FETCH_PAUSE_MAX_USEC */
        bool elsewhere;       /* it is from another origin than the one that was asked */
} HttpReply;

/*
 * A call's end. error: 0: a reply came whole, whatever its status. Else:
 * -ENOENT        no such host
 * -ECONNREFUSED  no connection; also every other cause of that
 * -EKEYREJECTED  the certificate is not trusted, or is another host's
 * -EPROTO        no TLS, or no HTTP
 * -ETIMEDOUT     too slow
 * -ECONNRESET    it broke off in the middle
 * -ELOOP         too many redirects
 * -EPERM         it leads where we do not follow (plain HTTP, another scheme)
 * -E2BIG         its headers are too long
 * -ECANCELED     the taker of the body did not want it
 * -ENOMEM, -EIO
 */
typedef struct HttpEnd {
        int error;
        char detail[HTTP_DETAIL_MAX]; /* for a sentence; may be "" */
} HttpEnd;

typedef struct HttpHandler {
        /* Bytes of a body of status 200 or 206. Return: 0 taken; 1 not now (http_call_resume()); negative: no more of it */
        int (*body)(const HttpReply *reply, const void *data, size_t size, void *userdata);
        /* Once, from http_run(). May free the call, and make others. @text: the begin of another status's body */
        void (*done)(const HttpReply *reply, const HttpEnd *end, const char *text, void *userdata);
} HttpHandler;

typedef struct HttpArgs {
        const char *url;
        const char *authorization; /* of this origin alone; NULL: none */
        const char *accept;        /* NULL: anything */
        const char *form;          /* posted; NULL: this is no POST */
        bool head;
        uint64_t offset;           /* from here on, if the server can: look at the status */
        const char *certificates;  /* PEM, trusted beside the system's; borrowed; NULL: none */
        usec_t timeout_usec;       /* of all of it; 0: as long as something comes */
        const HttpHandler *handler; /* borrowed */
        void *userdata;
} HttpArgs;

/** http_new() - @config: borrowed. Loads libcurl; opens nothing yet. Return: 0 or what fail() gives. */
int http_new(const FetchConfig *config, Http **ret, Failure *reterr);
Http *http_free(Http *http); /* after its calls */
DEFINE_CLEANUP(Http *, http_free);

/** http_call_new() - begin a request; done() follows, never from within. Return: 0, -ENOMEM, -EINVAL (no URL), -EPERM (plain HTTP where it is not allowed), -EIO. */
int http_call_new(Http *http, const HttpArgs *args, HttpCall **ret);
HttpCall *http_call_free(HttpCall *call); /* done() is not called any more */
DEFINE_CLEANUP(HttpCall *, http_call_free);

/** http_call_resume() - after body() returned 1: give it again what it did not take. */
void http_call_resume(HttpCall *call);

/**
 * http_run() - wait for something to happen, at most @timeout_usec, and do what there is to do
 * @fds: waited for as well; revents are filled in
 *
 * Return: 0 or negative errno.
 */
int http_run(Http *http, struct pollfd *fds, unsigned n_fds, usec_t timeout_usec);
