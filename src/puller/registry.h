/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/registry.h: asks for documents and blobs until they are there or cannot be had: at one endpoint after the
 * other, with tokens, again after a pause, and on from the byte where it broke off. Knows no manifest: what comes is
 * handed on unread, and who gets it says whether it is right.
 */
#pragma once
#include "model/image-ref.h"
#include "puller/endpoint.h"

#define ENDPOINTS_MAX 9U /* eight mirrors and the registry itself */

typedef struct Registry Registry;
typedef struct Ask Ask;

typedef struct AskHandler {
        /* Bytes in their order, each once, whatever breaks between. Return: 0; 1 not now: ask_resume(); negative: no more, and done() does not come */
        int (*body)(const void *data, size_t size, void *userdata);
        /* All is there (@failure NULL), or it cannot be had. May free the ask, or ask_elsewhere(). @reply: NULL if none came */
        void (*done)(const HttpReply *reply, const Failure *failure, void *userdata);
} AskHandler;

typedef struct AskArgs {
        const char *path;    /* "manifests/latest", "blobs/sha256:…"; "" of a plain file */
        const char *accept;  /* NULL: anything; static */
        const char *what;    /* for sentences: "the manifest" */
        bool head;
        bool is_document;    /* it is short, and there is a time for all of it */
        uint64_t size_bytes; /* another length is a failure; UINT64_MAX: not known */
        uint64_t max_bytes;  /* where it is not known */
        const AskHandler *handler; /* borrowed */
        void *userdata;
} AskArgs;

/**
 * registry_new() - for the repository that @ref names, or for the file at @url
 * @name:     what sentences call the image; borrowed
 * @warn:     gets what the registry has to say to the user
 *
 * Everything of the host's own that it needs (certificates) is read here. Return: 0 or what fail() gives.
 */
int registry_new(Http *http, const FetchConfig *config, const ImageRef *ref, const char *url,
                const char *name, void (*warn)(const char *text, void *userdata), void *userdata,
                Registry **ret, Failure *reterr);
Registry *registry_free(Registry *r); /* after its asks */
DEFINE_CLEANUP(Registry *, registry_free);

/** registry_use_credentials() - of each endpoint the login that is for it. Return: 0 or what login_find() gives. */
int registry_use_credentials(Registry *r, const char *json, size_t size, Failure *reterr);

/** registry_ask() - begin. done() comes from registry_start_due() or http_run(), never from here. Return: 0 or -ENOMEM. */
int registry_ask(Registry *r, const AskArgs *args, Ask **ret);
Ask *ask_free(Ask *ask);
DEFINE_CLEANUP(Ask *, ask_free);

void ask_resume(Ask *ask);

/** ask_was_pieced() - what came is from more than one reply. */
bool ask_was_pieced(const Ask *ask);

/**
 * ask_again() - from within done(): what came is not what it should be; ask anew, from the first byte, when ask_go() is called
 * @elsewhere: at the next endpoint; false: at the same
 *
 * Return: false: there is no other.
 */
bool ask_again(Ask *ask, bool elsewhere);
void ask_go(Ask *ask);

/** registry_next_due() - when registry_start_due() has something to do: of now_boottime(), or USEC_INFINITY. */
usec_t registry_next_due(const Registry *r);

/** registry_start_due() - begin what has waited long enough, and tell of what cannot be had. */
void registry_start_due(Registry *r);
