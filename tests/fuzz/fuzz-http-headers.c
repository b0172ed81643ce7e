/* SPDX-License-Identifier: Apache-2.0 */
#include "fuzz.h"
#include "puller/http-headers.h"
#include "puller/url.h"

/* A reply's lines, as they come; then each as a URL that it might lead to. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
        const char *p = (const char *) data, *end = p + size;
        HttpHeaders h = {};
        HttpReply reply;

        http_reply_init(&reply);
        while (p < end) {
                const char *next = memchr(p, '\n', (size_t) (end - p));
                size_t n = next ? (size_t) (next - p + 1) : (size_t) (end - p);
                char *text;
                UrlOrigin o;

                if (http_headers_add(&h, &reply, p, n) < 0)
                        break;
                text = fuzz_text((const uint8_t *) p, n);
                if (url_origin(text, &o) >= 0)
                        assert(strlen(o.authority) > 0 && !strpbrk(o.authority, "/@\\ \t\r\n"));
                free(text);
                p += n;
        }
        assert(reply.retry_after_usec <= FETCH_PAUSE_MAX_USEC);
        http_reply_done(&reply);
        return 0;
}
