/* SPDX-License-Identifier: Apache-2.0 */
#include "model/event-filter.h"
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static const EventSubject start = { "container", "start", ID, "web", "bb:1", NULL };
static const EventSubject health = { "container", "health_status", ID, "web", "bb:1", "healthy" };
static const EventSubject tag = { "image", "tag", ID, "bb:1", NULL, NULL };

/* @filters: separated by commas. */
static bool matches(const char *filters, const EventSubject *s) {
        _cleanup_(event_filter_freep) EventFilter *f = NULL;
        _cleanup_strv_free_ char **list = NULL;

        assert_int_equal(event_filter_new(&f), 0);
        assert_int_equal(strv_split(filters, ',', &list), 0);
        STRV_FOREACH (i, list)
                assert_int_equal(event_filter_add(f, *i, NULL), 0);
        return event_filter_matches(f, s);
}

static void test_event_filter_matches(void **state) {
        static const struct {
                const char *filters;
                bool start, health, tag;
        } table[] = {
                { "", true, true, true },
                { "type=container", true, true, false },
                { "type=image", false, false, true },
                { "type=image,type=container", true, true, true },
                { "event=start", true, false, false },
                { "event=start,event=tag", true, false, true },
                { "event=health_status", false, true, false },
                { "event=health_status: healthy", false, true, false },
                { "event=health_status: unhealthy", false, false, false },
                { "container=web", true, true, false },
                { "container=we", false, false, false },
                { "container=" ID, true, true, false },
                { "container=0123", true, true, false },
                { "container=1234", false, false, false },
                { "container=web,event=start", true, false, false },
                { "container=web,event=tag", false, false, false },
                { "image=bb:1", true, true, true },
                { "image=docker.io/library/bb:1", true, true, true },
                { "image=bb", false, false, false },
                { "image=0123", false, false, true },
                { "image=bb:1,type=image", false, false, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                if (matches(table[i].filters, &start) != table[i].start ||
                                matches(table[i].filters, &health) != table[i].health ||
                                matches(table[i].filters, &tag) != table[i].tag)
                        fail_msg("%s", table[i].filters);
}

static void test_event_filter_add_refuses(void **state) {
        static const struct {
                const char *filter, *part;
        } table[] = {
                { "", "KEY=VALUE" },
                { "=x", "KEY=VALUE" },
                { "type", "KEY=VALUE" },
                { "type=network", "'network'" },
                { "event=fly", "'fly'" },
                { "event=start: now", "'start: now'" },
                { "event=", "''" },
                { "container=", "'container'" },
                { "image=:", "':'" },
                { "label=a", "everybody may see" },
                { "colour=red", "'colour'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(event_filter_freep) EventFilter *f = NULL;
                _cleanup_failure_ Failure failure = {};

                assert_int_equal(event_filter_new(&f), 0);
                assert_true(event_filter_add(f, table[i].filter, &failure) < 0);
                if (!strstr(failure_message(&failure), table[i].part))
                        fail_msg("%s: %s", table[i].filter, failure_message(&failure));
        }
}

static void test_event_filter_add_is_bounded(void **state) {
        _cleanup_(event_filter_freep) EventFilter *f = NULL;
        _cleanup_failure_ Failure failure = {};

        assert_int_equal(event_filter_new(&f), 0);
        for (unsigned i = 0; i < FILTER_VALUES_MAX; i++)
                assert_int_equal(event_filter_add(f, "type=image", NULL), 0);
        assert_int_equal(event_filter_add(f, "type=image", &failure), -E2BIG);
        assert_int_equal(failure.code, FAILURE_LIMIT_REACHED);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_event_filter_matches),
                cmocka_unit_test(test_event_filter_add_refuses),
                cmocka_unit_test(test_event_filter_add_is_bounded),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
