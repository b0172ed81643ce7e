/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/challenge.h"
#include <string.h>
#include "base/macro.h"
#include "base/str.h"
#include "unit.h"

/* "scheme name=value name=value|scheme …": what was understood, in one line. */
static char *shown(const Challenges *c) {
        StrBuf b = {};
        char *text;

        for (size_t i = 0; i < c->n; i++) {
                (void) strbuf_printf(&b, "%s%s", i > 0 ? "|" : "", c->list[i].scheme);
                STRV_FOREACH (s, c->list[i].parameters)
                        (void) strbuf_printf(&b, " %s", *s);
        }
        assert_int_equal(strbuf_steal(&b, &text, NULL), 0);
        return text;
}

static void test_challenges_add_accepts(void **state) {
        static const char *const rows[][2] = {
                { "", "" },
                { " , ,", "" },
                { "Basic", "basic" },
                { "Basic realm=\"Registry Realm\"", "basic realm=Registry Realm" },
                { "Bearer realm=\"https://auth.docker.io/token\",service=\"registry.docker.io\","
                  "scope=\"repository:library/x:pull\"",
                        "bearer realm=https://auth.docker.io/token service=registry.docker.io "
                        "scope=repository:library/x:pull" },
                { "BEARER  Realm = \"a\" , , SERVICE=b", "bearer realm=a service=b" },
                { "Bearer realm=https://x/y,service=z", "bearer realm=https://x/y service=z" },
                { "Bearer realm=\"a\",scope=\"r:x:pull,push r:y:pull\",error=\"invalid_token\"",
                        "bearer realm=a scope=r:x:pull,push r:y:pull error=invalid_token" },
                { "Bearer realm=\"a\", Basic realm=\"b\"", "bearer realm=a|basic realm=b" },
                { "Basic, Bearer realm=\"a\"", "basic|bearer realm=a" },
                { "Negotiate YIIabc==, Basic realm=x", "negotiate|basic realm=x" },
                { "Negotiate YII/+a", "negotiate" },
                { "Bearer realm=", "bearer" }, /* a token68 by the grammar */
                { "Basic realm=\"a \\\"b\\\" \\\\ c\"", "basic realm=a \"b\" \\ c" },
                { "Basic realm=\"\"", "basic realm=" },
                { "Basic realm=\"gr\xc3\xbc\xc3\x9f\"", "basic realm=gr\xc3\xbc\xc3\x9f" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_challenges_ Challenges c = {};
                _cleanup_free_ char *text = NULL;

                assert_int_equal(challenges_add(&c, rows[i][0]), 0);
                text = shown(&c);
                assert_string_equal(text, rows[i][1]);
        }
}

static void test_challenges_add_refuses(void **state) {
        static const char *const bad[] = {
                "realm=\"a\"",
                "Bearer realm=\"a",
                "Bearer realm=\"a\\",
                "Bearer realm=\"a\"service=\"b\"",
                "Bearer realm=\"a\" service=\"b\"",
                "Bearer realm=\"a\",realm=\"b\"",
                "Bearer realm=\"a\",Realm=\"b\"",
                "Bearer realm=\"a\tb\"",
                "Bearer realm=\"a\x7f\"",
                "\"Bearer\"",
                "Bearer\"x\"",
                "Bearer: realm=a",
                "Basic one two",
                "Bearer realm=\"a\",@",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_challenges_ Challenges c = {};

                assert_errno(EBADMSG, challenges_add(&c, bad[i]));
                assert_int_equal(c.n, 0);
        }
}

static void test_challenges_add_holds_its_bounds(void **state) {
        _cleanup_challenges_ Challenges c = {}, other = {};
        _cleanup_strbuf_ StrBuf b = {};
        char *longest;

        for (unsigned i = 0; i < CHALLENGES_MAX; i++)
                assert_int_equal(challenges_add(&c, "Basic"), 0);
        assert_errno(E2BIG, challenges_add(&c, "Basic"));
        assert_int_equal(c.n, CHALLENGES_MAX);

        (void) strbuf_puts(&b, "Bearer a=b");
        for (unsigned i = 1; i < CHALLENGE_PARAMETERS_MAX; i++)
                (void) strbuf_printf(&b, ",a%u=b", i);
        assert_int_equal(challenges_add(&other, b.data), 0);
        (void) strbuf_puts(&b, ",one=more");
        assert_errno(E2BIG, challenges_add(&other, b.data));

        longest = malloc(CHALLENGE_BYTES_MAX + 2);
        memset(longest, ' ', CHALLENGE_BYTES_MAX + 1);
        longest[CHALLENGE_BYTES_MAX + 1] = '\0';
        assert_errno(E2BIG, challenges_add(&other, longest));
        longest[CHALLENGE_BYTES_MAX] = '\0';
        assert_int_equal(challenges_add(&other, longest), 0);
        free(longest);
}

static void test_challenges_find(void **state) {
        _cleanup_challenges_ Challenges c = {};

        assert_int_equal(challenges_add(&c, "Basic realm=first"), 0);
        assert_int_equal(challenges_add(&c, "Bearer realm=second, Basic realm=third"), 0);
        assert_string_equal(challenge_get(challenges_find(&c, "basic"), "realm"), "first");
        assert_string_equal(challenge_get(challenges_find(&c, "bearer"), "realm"), "second");
        assert_null(challenge_get(challenges_find(&c, "bearer"), "real"));
        assert_null(challenges_find(&c, "digest"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_challenges_add_accepts),
                cmocka_unit_test(test_challenges_add_refuses),
                cmocka_unit_test(test_challenges_add_holds_its_bounds),
                cmocka_unit_test(test_challenges_find),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
