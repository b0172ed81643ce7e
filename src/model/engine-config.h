/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/engine-config.h: what pocketdocker.conf can say: registries and the bounds of pulls. Knows keys and values; where the
 * files are and how they are read is daemon/config.h's.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "model/failure.h"

/* Lists are NULL-terminated, NULL when empty. All owned. */
typedef struct EngineConfig {
        char *default_registry; /* of names without one */
        char **mirrors;         /* REGISTRY=URL, in the order in which they are tried */
        char **insecure;        /* HOST[:PORT]: plain HTTP, or TLS that nobody vouches for */
        char **blocked;         /* registries that nothing is fetched from */
        char **certificates;    /* directories like /etc/docker/certs.d */
        uint32_t parallel_layers; /* of one pull, at once */
        uint32_t retries;         /* of one request */
        uint32_t ratio_max;       /* unpacked bytes for each fetched one */
        uint32_t path_depth_max;
        uint64_t timeout_usec;    /* without any progress a pull is ended */
        uint64_t layer_bytes_max; /* unpacked */
        uint64_t image_bytes_max; /* the same of all layers of an image */
        uint64_t entries_max;     /* of one layer */
} EngineConfig;

/** engine_config_init() - the built-in values; engine_config_done() takes what failed half-way, too. Return: 0 or -ENOMEM. */
int engine_config_init(EngineConfig *ret);
void engine_config_done(EngineConfig *c);
#define _cleanup_engine_config_ _cleanup_(engine_config_done)

/**
 * engine_config_set() - one assignment of a file
 * @section, @key: as they stand there; case matters
 * @value:  "" takes back what was set before it: a list is empty then, all else built in
 *
 * A key that holds a list adds to it.
 *
 * Return: 0, -ENOMEM, or FAILURE_INVALID_ARGS with a sentence that names the key or the value.
 */
int engine_config_set(EngineConfig *c, const char *section, const char *key, const char *value,
                Failure *reterr);

/** engine_config_blocks() - may nothing be fetched from this registry? @domain: as in an ImageRef */
bool engine_config_blocks(const EngineConfig *c, const char *domain);

/** engine_config_for_fetch() - the JSON that the role fetch gets (puller/roles.h); malloc()ed. Return: 0 or -ENOMEM. */
int engine_config_for_fetch(const EngineConfig *c, char **ret);
