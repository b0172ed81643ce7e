/* SPDX-License-Identifier: Apache-2.0 */
#include "model/image-config.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const char full[] =
        "{\"architecture\":\"arm64\",\"author\":\"me\",\"config\":{\"Cmd\":[\"sh\"],"
        "\"Entrypoint\":[\"/init\"],\"Env\":[\"A=1\"],"
        "\"ExposedPorts\":{\"443/tcp\":{},\"80/tcp\":{}},"
        "\"Healthcheck\":{\"Interval\":30000000000,\"Retries\":3,\"StartInterval\":1000,"
        "\"StartPeriod\":2000,\"Test\":[\"CMD\",\"true\"],\"Timeout\":3000},"
        "\"Labels\":{\"a\":\"1\",\"b\":\"=\"},\"StopSignal\":\"SIGINT\","
        "\"User\":\"app\",\"Volumes\":{\"/data\":{}},\"WorkingDir\":\"/w\"},"
        "\"created\":\"2024-01-01T00:00:00Z\","
        "\"history\":[{\"created\":\"2023-01-01T00:00:00Z\",\"created_by\":\"ADD x\"},"
        "{\"comment\":\"made\",\"empty_layer\":true}],\"os\":\"linux\","
        "\"rootfs\":{\"diff_ids\":[\"sha256:" HEX64 "\"],\"type\":\"layers\"},"
        "\"variant\":\"v8\"}";

static int parse(const char *json, ImageConfig **ret, Failure *reterr) {
        return image_config_parse(json, strlen(json), ret, reterr);
}

static void test_image_config_goes_round(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        _cleanup_failure_ Failure f = {};
        _cleanup_free_ char *json = NULL;

        assert_int_equal(parse(full, &config, &f), 0);
        assert_string_equal(config->entrypoint[0], "/init");
        assert_string_equal(config->labels[1], "b==");
        assert_string_equal(config->exposed_ports[0], "443/tcp");
        assert_string_equal(config->volumes[0], "/data");
        assert_string_equal(config->diff_ids[0], HEX64);
        assert_true(config->healthcheck->interval_usec == 30000000);
        assert_true(config->healthcheck->start_interval_usec == 1);
        assert_int_equal(config->healthcheck->retries, 3);
        assert_int_equal(config->n_history, 2);
        assert_string_equal(config->history[0].created_by, "ADD x");
        assert_false(config->history[0].empty_layer);
        assert_true(config->history[1].empty_layer);
        assert_string_equal(config->comment, "made");
        assert_int_equal(image_config_to_json(config, &json), 0);
        assert_string_equal(json, full);
}

static void test_image_config_of_docker_with_nulls(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL, *empty = NULL;

        assert_int_equal(parse("{\"architecture\":\"amd64\",\"container\":\"abc\",\"config\":{"
                               "\"AttachStdin\":false,\"Cmd\":null,"
                               "\"Entrypoint\":null,\"Env\":[],\"Image\":\"sha256:x\",\"Volumes\":"
                               "null,\"OnBuild\":null,\"Labels\":{}},"
                               "\"history\":[{\"created_by\":\"x\"},{\"comment\":\"one\"},{"
                               "\"comment\":\"two\"},{\"empty_layer\":true}],"
                               "\"rootfs\":{\"type\":\"layers\",\"diff_ids\":null}}",
                                         &config, NULL),
                        0);
        assert_null(config->cmd);
        assert_null(config->env);
        assert_null(config->labels);
        assert_null(config->diff_ids);
        assert_string_equal(config->comment, "two");
        assert_int_equal(parse("{}", &empty, NULL), 0);
        assert_null(image_config_free(NULL));
}

static void test_image_config_parse_refuses(void **state) {
        static const char *const bad[] = {
                "", "{", "[]", "\"x\"", "{} x", "{\"os\":1}", "{\"architecture\":[]}",
                "{\"variant\":1}", "{\"created\":1}", "{\"author\":1}",
                "{\"os\":\"a\",\"os\":\"b\"}", "{\"os\":\"a\\u0000b\"}", "{\"os\":\"\xff\"}",
                "{\"config\":[]}", "{\"config\":{\"Env\":\"A=1\"}}", "{\"config\":{\"Env\":[1]}}",
                "{\"config\":{\"Cmd\":{}}}", "{\"config\":{\"Entrypoint\":1}}",
                "{\"config\":{\"WorkingDir\":1}}", "{\"config\":{\"User\":1}}",
                "{\"config\":{\"StopSignal\":15}}", "{\"config\":{\"Labels\":[]}}",
                "{\"config\":{\"Labels\":{\"a\":1}}}", "{\"config\":{\"Labels\":{\"\":\"1\"}}}",
                "{\"config\":{\"Labels\":{\"a=b\":\"1\"}}}", "{\"config\":{\"ExposedPorts\":[]}}",
                "{\"config\":{\"Volumes\":\"/\"}}", "{\"config\":{\"Volumes\":{\"\":{}}}}",
                "{\"history\":{}}", "{\"history\":[{\"created_by\":1}]}",
                "{\"history\":[{\"comment\":\"a\"},{\"empty_layer\":1}]}",
                "{\"config\":{\"Healthcheck\":1}}",
                "{\"config\":{\"Healthcheck\":{\"Test\":\"x\"}}}",
                "{\"config\":{\"Healthcheck\":{\"Interval\":-1}}}",
                "{\"config\":{\"Healthcheck\":{\"Timeout\":1.5}}}",
                "{\"config\":{\"Healthcheck\":{\"StartPeriod\":\"1s\"}}}",
                "{\"config\":{\"Healthcheck\":{\"StartInterval\":[]}}}",
                "{\"config\":{\"Healthcheck\":{\"Retries\":4294967296}}}", "{\"rootfs\":[]}",
                "{\"rootfs\":{\"diff_ids\":\"x\"}}", "{\"rootfs\":{\"diff_ids\":[1]}}",
                "{\"rootfs\":{\"diff_ids\":[\"" HEX64 "\"]}}",
                "{\"rootfs\":{\"diff_ids\":[\"sha256:../../../etc\"]}}",
                "{\"rootfs\":{\"diff_ids\":[\"sha512:" HEX64 HEX64 "\"]}}", "{\"history\":{}}",
                "{\"history\":[{\"comment\":1}]}",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure f = {};
                ImageConfig *config = NULL;

                if (parse(bad[i], &config, &f) != -EBADMSG)
                        fail_msg("took %s", bad[i]);
                assert_int_equal(f.code, FAILURE_INVALID_ARCHIVE);
        }
}

static void test_image_config_parse_takes_odd_history(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;

        assert_int_equal(parse("{\"history\":[1,null,{}]}", &config, NULL), 0);
        assert_null(config->comment);
}

static void test_image_config_parse_bounds(void **state) {
        _cleanup_free_ char *large = malloc(IMAGE_CONFIG_BYTES_MAX + 1);
        _cleanup_strbuf_ StrBuf b = {};
        ImageConfig *config = NULL;

        memset(large, ' ', IMAGE_CONFIG_BYTES_MAX + 1);
        large[0] = '{';
        large[IMAGE_CONFIG_BYTES_MAX] = '}';
        assert_errno(EBADMSG, image_config_parse(large, IMAGE_CONFIG_BYTES_MAX + 1, &config, NULL));
        large[IMAGE_CONFIG_BYTES_MAX - 1] = '}';
        assert_int_equal(image_config_parse(large, IMAGE_CONFIG_BYTES_MAX, &config, NULL), 0);
        config = image_config_free(config);

        /* as deep as text of that length can be */
        memset(large, '[', IMAGE_CONFIG_BYTES_MAX);
        assert_errno(EBADMSG, image_config_parse(large, IMAGE_CONFIG_BYTES_MAX, &config, NULL));

        (void) strbuf_puts(&b, "{\"rootfs\":{\"diff_ids\":[");
        for (unsigned i = 0; i <= LAYERS_MAX; i++)
                (void) strbuf_printf(&b, "%s\"sha256:" HEX64 "\"", i > 0 ? "," : "");
        (void) strbuf_puts(&b, "]}}");
        assert_errno(EBADMSG, parse(b.data, &config, NULL));
        strbuf_done(&b);

        (void) strbuf_puts(&b, "{\"config\":{\"Labels\":{");
        for (unsigned i = 0; i <= LABELS_MAX; i++)
                (void) strbuf_printf(&b, "%s\"%u\":\"\"", i > 0 ? "," : "", i);
        (void) strbuf_puts(&b, "}}}");
        assert_errno(EBADMSG, parse(b.data, &config, NULL));
        strbuf_done(&b);

        (void) strbuf_puts(&b, "{\"history\":[{}");
        for (unsigned i = 0; i < HISTORY_MAX; i++)
                (void) strbuf_puts(&b, ",{}");
        (void) strbuf_puts(&b, "]}");
        assert_errno(EBADMSG, parse(b.data, &config, NULL));
}

static void test_image_config_for_import_is_always_the_same(void **state) {
        _cleanup_(image_config_freep) ImageConfig *config = NULL;
        _cleanup_free_ char *json = NULL, *commented = NULL;

        /* The image's id is the digest of this text: not one byte of it may change. */
        assert_int_equal(image_config_for_import(HEX64, "amd64", NULL, &json), 0);
        assert_string_equal(json,
                        "{\"architecture\":\"amd64\",\"config\":{},\"os\":\"linux\",\"rootfs\":{"
                        "\"diff_ids\":[\"sha256:" HEX64 "\"],\"type\":\"layers\"}}");
        assert_int_equal(parse(json, &config, NULL), 0);
        assert_int_equal(image_config_for_import(HEX64, "amd64", "hi", &commented), 0);
        assert_string_equal(commented,
                        "{\"architecture\":\"amd64\",\"config\":{},\"history\":[{\"comment\":"
                        "\"hi\"}],\"os\":\"linux\","
                        "\"rootfs\":{\"diff_ids\":[\"sha256:" HEX64 "\"],\"type\":\"layers\"}}");
}

static void test_image_architecture_is_known(void **state) {
        assert_string_not_equal(image_architecture(), "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_image_config_goes_round),
                cmocka_unit_test(test_image_config_of_docker_with_nulls),
                cmocka_unit_test(test_image_config_parse_refuses),
                cmocka_unit_test(test_image_config_parse_takes_odd_history),
                cmocka_unit_test(test_image_config_parse_bounds),
                cmocka_unit_test(test_image_config_for_import_is_always_the_same),
                cmocka_unit_test(test_image_architecture_is_known),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
