/* SPDX-License-Identifier: Apache-2.0 */
/* model/image-ref.h: references to images in Docker's grammar: parsed, completed, shown. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include "base/cleanup.h"
#include "model/failure.h"

/*
 * Either a name (domain and path always set; tag and digest as typed), or an id.
 * A name without tag and digest means the tag "latest": image_ref_normalized() says so, the parts do not.
 */
typedef struct ImageRef {
        char *domain; /* "docker.io", "localhost:5000"; NULL for an id */
        char *path;   /* "library/bb" */
        char *tag;    /* NULL: none typed */
        char *digest; /* "sha256:…", NULL: none typed */
        char *id;     /* 64 hex digits: the text was an image id; all others are NULL */
} ImageRef;

/**
 * image_ref_use_registry() - what a name without a registry means from now on; "docker.io" until this is called
 * @domain: shorter than REFERENCE_NAME_MAX; called once, by a program that was told so, before it reads any reference
 */
void image_ref_use_registry(const char *domain);
const char *image_ref_get_registry(void);

/**
 * image_ref_parse() - read a reference as typed
 * @ret: owned by the caller
 *
 * "bb" is docker.io/library/bb. 64 hex digits, also after "sha256:", are an id; a shorter hex text is a name: who knows
 * images may try it as a prefix (id_is_prefix()) when the name is not there.
 *
 * Return: 0, -ENOMEM, or FAILURE_INVALID_REFERENCE with a sentence naming @s.
 * Source: distribution-spec 1.1 (names and tags), Docker's reference grammar
 */
int image_ref_parse(const char *s, ImageRef **ret, Failure *reterr);
ImageRef *image_ref_free(ImageRef *ref);
DEFINE_CLEANUP(ImageRef *, image_ref_free);

/**
 * image_ref_parse_tag() - as above, for a name to be given to an image: no digest, no id; "latest" is filled in
 */
int image_ref_parse_tag(const char *s, ImageRef **ret, Failure *reterr);

/**
 * image_ref_normalized() - "docker.io/library/bb:latest", "…@sha256:…": the form of a tag's row
 *
 * A reference with a tag and a digest keeps the digest alone, as the tag may have moved. @ret: owned by the caller.
 *
 * Return: 0 or -ENOMEM.
 */
int image_ref_normalized(const ImageRef *ref, char **ret);

/** image_ref_familiar() - what people read: "bb:latest", "localhost:5000/x/y:1"; an id is its 64 digits. Return: 0 or -ENOMEM. */
int image_ref_familiar(const ImageRef *ref, char **ret);

/** image_ref_familiar_from() - the same from a normalized text; text that is none is copied as it is. Return: 0 or -ENOMEM. */
int image_ref_familiar_from(const char *normalized, char **ret);

/** image_ref_is_url() - is it one of a tar that can be pulled, rather than a reference? */
bool image_ref_is_url(const char *s);

/** image_ref_is_digest() - is this normalized text, a tag's row, NAME@sha256:HEX rather than NAME:TAG? */
bool image_ref_is_digest(const char *normalized);

/** image_ref_repository_length() - bytes of a normalized text up to its tag or digest. */
size_t image_ref_repository_length(const char *normalized);

/** image_ref_same_repository() - do two normalized texts name the same repository? */
bool image_ref_same_repository(const char *a, const char *b);

/** image_ref_repository() - familiar, without tag and digest: "bb". Return: 0 or -ENOMEM. */
int image_ref_repository(const ImageRef *ref, char **ret);
