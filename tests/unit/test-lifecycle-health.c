/* SPDX-License-Identifier: Apache-2.0 */
/* What follows, over several steps, when a container's health check wants something done about it. */
#include "base/str.h"
#include "base/usec.h"
#include "model/lifecycle.h"
#include "unit.h"

#define NOW (1000 * USEC_PER_SEC)

static const LifecyclePolicy no_policy = {};
static const LifecyclePolicy always = { .restart = { .mode = RESTART_ALWAYS } };
static const LifecyclePolicy removing = { .auto_remove = true };

static Lifecycle after(Lifecycle l, LifecycleFact fact, const LifecyclePolicy *policy) {
        LifecycleStep step = lifecycle_next(&l, &fact, policy, NOW);

        assert_int_equal(step.refusal, REFUSAL_NONE);
        return step.next;
}

static void test_lifecycle_next_unhealthy_kill_is_an_end_as_any(void **state) {
        Lifecycle l = { .state = CONTAINER_RUNNING };
        LifecycleFact unhealthy = { .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_KILL };
        LifecycleFact ended = { .kind = FACT_ENDED, .exit_code = 137, .ran_usec = USEC_PER_MINUTE };

        l = after(l, unhealthy, &always);
        assert_int_equal(after(l, ended, &no_policy).state, CONTAINER_EXITED);
        l = after(l, ended, &always);
        assert_int_equal(l.state, CONTAINER_RESTARTING);
        assert_int_equal(l.activity, ACTIVITY_STARTING);
        assert_int_equal(l.restart_count, 1);
}

static void test_lifecycle_next_unhealthy_restart_is_counted(void **state) {
        static const LifecyclePolicy *const policies[] = { &no_policy, &always, &removing };
        LifecycleFact unhealthy = { .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_RESTART };
        LifecycleFact ended = { .kind = FACT_ENDED, .ran_usec = USEC_PER_MINUTE };

        for (size_t i = 0; i < ELEMENTSOF(policies); i++) {
                Lifecycle l = { .state = CONTAINER_RUNNING, .restart_count = 4 };

                l = after(after(l, unhealthy, policies[i]), ended, policies[i]);
                assert_int_equal(l.state, CONTAINER_RESTARTING);
                assert_int_equal(l.activity, ACTIVITY_STARTING);
                assert_int_equal(l.restart_count, 5);
                assert_false(l.restart_pending);
        }

        /* One that is unhealthy at once again waits longer each time. */
        ended.ran_usec = USEC_PER_SEC;
        for (uint64_t delay = 100 * USEC_PER_MSEC, n = 0; n < 3; delay *= 2, n++) {
                Lifecycle l = { .state = CONTAINER_RUNNING,
                        .restart_delay_usec = n ? delay / 2 : 0 };

                l = after(after(l, unhealthy, &no_policy), ended, &no_policy);
                assert_int_equal(l.activity, ACTIVITY_NONE);
                assert_int_equal(l.restart_at_usec, NOW + delay);
        }
}

static void test_lifecycle_next_a_stop_overtakes_an_unhealthy_restart(void **state) {
        static const LifecycleFact facts[] = {
                { .kind = FACT_STOP_ASKED },
                { .kind = FACT_REMOVE_ASKED, .force = true },
                { .kind = FACT_SHUTDOWN },
        };

        for (size_t i = 0; i < ELEMENTSOF(facts); i++) {
                Lifecycle l = { .state = CONTAINER_RUNNING };

                l = after(l,
                                (LifecycleFact){ .kind = FACT_UNHEALTHY,
                                                .action = HEALTH_ACTION_RESTART },
                                &no_policy);
                l = after(after(l, facts[i], &no_policy), (LifecycleFact){ .kind = FACT_ENDED },
                                &no_policy);
                assert_int_equal(l.state, CONTAINER_EXITED);
                assert_false(l.restart_pending);
        }
}

static void test_lifecycle_next_unhealthy_restart_outlives_the_daemon(void **state) {
        Lifecycle l = { .state = CONTAINER_RUNNING };

        l = after(l, (LifecycleFact){ .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_RESTART },
                        &no_policy);
        assert_true(after(l, (LifecycleFact){ .kind = FACT_DAEMON_STARTED, .running = true },
                        &no_policy)
                                        .restart_pending);
        assert_int_equal(after(l, (LifecycleFact){ .kind = FACT_DAEMON_STARTED }, &no_policy).state,
                        CONTAINER_RESTARTING);
}

static void test_lifecycle_next_unhealthy_stop_is_a_stop(void **state) {
        Lifecycle l = { .state = CONTAINER_RUNNING };

        l = after(l, (LifecycleFact){ .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_STOP },
                        &always);
        l = after(l, (LifecycleFact){ .kind = FACT_ENDED }, &always);
        assert_int_equal(l.state, CONTAINER_EXITED);
        assert_true(l.stopped_by_user);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lifecycle_next_unhealthy_kill_is_an_end_as_any),
                cmocka_unit_test(test_lifecycle_next_unhealthy_restart_is_counted),
                cmocka_unit_test(test_lifecycle_next_a_stop_overtakes_an_unhealthy_restart),
                cmocka_unit_test(test_lifecycle_next_unhealthy_restart_outlives_the_daemon),
                cmocka_unit_test(test_lifecycle_next_unhealthy_stop_is_a_stop),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
