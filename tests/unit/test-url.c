/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/url.h"
#include <errno.h>
#include <string.h>
#include "base/macro.h"
#include "unit.h"

static void test_url_origin_accepts(void **state) {
        static const struct {
                const char *url, *authority;
                bool plain;
        } rows[] = {
                { "https://registry-1.docker.io", "registry-1.docker.io", false },
                { "https://Host.Example:443/v2/", "host.example", false },
                { "https://host:5000?x=/", "host:5000", false },
                { "http://host:80/", "host", true },
                { "http://host:443/", "host:443", true },
                { "https://[::1]:5000/x", "[::1]:5000", false },
                { "https://[fe80::1]#f", "[fe80::1]", false },
                { "https://127.0.0.1/a@b:c", "127.0.0.1", false },
                { "https://under_score", "under_score", false },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                UrlOrigin o;

                assert_int_equal(url_origin(rows[i].url, &o), 0);
                assert_string_equal(o.authority, rows[i].authority);
                assert_int_equal(o.plain, rows[i].plain);
        }
}

static void test_url_origin_refuses(void **state) {
        static const char *const bad[] = { "", "host", "//host/", "ftp://host/", "HTTPS://host/",
                "file:///etc/passwd", "https://", "https:///x", "https://:5000/", "https://a@host/",
                "https://a:b@host/", "https://host\\@other/", "https://ho st/", "https://host\n/",
                "https://host:0/", "https://host:65536/", "https://host:/", "https://host:x/",
                "https://host:+80/", "https://[::1/", "https://::1/", "https://[::1]x/",
                "https://h\xc3\xb6st/", "https://%68ost/" };
        char longest[AUTHORITY_MAX + 16] = "https://";
        UrlOrigin o;

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, url_origin(bad[i], &o));
        memset(longest + 8, 'x', AUTHORITY_MAX);
        assert_errno(EINVAL, url_origin(longest, &o));
        longest[8 + AUTHORITY_MAX - 1] = '\0';
        assert_int_equal(url_origin(longest, &o), 0);
}

static void test_url_origin_equal(void **state) {
        UrlOrigin a, b;

        assert_int_equal(url_origin("https://host/x", &a), 0);
        assert_int_equal(url_origin("https://HOST:443/y", &b), 0);
        assert_true(url_origin_equal(&a, &b));
        assert_int_equal(url_origin("http://host:443/", &b), 0);
        assert_false(url_origin_equal(&a, &b));
        assert_int_equal(url_origin("http://host/", &b), 0);
        assert_false(url_origin_equal(&a, &b));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_url_origin_accepts),
                cmocka_unit_test(test_url_origin_refuses),
                cmocka_unit_test(test_url_origin_equal),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
