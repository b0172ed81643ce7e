/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "model/limits.h"
#include "unit.h"

#define NOW (1000 * USEC_PER_SEC)

#define STATE(s, a, ...) { .state = CONTAINER_##s, .activity = ACTIVITY_##a, __VA_ARGS__ }

/* Every pair of state and activity that can be, and the wishes that change what is told. */
static const struct Situation {
        const char *name;
        Lifecycle l;
} situations[] = {
        { "created", STATE(CREATED, NONE) },
        { "created-starting", STATE(CREATED, STARTING) },
        { "created-starting+stop",
          STATE(CREATED, STARTING, .stop_pending = true, .stopped_by_user = true) },
        { "created-starting+remove",
          STATE(CREATED, STARTING, .remove_pending = true, .stop_pending = true) },
        { "created-removing", STATE(CREATED, REMOVING) },
        { "running", STATE(RUNNING, NONE) },
        { "running-stopping", STATE(RUNNING, STOPPING, .stopped_by_user = true) },
        { "running-stopping+restart", STATE(RUNNING, STOPPING, .restart_pending = true) },
        { "running-stopping+start", STATE(RUNNING, STOPPING, .start_pending = true) },
        { "running-stopping+remove", STATE(RUNNING, STOPPING, .remove_pending = true) },
        { "paused", STATE(PAUSED, NONE) },
        { "paused-stopping", STATE(PAUSED, STOPPING, .stopped_by_shutdown = true) },
        { "restarting",
          STATE(RESTARTING, NONE, .restart_at_usec = NOW + 1, .restart_delay_usec = 100) },
        { "restarting-starting", STATE(RESTARTING, STARTING) },
        { "exited", STATE(EXITED, NONE) },
        { "exited-starting", STATE(EXITED, STARTING) },
        { "exited-removing", STATE(EXITED, REMOVING) },
        { "dead", STATE(DEAD, NONE) },
        { "dead-removing", STATE(DEAD, REMOVING) },
};

static const struct {
        const char *name;
        LifecycleFact fact;
} facts[] = {
        { "start", { .kind = FACT_START_ASKED } },
        { "started", { .kind = FACT_STARTED } },
        { "start-failed", { .kind = FACT_START_FAILED, .exit_code = 127 } },
        { "ended", { .kind = FACT_ENDED, .exit_code = 3, .ran_usec = USEC_PER_SEC } },
        { "ended-oom", { .kind = FACT_ENDED, .exit_code = 137, .oom_kills = 1 } },
        { "stop", { .kind = FACT_STOP_ASKED } },
        { "stop-now", { .kind = FACT_STOP_ASKED, .at_once = true } },
        { "restart", { .kind = FACT_RESTART_ASKED } },
        { "restart-now", { .kind = FACT_RESTART_ASKED, .at_once = true } },
        { "kill-term", { .kind = FACT_KILL_ASKED, .final = true } },
        { "grace-over", { .kind = FACT_GRACE_OVER } },
        { "oom", { .kind = FACT_OOM_KILLED } },
        { "oom-group", { .kind = FACT_OOM_KILLED, .final = true } },
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

/* What each fact tells in each situation; all others tell nothing. A destruction is told by who deletes the row. */
static const struct {
        const char *situation, *fact, *told;
} table[] = {
        { "created-starting", "started", "start" },
        { "created-starting", "start-failed", "die" },
        { "created-starting", "ended", "start die" },
        { "created-starting", "ended-oom", "start oom die" },
        { "created-starting", "oom-group", "oom" },
        { "created-starting", "daemon-running", "start" },
        { "created-starting+stop", "started", "start kill" },
        { "created-starting+stop", "start-failed", "die" },
        { "created-starting+stop", "ended", "start die stop" },
        { "created-starting+stop", "ended-oom", "start die stop" },
        { "created-starting+stop", "oom-group", "oom" },
        { "created-starting+stop", "daemon-running", "start kill" },
        { "created-starting+remove", "started", "start kill" },
        { "created-starting+remove", "start-failed", "die" },
        { "created-starting+remove", "ended", "start die" },
        { "created-starting+remove", "ended-oom", "start oom die" },
        { "created-starting+remove", "oom-group", "oom" },
        { "created-starting+remove", "daemon-running", "start kill" },
        { "running", "ended", "die" },
        { "running", "ended-oom", "oom die" },
        { "running", "stop", "kill" },
        { "running", "stop-now", "kill" },
        { "running", "restart", "kill" },
        { "running", "restart-now", "kill" },
        { "running", "oom-group", "oom" },
        { "running", "unhealthy-kill", "kill" },
        { "running", "unhealthy-restart", "kill" },
        { "running", "unhealthy-stop", "kill" },
        { "running", "paused", "pause" },
        { "running", "rm-f", "kill" },
        { "running", "shutdown", "kill" },
        { "running", "daemon-idle", "die" },
        { "running", "daemon-booted", "die" },
        { "running-stopping", "ended", "die stop" },
        { "running-stopping", "ended-oom", "die stop" },
        { "running-stopping", "stop-now", "kill" },
        { "running-stopping", "restart-now", "kill" },
        { "running-stopping", "grace-over", "kill" },
        { "running-stopping", "oom-group", "oom" },
        { "running-stopping", "rm-f", "kill" },
        { "running-stopping", "daemon-idle", "die stop" },
        { "running-stopping", "daemon-running", "kill" },
        { "running-stopping", "daemon-booted", "die stop" },
        { "running-stopping+restart", "ended", "die" },
        { "running-stopping+restart", "ended-oom", "die" },
        { "running-stopping+restart", "stop-now", "kill" },
        { "running-stopping+restart", "restart-now", "kill" },
        { "running-stopping+restart", "grace-over", "kill" },
        { "running-stopping+restart", "oom-group", "oom" },
        { "running-stopping+restart", "rm-f", "kill" },
        { "running-stopping+restart", "daemon-idle", "die" },
        { "running-stopping+restart", "daemon-running", "kill" },
        { "running-stopping+restart", "daemon-booted", "die" },
        { "running-stopping+start", "ended", "die stop" },
        { "running-stopping+start", "ended-oom", "die stop" },
        { "running-stopping+start", "stop-now", "kill" },
        { "running-stopping+start", "restart-now", "kill" },
        { "running-stopping+start", "grace-over", "kill" },
        { "running-stopping+start", "oom-group", "oom" },
        { "running-stopping+start", "rm-f", "kill" },
        { "running-stopping+start", "daemon-idle", "die stop" },
        { "running-stopping+start", "daemon-running", "kill" },
        { "running-stopping+start", "daemon-booted", "die stop" },
        { "running-stopping+remove", "ended", "die" },
        { "running-stopping+remove", "ended-oom", "die" },
        { "running-stopping+remove", "stop-now", "kill" },
        { "running-stopping+remove", "grace-over", "kill" },
        { "running-stopping+remove", "oom-group", "oom" },
        { "running-stopping+remove", "rm-f", "kill" },
        { "running-stopping+remove", "daemon-idle", "die" },
        { "running-stopping+remove", "daemon-running", "kill" },
        { "running-stopping+remove", "daemon-booted", "die" },
        { "paused", "ended", "die" },
        { "paused", "ended-oom", "oom die" },
        { "paused", "stop", "unpause kill" },
        { "paused", "stop-now", "kill" },
        { "paused", "restart", "unpause kill" },
        { "paused", "restart-now", "kill" },
        { "paused", "kill-term", "unpause" },
        { "paused", "oom-group", "oom" },
        { "paused", "unpaused", "unpause" },
        { "paused", "rm-f", "kill" },
        { "paused", "shutdown", "unpause kill" },
        { "paused", "daemon-idle", "die" },
        { "paused", "daemon-booted", "die" },
        { "paused-stopping", "ended", "die stop" },
        { "paused-stopping", "ended-oom", "die stop" },
        { "paused-stopping", "stop-now", "kill" },
        { "paused-stopping", "restart-now", "kill" },
        { "paused-stopping", "grace-over", "kill" },
        { "paused-stopping", "kill-term", "unpause" },
        { "paused-stopping", "oom-group", "oom" },
        { "paused-stopping", "unpaused", "unpause" },
        { "paused-stopping", "rm-f", "kill" },
        { "paused-stopping", "daemon-idle", "die stop" },
        { "paused-stopping", "daemon-running", "unpause kill" },
        { "paused-stopping", "daemon-booted", "die stop" },
        { "restarting", "stop", "stop" },
        { "restarting", "stop-now", "stop" },
        { "restarting", "shutdown", "stop" },
        { "restarting", "daemon-running", "start" },
        { "restarting-starting", "started", "start" },
        { "restarting-starting", "start-failed", "die" },
        { "restarting-starting", "ended", "start die" },
        { "restarting-starting", "ended-oom", "start oom die" },
        { "restarting-starting", "oom-group", "oom" },
        { "restarting-starting", "daemon-running", "start" },
        { "exited-starting", "started", "start" },
        { "exited-starting", "start-failed", "die" },
        { "exited-starting", "ended", "start die" },
        { "exited-starting", "ended-oom", "start oom die" },
        { "exited-starting", "oom-group", "oom" },
        { "exited-starting", "daemon-running", "start" },
};

static void told_by(const Lifecycle *before, const LifecycleFact *fact, bool restart_asked,
                char ret[static 64]) {
        LifecycleStep step = lifecycle_next(before, fact, &(LifecyclePolicy){}, NOW);
        EventAction actions[EVENT_ACTIONS_MAX];
        size_t n = event_actions(before, fact, &step, restart_asked, actions);

        ret[0] = '\0';
        for (size_t i = 0; i < n; i++) {
                if (i > 0)
                        strcat(ret, " ");
                strcat(ret, event_action_to_string(actions[i]));
        }
}

static void test_event_actions_of_every_fact_in_every_situation(void **state) {
        size_t used = 0;
        char told[64];

        for (size_t i = 0; i < ELEMENTSOF(situations); i++)
                for (size_t k = 0; k < ELEMENTSOF(facts); k++) {
                        const char *expected = "";

                        for (size_t t = 0; t < ELEMENTSOF(table); t++)
                                if (streq(table[t].situation, situations[i].name) &&
                                                streq(table[t].fact, facts[k].name)) {
                                        expected = table[t].told;
                                        used++;
                                }
                        told_by(&situations[i].l, &facts[k].fact, false, told);
                        if (!streq(told, expected))
                                fail_msg("%s, %s: '%s', not '%s'", situations[i].name,
                                                facts[k].name, told, expected);
                }
        assert_int_equal(used, ELEMENTSOF(table));
}

static void test_event_actions_tells_a_restart_behind_its_start(void **state) {
        const Lifecycle starting = STATE(EXITED, STARTING), running = STATE(RUNNING, NONE);
        char told[64];

        told_by(&starting, &(LifecycleFact){ .kind = FACT_STARTED }, true, told);
        assert_string_equal(told, "start restart");
        told_by(&running, &(LifecycleFact){ .kind = FACT_RESTART_ASKED }, true, told);
        assert_string_equal(told, "kill");
}

static void test_event_actions_tells_one_oom_a_run(void **state) {
        const Lifecycle again = STATE(RUNNING, NONE, .oom_killed = true);
        char told[64];

        told_by(&again, &(LifecycleFact){ .kind = FACT_OOM_KILLED, .final = true }, false, told);
        assert_string_equal(told, "");
}

/* A victim that comes back at once. */
static void test_event_actions_tells_an_oom_that_a_restart_follows(void **state) {
        const Lifecycle before = STATE(RUNNING, NONE);
        const LifecycleFact fact = { .kind = FACT_ENDED, .exit_code = 137, .oom_kills = 2,
                .ran_usec = USEC_PER_HOUR };
        LifecycleStep step = lifecycle_next(&before, &fact,
                        &(LifecyclePolicy){ .restart = { .mode = RESTART_ALWAYS } }, NOW);
        EventAction actions[EVENT_ACTIONS_MAX];

        assert_int_equal(step.next.activity, ACTIVITY_STARTING);
        assert_int_equal(event_actions(&before, &fact, &step, false, actions), 2);
        assert_int_equal(actions[0], EVENT_OOM);
        assert_int_equal(actions[1], EVENT_DIE);
}

static void test_event_words_lead_back(void **state) {
        for (int i = 0; i < _EVENT_ACTION_MAX; i++) {
                EventKind kind = event_action_kind((EventAction) i);

                assert_int_equal(event_action_from_string(kind, event_action_to_string(
                                                                                (EventAction) i)),
                                i);
                assert_int_equal(event_kind_from_string(event_kind_to_string(kind)), kind);
        }
        assert_int_equal(event_action_from_string(EVENT_KIND_IMAGE, "start"),
                        _EVENT_ACTION_INVALID);
        assert_int_equal(event_action_from_string(EVENT_KIND_CONTAINER, NULL),
                        _EVENT_ACTION_INVALID);
        assert_int_equal(event_kind_from_string("network"), _EVENT_KIND_INVALID);
        assert_int_equal(event_action_kind(_EVENT_ACTION_MAX), _EVENT_KIND_INVALID);
        assert_null(event_action_to_string(_EVENT_ACTION_INVALID));
        assert_null(event_kind_to_string(_EVENT_KIND_MAX));
}

static void test_event_attributes_lead_back(void **state) {
        char text[EVENT_TEXT_MAX];
        Event e = {}, back = {};

        event_attributes_to_text(&e, text);
        assert_string_equal(text, "");
        event_attributes_from_text(text, &back);
        assert_int_equal(back.n_attributes, 0);

        event_set(&e, EVENT_ATTRIBUTE_IMAGE, "a=b");
        event_set_number(&e, EVENT_ATTRIBUTE_EXIT_CODE, 137);
        event_set(&e, EVENT_ATTRIBUTE_OLD_NAME, "x\ny");
        event_attributes_to_text(&e, text);
        assert_string_equal(text, "image=a=b\nexitCode=137\noldName=x?y");
        event_attributes_from_text(text, &back);
        assert_int_equal(back.n_attributes, 3);
        assert_string_equal(event_get(&back, "image"), "a=b");
        assert_string_equal(event_get(&back, "exitCode"), "137");
        assert_string_equal(event_get(&back, "oldName"), "x?y");
        assert_null(event_get(&back, "signal"));
}

static void test_event_attributes_from_text_passes_over_what_is_none(void **state) {
        char text[] = "nothing\n=\nimage=bb\n\na=1\nb=2\nc=3\nd=4\ne=5\nf=6";
        Event e = {};

        event_attributes_from_text(text, &e);
        assert_int_equal(e.n_attributes, EVENT_ATTRIBUTES_MAX);
        assert_string_equal(event_get(&e, "image"), "bb");
        assert_null(event_get(&e, "f"));
}

static void test_event_attributes_to_text_leaves_out_what_does_not_fit(void **state) {
        char text[EVENT_TEXT_MAX], image[EVENT_TEXT_MAX];
        Event e = {};

        memset(image, 'x', sizeof(image) - 1);
        image[sizeof(image) - 1] = '\0';
        event_set(&e, EVENT_ATTRIBUTE_IMAGE, image);
        event_set(&e, EVENT_ATTRIBUTE_HEALTH, "healthy");
        event_attributes_to_text(&e, text);
        assert_string_equal(text, "health=healthy");

        /* The longest that there can be do fit. */
        image[REFERENCE_MAX] = '\0';
        e = (Event){};
        event_set(&e, EVENT_ATTRIBUTE_IMAGE, image);
        event_set(&e, EVENT_ATTRIBUTE_OLD_NAME, image + REFERENCE_MAX - CONTAINER_NAME_MAX);
        event_attributes_to_text(&e, text);
        assert_int_equal(strlen(text), sizeof("image=") + REFERENCE_MAX + sizeof("oldName=") - 1 +
                                                       CONTAINER_NAME_MAX);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_event_actions_of_every_fact_in_every_situation),
                cmocka_unit_test(test_event_actions_tells_a_restart_behind_its_start),
                cmocka_unit_test(test_event_actions_tells_one_oom_a_run),
                cmocka_unit_test(test_event_actions_tells_an_oom_that_a_restart_follows),
                cmocka_unit_test(test_event_words_lead_back),
                cmocka_unit_test(test_event_attributes_lead_back),
                cmocka_unit_test(test_event_attributes_from_text_passes_over_what_is_none),
                cmocka_unit_test(test_event_attributes_to_text_leaves_out_what_does_not_fit),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
