/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch-private.h: what the two halves of fetch.h share: the way to the manifest, and the layers after it. */
#pragma once
#include "model/pull-report.h"
#include "puller/fetch.h"

struct Fetch {
        FetchArgs args;
        FetchConfig config;
        ImageRef *ref;        /* owned; NULL: it is a URL */
        char *name;           /* owned; for sentences */
        Platform platform;
        Http *http;           /* owned */
        Registry *registry;   /* owned */
        FetchLayer *layers;   /* owned */
        size_t n_layers;
        usec_t *told_usec;    /* owned; when each one's bytes were last reported */
        bool ended;           /* no more will be asked for */
        Failure failure;      /* the first one ends it all */
};

/** fetch_step() - wait for something, and do it. Return: 0, or negative errno: f->failure says why. */
int fetch_step(Fetch *f);

/** fetch_manifest() - find out what the reference names. Return: 1, 0 (it is what was known), or what fail() gives. */
int fetch_manifest(Fetch *f, PullManifest *ret, Failure *reterr);
