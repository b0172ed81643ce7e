/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of cli/detach-keys.c. */
#include <string.h>
#include "cli/detach-keys.h"
#include "unit.h"

static void assert_feed(DetachKeys *k, const char *in, bool detached, const char *passed) {
        unsigned char out[128];
        size_t n = 0;

        assert_int_equal(detach_keys_feed(k, (const unsigned char *) in, strlen(in), out, &n),
                        detached);
        assert_int_equal(n, strlen(passed));
        assert_memory_equal(out, passed, n);
}

static void test_detach_keys_parse_reads_control_keys_and_characters(void **state) {
        DetachKeys k;

        assert_int_equal(detach_keys_parse("ctrl-p,ctrl-q", &k, NULL), 0);
        assert_int_equal(k.n_keys, 2);
        assert_int_equal(k.keys[0], 0x10);
        assert_int_equal(k.keys[1], 0x11);
        assert_int_equal(detach_keys_parse("ctrl-@,x,ctrl-_", &k, NULL), 0);
        assert_int_equal(k.n_keys, 3);
        assert_int_equal(k.keys[0], 0);
        assert_int_equal(k.keys[1], 'x');
        assert_int_equal(k.keys[2], 0x1f);
        assert_int_equal(detach_keys_parse("", &k, NULL), 0);
        assert_int_equal(k.n_keys, 0);
}

static void test_detach_keys_parse_refuses_what_is_no_key(void **state) {
        static const char *const refused[] = {
                        "ctrl-",
                        "ctrl-1",
                        "ctrl-pp",
                        "ab",
                        ",",
                        "a,,b",
                        "a,",
                        "ctrl-A",
                        "a,b,c,d,e,f,g,h,i,j,k,l,m,n,o,p,q",
        };

        for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
                _cleanup_failure_ Failure f = {};
                DetachKeys k;

                assert_int_equal(detach_keys_parse(refused[i], &k, &f), -EINVAL);
                assert_non_null(strstr(failure_message(&f), refused[i]));
        }
}

static void test_detach_keys_feed_passes_all_but_the_sequence(void **state) {
        DetachKeys k;

        assert_int_equal(detach_keys_parse("ctrl-p,ctrl-q", &k, NULL), 0);
        assert_feed(&k, "ls\n", false, "ls\n");
        assert_feed(&k, "a\x10\x11z", true, "a");
        assert_feed(&k, "again", false, "again");
}

static void test_detach_keys_feed_holds_a_prefix_back_over_calls(void **state) {
        DetachKeys k;

        assert_int_equal(detach_keys_parse("ctrl-p,ctrl-q", &k, NULL), 0);
        assert_feed(&k, "\x10", false, "");
        assert_feed(&k, "x", false, "\x10x");
        assert_feed(&k, "\x10", false, "");
        assert_feed(&k, "\x10", false, "\x10");
        assert_feed(&k, "\x11", true, "");
}

static void test_detach_keys_feed_finds_one_that_overlaps_itself(void **state) {
        DetachKeys k;

        assert_int_equal(detach_keys_parse("a,a,b", &k, NULL), 0);
        assert_feed(&k, "aaab", true, "a");
        assert_int_equal(detach_keys_parse("a,b,a,c", &k, NULL), 0);
        assert_feed(&k, "ababac", true, "ab");
}

static void test_detach_keys_feed_without_keys_passes_everything(void **state) {
        DetachKeys k = {};

        assert_feed(&k, "\x10\x11", false, "\x10\x11");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_detach_keys_parse_reads_control_keys_and_characters),
                        cmocka_unit_test(test_detach_keys_parse_refuses_what_is_no_key),
                        cmocka_unit_test(test_detach_keys_feed_passes_all_but_the_sequence),
                        cmocka_unit_test(test_detach_keys_feed_holds_a_prefix_back_over_calls),
                        cmocka_unit_test(test_detach_keys_feed_finds_one_that_overlaps_itself),
                        cmocka_unit_test(test_detach_keys_feed_without_keys_passes_everything),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
