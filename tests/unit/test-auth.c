/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/auth.h"
#include <string.h>
#include "base/macro.h"
#include "base/str.h"
#include "unit.h"

static int find(const char *json, const char *host, Login *ret) {
        return login_find(json, strlen(json), host, ret, NULL);
}

static void test_login_find_knows_dockers_forms(void **state) {
        static const struct {
                const char *json, *host, *user, *password;
        } rows[] = {
                { "{\"auths\":{\"r.example\":{\"auth\":\"YW5uOnBhc3M6d29yZA==\"}}}", "r.example",
                                "ann", "pass:word" },
                { "{\"auths\":{\"https://r.example/v1/\":{\"auth\":\"YTpi\"}}}", "r.example", "a",
                                "b" },
                { "{\"auths\":{\"http://r.example:5000\":{\"auth\":\"YTpi\"}}}", "r.example:5000",
                                "a", "b" },
                { "{\"auths\":{\"https://index.docker.io/v1/\":{\"auth\":\"YTpi\"}}}", "docker.io",
                                "a", "b" },
                { "{\"auths\":{\"registry-1.docker.io\":{\"auth\":\"YTpi\"}}}", "docker.io", "a",
                                "b" },
                { "{\"auths\":{\"docker.io\":{\"auth\":\"YTo=\"}},\"credsStore\":\"x\"}",
                                "docker.io", "a", "" },
                { "{\"auths\":{\"r\":{\"username\":\"u\",\"password\":\"p\"}}}", "r", "u", "p" },
                { "{\"auths\":{\"r\":{},\"https://r\":{\"auth\":\"YTpiAAA=\"}}}", "r", "a", "b" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_login_ Login login = {};

                assert_int_equal(find(rows[i].json, rows[i].host, &login), 1);
                assert_string_equal(login.user, rows[i].user);
                assert_string_equal(login.password, rows[i].password);
        }
}

static void test_login_find_knows_tokens(void **state) {
        _cleanup_login_ Login login = {}, other = {};

        assert_int_equal(find("{\"auths\":{\"r\":{\"auth\":\"YTo=\",\"identitytoken\":\"i\"}}}",
                                         "r", &login),
                        1);
        assert_string_equal(login.identity_token, "i");
        assert_int_equal(find("{\"auths\":{\"r\":{\"registrytoken\":\"t\"}}}", "r", &other), 1);
        assert_string_equal(other.registry_token, "t");
}

static void test_login_find_finds_none(void **state) {
        static const char *const none[] = { "{}", "{\"auths\":null}", "{\"auths\":{}}",
                "{\"auths\":{\"r.example.org\":{\"auth\":\"YTpi\"}}}",
                "{\"auths\":{\"r.exampl\":{\"auth\":\"YTpi\"}}}",
                "{\"auths\":{\"r.example:443\":{\"auth\":\"YTpi\"}}}",
                "{\"auths\":{\"index.docker.io\":{\"auth\":\"YTpi\"}}}",
                "{\"auths\":{\"r.example\":{\"auth\":\"\"}}}", "{\"auths\":{\"r.example\":{}}}" };

        for (size_t i = 0; i < ELEMENTSOF(none); i++) {
                _cleanup_login_ Login login = {};

                assert_int_equal(find(none[i], "r.example", &login), 0);
                assert_null(login.user);
        }
}

static void test_login_find_refuses(void **state) {
        static const char *const bad[] = { "", "{", "[]", "{\"auths\":[]}", "{\"auths\":{\"r\":1}}",
                "{\"auths\":{\"r\":{\"auth\":1}}}", "{\"auths\":{\"r\":{\"auth\":\"secret!\"}}}",
                "{\"auths\":{\"r\":{\"auth\":\"YWI=\"}}}",     /* no colon */
                "{\"auths\":{\"r\":{\"auth\":\"YQA6Yg==\"}}}", /* a NUL */
                "{\"auths\":{\"r\":{\"auth\":\"YTpi\"},\"r\":{\"auth\":\"YTpi\"}}}" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure failure = {};
                _cleanup_login_ Login login = {};

                assert_errno(EINVAL, login_find(bad[i], strlen(bad[i]), "r", &login, &failure));
                assert_int_equal(failure.code, FAILURE_INVALID_ARGS);
                assert_null(strstr(failure_message(&failure), "secret"));
        }
}

static void test_credentials_are_header_values(void **state) {
        _cleanup_free_ char *basic = NULL, *bearer = NULL;
        char *none;

        assert_int_equal(basic_credentials("ann", "pass:word", &basic), 0);
        assert_string_equal(basic, "Basic YW5uOnBhc3M6d29yZA==");
        assert_errno(EINVAL, basic_credentials("a:b", "c", &none));
        assert_int_equal(bearer_credentials("a.b-c_d~e+/=", &bearer), 0);
        assert_string_equal(bearer, "Bearer a.b-c_d~e+/=");
        assert_errno(EINVAL, bearer_credentials("", &none));
        assert_errno(EINVAL, bearer_credentials("a\r\nX: y", &none));
        assert_errno(EINVAL, bearer_credentials("a b", &none));
        assert_errno(EINVAL, bearer_credentials("\xc3\xa4", &none));
}

static void test_token_url_builds(void **state) {
        static const struct {
                const char *challenge, *user, *url;
        } rows[] = {
                { "Bearer realm=\"https://a/t\"", NULL, "https://a/t?scope=repository%3Ax%3Apull" },
                { "Bearer realm=\"https://a/t\",service=\"s s&=\",scope=\"a:b:pull,push\"", "ann",
                                "https://a/"
                                "t?service=s%20s%26%3D&scope=a%3Ab%3Apull%2Cpush&account=ann" },
                { "Bearer realm=\"http://a/t?q=1\",scope=\" one  two \"", "",
                                "http://a/t?q=1&scope=one&scope=two" },
        };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_challenges_ Challenges c = {};
                _cleanup_free_ char *url = NULL;

                assert_int_equal(challenges_add(&c, rows[i].challenge), 0);
                assert_int_equal(token_url(c.list, "repository:x:pull", rows[i].user, &url), 0);
                assert_string_equal(url, rows[i].url);
        }
}

static void test_token_url_refuses(void **state) {
        static const char *const bad[] = { "Bearer", "Bearer realm=\"\"", "Bearer realm=\"/t\"",
                "Bearer realm=\"file:///etc/passwd\"", "Bearer realm=\"https://a/b c\"",
                "Bearer realm=\"https://a/t#f\"" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_challenges_ Challenges c = {};
                char *url = NULL;

                assert_int_equal(challenges_add(&c, bad[i]), 0);
                assert_errno(EINVAL, token_url(c.list, "s", NULL, &url));
        }
}

static void test_token_form(void **state) {
        _cleanup_challenges_ Challenges c = {};
        _cleanup_free_ char *form = NULL;

        assert_int_equal(challenges_add(&c, "Bearer realm=\"https://a\",service=\"s\""), 0);
        assert_int_equal(token_form(c.list, "x", "t&o=k", &form), 0);
        assert_string_equal(form,
                        "grant_type=refresh_token&client_id=pocketdocker&service=s&scope=x&"
                        "refresh_token=t%26o%3Dk");
}

static void test_token_parse(void **state) {
        static const struct {
                const char *json, *token;
                unsigned seconds;
        } rows[] = {
                { "{\"token\":\"t\"}", "t", 60 },
                { "{\"access_token\":\"a\",\"expires_in\":300}", "a", 300 },
                { "{\"token\":\"t\",\"access_token\":\"a\",\"expires_in\":0}", "t", 60 },
                { "{\"token\":\"t\",\"expires_in\":\"soon\"}", "t", 60 },
                { "{\"token\":\"t\",\"expires_in\":99999999}", "t", 86400 },
                { "{\"token\":\"\",\"access_token\":\"a\"}", "a", 60 },
        };
        static const char *const bad[] = { "", "[]", "{}", "{\"token\":1}", "{\"token\":\"a b\"}",
                "{\"token\":\"a\\n\"}", "{\"token\":\"\"}", "\"t\"" };

        for (size_t i = 0; i < ELEMENTSOF(rows); i++) {
                _cleanup_free_ char *token = NULL;
                usec_t lifetime;

                assert_int_equal(token_parse(rows[i].json, strlen(rows[i].json), &token, &lifetime),
                                0);
                assert_string_equal(token, rows[i].token);
                assert_true(lifetime == rows[i].seconds * USEC_PER_SEC);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                char *token = NULL;
                usec_t lifetime;

                assert_errno(EBADMSG, token_parse(bad[i], strlen(bad[i]), &token, &lifetime));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_login_find_knows_dockers_forms),
                cmocka_unit_test(test_login_find_knows_tokens),
                cmocka_unit_test(test_login_find_finds_none),
                cmocka_unit_test(test_login_find_refuses),
                cmocka_unit_test(test_credentials_are_header_values),
                cmocka_unit_test(test_token_url_builds),
                cmocka_unit_test(test_token_url_refuses),
                cmocka_unit_test(test_token_form),
                cmocka_unit_test(test_token_parse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
