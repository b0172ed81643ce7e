/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/docker-config.h: Docker's config.json and its credential helpers, read and written as Docker does, so that a login there
 * is one here. Knows no bus; what a registry needs leaves this user's process only as sealed memory.
 */
#pragma once
#include <jansson.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct DockerConfig {
        char *dir, *name; /* owned: where it is, or would be */
        json_t *document; /* owned; an object */
} DockerConfig;

/** docker_config_load() - of $DOCKER_CONFIG, else ~/.docker; none is an empty one. Return: 0, or negative with a sentence. */
int docker_config_load(DockerConfig *ret, Failure *reterr);
void docker_config_done(DockerConfig *c);

/** docker_registry_key() - what Docker calls a registry there: "https://index.docker.io/v1/" for docker.io, else @host. Borrowed. */
const char *docker_registry_key(const char *host);

/**
 * docker_config_find() - what this user has for a registry, by a credential helper or in the file itself
 * @ret: as an entry of "auths"; the caller's
 *
 * A helper that fails is told on stderr and passed over: without credentials most images can be had as well.
 *
 * Return: 1, 0 if there is nothing, or negative with a sentence.
 */
int docker_config_find(DockerConfig *c, const char *host, json_t **ret, Failure *reterr);

/** docker_config_store() - by the helper, if there is one for it, else in the file, mode 0600, other members kept. */
int docker_config_store(DockerConfig *c, const char *host, const char *user, const char *password,
                Failure *reterr);

/** docker_config_erase() - the other way. Return: 1, 0 if there was nothing, or negative with a sentence. */
int docker_config_erase(DockerConfig *c, const char *host, Failure *reterr);
