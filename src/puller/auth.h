/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/auth.h: who we are to a registry: the client's logins, and the tokens that are had for them. Knows the documents
 * and the texts; sends nothing.
 */
#pragma once
#include <stddef.h>
#include "base/usec.h"
#include "model/failure.h"
#include "puller/challenge.h"

#define TOKEN_BYTES_MAX (32U * 1024)
#define TOKEN_REPLY_BYTES_MAX (128U * 1024)
#define TOKEN_LIFETIME_USEC (60 * USEC_PER_SEC) /* of one that does not say: the token specification's */

/* All may be NULL; all owned. */
typedef struct Login {
        char *user, *password;
        char *identity_token; /* a refresh token in place of a password */
        char *registry_token; /* sent as it is */
} Login;

void login_done(Login *login);
#define _cleanup_login_ _cleanup_(login_done)

/**
 * login_find() - the login for @host out of Docker's config.json, or what is left of one
 * @host: as a reference names it: "docker.io", "localhost:5000"
 *
 * The keys may be written as Docker writes them: with a scheme, with a path, and with the old names of docker.io.
 *
 * Return: 1 found, 0 none, or FAILURE_INVALID_ARGS (the document makes no sense; the sentence quotes nothing of it).
 */
int login_find(const char *json, size_t size, const char *host, Login *ret, Failure *reterr);

/** basic_credentials() - "Basic BASE64". Return: 0, -ENOMEM, -EINVAL (a user with a colon). */
int basic_credentials(const char *user, const char *password, char **ret);

/** bearer_credentials() - "Bearer TOKEN". Return: 0, -ENOMEM, -EINVAL (what no header can carry). */
int bearer_credentials(const char *token, char **ret);

/**
 * token_url() - where the token of a Bearer challenge is had
 * @scope: asked for where the challenge names none
 * @user:  named as "account"; NULL: nobody
 *
 * Each word of the challenge's scope becomes a parameter of its own. Return: 0, -ENOMEM, -EINVAL (no realm, or none to go to).
 * Source: Docker Registry v2 Bearer token specification
 */
int token_url(const Challenge *bearer, const char *scope, const char *user, char **ret);

/** token_form() - the body of the request that changes an identity token into one to use. Return: 0 or -ENOMEM. */
int token_form(const Challenge *bearer, const char *scope, const char *identity_token, char **ret);

/**
 * token_parse() - the token service's reply
 * @ret: the token, owned by the caller
 * @ret_lifetime: how long it is good from when it was made
 *
 * Return: 0, -ENOMEM, -EBADMSG.
 */
int token_parse(const char *json, size_t size, char **ret, usec_t *ret_lifetime);
