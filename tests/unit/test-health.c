/* SPDX-License-Identifier: Apache-2.0 */
/* The whole table of health_next(), every phase × every fact × every status; then what concerns several steps. */
#include "model/health.h"
#include <stdio.h>
#include <string.h>
#include "base/str.h"
#include "base/usec.h"
#include "unit.h"

#define NOW (1000 * USEC_PER_SEC)
#define S USEC_PER_SEC

static const HealthConfig config = {
        .probe = HEALTH_PROBE_TCP,
        .port = 80,
        .retries = 3,
        .interval_usec = 30 * S,
        .timeout_usec = 7 * S,
        .start_interval_usec = 5 * S,
        .on_failure = HEALTH_ACTION_KILL,
};

static const char *const phase_names[_HEALTH_PHASE_MAX] = { "off", "waiting", "probing", "paused" };

static const struct Event {
        const char *name;
        HealthFact fact;
} events[] = {
        { "started", { .kind = HEALTH_FACT_STARTED } },
        { "found", { .kind = HEALTH_FACT_FOUND } },
        { "stopping", { .kind = HEALTH_FACT_STOPPING } },
        { "ended", { .kind = HEALTH_FACT_ENDED } },
        { "paused", { .kind = HEALTH_FACT_PAUSED } },
        { "unpaused", { .kind = HEALTH_FACT_UNPAUSED } },
        { "due", { .kind = HEALTH_FACT_DUE } },
        { "asked", { .kind = HEALTH_FACT_ASKED } },
        { "good", { .kind = HEALTH_FACT_PROBED, .success = true } },
        { "bad", { .kind = HEALTH_FACT_PROBED } },
};

/* Phase, seconds until something is due, what is to be done; `*`: as it was. Status and streak are in the next table. */
static const char *const expected[_HEALTH_PHASE_MAX][ELEMENTSOF(events)] = {
        [HEALTH_OFF] = { "waiting 30", "waiting 30", "off", "off", "off", "off", "off", "off",
                        "off", "off" },
        [HEALTH_WAITING] = { "waiting 30", "waiting 30", "off", "off", "paused", "waiting 9",
                        "probing 7 !probe", "probing 7 !probe", "waiting 9", "waiting 9" },
        [HEALTH_PROBING] = { "waiting 30 !cancel", "waiting 30 !cancel", "off !cancel",
                        "off !cancel", "paused !cancel", "probing 9", "waiting 30 !cancel !timeout",
                        "probing 9", "waiting 30", "waiting 30" },
        [HEALTH_PAUSED] = { "waiting 30", "waiting 30", "off", "off", "paused", "waiting 30",
                        "paused", "paused", "paused", "paused" },
};

static HealthState state_in(HealthPhase phase, ContainerHealth status, uint32_t streak) {
        bool due = phase == HEALTH_WAITING || phase == HEALTH_PROBING;

        return (HealthState){ .phase = phase,
                .status = status,
                .streak = streak,
                .due_usec = due ? NOW + 9 * S : UINT64_MAX };
}

static void describe(const HealthStep *step, char *ret, size_t size) {
        size_t n = (size_t) snprintf(ret, size, "%s", phase_names[step->next.phase]);

        if (step->next.due_usec != UINT64_MAX)
                n += (size_t) snprintf(ret + n, size - n, " %u",
                                (unsigned) ((step->next.due_usec - NOW) / S));
        (void) snprintf(ret + n, size - n, "%s%s%s", step->probe ? " !probe" : "",
                        step->cancel ? " !cancel" : "", step->timed_out ? " !timeout" : "");
}

static void test_health_next_of_every_phase_and_fact(void **unused) {
        for (int p = 0; p < _HEALTH_PHASE_MAX; p++)
                for (size_t e = 0; e < ELEMENTSOF(events); e++)
                        for (int status = 0; status < _CONTAINER_HEALTH_MAX; status++) {
                                HealthState state = state_in(
                                                (HealthPhase) p, (ContainerHealth) status, 0);
                                HealthStep step =
                                                health_next(&state, &events[e].fact, &config, NOW);
                                char text[64];

                                describe(&step, text, sizeof(text));
                                if (!streq(text, expected[p][e]))
                                        fail_msg("%s, %s: expected '%s', got '%s'", phase_names[p],
                                                        events[e].name, expected[p][e], text);
                        }
}

/* What each fact makes of status and streak while a probe is on. */
static void test_health_next_status_of_every_fact(void **unused) {
        static const struct {
                ContainerHealth before;
                uint32_t streak;
                const char *after[ELEMENTSOF(
                                events)]; /* status and streak; `!`: the action is demanded */
        } table[] = {
                { HEALTH_STARTING, 0,
                                { "starting 0", "starting 0", "starting 0", "none 0", "starting 0",
                                                "starting 0", "starting 1", "starting 0",
                                                "healthy 0", "starting 1" } },
                { HEALTH_STARTING, 2,
                                { "starting 0", "starting 2", "starting 2", "none 2", "starting 2",
                                                "starting 2", "unhealthy 3!", "starting 2",
                                                "healthy 0", "unhealthy 3!" } },
                { HEALTH_HEALTHY, 0,
                                { "starting 0", "healthy 0", "healthy 0", "none 0", "healthy 0",
                                                "healthy 0", "healthy 1", "healthy 0", "healthy 0",
                                                "healthy 1" } },
                { HEALTH_HEALTHY, 2,
                                { "starting 0", "healthy 2", "healthy 2", "none 2", "healthy 2",
                                                "healthy 2", "unhealthy 3!", "healthy 2",
                                                "healthy 0", "unhealthy 3!" } },
                { HEALTH_UNHEALTHY, 3,
                                { "starting 0", "unhealthy 3", "unhealthy 3", "unhealthy 3",
                                                "unhealthy 3", "unhealthy 3", "unhealthy 4!",
                                                "unhealthy 3", "healthy 0", "unhealthy 4!" } },
                { HEALTH_UNHEALTHY, UINT32_MAX,
                                { "starting 0", "unhealthy 4294967295", "unhealthy 4294967295",
                                                "unhealthy 4294967295", "unhealthy 4294967295",
                                                "unhealthy 4294967295", "unhealthy 4294967295!",
                                                "unhealthy 4294967295", "healthy 0",
                                                "unhealthy 4294967295!" } },
                { HEALTH_NONE, 0,
                                { "starting 0", "starting 0", "none 0", "none 0", "none 0",
                                                "none 0", "none 1", "none 0", "healthy 0",
                                                "none 1" } },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                for (size_t e = 0; e < ELEMENTSOF(events); e++) {
                        HealthState state =
                                        state_in(HEALTH_PROBING, table[i].before, table[i].streak);
                        HealthStep step = health_next(&state, &events[e].fact, &config, NOW);
                        char text[64];

                        (void) snprintf(text, sizeof(text), "%s %u%s",
                                        container_health_to_string(step.next.status),
                                        step.next.streak,
                                        step.demand == HEALTH_ACTION_KILL ? "!" : "");
                        if (!streq(text, table[i].after[e]))
                                fail_msg("%s %u, %s: expected '%s', got '%s'",
                                                container_health_to_string(table[i].before),
                                                table[i].streak, events[e].name, table[i].after[e],
                                                text);
                }
}

static void test_health_next_without_a_check_is_nothing(void **unused) {
        static const HealthConfig none = { .retries = 1 };

        for (int p = 0; p < _HEALTH_PHASE_MAX; p++)
                for (size_t e = 0; e < ELEMENTSOF(events); e++) {
                        HealthState state = state_in((HealthPhase) p, HEALTH_UNHEALTHY, 9);
                        HealthStep step = health_next(&state, &events[e].fact, &none, NOW);

                        assert_int_equal(step.next.phase, HEALTH_OFF);
                        assert_int_equal(step.next.status, HEALTH_NONE);
                        assert_true(step.next.due_usec == UINT64_MAX);
                        assert_false(step.probe || step.cancel);
                        assert_int_equal(step.demand, HEALTH_ACTION_NONE);
                }
}

static HealthState after(HealthState state, HealthFact fact, const HealthConfig *c, uint64_t now) {
        return health_next(&state, &fact, c, now).next;
}

/* One probe that takes a second, from when it is due. */
static HealthState probe(HealthState state, const HealthConfig *c, bool success, uint64_t *now) {
        *now = state.due_usec;
        state = after(state, (HealthFact){ .kind = HEALTH_FACT_DUE }, c, *now);
        assert_int_equal(state.phase, HEALTH_PROBING);
        *now += S;
        return after(state, (HealthFact){ .kind = HEALTH_FACT_PROBED, .success = success }, c,
                        *now);
}

static void test_health_next_failures_in_the_start_period_do_not_count(void **unused) {
        HealthConfig c = config;
        HealthState state = {};
        uint64_t now = NOW;

        c.start_period_usec = 20 * S;
        c.retries = 1;
        state = after(state, (HealthFact){ .kind = HEALTH_FACT_STARTED }, &c, now);
        assert_int_equal(state.due_usec, NOW + 5 * S);
        for (int i = 0; i < 3; i++) {
                state = probe(state, &c, false, &now);
                assert_int_equal(state.status, HEALTH_STARTING);
                assert_int_equal(state.streak, 0);
        }
        assert_int_equal(now, NOW + 18 * S);
        assert_int_equal(state.due_usec, now + 5 * S);
        state = probe(state, &c, false, &now); /* ends after it */
        assert_int_equal(state.status, HEALTH_UNHEALTHY);
        assert_int_equal(state.due_usec, now + 30 * S);
}

static void test_health_next_a_first_success_ends_the_start_period(void **unused) {
        HealthConfig c = config;
        HealthState state = {};
        uint64_t now = NOW;

        c.start_period_usec = 600 * S;
        c.retries = 2;
        state = after(state, (HealthFact){ .kind = HEALTH_FACT_STARTED }, &c, now);
        state = probe(state, &c, true, &now);
        assert_int_equal(state.status, HEALTH_HEALTHY);
        assert_int_equal(state.due_usec, now + 30 * S);
        state = probe(probe(state, &c, false, &now), &c, false, &now);
        assert_int_equal(state.status, HEALTH_UNHEALTHY);
        state = probe(state, &c, true, &now);
        assert_int_equal(state.status, HEALTH_HEALTHY);
}

static void test_health_next_a_daemon_that_comes_back_goes_on(void **unused) {
        HealthConfig c = config;
        HealthState state = { .status = HEALTH_UNHEALTHY, .streak = 7 };

        c.start_period_usec = 60 * S;
        state = after(state, (HealthFact){ .kind = HEALTH_FACT_FOUND, .ran_usec = 50 * S }, &c,
                        NOW);
        assert_int_equal(state.status, HEALTH_UNHEALTHY);
        assert_int_equal(state.streak, 7);
        assert_int_equal(state.due_usec, NOW + 30 * S);

        state = (HealthState){ .status = HEALTH_STARTING };
        state = after(state, (HealthFact){ .kind = HEALTH_FACT_FOUND, .ran_usec = 50 * S }, &c,
                        NOW);
        assert_int_equal(state.start_until_usec, NOW + 10 * S);
        assert_int_equal(state.due_usec, NOW + 5 * S);
        state = after(state, (HealthFact){ .kind = HEALTH_FACT_FOUND, .ran_usec = 70 * S }, &c,
                        NOW);
        assert_int_equal(state.start_until_usec, NOW);
}

static void test_health_next_demands_what_is_configured(void **unused) {
        for (int action = 0; action < _HEALTH_ACTION_MAX; action++) {
                HealthState state = state_in(HEALTH_PROBING, HEALTH_HEALTHY, 2);
                HealthConfig c = config;
                HealthFact bad = { .kind = HEALTH_FACT_PROBED };

                c.on_failure = (HealthAction) action;
                assert_int_equal(health_next(&state, &bad, &c, NOW).demand, action);
                state.streak = 1;
                assert_int_equal(health_next(&state, &bad, &c, NOW).demand, HEALTH_ACTION_NONE);
        }
}

static void test_health_next_times_do_not_overflow(void **unused) {
        HealthState state = {};

        state = after(state, (HealthFact){ .kind = HEALTH_FACT_STARTED }, &config, UINT64_MAX - 1);
        assert_true(state.due_usec == UINT64_MAX);
}

static void test_health_accuracy(void **unused) {
        assert_int_equal(health_accuracy_usec(30 * S), 3 * S);
        assert_int_equal(health_accuracy_usec(10 * S), S);
        assert_int_equal(health_accuracy_usec(1000), 1000);
        assert_int_equal(health_accuracy_usec(0), 1000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_health_next_of_every_phase_and_fact),
                cmocka_unit_test(test_health_next_status_of_every_fact),
                cmocka_unit_test(test_health_next_without_a_check_is_nothing),
                cmocka_unit_test(test_health_next_failures_in_the_start_period_do_not_count),
                cmocka_unit_test(test_health_next_a_first_success_ends_the_start_period),
                cmocka_unit_test(test_health_next_a_daemon_that_comes_back_goes_on),
                cmocka_unit_test(test_health_next_demands_what_is_configured),
                cmocka_unit_test(test_health_next_times_do_not_overflow),
                cmocka_unit_test(test_health_accuracy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
