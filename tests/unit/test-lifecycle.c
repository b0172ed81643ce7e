/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The whole table: every state that can be × every fact, as one line each in lifecycle-table.inc, then what concerns several
 * steps: restarts, pending wishes, a daemon that comes back.
 */
#include "model/lifecycle.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "unit.h"

#define NOW (1000 * USEC_PER_SEC)

static const LifecyclePolicy no_policy = {};
static const LifecyclePolicy always = { .restart = { .mode = RESTART_ALWAYS } };
static const LifecyclePolicy on_failure = { .restart = { .mode = RESTART_ON_FAILURE,
                                                            .max_tries = 2 } };
static const LifecyclePolicy removing = { .auto_remove = true };

/* Every pair of state and activity that can be. */
static const struct Situation {
        const char *name;
        Lifecycle l;
} situations[] = {
        { "created", { .state = CONTAINER_CREATED } },
        { "created-starting", { .state = CONTAINER_CREATED, .activity = ACTIVITY_STARTING } },
        { "created-removing", { .state = CONTAINER_CREATED, .activity = ACTIVITY_REMOVING } },
        { "running", { .state = CONTAINER_RUNNING } },
        { "running-stopping", { .state = CONTAINER_RUNNING, .activity = ACTIVITY_STOPPING } },
        { "paused", { .state = CONTAINER_PAUSED } },
        { "paused-stopping", { .state = CONTAINER_PAUSED, .activity = ACTIVITY_STOPPING } },
        { "restarting", { .state = CONTAINER_RESTARTING, .restart_at_usec = NOW + 1,
          .restart_delay_usec = 100 } },
        { "restarting-starting", { .state = CONTAINER_RESTARTING, .activity = ACTIVITY_STARTING } },
        { "exited", { .state = CONTAINER_EXITED } },
        { "exited-starting", { .state = CONTAINER_EXITED, .activity = ACTIVITY_STARTING } },
        { "exited-removing", { .state = CONTAINER_EXITED, .activity = ACTIVITY_REMOVING } },
        { "dead", { .state = CONTAINER_DEAD } },
        { "dead-removing", { .state = CONTAINER_DEAD, .activity = ACTIVITY_REMOVING } },
};

/* Every fact, with its variants. */
static const struct Event {
        const char *name;
        LifecycleFact fact;
} events[] = {
        { "start", { .kind = FACT_START_ASKED } },
        { "started", { .kind = FACT_STARTED } },
        { "start-failed", { .kind = FACT_START_FAILED, .exit_code = 127 } },
        { "ended", { .kind = FACT_ENDED, .exit_code = 3, .ran_usec = USEC_PER_SEC } },
        { "stop", { .kind = FACT_STOP_ASKED } },
        { "stop-now", { .kind = FACT_STOP_ASKED, .at_once = true } },
        { "restart", { .kind = FACT_RESTART_ASKED } },
        { "restart-now", { .kind = FACT_RESTART_ASKED, .at_once = true } },
        { "kill-hup", { .kind = FACT_KILL_ASKED } },
        { "kill-term", { .kind = FACT_KILL_ASKED, .final = true } },
        { "grace-over", { .kind = FACT_GRACE_OVER } },
        { "oom-one", { .kind = FACT_OOM_KILLED } },
        { "oom", { .kind = FACT_OOM_KILLED, .final = true } },
        { "unhealthy", { .kind = FACT_UNHEALTHY } },
        { "unhealthy-kill", { .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_KILL } },
        { "unhealthy-restart", { .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_RESTART } },
        { "unhealthy-stop", { .kind = FACT_UNHEALTHY, .action = HEALTH_ACTION_STOP } },
        { "paused", { .kind = FACT_PAUSED } },
        { "unpaused", { .kind = FACT_UNPAUSED } },
        { "restart-due", { .kind = FACT_RESTART_DUE } },
        { "rm", { .kind = FACT_REMOVE_ASKED } },
        { "rm-f", { .kind = FACT_REMOVE_ASKED, .force = true } },
        { "removed", { .kind = FACT_REMOVED } },
        { "remove-failed", { .kind = FACT_REMOVE_FAILED } },
        { "monitor-lost", { .kind = FACT_MONITOR_LOST } },
        { "shutdown", { .kind = FACT_SHUTDOWN } },
        { "daemon-idle", { .kind = FACT_DAEMON_STARTED } },
        { "daemon-running", { .kind = FACT_DAEMON_STARTED, .running = true } },
        { "daemon-booted", { .kind = FACT_DAEMON_STARTED, .booted = true } },
};

static const struct Flag {
        const char *name;
        size_t offset;
} flags[] = {
        { "stop", offsetof(Lifecycle, stop_pending) },
        { "start", offsetof(Lifecycle, start_pending) },
        { "restart", offsetof(Lifecycle, restart_pending) },
        { "remove", offsetof(Lifecycle, remove_pending) },
        { "user", offsetof(Lifecycle, stopped_by_user) },
        { "shutdown", offsetof(Lifecycle, stopped_by_shutdown) },
        { "oom", offsetof(Lifecycle, oom_killed) },
};

static const char *situation_name(const Lifecycle *l) {
        for (size_t i = 0; i < ELEMENTSOF(situations); i++)
                if (situations[i].l.state == l->state && situations[i].l.activity == l->activity)
                        return situations[i].name;
        fail_msg("state %d with activity %d cannot be", (int) l->state, (int) l->activity);
        return NULL;
}

/* "running -> start: running", "… : running-stopping +user | signal", "…: refused is paused" */
static void describe(const LifecycleStep *step, char *ret, size_t size) {
        static const char *const actions[] = { "cancel", "start", "thaw", "signal", "kill", "arm",
                "remove", "forget" };
        size_t n;

        if (step->refusal != REFUSAL_NONE) {
                (void) snprintf(ret, size, "refused, %s",
                                lifecycle_refusal_to_string(step->refusal));
                return;
        }
        n = (size_t) snprintf(ret, size, "%s", situation_name(&step->next));
        for (size_t i = 0; i < ELEMENTSOF(flags); i++)
                if (((const char *) &step->next)[flags[i].offset])
                        n += (size_t) snprintf(ret + n, size - n, " +%s", flags[i].name);
        for (size_t i = 0; i < ELEMENTSOF(actions); i++)
                if (step->actions & 1U << i)
                        n += (size_t) snprintf(ret + n, size - n, " !%s", actions[i]);
}

static const char *const expected[ELEMENTSOF(situations)][ELEMENTSOF(events)] = {
#include "lifecycle-table.inc"
};

static void test_lifecycle_next_of_every_state_and_fact(void **state) {
        unsigned wrong = 0;

        for (size_t s = 0; s < ELEMENTSOF(situations); s++)
                for (size_t e = 0; e < ELEMENTSOF(events); e++) {
                        LifecycleStep step = lifecycle_next(
                                        &situations[s].l, &events[e].fact, &no_policy, NOW);
                        char text[256];

                        describe(&step, text, sizeof(text));
                        if (streq_ptr(expected[s][e], text))
                                continue;
                        print_error("%s, %s: expected '%s', got '%s'\n", situations[s].name,
                                        events[e].name, strempty(expected[s][e]), text);
                        wrong++;
                }
        assert_int_equal(wrong, 0);
}

/* SIGKILL needs no thaw, and what is frozen should not run on before it dies. */
static void test_lifecycle_next_sigkill_leaves_it_frozen(void **state) {
        const Lifecycle paused = { .state = CONTAINER_PAUSED };
        LifecycleStep step = lifecycle_next(&paused,
                        &(LifecycleFact){ .kind = FACT_KILL_ASKED, .final = true, .at_once = true },
                        &no_policy, NOW);

        assert_int_equal(step.refusal, REFUSAL_NONE);
        assert_int_equal(step.next.state, CONTAINER_PAUSED);
        assert_true(step.next.stopped_by_user);
        assert_int_equal(step.actions, 0);
}

static void test_lifecycle_next_refusals_change_nothing(void **state) {
        for (size_t s = 0; s < ELEMENTSOF(situations); s++)
                for (size_t e = 0; e < ELEMENTSOF(events); e++) {
                        LifecycleStep step = lifecycle_next(
                                        &situations[s].l, &events[e].fact, &always, NOW);

                        if (step.refusal == REFUSAL_NONE)
                                continue;
                        assert_int_equal(step.actions, 0);
                        assert_memory_equal(&step.next, &situations[s].l, sizeof(Lifecycle));
                }
}

/* Whatever it is and whatever comes, forced removal comes to an end. */
static void test_lifecycle_next_every_state_can_be_removed(void **state) {
        const LifecyclePolicy *policies[] = { &no_policy, &always, &on_failure, &removing };

        for (size_t p = 0; p < ELEMENTSOF(policies); p++)
                for (size_t s = 0; s < ELEMENTSOF(situations); s++)
                        for (size_t e = 0; e < ELEMENTSOF(events); e++) {
                                LifecycleStep step = lifecycle_next(&situations[s].l,
                                                &events[e].fact, policies[p], NOW);
                                unsigned actions = step.actions;
                                LifecycleFactKind next = FACT_REMOVE_ASKED;

                                for (unsigned turns = 0; !(actions & ACTION_FORGET); turns++) {
                                        assert_in_range(turns, 0, 6);
                                        step = lifecycle_next(&step.next,
                                                        &(LifecycleFact){ .kind = next,
                                                                        .force = true,
                                                                        .exit_code = 137 },
                                                        policies[p], NOW);
                                        actions = step.actions;
                                        next = step.next.activity == ACTIVITY_STARTING
                                                               ? FACT_STARTED
                                               : step.next.activity == ACTIVITY_STOPPING
                                                               ? FACT_ENDED
                                                               : FACT_REMOVED;
                                }
                        }
}

static LifecycleStep next(LifecycleStep *step, const LifecyclePolicy *policy, LifecycleFact fact) {
        *step = lifecycle_next(&step->next, &fact, policy, NOW);
        assert_int_equal(step->refusal, REFUSAL_NONE);
        return *step;
}

static void test_lifecycle_next_restarts_with_a_growing_delay(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        next(&s, &always, (LifecycleFact) { .kind = FACT_ENDED });
        assert_int_equal(s.next.state, CONTAINER_RESTARTING);
        assert_int_equal(s.actions, ACTION_CANCEL_TIMERS | ACTION_ARM_RESTART);
        assert_true(s.next.restart_at_usec == NOW + 100 * USEC_PER_MSEC);
        assert_int_equal(s.next.restart_count, 1);

        next(&s, &always, (LifecycleFact) { .kind = FACT_RESTART_DUE });
        assert_int_equal(s.actions, ACTION_START);
        assert_true(s.next.restart_at_usec == 0);
        next(&s, &always, (LifecycleFact) { .kind = FACT_START_FAILED, .exit_code = 127 });
        assert_true(s.next.restart_at_usec == NOW + 200 * USEC_PER_MSEC);
        assert_int_equal(s.next.exit_code, 127);

        next(&s, &always, (LifecycleFact) { .kind = FACT_RESTART_DUE });
        next(&s, &always, (LifecycleFact) { .kind = FACT_STARTED });
        next(&s, &always, (LifecycleFact) { .kind = FACT_ENDED, .ran_usec = 10 * USEC_PER_SEC });
        assert_int_equal(s.actions, ACTION_CANCEL_TIMERS | ACTION_START);
        assert_int_equal(s.next.state, CONTAINER_RESTARTING);
        assert_int_equal(s.next.restart_count, 3);
        assert_true(s.next.restart_delay_usec == 0);
}

static void test_lifecycle_next_gives_up_after_max_tries(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        for (unsigned i = 0; i < 2; i++) {
                next(&s, &on_failure, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 1 });
                assert_int_equal(s.next.state, CONTAINER_RESTARTING);
                next(&s, &on_failure, (LifecycleFact) { .kind = FACT_RESTART_DUE });
                next(&s, &on_failure, (LifecycleFact) { .kind = FACT_STARTED });
        }
        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 1 });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_int_equal(s.next.restart_count, 2);

        /* Who starts it by hand lets the count begin anew. */
        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_START_ASKED });
        assert_int_equal(s.next.restart_count, 0);
}

static void test_lifecycle_next_restart_that_fails_for_good(void **state) {
        LifecycleStep s = { .next = { .state = CONTAINER_RESTARTING,
                                            .activity = ACTIVITY_STARTING,
                                            .restart_count = 2 } };

        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_START_FAILED, .exit_code = 126 });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_int_equal(s.next.exit_code, 126);
}

static void test_lifecycle_next_success_is_no_failure(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_ENDED });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
}

static void test_lifecycle_next_policy_is_silent_after_a_stop(void **state) {
        static const LifecycleFactKind ways[] = { FACT_STOP_ASKED, FACT_KILL_ASKED };

        for (size_t i = 0; i < ELEMENTSOF(ways); i++) {
                LifecycleStep s = { .next.state = CONTAINER_RUNNING };

                next(&s, &always, (LifecycleFact) { .kind = ways[i], .final = true });
                next(&s, &always, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 143 });
                assert_int_equal(s.next.state, CONTAINER_EXITED);
                assert_true(s.next.stopped_by_user);
        }
}

static void test_lifecycle_next_restart_asked_starts_again(void **state) {
        LifecycleStep s = {
                .next = { .state = CONTAINER_RUNNING, .restart_count = 4, .oom_killed = true }
        };

        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_RESTART_ASKED });
        assert_int_equal(s.actions, ACTION_SIGNAL);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 143 });
        assert_int_equal(s.next.activity, ACTIVITY_STARTING);
        assert_true(s.actions & ACTION_START);
        assert_int_equal(s.next.restart_count, 0);
        assert_false(s.next.oom_killed || s.next.start_pending || s.next.stopped_by_user);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_STARTED });
        assert_int_equal(s.next.state, CONTAINER_RUNNING);
        assert_true(s.next.started_usec == NOW);
}

static void test_lifecycle_next_policy_applies_after_oom(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_OOM_KILLED, .final = true });
        assert_int_equal(s.actions, ACTION_KILL);
        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 137 });
        assert_int_equal(s.next.state, CONTAINER_RESTARTING);
        assert_true(s.next.oom_killed);
        next(&s, &on_failure, (LifecycleFact) { .kind = FACT_RESTART_DUE });
        assert_false(s.next.oom_killed);
}

/* A kill that it outlives is told from one that ended it by how it ends. */
static void test_lifecycle_next_oom_of_one_process(void **state) {
        static const struct {
                LifecycleFact before, end;
                bool oom_killed;
        } table[] = {
                { { .kind = FACT_OOM_KILLED },
                  { .kind = FACT_ENDED, .exit_code = 137, .oom_kills = 1 }, true },
                { { .kind = FACT_OOM_KILLED },
                  { .kind = FACT_DAEMON_STARTED, .exit_code = 137, .oom_kills = 1 }, true },
                { { .kind = FACT_OOM_KILLED },
                  { .kind = FACT_ENDED, .exit_code = 1, .oom_kills = 1 }, false },
                { { .kind = FACT_UNPAUSED }, { .kind = FACT_ENDED, .exit_code = 137 }, false },
                { { .kind = FACT_STOP_ASKED },
                  { .kind = FACT_ENDED, .exit_code = 137, .oom_kills = 1 }, false },
                { { .kind = FACT_SHUTDOWN },
                  { .kind = FACT_ENDED, .exit_code = 137, .oom_kills = 1 }, false },
                { { .kind = FACT_KILL_ASKED, .final = true },
                  { .kind = FACT_ENDED, .exit_code = 137, .oom_kills = 1 }, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                LifecycleStep s = { .next.state = CONTAINER_RUNNING };

                next(&s, &no_policy, table[i].before);
                assert_false(s.next.oom_killed);
                next(&s, &no_policy, table[i].end);
                assert_int_equal(s.next.oom_killed, table[i].oom_killed);
        }
}

static void test_lifecycle_next_the_last_wish_counts(void **state) {
        LifecycleStep s = { .next.state = CONTAINER_RUNNING };

        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_STOP_ASKED });
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_START_ASKED });
        assert_true(s.next.start_pending);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_STOP_ASKED });
        assert_false(s.next.start_pending);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_ENDED });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_int_equal(s.next.activity, ACTIVITY_NONE);
}

static void test_lifecycle_next_wishes_while_starting(void **state) {
        LifecycleStep s = { .next.activity = ACTIVITY_STARTING };

        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_STOP_ASKED });
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_START_ASKED });
        assert_true(s.next.stop_pending && s.next.start_pending);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_STARTED });
        assert_int_equal(s.next.activity, ACTIVITY_STOPPING);
        assert_int_equal(s.actions, ACTION_SIGNAL);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_ENDED });
        assert_int_equal(s.next.activity, ACTIVITY_STARTING);

        s = (LifecycleStep) { .next.activity = ACTIVITY_STARTING };
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_REMOVE_ASKED, .force = true });
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_STARTED });
        assert_int_equal(s.actions, ACTION_KILL);
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_ENDED });
        assert_int_equal(s.next.activity, ACTIVITY_REMOVING);
}

static void test_lifecycle_next_start_that_fails_while_it_is_to_go(void **state) {
        LifecycleStep s = { .next = { .activity = ACTIVITY_STARTING, .remove_pending = true } };

        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_START_FAILED, .exit_code = 125 });
        assert_int_equal(s.actions, ACTION_REMOVE);
}

static void test_lifecycle_next_nothing_starts_what_is_to_go(void **state) {
        const Lifecycle l = {
                .state = CONTAINER_RUNNING, .activity = ACTIVITY_STOPPING, .remove_pending = true
        };

        assert_int_equal(lifecycle_next(&l, &(LifecycleFact){ .kind = FACT_START_ASKED },
                                         &no_policy, NOW)
                                         .refusal,
                        REFUSAL_REMOVING);
        assert_int_equal(lifecycle_next(&l, &(LifecycleFact){ .kind = FACT_RESTART_ASKED },
                                         &no_policy, NOW)
                                         .refusal,
                        REFUSAL_REMOVING);
}

static void test_lifecycle_next_auto_remove(void **state) {
        LifecycleStep s = { .next.activity = ACTIVITY_STARTING };

        next(&s, &removing, (LifecycleFact) { .kind = FACT_START_FAILED, .exit_code = 127 });
        assert_int_equal(s.actions, ACTION_REMOVE);

        s = (LifecycleStep) { .next.state = CONTAINER_RUNNING };
        next(&s, &removing, (LifecycleFact) { .kind = FACT_ENDED, .exit_code = 1 });
        assert_int_equal(s.actions, ACTION_CANCEL_TIMERS | ACTION_REMOVE);
        assert_int_equal(s.next.exit_code, 1);
        next(&s, &removing, (LifecycleFact) { .kind = FACT_REMOVED });
        assert_int_equal(s.actions, ACTION_FORGET);

        s = (LifecycleStep) { .next.state = CONTAINER_EXITED };
        next(&s, &removing, (LifecycleFact) { .kind = FACT_DAEMON_STARTED });
        assert_int_equal(s.actions, ACTION_REMOVE);
}

static void test_lifecycle_next_restart_timer_after_a_daemon_restart(void **state) {
        const Lifecycle waiting = {
                .state = CONTAINER_RESTARTING,
                .restart_at_usec = NOW + 50,
                .restart_delay_usec = 100,
        };
        LifecycleFact fact = { .kind = FACT_DAEMON_STARTED };
        Lifecycle overdue = waiting;

        assert_int_equal(lifecycle_next(&waiting, &fact, &always, NOW).actions, ACTION_ARM_RESTART);
        assert_int_equal(lifecycle_next(&waiting, &fact, &always, NOW + 50).actions, ACTION_START);
        overdue.restart_at_usec = NOW + 101; /* the clock was set back */
        assert_int_equal(lifecycle_next(&overdue, &fact, &always, NOW).actions, ACTION_START);
        fact.booted = true;
        assert_int_equal(lifecycle_next(&waiting, &fact, &always, NOW).actions, ACTION_START);
        fact = (LifecycleFact) { .kind = FACT_DAEMON_STARTED, .running = true };
        assert_int_equal(lifecycle_next(&waiting, &fact, &always, NOW).next.state,
                        CONTAINER_RUNNING);
}

static void test_lifecycle_next_start_that_nobody_made(void **state) {
        LifecycleStep s = { .next = { .activity = ACTIVITY_STARTING, .stop_pending = true } };

        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_DAEMON_STARTED });
        assert_int_equal(s.next.activity, ACTIVITY_NONE);
        assert_int_equal(s.actions, 0);

        s = (LifecycleStep) { .next = { .activity = ACTIVITY_STARTING, .remove_pending = true } };
        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_DAEMON_STARTED });
        assert_int_equal(s.actions, ACTION_REMOVE);

        s = (LifecycleStep){ .next = { .state = CONTAINER_RESTARTING,
                                             .activity = ACTIVITY_STARTING,
                                             .stop_pending = true,
                                             .stopped_by_user = true } };
        next(&s, &always, (LifecycleFact) { .kind = FACT_DAEMON_STARTED });
        assert_int_equal(s.next.state, CONTAINER_EXITED);
        assert_int_equal(s.actions, 0);
}

static void test_lifecycle_next_found_running_while_it_is_to_go(void **state) {
        LifecycleStep s = { .next = { .state = CONTAINER_RUNNING,
                                            .activity = ACTIVITY_STOPPING,
                                            .remove_pending = true } };

        next(&s, &no_policy, (LifecycleFact) { .kind = FACT_DAEMON_STARTED, .running = true });
        assert_int_equal(s.actions, ACTION_KILL);
}

static void test_lifecycle_next_count_does_not_overflow(void **state) {
        LifecycleStep s = { .next = { .state = CONTAINER_RUNNING, .restart_count = UINT32_MAX } };

        next(&s, &always, (LifecycleFact) { .kind = FACT_ENDED });
        assert_true(s.next.restart_count == UINT32_MAX);
}

static void test_lifecycle_runs_and_is_idle(void **state) {
        static const char *const running[] = {
                "created-starting", "running", "running-stopping", "paused", "paused-stopping",
                "restarting-starting", "exited-starting",
        };
        static const char *const idle[] = { "created", "exited", "dead" };

        for (size_t s = 0; s < ELEMENTSOF(situations); s++) {
                bool runs = false, is_idle = false;

                for (size_t i = 0; i < ELEMENTSOF(running); i++)
                        runs = runs || streq(running[i], situations[s].name);
                for (size_t i = 0; i < ELEMENTSOF(idle); i++)
                        is_idle = is_idle || streq(idle[i], situations[s].name);
                assert_int_equal(lifecycle_runs(&situations[s].l), runs);
                assert_int_equal(lifecycle_is_idle(&situations[s].l), is_idle);
        }
}

static void test_lifecycle_refusals_have_words(void **state) {
        for (int i = 0; i < _REFUSAL_MAX; i++)
                assert_non_null(lifecycle_refusal_to_string((LifecycleRefusal) i));
        assert_null(lifecycle_refusal_to_string(_REFUSAL_MAX));
        assert_null(lifecycle_refusal_to_string((LifecycleRefusal) -1));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_lifecycle_next_of_every_state_and_fact),
                cmocka_unit_test(test_lifecycle_next_sigkill_leaves_it_frozen),
                cmocka_unit_test(test_lifecycle_next_refusals_change_nothing),
                cmocka_unit_test(test_lifecycle_next_every_state_can_be_removed),
                cmocka_unit_test(test_lifecycle_next_restarts_with_a_growing_delay),
                cmocka_unit_test(test_lifecycle_next_gives_up_after_max_tries),
                cmocka_unit_test(test_lifecycle_next_restart_that_fails_for_good),
                cmocka_unit_test(test_lifecycle_next_success_is_no_failure),
                cmocka_unit_test(test_lifecycle_next_policy_is_silent_after_a_stop),
                cmocka_unit_test(test_lifecycle_next_restart_asked_starts_again),
                cmocka_unit_test(test_lifecycle_next_policy_applies_after_oom),
                cmocka_unit_test(test_lifecycle_next_oom_of_one_process),
                cmocka_unit_test(test_lifecycle_next_the_last_wish_counts),
                cmocka_unit_test(test_lifecycle_next_wishes_while_starting),
                cmocka_unit_test(test_lifecycle_next_start_that_fails_while_it_is_to_go),
                cmocka_unit_test(test_lifecycle_next_nothing_starts_what_is_to_go),
                cmocka_unit_test(test_lifecycle_next_auto_remove),
                cmocka_unit_test(test_lifecycle_next_restart_timer_after_a_daemon_restart),
                cmocka_unit_test(test_lifecycle_next_start_that_nobody_made),
                cmocka_unit_test(test_lifecycle_next_found_running_while_it_is_to_go),
                cmocka_unit_test(test_lifecycle_next_count_does_not_overflow),
                cmocka_unit_test(test_lifecycle_runs_and_is_idle),
                cmocka_unit_test(test_lifecycle_refusals_have_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
