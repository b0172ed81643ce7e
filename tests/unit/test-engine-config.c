/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "model/engine-config.h"
#include "model/limits.h"
#include "unit.h"

static void test_engine_config_init_has_the_built_in_values(void **state) {
        _cleanup_engine_config_ EngineConfig c = {};
        _cleanup_free_ char *json = NULL;

        assert_int_equal(engine_config_init(&c), 0);
        assert_string_equal(c.default_registry, "docker.io");
        assert_int_equal(c.parallel_layers, 3);
        assert_int_equal(c.timeout_usec, PULL_TIMEOUT_USEC);
        assert_int_equal(c.entries_max, ARCHIVE_ENTRIES_MAX);
        assert_null(c.mirrors);
        assert_int_equal(engine_config_for_fetch(&c, &json), 0);
        assert_string_equal(json, "{\"certs\":[\"/etc/pocketdocker/certs.d\","
                                  "\"/etc/docker/certs.d\"],\"mirrors\":{},\"retries\":5}");
}

static void test_engine_config_set_takes_what_makes_sense(void **state) {
        static const struct {
                const char *section, *key, *value;
        } accepted[] = {
                { "Registries", "Default", "quay.io" },
                { "Registries", "Mirror", "docker.io=https://a.example/v2" },
                { "Registries", "Mirror", "docker.io=http://127.0.0.1:5000" },
                { "Registries", "Insecure", "localhost:5000  [::1]:5000" },
                { "Registries", "Blocked", "evil.example" },
                { "Registries", "CertificateDirectory", "" },
                { "Registries", "CertificateDirectory", "/x" },
                { "Pull", "ParallelLayers", "8" },
                { "Pull", "Timeout", "2" },
                { "Pull", "LayerBytesMax", "1g" },
                { "Pull", "ImageBytesMax", "2GiB" },
                { "Pull", "EntriesMax", "10" },
        };
        _cleanup_engine_config_ EngineConfig c = {};
        _cleanup_free_ char *json = NULL;
        _cleanup_failure_ Failure f = {};

        assert_int_equal(engine_config_init(&c), 0);
        for (size_t i = 0; i < ELEMENTSOF(accepted); i++)
                assert_int_equal(engine_config_set(&c, accepted[i].section, accepted[i].key,
                                                 accepted[i].value, &f),
                                0);
        assert_string_equal(c.default_registry, "quay.io");
        assert_int_equal(c.parallel_layers, 8);
        assert_int_equal(c.timeout_usec, 2000000);
        assert_int_equal(c.layer_bytes_max, GIB);
        assert_true(engine_config_blocks(&c, "EVIL.example"));
        assert_false(engine_config_blocks(&c, "docker.io"));
        assert_int_equal(engine_config_for_fetch(&c, &json), 0);
        assert_string_equal(json,
                        "{\"blocked\":[\"evil.example\"],\"certs\":[\"/x\"],\"insecure\":["
                        "\"localhost:5000\",\"[::1]:5000\"],\"mirrors\":{\"docker.io\":["
                        "\"https://a.example/v2\",\"http://127.0.0.1:5000\"]},\"retries\":5}");
        assert_int_equal(engine_config_set(&c, "Registries", "Mirror", "", &f), 0);
        assert_null(c.mirrors);
        assert_int_equal(engine_config_set(&c, "Registries", "Default", "", &f), 0);
        assert_string_equal(c.default_registry, "docker.io");
}

static void test_engine_config_set_refuses_what_does_not(void **state) {
        static const struct {
                const char *section, *key, *value, *word;
        } refused[] = {
                { "Registries", "default", "quay.io", "'default='" },
                { "", "Default", "quay.io", "'[]'" },
                { "Pull", "Default", "quay.io", "'[Pull]'" },
                { "Registries", "Default", "a/b", "'a/b'" },
                { "Registries", "Default", "nodots", "'nodots'" },
                { "Registries", "Mirror", "https://a.example", "'https://a.example'" },
                { "Registries", "Mirror", "docker.io=a.example", "'docker.io=a.example'" },
                { "Registries", "Mirror", "docker.io=https://", "'docker.io=https://'" },
                { "Registries", "Mirror", "docker.io=https://u:p@a.example", "'Mirror='" },
                { "Registries", "Blocked", "ok.example bad_host.example", "'bad_host.example'" },
                { "Registries", "CertificateDirectory", "certs", "'certs'" },
                { "Pull", "ParallelLayers", "0", "'0'" },
                { "Pull", "ParallelLayers", "1000", "'1000'" },
                { "Pull", "ParallelLayers", "many", "'many'" },
                { "Pull", "Timeout", "soon", "'soon'" },
                { "Pull", "Timeout", "-1", "'-1'" },
                { "Pull", "LayerBytesMax", "-1", "'-1'" },
        };
        _cleanup_engine_config_ EngineConfig c = {};

        assert_int_equal(engine_config_init(&c), 0);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_failure_ Failure f = {};

                assert_true(engine_config_set(&c, refused[i].section, refused[i].key,
                                            refused[i].value, &f) < 0);
                assert_non_null(strstr(failure_message(&f), refused[i].word));
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_engine_config_init_has_the_built_in_values),
                cmocka_unit_test(test_engine_config_set_takes_what_makes_sense),
                cmocka_unit_test(test_engine_config_set_refuses_what_does_not),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
