/* SPDX-License-Identifier: Apache-2.0 */
/* puller/http-headers.c: header lines become members of a reply. */
#include "puller/http-headers.h"
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>
#include "base/parse.h"
#include "base/str.h"

#define VALUE_BYTES_MAX 8192U

void http_reply_done(HttpReply *reply) {
        free(reply->content_type);
        free(reply->content_digest);
        strv_free(reply->warnings);
        challenges_done(&reply->challenges);
        *reply = (HttpReply) {};
}

void http_reply_init(HttpReply *reply) {
        *reply = (HttpReply) { .length = UINT64_MAX, .range_start = UINT64_MAX };
}

void http_reply_reset(HttpReply *reply) {
        bool elsewhere = reply->elsewhere;

        http_reply_done(reply);
        http_reply_init(reply);
        reply->elsewhere = elsewhere;
}

/* "HTTP/1.1 200 OK", "HTTP/2 200" */
static int read_status(HttpReply *reply, const char *line) {
        const char *space = strchr(line, ' ');
        int status = 0;

        http_reply_reset(reply);
        if (space && sscanf(space, " %3d", &status) == 1)
                reply->status = status;
        return 0;
}

/* Seconds, or a date. */
static usec_t read_retry_after(const char *value) {
        struct tm tm = {};
        uint64_t seconds;
        const char *rest;
        time_t at;

        if (parse_u64(value, &seconds) >= 0)
                return MIN2(seconds, FETCH_PAUSE_MAX_USEC / USEC_PER_SEC) * USEC_PER_SEC;
        rest = strptime(value, "%a, %d %b %Y %H:%M:%S", &tm);
        if (!rest || !streq(rest, " GMT"))
                return 0;
        at = timegm(&tm);
        if (at < 0)
                return 0;
        return MIN2(usec_sub((usec_t) at * USEC_PER_SEC, now_realtime()), FETCH_PAUSE_MAX_USEC);
}

/* "bytes 100-199/200" */
static uint64_t read_range(const char *value) {
        const char *s = startswith(value, "bytes ");
        char digits[24];
        uint64_t start;
        size_t n;

        if (!s)
                return UINT64_MAX;
        n = strspn(s, "0123456789");
        if (n == 0 || n >= sizeof(digits) || s[n] != '-')
                return UINT64_MAX;
        memcpy(digits, s, n);
        digits[n] = '\0';
        return parse_u64(digits, &start) < 0 ? UINT64_MAX : start;
}

static int keep(char **member, const char *value) {
        return *member ? 0 : free_and_strdup(member, value);
}

static int read_field(HttpReply *reply, const char *name, const char *value) {
        int r;

        if (strcasecmp(name, "Content-Type") == 0)
                return keep(&reply->content_type, value);
        if (strcasecmp(name, "Docker-Content-Digest") == 0)
                return keep(&reply->content_digest, value);
        if (strcasecmp(name, "Warning") == 0)
                return strv_length(reply->warnings) < HTTP_WARNINGS_MAX
                                       ? strv_push(&reply->warnings, value)
                                       : 0;
        if (strcasecmp(name, "WWW-Authenticate") == 0) {
                r = challenges_add(&reply->challenges, value);
                return r == -ENOMEM ? r : 0; /* one that makes no sense asks for nothing */
        }
        if (strcasecmp(name, "Content-Length") == 0 && reply->length == UINT64_MAX)
                (void) parse_u64(value, &reply->length); /* then it is not told */
        else if (strcasecmp(name, "Content-Range") == 0)
                reply->range_start = read_range(value);
        else if (strcasecmp(name, "Retry-After") == 0)
                reply->retry_after_usec = read_retry_after(value);
        return 0;
}

int http_headers_add(HttpHeaders *h, HttpReply *reply, const char *line, size_t size) {
        _cleanup_free_ char *text = NULL;
        char *colon, *value, *end;

        h->bytes += size;
        if (h->bytes > HTTP_HEADERS_BYTES_MAX)
                return -E2BIG;
        if (memchr(line, 0, size) || size > VALUE_BYTES_MAX)
                return 0;

        text = strndup(line, size);
        if (!text)
                return -ENOMEM;
        end = text + strlen(text);
        while (end > text && strchr(" \t\r\n", end[-1]))
                *--end = '\0';
        if (startswith(text, "HTTP/"))
                return read_status(reply, text);
        colon = strchr(text, ':');
        if (!colon)
                return 0;
        *colon = '\0';
        value = colon + 1 + strspn(colon + 1, " \t");
        return read_field(reply, text, value);
}
