/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "model/container-spec.h"
#include "model/limits.h"
#include "unit.h"

/* Every member, none at its default. What is stored today must be read for ever: this text does not change. */
static const char full[] =
        "{\"argv\":[\"/bin/sh\",\"-c\",\"echo \xc3\xa4\"],\"command\":[\"-c\",\"echo \xc3\xa4\"],"
        "\"entrypoint\":[\"/bin/sh\"],"
        "\"entrypoint_set\":true,\"env\":[\"A=1\",\"B=\"],\"hostname\":\"h\",\"image\":\"bb:1\","
        "\"init\":true,"
        "\"labels\":[\"k=v\"],\"log\":{\"driver\":\"none\",\"max_files\":7,\"max_size\":-1},"
        "\"network\":\"host\","
        "\"open_stdin\":true,\"read_only\":true,\"remove\":true,\"restart\":{\"max_tries\":0,"
        "\"mode\":\"no\"},"
        "\"stop_signal\":2,\"stop_timeout_usec\":-1,\"tmpfs\":[{\"flags\":14,"
        "\"options\":\"size=64m\",\"path\":\"/run\"},"
        "{\"flags\":0,\"path\":\"/tmp\"}],\"tty\":true,\"ulimits\":[{\"hard\":-1,\"resource\":7,"
        "\"soft\":1024}],"
        "\"user\":\"app:app\",\"version\":1,\"working_dir\":\"/w\"}";

static void test_container_spec_json_goes_round(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
        _cleanup_failure_ Failure f = {};
        _cleanup_free_ char *json = NULL;

        assert_int_equal(container_spec_from_json(full, &spec, &f), 0);
        assert_string_equal(spec->argv[2], "echo \xc3\xa4");
        assert_true(spec->tty && spec->open_stdin && spec->init && spec->read_only &&
                        spec->remove && spec->entrypoint_set);
        assert_true(spec->log_max_size == UINT64_MAX && spec->stop_timeout_usec == UINT64_MAX);
        assert_int_equal(spec->log_driver, LOG_DRIVER_NONE);
        assert_int_equal(spec->n_tmpfs, 2);
        assert_true(spec->tmpfs[0].flags == 14);
        assert_null(spec->tmpfs[1].options);
        assert_int_equal(spec->n_ulimits, 1);
        assert_true(spec->ulimits[0].hard == UINT64_MAX);
        assert_int_equal(container_spec_to_json(spec, &json), 0);
        assert_string_equal(json, full);
}

/* The same holds for the resources, which came later: absent unless something was asked for. */
static void test_container_spec_json_of_resources(void **state) {
        static const char *const texts[] = {
                "{\"cpu_period\":50000,\"cpu_quota\":20000,\"cpu_shares\":512,"
                "\"cpuset_cpus\":\"0-1\",\"cpuset_mems\":\"0\",\"memory\":67108864,"
                "\"memory_reservation\":33554432,\"memory_swap\":-1,\"oom_group\":false,"
                "\"oom_score_adj\":-5,\"pids_limit\":100}",
                "{\"nano_cpus\":1500000000}",
                "{\"oom_group\":false}",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
                _cleanup_free_ char *json = NULL;
                char document[512];

                (void) snprintf(document, sizeof(document),
                                "{\"version\":1,\"image\":\"bb\",\"resources\":%s}", texts[i]);
                assert_int_equal(container_spec_from_json(document, &spec, NULL), 0);
                assert_false(spec->resources.oom_group && i != 1);
                assert_int_equal(container_spec_to_json(spec, &json), 0);
                assert_non_null(strstr(json, texts[i]));
        }
}

static void test_container_spec_json_of_defaults(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL, *back = NULL;
        _cleanup_free_ char *json = NULL, *again = NULL;

        assert_int_equal(container_spec_new(&spec), 0);
        assert_int_equal(free_and_strdup(&spec->image, "bb"), 0);
        assert_int_equal(container_spec_to_json(spec, &json), 0);
        assert_int_equal(container_spec_from_json(json, &back, NULL), 0);
        assert_int_equal(container_spec_to_json(back, &again), 0);
        assert_string_equal(json, again);
        assert_null(back->env);
        assert_true(back->stop_timeout_usec == STOP_TIMEOUT_DEFAULT_USEC);
}

static void test_container_spec_from_json_fills_in_and_skips(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL, *other = NULL;

        assert_int_equal(container_spec_from_json("{\"version\":2,\"image\":\"bb\",\"memory\":{"
                                                  "\"max\":1},\"tty\":null}",
                                         &spec, NULL),
                        0);
        assert_int_equal(spec->log_max_files, LOG_FILES_DEFAULT);
        assert_false(spec->tty);
        assert_int_equal(container_spec_from_json("{\"version\":1,\"image\":\"bb\",\"log\":{},"
                                                  "\"restart\":{},\"tmpfs\":[],"
                                                  "\"ulimits\":[],\"argv\":[]}",
                                         &other, NULL),
                        0);
        assert_null(other->argv);
        assert_null(other->tmpfs);
}

static void test_container_spec_from_json_refuses(void **state) {
        static const char *const bad[] = {
                "", "{", "[]", "null", "1", "{}", "{\"image\":\"bb\"}",
                "{\"version\":0,\"image\":\"bb\"}", "{\"version\":\"1\",\"image\":\"bb\"}",
                "{\"version\":1}", "{\"version\":1,\"image\":\"\"}",
        };
        static const char *const bad_members[] = {
                "\"image\":1", "\"version\":1", "\"tty\":1", "\"init\":\"yes\"", "\"argv\":\"x\"",
                "\"argv\":[1]", "\"env\":[\"=\"]", "\"env\":{}", "\"command\":7",
                "\"entrypoint\":7", "\"entrypoint_set\":7", "\"labels\":7", "\"network\":[]",
                "\"network\":\"bridge\"", "\"hostname\":false", "\"hostname\":\"a b\"",
                "\"working_dir\":\"x\"", "\"working_dir\":1", "\"user\":1", "\"stop_signal\":-1",
                "\"stop_signal\":128", "\"stop_signal\":100", "\"stop_signal\":1.5",
                "\"stop_timeout_usec\":-2", "\"stop_timeout_usec\":99999999999999999999",
                "\"restart\":1", "\"restart\":{\"mode\":\"x\"}", "\"restart\":{\"mode\":1}",
                "\"restart\":{\"max_tries\":4294967296}", "\"log\":[]",
                "\"log\":{\"driver\":\"x\"}", "\"log\":{\"driver\":1}", "\"log\":{\"max_size\":1}",
                "\"log\":{\"max_size\":\"1\"}", "\"log\":{\"max_files\":0}",
                "\"log\":{\"max_files\":\"0\"}", "\"tmpfs\":{}", "\"tmpfs\":[1]", "\"tmpfs\":[{}]",
                "\"tmpfs\":[{\"path\":\"x\"}]", "\"tmpfs\":[{\"path\":\"/x\",\"options\":1}]",
                "\"tmpfs\":[{\"path\":1}]", "\"tmpfs\":[{\"path\":\"/x\",\"flags\":\"\"}]",
                "\"ulimits\":{}", "\"ulimits\":[1]", "\"ulimits\":[{}]",
                "\"ulimits\":[{\"resource\":99,\"soft\":1,\"hard\":1}]",
                "\"ulimits\":[{\"resource\":4294967303,\"soft\":1,\"hard\":1}]",
                "\"env\":[\"A=\\u0000\"]",
                "\"resources\":1", "\"resources\":{\"memory\":1}",
                "\"resources\":{\"memory\":\"64m\"}", "\"resources\":{\"cpu_quota\":-2}",
                "\"resources\":{\"cpuset_cpus\":\"x\"}", "\"resources\":{\"cpuset_mems\":0}",
                "\"resources\":{\"oom_score_adj\":1001}",
                "\"resources\":{\"oom_score_adj\":\"1\"}", "\"resources\":{\"oom_group\":0}",
                "\"resources\":{\"memory_swap\":-1}", "\"resources\":{\"pids_limit\":-1}",
        };
        ContainerSpec *spec = NULL;
        char json[256];

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure f = {};

                assert_errno(EBADMSG, container_spec_from_json(bad[i], &spec, &f));
                assert_int_equal(f.code, FAILURE_INVALID_SPEC);
        }
        for (size_t i = 0; i < ELEMENTSOF(bad_members); i++) {
                (void) snprintf(json, sizeof(json), "{\"version\":1,%s%s}",
                                startswith(bad_members[i], "\"image\"") ? "" : "\"image\":\"bb\",",
                                bad_members[i]);
                if (container_spec_from_json(json, &spec, NULL) != -EBADMSG)
                        fail_msg("took %s", json);
        }
        assert_null(spec);
}

static void test_container_spec_from_json_bounds(void **state) {
        char *json = malloc(SPEC_JSON_MAX + 2);
        _cleanup_strbuf_ StrBuf b = {};
        ContainerSpec *spec = NULL;

        memset(json, ' ', SPEC_JSON_MAX + 1);
        json[SPEC_JSON_MAX + 1] = '\0';
        assert_errno(EBADMSG, container_spec_from_json(json, &spec, NULL));
        free(json);

        (void) strbuf_puts(&b, "{\"version\":1,\"image\":\"bb\",\"ulimits\":[");
        for (unsigned i = 0; i <= ULIMITS_MAX; i++)
                (void) strbuf_printf(&b, "%s{}", i > 0 ? "," : "");
        (void) strbuf_puts(&b, "]}");
        assert_errno(EBADMSG, container_spec_from_json(b.data, &spec, NULL));
        strbuf_done(&b);

        (void) strbuf_puts(&b, "{\"version\":1,\"image\":\"bb\",\"tmpfs\":[");
        for (unsigned i = 0; i <= TMPFS_MAX; i++)
                (void) strbuf_printf(&b, "%s{}", i > 0 ? "," : "");
        (void) strbuf_puts(&b, "]}");
        assert_errno(EBADMSG, container_spec_from_json(b.data, &spec, NULL));
}

/* The longest that can be stored can be read. */
static void test_container_spec_json_of_the_worst_text(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL, *back = NULL;
        _cleanup_free_ char *json = NULL;
        char entry[60001];

        memset(entry, 1, sizeof(entry) - 1);
        entry[sizeof(entry) - 1] = '\0';
        assert_int_equal(container_spec_new(&spec), 0);
        assert_int_equal(free_and_strdup(&spec->image, "bb"), 0);
        for (unsigned i = 0; i < 4; i++) {
                assert_int_equal(strv_push(&spec->command, entry), 0);
                assert_int_equal(strv_push(&spec->entrypoint, entry), 0);
                assert_int_equal(strv_push(&spec->argv, entry), 0);
                assert_int_equal(strv_push(&spec->env, entry), 0);
        }
        assert_int_equal(container_spec_check(spec, NULL), 0);
        assert_int_equal(container_spec_to_json(spec, &json), 0);
        assert_int_equal(container_spec_from_json(json, &back, NULL), 0);
        assert_true(strv_equal(back->env, spec->env));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_container_spec_json_goes_round),
                cmocka_unit_test(test_container_spec_json_of_resources),
                cmocka_unit_test(test_container_spec_json_of_defaults),
                cmocka_unit_test(test_container_spec_from_json_fills_in_and_skips),
                cmocka_unit_test(test_container_spec_from_json_refuses),
                cmocka_unit_test(test_container_spec_from_json_bounds),
                cmocka_unit_test(test_container_spec_json_of_the_worst_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
