/* SPDX-License-Identifier: Apache-2.0 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>
#undef fail /* cmocka's: ours fills in a Failure */
#include "base/str.h"
#include "base/usec.h"
#include "model/image-filter.h"
#include "model/limits.h"

static void test_image_pattern_matches_names(void **state) {
        static const struct {
                const char *pattern, *tag;
                bool fits;
        } table[] = {
                { "bb", "bb:1", true },
                { "bb:1", "bb:1", true },
                { "bb:2", "bb:1", false },
                { "b*", "bb:1", true },
                { "*", "bb:1", true },
                { "*", "x/bb:1", false },
                { "*/bb", "x/bb:1", true },
                { "*/*/bb", "x/bb:1", false },
                { "b?", "bb:1", true },
                { "?", "/", false },
                { "bb:*", "bb:1", true },
                { "", "bb:1", false },
                { "localhost:5000/bb", "localhost:5000/bb:1", true },
                { "localhost", "localhost:5000/bb:1", false },
                { "*b*b:?", "abab:1", true },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(image_pattern_matches(table[i].pattern, table[i].tag),
                                table[i].fits);
}

/* A pattern of stars against a name without the last letter: exponential in careless matchers. */
static void test_image_pattern_matches_stars_in_no_time(void **state) {
        char pattern[2 * 64 + 2], name[512];
        size_t steps = 0;

        for (size_t i = 0; i < 64; i++)
                memcpy(pattern + 2 * i, "*a", 2);
        memcpy(pattern + 128, "b", 2);
        memset(name, 'a', sizeof(name) - 1);
        name[sizeof(name) - 1] = '\0';
        for (; steps < 100; steps++)
                assert_false(image_pattern_matches(pattern, name));
}

static void test_image_filter_matches_labels_tags_and_times(void **state) {
        char *tags[] = { (char *) "bb:1", NULL },
             *labels[] = { (char *) "a=1", (char *) "bare", NULL };
        char *key[] = { (char *) "a", NULL }, *pair[] = { (char *) "a=1", NULL },
             *prefix[] = { (char *) "a=", NULL };
        ImageSubject tagged = { .tags = tags, .labels = labels, .created_usec = 10 },
                     dangling = { .created_usec = 20 };
        ImageFilter f = IMAGE_FILTER_INIT;

        assert_true(image_filter_matches(&f, &tagged));
        assert_true(image_filter_matches(&f, &dangling));

        f.dangling = 1;
        assert_false(image_filter_matches(&f, &tagged));
        assert_true(image_filter_matches(&f, &dangling));
        f.dangling = 0;
        assert_true(image_filter_matches(&f, &tagged));
        assert_false(image_filter_matches(&f, &dangling));
        f.dangling = -1;

        f.labels = key;
        assert_true(image_filter_matches(&f, &tagged));
        assert_false(image_filter_matches(&f, &dangling));
        f.not_labels = key;
        assert_false(image_filter_matches(&f, &tagged));
        f.not_labels = NULL;
        f.labels = pair;
        assert_true(image_filter_matches(&f, &tagged));
        f.labels = prefix;
        assert_false(image_filter_matches(&f, &tagged));
        f.labels = NULL;

        f.before_usec = 20;
        assert_true(image_filter_matches(&f, &tagged));
        assert_false(image_filter_matches(&f, &dangling));
        f.before_usec = UINT64_MAX;
        f.since_usec = 10;
        assert_false(image_filter_matches(&f, &tagged));
        assert_true(image_filter_matches(&f, &dangling));
}

static int lookup_ten(const char *reference, void *userdata, uint64_t *ret_created_usec,
                Failure *reterr) {
        if (streq(reference, "none"))
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, 0, "No image '%s'", reference);
        *ret_created_usec = 10;
        return 0;
}

static void test_image_filter_resolve_asks_and_bounds(void **state) {
        ImageFilter f = IMAGE_FILTER_INIT;
        Failure failure = {};

        assert_int_equal(strv_push(&f.before, "x"), 0);
        assert_int_equal(strv_push(&f.since, "y"), 0);
        assert_int_equal(image_filter_resolve(&f, lookup_ten, NULL, &failure), 0);
        assert_int_equal(f.before_usec, 10);
        assert_int_equal(f.since_usec, 10);

        assert_int_equal(strv_push(&f.since, "none"), 0);
        assert_int_equal(image_filter_resolve(&f, lookup_ten, NULL, &failure), -ENOENT);
        assert_int_equal(failure.code, FAILURE_NO_SUCH_IMAGE);

        for (size_t i = 0; i <= FILTER_VALUES_MAX; i++)
                assert_int_equal(strv_push(&f.labels, "a"), 0);
        assert_true(image_filter_resolve(&f, lookup_ten, NULL, &failure) < 0);
        assert_int_equal(failure.code, FAILURE_LIMIT_REACHED);
        failure_done(&failure);
        image_filter_done(&f);
}

static void test_image_filter_shows_what_references_ask_for(void **state) {
        ImageFilter f = IMAGE_FILTER_INIT;

        assert_true(image_filter_shows(&f, "bb:1"));
        assert_int_equal(strv_push(&f.references, "bb:1"), 0);
        assert_int_equal(strv_push(&f.references, "c*"), 0);
        assert_true(image_filter_shows(&f, "bb:1"));
        assert_false(image_filter_shows(&f, "bb:latest"));
        assert_true(image_filter_shows(&f, "cc:2"));
        image_filter_done(&f);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_image_pattern_matches_names),
                cmocka_unit_test(test_image_pattern_matches_stars_in_no_time),
                cmocka_unit_test(test_image_filter_matches_labels_tags_and_times),
                cmocka_unit_test(test_image_filter_resolve_asks_and_bounds),
                cmocka_unit_test(test_image_filter_shows_what_references_ask_for),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
