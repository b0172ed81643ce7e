/* SPDX-License-Identifier: Apache-2.0 */
/* puller/url.h: the little that must be known of a URL before it is followed. */
#pragma once
#include <stdbool.h>

#define AUTHORITY_MAX 300U /* a host name, a port, brackets, a NUL */

typedef struct UrlOrigin {
        bool plain;                    /* http, not https */
        char authority[AUTHORITY_MAX]; /* "host" or "host:port", in lower case, without the scheme's own port */
} UrlOrigin;

/**
 * url_origin() - where a URL leads
 *
 * Only http and https, only hosts of letters, digits, ".", "-" and "_", or an address in brackets: whatever two programs could
 * read in two ways (users, backslashes, blanks) is none.
 *
 * Return: 0 or -EINVAL.
 * Source: RFC 3986, section 3.2
 */
int url_origin(const char *url, UrlOrigin *ret);

bool url_origin_equal(const UrlOrigin *a, const UrlOrigin *b);
