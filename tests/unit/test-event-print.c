/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/event-print.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include "base/str.h"
#include "unit.h"

/* What one event prints, in UTC. */
static char *printed(const char *format, const EventLine *e) {
        _cleanup_failure_ Failure failure = {};
        EventFormat f = {};
        static char text[1024];
        int out = dup(STDOUT_FILENO), fds[2], r;
        ssize_t n;

        assert_int_equal(event_format_init(&f, format, &failure), 0);
        assert_int_equal(pipe(fds), 0);
        (void) fflush(stdout);
        assert_true(dup2(fds[1], STDOUT_FILENO) >= 0);
        r = event_line_print(&f, e, &failure);
        (void) fflush(stdout);
        assert_true(dup2(out, STDOUT_FILENO) >= 0);
        (void) close(fds[1]);
        (void) close(out);
        n = read(fds[0], text, sizeof(text) - 1);
        (void) close(fds[0]);
        text[n > 0 ? n : 0] = '\0';
        event_format_done(&f);
        if (r < 0)
                (void) snprintf(text, sizeof(text), "%s", failure_message(&failure));
        return text;
}

static EventLine line(void) {
        return (EventLine){
                .number = 7,
                .time_usec = 1700000000000042,
                .kind = "container",
                .action = "die",
                .id = "0123",
                .name = "web",
                .keys = { "exitCode", "image", "name" },
                .values = { "3", "bb:1", "web" },
                .n = 3,
        };
}

static void test_event_line_print_is_dockers_line(void **state) {
        EventLine e = line();

        assert_string_equal(printed(NULL, &e), "2023-11-14T22:13:20.000042000+00:00 container die "
                                               "0123 (exitCode=3, image=bb:1, name=web)\n");
        e.n = 0;
        assert_string_equal(printed("", &e),
                        "2023-11-14T22:13:20.000042000+00:00 container die 0123\n");
}

static void test_event_line_print_says_which_health_in_the_action(void **state) {
        EventLine e = line();

        e.action = "health_status";
        e.keys[0] = "health";
        e.values[0] = "healthy";
        assert_string_equal(printed("{{.Action}}|{{.Status}}", &e),
                        "health_status: healthy|health_status: healthy\n");
        assert_non_null(strstr(printed(NULL, &e), " container health_status: healthy 0123 ("));
}

static void test_event_line_print_has_dockers_fields(void **state) {
        EventLine e = line();

        assert_string_equal(printed("{{.Type}} {{.Action}} {{.Actor.ID}} "
                                    "{{.Actor.Attributes.name}} {{.Scope}} "
                                    "{{.Time}} {{.TimeNano}} {{.Status}} {{.ID}} "
                                    "{{.From}} {{.Number}}",
                                            &e),
                        "container die 0123 web local 1700000000 1700000000000042000 die 0123 bb:1 "
                        "7\n");
        assert_string_equal(printed("json", &e),
                        "{\"Action\":\"die\",\"Actor\":{\"Attributes\":{\"exitCode\":\"3\","
                        "\"image\":\"bb:1\",\"name\":\"web\"},\"ID\":\"0123\"},\"Type\":"
                        "\"container\",\"from\":\"bb:1\",\"id\":\"0123\",\"number\":7,"
                        "\"scope\":\"local\",\"status\":\"die\",\"time\":1700000000,"
                        "\"timeNano\":1700000000000042000}\n");
        assert_non_null(strstr(printed("{{.Colour}}", &e), "Colour"));
}

static void test_event_format_init_refuses_a_template_that_is_none(void **state) {
        _cleanup_failure_ Failure failure = {};
        EventFormat f = {};

        assert_int_equal(event_format_init(&f, "{{.Type", &failure), -EINVAL);
        assert_true(failure_is_set(&failure));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_event_line_print_is_dockers_line),
                cmocka_unit_test(test_event_line_print_says_which_health_in_the_action),
                cmocka_unit_test(test_event_line_print_has_dockers_fields),
                cmocka_unit_test(test_event_format_init_refuses_a_template_that_is_none),
        };

        if (setenv("TZ", "UTC", 1) < 0)
                return EXIT_FAILURE;
        tzset();
        return cmocka_run_group_tests(tests, NULL, NULL);
}
