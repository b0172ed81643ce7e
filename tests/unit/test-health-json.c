/* SPDX-License-Identifier: Apache-2.0 */
/* The stored form of a health check, as part of a spec: what one version writes every later one reads. */
#include "model/health-json.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "model/container-spec.h"
#include "unit.h"

static void read_spec(const char *health, ContainerSpec **ret, int expected) {
        char document[1024];

        (void) snprintf(document, sizeof(document),
                        "{\"version\":1,\"image\":\"bb\",\"health\":%s}", health);
        assert_int_equal(container_spec_from_json(document, ret, NULL), expected);
}

static void test_health_json_goes_round(void **state) {
        static const char *const texts[] = {
                "{\"command\":[\"true\"],\"interval_usec\":1000,\"on_failure\":\"kill\",\"port\":0,"
                "\"probe\":\"shell\",\"retries\":3,\"start_interval_usec\":5000,"
                "\"start_period_usec\":0,\"timeout_usec\":2000}",
                "{\"interval_usec\":1000,\"on_failure\":\"none\",\"path\":\"/up\",\"port\":8080,"
                "\"probe\":\"http\",\"retries\":3,\"start_interval_usec\":5000,"
                "\"start_period_usec\":9000,\"timeout_usec\":2000}",
                "{\"disabled\":true,\"interval_usec\":0,\"on_failure\":\"none\",\"port\":0,"
                "\"probe\":\"none\",\"retries\":0,\"start_interval_usec\":0,"
                "\"start_period_usec\":0,\"timeout_usec\":0}",
        };

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
                _cleanup_free_ char *json = NULL;

                read_spec(texts[i], &spec, 0);
                assert_int_equal(container_spec_to_json(spec, &json), 0);
                assert_non_null(strstr(json, texts[i]));
        }
}

static void test_health_json_is_absent_without_a_check(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;
        _cleanup_free_ char *json = NULL;

        assert_int_equal(container_spec_from_json("{\"version\":1,\"image\":\"bb\"}", &spec, NULL),
                        0);
        assert_int_equal(spec->health.probe, HEALTH_PROBE_NONE);
        assert_int_equal(container_spec_to_json(spec, &json), 0);
        assert_null(strstr(json, "health"));
}

static void test_health_json_refuses_what_makes_no_sense(void **state) {
        static const char *const bad[] = { "1", "[]", "{\"probe\":1}", "{\"probe\":\"ping\"}",
                "{\"probe\":\"tcp\"}", "{\"probe\":\"tcp\",\"port\":65536}",
                "{\"probe\":\"tcp\",\"port\":-1}", "{\"probe\":\"http\",\"port\":1,\"path\":\"x\"}",
                "{\"probe\":\"http\",\"port\":1,\"path\":1}", "{\"probe\":\"shell\"}",
                "{\"probe\":\"shell\",\"command\":\"true\"}",
                "{\"probe\":\"exec\",\"command\":[1]}", "{\"on_failure\":\"reboot\"}",
                "{\"on_failure\":1}", "{\"interval_usec\":-2}", "{\"interval_usec\":1}",
                "{\"timeout_usec\":\"1\"}", "{\"retries\":-1}", "{\"retries\":4294967296}",
                "{\"disabled\":1}", "{\"disabled\":true,\"probe\":\"tcp\",\"port\":1}" };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                ContainerSpec *spec = NULL;

                read_spec(bad[i], &spec, -EBADMSG);
                assert_null(spec);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_health_json_goes_round),
                cmocka_unit_test(test_health_json_is_absent_without_a_check),
                cmocka_unit_test(test_health_json_refuses_what_makes_no_sense),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
