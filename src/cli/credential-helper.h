/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/credential-helper.h: docker-credential-NAME, run as this user: it keeps secrets in a keyring or with a cloud. Knows its
 * protocol: a verb as its argument, a document on its standard input, another on its output.
 * Source: github.com/docker/docker-credential-helpers, README.md
 */
#pragma once
#include "model/failure.h"

/** credential_helper_get() - @ret_user, @ret_secret: the caller's. Return: 1, 0 if it knows none, or negative with a sentence. */
int credential_helper_get(const char *name, const char *key, char **ret_user, char **ret_secret,
                Failure *reterr);

/** credential_helper_store() - Return: 0, or negative with a sentence. */
int credential_helper_store(const char *name, const char *key, const char *user,
                const char *password, Failure *reterr);

/** credential_helper_erase() - Return: 1, 0 if it knew none, or negative with a sentence. */
int credential_helper_erase(const char *name, const char *key, Failure *reterr);
