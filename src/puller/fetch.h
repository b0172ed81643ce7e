/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/fetch.h: a whole pull as the process with the network sees it: from a reference to its manifest, then the layers
 * that the daemon asks for, each into its pipe (puller/fetch-control.h). Knows no disk.
 */
#pragma once
#include "puller/fetch-layer.h"
#include "puller/manifest.h"
#include "puller/report.h"

typedef struct Fetch Fetch;

typedef struct FetchArgs {
        const char *reference;    /* normalized, or a URL */
        const char *platform;     /* NULL: this machine's */
        const char *known_digest; /* "sha256:…"; NULL: none */
        const char *sha256;       /* 64 hex digits, of a URL; else NULL */
        int control_fd;           /* borrowed */
        Reporter *reporter;       /* borrowed */
} FetchArgs;

/**
 * fetch_new() - all that is of the host and not of the network: the configuration, certificates, libraries
 * @config: the document of puller/fetch-config.h, NULL: none
 *
 * Return: 0 or what fail() gives.
 */
int fetch_new(const FetchArgs *args, const char *config, size_t config_size, Fetch **ret,
                Failure *reterr);
Fetch *fetch_free(Fetch *f);
DEFINE_CLEANUP(Fetch *, fetch_free);

/** fetch_use_credentials() - of Docker's form. Return: 0 or what fail() gives. */
int fetch_use_credentials(Fetch *f, const char *json, size_t size, Failure *reterr);

/** fetch_run() - the pull. @ret: what is to be reported at its end. Return: 0 or what fail() gives; -ECANCELED: the daemon is gone. */
int fetch_run(Fetch *f, PullResult *ret, Failure *reterr);
