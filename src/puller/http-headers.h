/* SPDX-License-Identifier: Apache-2.0 */
/* puller/http-headers.h: what a reply's header lines say. Knows which ones matter; drops all others. */
#pragma once
#include <stddef.h>
#include "puller/http.h"

/* Of one reply, as its lines come. Zero-initialised is empty. */
typedef struct HttpHeaders {
        size_t bytes;
} HttpHeaders;

void http_reply_init(HttpReply *reply);
void http_reply_reset(HttpReply *reply); /* but for `elsewhere` */
void http_reply_done(HttpReply *reply);

/**
 * http_headers_add() - one line as it came, the status line among them, which begins a reply anew
 *
 * Values are kept whole or not at all; of each header that can stand once, the first counts.
 *
 * Return: 0, -ENOMEM, -E2BIG (over HTTP_HEADERS_BYTES_MAX).
 */
int http_headers_add(HttpHeaders *h, HttpReply *reply, const char *line, size_t size);
