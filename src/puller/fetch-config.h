/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/fetch-config.h: what the daemon tells the role fetch of its configuration, as a JSON document in a memfd:
 *
 *      { "mirrors": { "docker.io": ["https://mirror.example", …], … },       in the order in which they are tried
 *        "insecure": ["host", "host:port", …],                              plain HTTP and unknown certificates will do
 *        "certs": ["/etc/pocketdocker/certs.d", …],                         each with DIR/HOST[:PORT]/NAME.crt
 *        "retries": 5,                                                      of one request, besides the first
 *        "limits": { "layer_bytes": N, "image_bytes": N },                  of what is fetched; 0: none but our own
 *        "seconds": { "connect": 30, "document": 120, "stall": 60, "pause": 1 } }
 *
 * All may be left out. "document" is the time for a whole manifest, config or token; "stall" is for how long next to
 * nothing of a layer may come; "pause" is the wait before the first retry: twice as long before each further one.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/usec.h"
#include "model/failure.h"

#define FETCH_CONFIG_BYTES_MAX (1U * 1024 * 1024)
#define FETCH_PAUSE_MAX_USEC (60 * USEC_PER_SEC) /* also of what a server asks for by Retry-After */

typedef struct FetchConfig {
        char **mirrors;  /* owned, as all here; of the one registry that is asked for */
        char **insecure;
        char **certificate_dirs;
        uint32_t retries;
        uint64_t layer_bytes_max, image_bytes_max; /* UINT64_MAX: no bound */
        usec_t connect_usec, document_usec, stall_usec, pause_usec;
} FetchConfig;

void fetch_config_done(FetchConfig *config);
#define _cleanup_fetch_config_ _cleanup_(fetch_config_done)

/**
 * fetch_config_parse() - @json NULL: the defaults
 * @registry: "docker.io": whose mirrors are wanted
 *
 * Return: 0, or FAILURE_INTERNAL: the document is the daemon's own.
 */
int fetch_config_parse(const char *json, size_t size, const char *registry, FetchConfig *ret,
                Failure *reterr);

/**
 * fetch_config_is_insecure() - may @authority be spoken to in plain HTTP, or with whatever certificate it has?
 * @authority: "host", "host:port", "[::1]:port"
 *
 * What the document lists, and this machine itself: localhost, 127.0.0.0/8, ::1.
 */
bool fetch_config_is_insecure(const FetchConfig *config, const char *authority);

/**
 * fetch_config_certificates() - the authorities that are trusted for @authority beside the system's: all its NAME.crt, joined
 * @ret: PEM text, owned by the caller; NULL: there are none
 *
 * Return: 0, or FAILURE_INTERNAL with a sentence that names the file.
 */
int fetch_config_certificates(const FetchConfig *config, const char *authority, char **ret,
                Failure *reterr);
