/* SPDX-License-Identifier: Apache-2.0 */
/* What follows, over several steps, when the machine goes down, in order or not, and boots again. */
#include "base/usec.h"
#include "model/lifecycle.h"
#include "unit.h"

#define NOW (1000 * USEC_PER_SEC)

static const LifecyclePolicy no_policy = {};
static const LifecyclePolicy always = { .restart = { .mode = RESTART_ALWAYS } };
static const LifecyclePolicy on_failure = { .restart = { .mode = RESTART_ON_FAILURE,
                                                            .max_tries = 2 } };
static const LifecyclePolicy removing = { .auto_remove = true };
static const LifecycleFact booted = { .kind = FACT_DAEMON_STARTED, .booted = true };

static LifecycleStep next(LifecycleStep *step, const LifecyclePolicy *policy, LifecycleFact fact) {
        *step = lifecycle_next(&step->next, &fact, policy, NOW);
        assert_int_equal(step->refusal, REFUSAL_NONE);
        return *step;
}

static void test_lifecycle_next_shutdown_resumes_at_boot(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        next(&s, &always, (LifecycleFact) { .kind = FACT_SHUTDOWN });
        next(&s, &always, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 143 });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_true(s.next.stopped_by_shutdown);
        next(&s, &always, booted);
        assert_int_equal(s.actions, ACTION_START);
        assert_false(s.next.stopped_by_shutdown);

        s = (LifecycleStep) { .next.state = CONTAINER_RUNNING };
        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_SHUTDOWN });
        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_ENDED });
        next(&s, &on_failure, booted);
        assert_int_equal(s.actions, ACTION_START);
}

static void test_lifecycle_next_shutdown_overtakes_a_restart(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        next(&s, &always, (LifecycleFact) { .kind = FACT_RESTART_ASKED });
        next(&s, &always, (LifecycleFact) { .kind = FACT_SHUTDOWN });
        next(&s, &always, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 143 });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_int_equal(s.next.activity, ACTIVITY_NONE);
        assert_true(s.next.stopped_by_shutdown);
}

static void test_lifecycle_next_stopped_by_hand_at_boot(void **state) {
        const LifecyclePolicy unless = { .restart = { .mode = RESTART_UNLESS_STOPPED } };
        const Lifecycle stopped = { .state = CONTAINER_EXITED, .stopped_by_user = true };
        const LifecycleFact restarted = { .kind = FACT_DAEMON_STARTED };

        assert_int_equal(lifecycle_next(&stopped, &restarted, &always, NOW).actions, 0);
        assert_int_equal(lifecycle_next(&stopped, &booted, &always, NOW).actions, ACTION_START);
        assert_int_equal(lifecycle_next(&stopped, &booted, &unless, NOW).actions, 0);
}

/* In the order of creation, so none may wait for its back-off. */
static void test_lifecycle_next_found_dead_after_a_power_loss(void **state) {
        const LifecycleFact lost = { .kind = FACT_DAEMON_STARTED,
                .booted = true, .exit_code = 137 };
        LifecycleStep s = { .next = { .state = CONTAINER_RUNNING,
                                            .restart_count = 2,
                                            .restart_delay_usec = USEC_PER_MINUTE } };

        assert_int_equal(on_failure.restart.max_tries, 2);
        next(&s, &on_failure, lost);
        assert_int_equal(s.next.activity, ACTIVITY_STARTING);
        assert_int_equal(s.next.exit_code, 137);
        assert_true(s.next.finished_usec == NOW);
        assert_int_equal(s.next.restart_count, 0);
        assert_true(s.next.restart_delay_usec == 0);
        assert_true(s.actions & ACTION_START);
        assert_false(s.actions & ACTION_ARM_RESTART);

        s = (LifecycleStep) { .next.state = CONTAINER_RUNNING };
        next(&s, &no_policy, lost);
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_false(s.actions & ACTION_START);
}

/* The row of a run that was acknowledged may be the one from before its start. */
static void test_lifecycle_next_power_loss_during_a_start(void **state) {
        const Lifecycle starting = { .activity = ACTIVITY_STARTING };
        Lifecycle stopped = starting;

        assert_int_equal(lifecycle_next(&starting, &booted, &always, NOW).actions, ACTION_START);
        assert_int_equal(lifecycle_next(&starting, &booted, &on_failure, NOW).actions,
                        ACTION_START);
        assert_int_equal(lifecycle_next(&starting, &booted, &no_policy, NOW).actions, 0);
        assert_int_equal(lifecycle_next(&starting, &booted, &removing, NOW).actions, ACTION_REMOVE);

        stopped.stop_pending = stopped.stopped_by_shutdown = true;
        assert_int_equal(lifecycle_next(&stopped, &booted, &always, NOW).actions, ACTION_START);
        assert_false(lifecycle_next(&stopped, &booted, &always, NOW).next.stopped_by_shutdown);
        stopped.stopped_by_user = true;
        assert_int_equal(lifecycle_next(&stopped, &booted, &always, NOW).actions, 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lifecycle_next_shutdown_resumes_at_boot),
                cmocka_unit_test(test_lifecycle_next_shutdown_overtakes_a_restart),
                cmocka_unit_test(test_lifecycle_next_stopped_by_hand_at_boot),
                cmocka_unit_test(test_lifecycle_next_found_dead_after_a_power_loss),
                cmocka_unit_test(test_lifecycle_next_power_loss_during_a_start),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
