/* SPDX-License-Identifier: Apache-2.0 */
#include "model/status.h"
#include "base/str.h"
#include "unit.h"

#define MINUTE USEC_PER_MINUTE

static void test_status_text(void **state) {
        static const struct {
                ContainerState state;
                ContainerHealth health;
                int code;
                const char *text;
        } table[] = {
                { CONTAINER_CREATED, HEALTH_NONE, 0, "Created" },
                { CONTAINER_RUNNING, HEALTH_NONE, 0, "Running (3 minutes)" },
                { CONTAINER_RUNNING, HEALTH_STARTING, 0, "Running (3 minutes) (health: starting)" },
                { CONTAINER_RUNNING, HEALTH_HEALTHY, 0, "Running (3 minutes) (healthy)" },
                { CONTAINER_RUNNING, HEALTH_UNHEALTHY, 0, "Running (3 minutes) (unhealthy)" },
                { CONTAINER_RUNNING, _CONTAINER_HEALTH_MAX, 0, "Running (3 minutes)" },
                { CONTAINER_PAUSED, HEALTH_NONE, 0, "Paused (3 minutes)" },
                { CONTAINER_RESTARTING, HEALTH_NONE, 1, "Restarting (1) 2 minutes ago" },
                { CONTAINER_EXITED, HEALTH_HEALTHY, 137, "Stopped (137) 2 minutes ago" },
                { CONTAINER_DEAD, HEALTH_NONE, 0, "Dead" },
        };
        char text[STATUS_TEXT_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_string_equal(status_text(table[i].state, table[i].health, table[i].code,
                                                    7 * MINUTE, 8 * MINUTE, 10 * MINUTE, text),
                                table[i].text);
}

static void test_status_text_with_a_clock_set_back(void **state) {
        char text[STATUS_TEXT_MAX];

        assert_string_equal(
                        status_text(CONTAINER_RUNNING, HEALTH_NONE, 0, 7 * MINUTE, 0, MINUTE, text),
                        "Running (Less than a second)");
        assert_string_equal(
                        status_text(CONTAINER_EXITED, HEALTH_NONE, 0, 0, 7 * MINUTE, MINUTE, text),
                        "Stopped (0) Less than a second ago");
}

static void test_container_state_goes_round(void **state) {
        for (int i = 0; i < _CONTAINER_STATE_MAX; i++)
                assert_int_equal(container_state_from_string(
                                                 container_state_to_string((ContainerState) i)),
                                i);
        for (int i = 0; i < _CONTAINER_HEALTH_MAX; i++)
                assert_int_equal(container_health_from_string(
                                                 container_health_to_string((ContainerHealth) i)),
                                i);
        assert_null(container_state_to_string(_CONTAINER_STATE_MAX));
        assert_null(container_state_to_string(_CONTAINER_STATE_INVALID));
        assert_null(container_health_to_string(_CONTAINER_HEALTH_MAX));
        assert_null(container_health_to_string(_CONTAINER_HEALTH_INVALID));
        assert_int_equal(container_state_from_string("Running"), _CONTAINER_STATE_INVALID);
        assert_int_equal(container_state_from_string(NULL), _CONTAINER_STATE_INVALID);
        assert_int_equal(container_health_from_string("ill"), _CONTAINER_HEALTH_INVALID);
        assert_int_equal(container_health_from_string(NULL), _CONTAINER_HEALTH_INVALID);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_status_text),
                cmocka_unit_test(test_status_text_with_a_clock_set_back),
                cmocka_unit_test(test_container_state_goes_round),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
