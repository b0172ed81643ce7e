/* SPDX-License-Identifier: Apache-2.0 */
#include "runtime/seccomp-cache.h"
#include <linux/capability.h>
#include "model/capability.h"
#include "unit.h"

#define DEFAULT CAPABILITIES_DEFAULT
static const char profile[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":["
                              "{\"names\":[\"mount\"],\"action\":\"SCMP_ACT_ERRNO\"}]}";

typedef struct Fixture {
        sd_event *event;
        SeccompCache *cache;
        unsigned calls;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        *state = f;
        return sd_event_new(&f->event) < 0 ? -1 : seccomp_cache_new(f->event, &f->cache);
}

static int teardown(void **state) {
        Fixture *f = *state;

        seccomp_cache_free(f->cache);
        sd_event_unref(f->event);
        free(f);
        return 0;
}

static void on_ready(void *userdata) {
        ((Fixture *) userdata)->calls++;
}

static void await_calls(Fixture *f, unsigned n) {
        while (f->calls < n)
                assert_true(sd_event_run(f->event, UINT64_MAX) >= 0);
}

static void test_seccomp_cache_find_answers_once_it_is_made(void **state) {
        Fixture *f = *state;
        SeccompFilter *filter = NULL, *again = NULL;
        SeccompWait *wait = NULL;

        assert_int_equal(seccomp_cache_find(f->cache, NULL, DEFAULT, &filter, NULL), 0);
        assert_int_equal(seccomp_cache_call(f->cache, NULL, DEFAULT, on_ready, f, &wait),
                        0);
        await_calls(f, 1);
        assert_int_equal(seccomp_cache_find(f->cache, NULL, DEFAULT, &filter, NULL), 1);

        /* Of this one no rule of the default asks. */
        assert_int_equal(seccomp_cache_find(f->cache, NULL,
                                         DEFAULT & ~(UINT64_C(1) << CAP_KILL), &again,
                                         NULL),
                        1);
        assert_ptr_equal(filter, again);
        seccomp_filter_unref(filter);
        seccomp_filter_unref(again);
}

static void test_seccomp_cache_wait_stays(void **state) {
        Fixture *f = *state;
        SeccompFilter *with = NULL, *without = NULL;

        assert_int_equal(seccomp_cache_wait(f->cache, profile, 0, &with, NULL), 1);
        assert_int_equal(seccomp_cache_wait(f->cache, NULL, 0, &without, NULL), 1);
        assert_ptr_not_equal(with, without);
        seccomp_filter_unref(with);
        seccomp_filter_unref(without);
}

static void test_seccomp_cache_tells_what_is_wrong_each_time(void **state) {
        Fixture *f = *state;
        SeccompFilter *filter = NULL;
        SeccompWait *wait = NULL;

        for (unsigned i = 0; i < 2; i++) {
                _cleanup_failure_ Failure failure = {};

                assert_errno(EINVAL, seccomp_cache_wait(f->cache, "{}", 0, &filter, &failure));
                assert_int_equal(failure.code, FAILURE_INVALID_ARGS);
        }
        assert_int_equal(seccomp_cache_call(f->cache, "{}", 0, on_ready, f, &wait), 0);
        await_calls(f, 1);
        assert_null(filter);
}

static void test_seccomp_cache_call_of_what_is_ready(void **state) {
        Fixture *f = *state;
        SeccompFilter *filter = NULL;
        SeccompWait *one = NULL, *two = NULL;

        assert_int_equal(seccomp_cache_wait(f->cache, profile, 0, &filter, NULL), 1);
        seccomp_filter_unref(filter);
        assert_int_equal(seccomp_cache_call(f->cache, profile, 0, on_ready, f, &one), 0);
        assert_int_equal(seccomp_cache_call(f->cache, profile, 0, on_ready, f, &two), 0);
        seccomp_wait_free(one);
        await_calls(f, 1);
        assert_int_equal(f->calls, 1);
        seccomp_wait_free(NULL);
}

static void test_seccomp_cache_find_lets_those_who_wait_go_first(void **state) {
        Fixture *f = *state;
        SeccompFilter *filter = NULL;
        SeccompWait *wait;

        assert_int_equal(seccomp_cache_call(f->cache, profile, 0, on_ready, f, &wait), 0);
        assert_int_equal(seccomp_cache_wait(f->cache, profile, 0, &filter, NULL), 1);
        filter = seccomp_filter_unref(filter);
        assert_int_equal(seccomp_cache_find(f->cache, profile, 0, &filter, NULL), 0);
        await_calls(f, 1);
        assert_int_equal(seccomp_cache_find(f->cache, profile, 0, &filter, NULL), 1);
        seccomp_filter_unref(filter);
}

static void test_seccomp_cache_forgets_what_nobody_uses(void **state) {
        Fixture *f = *state;
        SeccompFilter *kept = NULL, *filter = NULL, *again = NULL;

        assert_int_equal(seccomp_cache_wait(f->cache, profile, 1000, &kept, NULL), 1);
        for (uint64_t i = 0; i < 100; i++) {
                assert_int_equal(seccomp_cache_wait(f->cache, profile, i, &filter, NULL), 1);
                filter = seccomp_filter_unref(filter);
        }
        assert_int_equal(seccomp_cache_find(f->cache, profile, 0, &filter, NULL), 0);
        assert_int_equal(seccomp_cache_find(f->cache, profile, 1000, &again, NULL), 1);
        assert_ptr_equal(kept, again);
        seccomp_filter_unref(kept);
        seccomp_filter_unref(again);
}

static void test_seccomp_cache_free_while_it_works(void **state) {
        Fixture *f = *state;
        SeccompFilter *filter = NULL;

        for (uint64_t i = 0; i < 32; i++)
                (void) seccomp_cache_find(f->cache, profile, i, &filter, NULL);
        assert_null(filter);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_seccomp_cache_find_answers_once_it_is_made),
                TEST(test_seccomp_cache_wait_stays),
                TEST(test_seccomp_cache_tells_what_is_wrong_each_time),
                TEST(test_seccomp_cache_call_of_what_is_ready),
                TEST(test_seccomp_cache_find_lets_those_who_wait_go_first),
                TEST(test_seccomp_cache_forgets_what_nobody_uses),
                TEST(test_seccomp_cache_free_while_it_works),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
