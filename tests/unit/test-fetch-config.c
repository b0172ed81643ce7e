/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/fetch-config.h"
#include <string.h>
#include <sys/stat.h>
#include "base/macro.h"
#include "base/str.h"
#include "unit.h"

static int parse(const char *json, FetchConfig *ret) {
        return fetch_config_parse(json, strlen(json), "docker.io", ret, NULL);
}

static void test_fetch_config_parse_fills_in_defaults(void **state) {
        _cleanup_fetch_config_ FetchConfig none = {}, empty = {};

        assert_int_equal(fetch_config_parse(NULL, 0, "docker.io", &none, NULL), 0);
        assert_int_equal(parse("{}", &empty), 0);
        assert_int_equal(none.retries, 5);
        assert_true(empty.layer_bytes_max == UINT64_MAX && none.stall_usec == USEC_PER_MINUTE);
        assert_null(empty.mirrors);
}

static void test_fetch_config_parse_reads_all(void **state) {
        _cleanup_fetch_config_ FetchConfig c = {};

        assert_int_equal(parse("{\"mirrors\":{\"docker.io\":[\"https://a\",\"https://"
                               "b\"],\"x\":[\"y\"]},"
                               "\"insecure\":[\"h:5000\"],\"certs\":[\"/a\"],\"retries\":0,"
                               "\"limits\":{\"layer_bytes\":7,\"image_bytes\":0},"
                               "\"seconds\":{\"connect\":0.5,\"document\":1,\"stall\":2,\"pause\":"
                               "0}}",
                                         &c),
                        0);
        assert_int_equal(strv_length(c.mirrors), 2);
        assert_string_equal(c.mirrors[1], "https://b");
        assert_int_equal(c.retries, 0);
        assert_true(c.layer_bytes_max == 7 && c.image_bytes_max == UINT64_MAX);
        assert_true(c.connect_usec == USEC_PER_SEC / 2 && c.pause_usec == 0);
        assert_string_equal(c.certificate_dirs[0], "/a");
}

static void test_fetch_config_parse_refuses(void **state) {
        static const char *const bad[] = { "", "[]", "{\"retries\":\"x\"}", "{\"mirrors\":[]}",
                "{\"mirrors\":{\"docker.io\":7}}", "{\"seconds\":{\"stall\":-1}}",
                "{\"seconds\":{\"stall\":\"1\"}}", "{\"limits\":{\"layer_bytes\":1.5}}" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                FetchConfig c;

                assert_true(parse(bad[i], &c) < 0);
        }
}

static void test_fetch_config_is_insecure(void **state) {
        static const char *const yes[] = { "localhost", "LocalHost:5000", "127.0.0.1:5000",
                "127.8.9.10", "[::1]:5000", "h:5000" };
        static const char *const no[] = { "h", "h:5001", "localhost.example", "128.0.0.1",
                "127.0.0.1.example", "127.1", "[::2]:5000", "example:5000" };
        _cleanup_fetch_config_ FetchConfig c = {};

        assert_int_equal(parse("{\"insecure\":[\"h:5000\"]}", &c), 0);
        for (size_t i = 0; i < ELEMENTSOF(yes); i++)
                assert_true(fetch_config_is_insecure(&c, yes[i]));
        for (size_t i = 0; i < ELEMENTSOF(no); i++)
                assert_false(fetch_config_is_insecure(&c, no[i]));
}

static void write_text(const char *dir, const char *name, const char *text) {
        char path[512];
        FILE *f;

        (void) snprintf(path, sizeof(path), "%s/%s", dir, name);
        f = fopen(path, "we");
        assert_non_null(f);
        assert_true(fputs(text, f) >= 0);
        assert_int_equal(fclose(f), 0);
}

static void test_fetch_config_certificates_joins_files(void **state) {
        char top[] = "/tmp/test-fetch-config-XXXXXX", dir[64], json[128];
        static const char *const names[] = { "b.crt", "a.crt", "client.key", ".hidden.crt" };
        _cleanup_fetch_config_ FetchConfig c = {};
        _cleanup_free_ char *pem = NULL, *none = NULL;

        assert_non_null(mkdtemp(top));
        (void) snprintf(dir, sizeof(dir), "%s/h:5000", top);
        assert_int_equal(mkdir(dir, 0700), 0);
        for (size_t i = 0; i < ELEMENTSOF(names); i++)
                write_text(dir, names[i], names[i]);

        (void) snprintf(json, sizeof(json), "{\"certs\":[\"/nowhere\",\"%s\"]}", top);
        assert_int_equal(parse(json, &c), 0);
        assert_int_equal(fetch_config_certificates(&c, "h:5000", &pem, NULL), 0);
        assert_string_equal(pem, "a.crt\nb.crt\n");
        assert_int_equal(fetch_config_certificates(&c, "h", &none, NULL), 0);
        assert_null(none);
        assert_int_equal(fetch_config_certificates(&c, "..", &none, NULL), 0);
        assert_null(none);

        for (size_t i = 0; i < ELEMENTSOF(names); i++) {
                char path[512];

                (void) snprintf(path, sizeof(path), "%s/%s", dir, names[i]);
                assert_int_equal(unlink(path), 0);
        }
        assert_int_equal(rmdir(dir), 0);
        assert_int_equal(rmdir(top), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_fetch_config_parse_fills_in_defaults),
                cmocka_unit_test(test_fetch_config_parse_reads_all),
                cmocka_unit_test(test_fetch_config_parse_refuses),
                cmocka_unit_test(test_fetch_config_is_insecure),
                cmocka_unit_test(test_fetch_config_certificates_joins_files),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
