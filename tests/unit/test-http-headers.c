/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/http-headers.h"
#include <string.h>
#include <time.h>
#include "base/macro.h"
#include "base/str.h"
#include "unit.h"

static int feed(HttpHeaders *h, HttpReply *reply, const char *const *lines, size_t n) {
        int r = 0;

        for (size_t i = 0; i < n && r >= 0; i++)
                r = http_headers_add(h, reply, lines[i], strlen(lines[i]));
        return r;
}

static void test_http_headers_add_takes_what_matters(void **state) {
        static const char *const lines[] = { "HTTP/1.1 206 Partial Content\r\n",
                "content-type:  text/plain; charset=utf-8 \r\n", "Content-Type: second\r\n",
                "DOCKER-CONTENT-DIGEST: sha256:x\r\n", "Content-Length: 12\r\n",
                "Content-Range: bytes 100-111/112\r\n", "Retry-After: 7\r\n",
                "WWW-Authenticate: Basic realm=\"a\"\r\n",
                "WWW-Authenticate: Bearer realm=\"b\"\r\n", "WWW-Authenticate: @nonsense\r\n",
                "Warning: 299 - \"old\"\r\n", "X-Other: y\r\n", "no colon\r\n", ": nameless\r\n",
                "\r\n" };
        HttpHeaders h = {};
        HttpReply reply;

        http_reply_init(&reply);
        assert_int_equal(feed(&h, &reply, lines, ELEMENTSOF(lines)), 0);
        assert_int_equal(reply.status, 206);
        assert_string_equal(reply.content_type, "text/plain; charset=utf-8");
        assert_string_equal(reply.content_digest, "sha256:x");
        assert_true(reply.length == 12 && reply.range_start == 100);
        assert_true(reply.retry_after_usec == 7 * USEC_PER_SEC);
        assert_int_equal(reply.challenges.n, 2);
        assert_string_equal(reply.warnings[0], "299 - \"old\"");
        http_reply_done(&reply);
}

static void test_http_headers_add_begins_anew_with_a_status(void **state) {
        static const char *const lines[] = { "HTTP/2 103 \r\n", "Content-Type: early\r\n", "\r\n",
                "HTTP/2 200 \r\n" };
        HttpHeaders h = {};
        HttpReply reply;

        http_reply_init(&reply);
        reply.elsewhere = true;
        assert_int_equal(feed(&h, &reply, lines, ELEMENTSOF(lines)), 0);
        assert_int_equal(reply.status, 200);
        assert_null(reply.content_type);
        assert_true(reply.length == UINT64_MAX && reply.elsewhere);
        http_reply_done(&reply);
}

static void test_http_headers_add_passes_over_what_makes_no_sense(void **state) {
        static const char *const lines[] = { "HTTP/1.1 999999 x\r\n", "Content-Length: -5\r\n",
                "Content-Length: 99999999999999999999\r\n", "Content-Range: bytes */5\r\n",
                "Content-Range: bytes 5\r\n", "Content-Range: lines 1-2/3\r\n",
                "Content-Range: bytes 99999999999999999999999999-1/2\r\n", "Retry-After: soon\r\n",
                "Retry-After: -1\r\n", "Retry-After: Thu, 01 Jan 1970 00:00:00 CET\r\n" };
        HttpHeaders h = {};
        HttpReply reply;

        http_reply_init(&reply);
        assert_int_equal(feed(&h, &reply, lines, ELEMENTSOF(lines)), 0);
        assert_true(reply.length == UINT64_MAX && reply.range_start == UINT64_MAX);
        assert_true(reply.retry_after_usec == 0);
        assert_int_equal(http_headers_add(&h, &reply, "Content-Type: a\0b\r\n", 19), 0);
        assert_null(reply.content_type);
        http_reply_done(&reply);
}

static void test_http_headers_add_caps_what_it_is_to_wait(void **state) {
        char line[128];
        time_t at = time(NULL) + 30;
        HttpHeaders h = {};
        HttpReply reply;
        struct tm tm;

        http_reply_init(&reply);
        assert_int_equal(http_headers_add(&h, &reply, "Retry-After: 86400", 18), 0);
        assert_true(reply.retry_after_usec == FETCH_PAUSE_MAX_USEC);
        strftime(line, sizeof(line), "Retry-After: %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
        assert_int_equal(http_headers_add(&h, &reply, line, strlen(line)), 0);
        assert_true(reply.retry_after_usec > 0 && reply.retry_after_usec <= 30 * USEC_PER_SEC);
        at -= 3600;
        strftime(line, sizeof(line), "Retry-After: %a, %d %b %Y %H:%M:%S GMT", gmtime_r(&at, &tm));
        assert_int_equal(http_headers_add(&h, &reply, line, strlen(line)), 0);
        assert_true(reply.retry_after_usec == 0);
        http_reply_done(&reply);
}

static void test_http_headers_add_holds_its_bounds(void **state) {
        char line[1024];
        HttpHeaders h = {};
        HttpReply reply;
        int r = 0;

        http_reply_init(&reply);
        memset(line, 'x', sizeof(line));
        memcpy(line, "Warning: ", 9);
        for (size_t i = 0; i < HTTP_HEADERS_BYTES_MAX / sizeof(line) && r >= 0; i++)
                r = http_headers_add(&h, &reply, line, sizeof(line));
        assert_int_equal(r, 0);
        assert_int_equal(strv_length(reply.warnings), HTTP_WARNINGS_MAX);
        assert_errno(E2BIG, http_headers_add(&h, &reply, line, 1));
        http_reply_done(&reply);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_http_headers_add_takes_what_matters),
                cmocka_unit_test(test_http_headers_add_begins_anew_with_a_status),
                cmocka_unit_test(test_http_headers_add_passes_over_what_makes_no_sense),
                cmocka_unit_test(test_http_headers_add_caps_what_it_is_to_wait),
                cmocka_unit_test(test_http_headers_add_holds_its_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
