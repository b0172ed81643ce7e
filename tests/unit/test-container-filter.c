/* SPDX-License-Identifier: Apache-2.0 */
#include "model/container-filter.h"
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

#define ID "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"
#define IMAGE_ID "1234567890abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static char *labels[] = { (char *) "app=web", (char *) "tier=front", NULL };

static const FilterSubject subject = {
        .id = ID,
        .name = "web-1",
        .image = "bb:1",
        .image_id = IMAGE_ID,
        .labels = labels,
        .state = CONTAINER_EXITED,
        .exit_code = 3,
        .has_ended = true,
        .created_usec = 100,
};

/* "key=value key=value" against the subject above */
static void test_container_filter_matches(void **state) {
        static const struct {
                const char *filters;
                bool matches;
        } table[] = {
                { "", true }, { "id=abcdef", true }, { "id=" ID, true }, { "id=bcdef", false },
                { "id=bc id=ab", true }, { "name=web", true }, { "name=eb-", true },
                { "name=^web", true }, { "name=^eb", false }, { "name=1$", true },
                { "name=web$", false }, { "name=^web-1$", true }, { "name=^web-$", false },
                { "name=^/web-1$", true }, { "name=/web", true }, { "name=^", true },
                { "name=$", true }, { "name=web-1-and-more", false }, { "label=app", true },
                { "label=app=web", true }, { "label=app=we", false }, { "label=ap", false },
                { "label=app label=tier", true }, { "label=app label=none", false },
                { "label=app=web label=tier=front", true }, { "label=app=", false },
                { "status=exited", true }, { "status=running", false },
                { "status=running status=exited", true }, { "ancestor=bb:1", true },
                { "ancestor=bb", false }, { "ancestor=docker.io/library/bb:1", true },
                { "ancestor=1234", true }, { "ancestor=" IMAGE_ID, true },
                { "ancestor=4321", false }, { "ancestor=abc", false }, { "exited=3", true },
                { "exited=0", false }, { "exited=0 exited=3", true }, { "health=none", true },
                { "health=healthy", false }, { "network=default", true },
                { "network=host", false }, { "status=exited name=db", false },
                { "status=exited name=web exited=3", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(container_filter_freep) ContainerFilter *f = NULL;
                _cleanup_strv_free_ char **l = NULL;

                assert_int_equal(container_filter_new(&f), 0);
                assert_int_equal(strv_split(table[i].filters, ' ', &l), 0);
                STRV_FOREACH (s, l) {
                        char *value = strchr(*s, '=');

                        *value = '\0';
                        assert_int_equal(container_filter_add(f, *s, value + 1, NULL), 0);
                }
                if (container_filter_matches(f, &subject) != table[i].matches)
                        fail_msg("'%s' is not %d", table[i].filters, table[i].matches);
        }
}

static void test_container_filter_exited_wants_an_end(void **state) {
        _cleanup_(container_filter_freep) ContainerFilter *f = NULL;
        FilterSubject s = subject;

        assert_int_equal(container_filter_new(&f), 0);
        assert_int_equal(container_filter_add(f, "exited", "3", NULL), 0);
        s.state = CONTAINER_RUNNING;
        assert_false(container_filter_matches(f, &s));
        s.state = CONTAINER_PAUSED;
        assert_false(container_filter_matches(f, &s));
        s.state = CONTAINER_CREATED;
        s.has_ended = false;
        assert_false(container_filter_matches(f, &s));
}

static void test_container_filter_of_a_subject_without_texts(void **state) {
        _cleanup_(container_filter_freep) ContainerFilter *f = NULL;
        FilterSubject s = subject;

        s.image = s.image_id = NULL;
        s.labels = NULL;
        assert_int_equal(container_filter_new(&f), 0);
        assert_int_equal(container_filter_add(f, "ancestor", "bb", NULL), 0);
        assert_false(container_filter_matches(f, &s));
        s.image = "not a reference";
        assert_false(container_filter_matches(f, &s));
}

static int lookup(const char *name, void *userdata, uint64_t *ret, Failure *reterr) {
        if (!streq(name, userdata))
                return fail(reterr, FAILURE_NO_SUCH_CONTAINER, ENOENT, "No container '%s'", name);
        *ret = 100;
        return 0;
}

static void test_container_filter_before_and_since(void **state) {
        static const struct {
                const char *key;
                uint64_t created;
                bool matches;
        } table[] = {
                { "before", 99, true }, { "before", 100, false }, { "before", 101, false },
                { "since", 99, false }, { "since", 100, false }, { "since", 101, true },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(container_filter_freep) ContainerFilter *f = NULL;
                FilterSubject s = subject;

                s.created_usec = table[i].created;
                assert_int_equal(container_filter_new(&f), 0);
                assert_int_equal(container_filter_add(f, table[i].key, "web", NULL), 0);
                assert_int_equal(container_filter_resolve(f, lookup, (char *) "web", NULL), 0);
                assert_int_equal(container_filter_matches(f, &s), table[i].matches);
                assert_errno(ENOENT, container_filter_resolve(f, lookup, (char *) "other", NULL));
        }
}

static void test_container_filter_add_refuses(void **state) {
        static const char *const bad[][2] = {
                { "colour", "red" }, { "", "" }, { "id", "" }, { "id", "xyz" }, { "name", "" },
                { "label", "" }, { "status", "up" }, { "exited", "256" }, { "exited", "-1" },
                { "exited", "" }, { "health", "ill" }, { "network", "" }, { "before", "" },
                { "since", "" },
        };
        _cleanup_(container_filter_freep) ContainerFilter *f = NULL;
        _cleanup_failure_ Failure failure = {};

        assert_int_equal(container_filter_new(&f), 0);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                assert_errno(EINVAL, container_filter_add(f, bad[i][0], bad[i][1], &failure));
                assert_int_equal(failure.code, FAILURE_INVALID_ARGS);
        }
        assert_errno(EINVAL, container_filter_add(f, "ancestor", "BB", &failure));
        assert_int_equal(failure.code, FAILURE_INVALID_REFERENCE);
        assert_true(container_filter_matches(f, &subject)); /* none of them stayed */

        for (unsigned i = 0; i < FILTER_VALUES_MAX; i++)
                assert_int_equal(container_filter_add(f, "name", "x", NULL), 0);
        assert_errno(E2BIG, container_filter_add(f, "name", "x", &failure));
        assert_int_equal(failure.code, FAILURE_LIMIT_REACHED);
        assert_null(container_filter_free(NULL));
}

static void test_container_filter_matches_nothing_that_is_concealed(void **state) {
        static const char *const table[][2] = {
                { "label", "app" }, { "label", "app=web" }, { "network", "default" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                FilterSubject s = { .id = "1", .name = "one", .labels = labels };
                ContainerFilter *f;

                assert_int_equal(container_filter_new(&f), 0);
                assert_int_equal(container_filter_add(f, table[i][0], table[i][1], NULL), 0);
                assert_true(container_filter_matches(f, &s));
                s.concealed = true;
                assert_false(container_filter_matches(f, &s));
                container_filter_free(f);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_container_filter_matches_nothing_that_is_concealed),
                cmocka_unit_test(test_container_filter_matches),
                cmocka_unit_test(test_container_filter_exited_wants_an_end),
                cmocka_unit_test(test_container_filter_of_a_subject_without_texts),
                cmocka_unit_test(test_container_filter_before_and_since),
                cmocka_unit_test(test_container_filter_add_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
