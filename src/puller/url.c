/* SPDX-License-Identifier: Apache-2.0 */
/* puller/url.c: scheme and authority, read so that nobody can read them otherwise. */
#include "puller/url.h"
#include <ctype.h>
#include "base/parse.h"
#include "base/str.h"

static bool is_host(const char *s, size_t n) {
        bool brackets = n > 2 && s[0] == '[' && s[n - 1] == ']';

        if (n == 0)
                return false;
        for (size_t i = brackets; i < n - brackets; i++)
                if (!isalnum((unsigned char) s[i]) && !strchr(brackets ? ".:" : ".-_", s[i]))
                        return false;
        return true;
}

int url_origin(const char *url, UrlOrigin *ret) {
        const char *s = startswith(url, "https://"), *port;
        UrlOrigin origin = { .plain = !s };
        uint32_t number;
        size_t n, host;

        s = s ? s : startswith(url, "http://");
        if (!s)
                return -EINVAL;
        n = strcspn(s, "/?#");
        if (n >= AUTHORITY_MAX)
                return -EINVAL;
        for (size_t i = 0; i < n; i++)
                origin.authority[i] = (char) tolower((unsigned char) s[i]);

        port = strrchr(origin.authority, ':');
        if (port && strchr(port, ']'))
                port = NULL;
        host = port ? (size_t) (port - origin.authority) : n;
        if (!is_host(origin.authority, host))
                return -EINVAL;
        if (port) {
                if (parse_u32(port + 1, &number) < 0 || number < 1 || number > 65535)
                        return -EINVAL;
                if (number == (origin.plain ? 80 : 443))
                        origin.authority[host] = '\0';
        }
        *ret = origin;
        return 0;
}

bool url_origin_equal(const UrlOrigin *a, const UrlOrigin *b) {
        return a->plain == b->plain && streq(a->authority, b->authority);
}
