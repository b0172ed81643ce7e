/* SPDX-License-Identifier: Apache-2.0 */
#include "base/str.h"
#include "unit.h"

static void test_streq_ptr_takes_null(void **state) {
        assert_true(streq_ptr(NULL, NULL));
        assert_false(streq_ptr(NULL, ""));
        assert_false(streq_ptr("", NULL));
        assert_true(streq_ptr("a", "a"));
        assert_false(streq_ptr("a", "b"));
}

static void test_startswith_and_endswith(void **state) {
        assert_string_equal(startswith("sha256:ab", "sha256:"), "ab");
        assert_string_equal(startswith("ab", ""), "ab");
        assert_null(startswith("sha", "sha256:"));
        assert_string_equal(endswith("a.log", ".log"), ".log");
        assert_string_equal(endswith("a", ""), "");
        assert_null(endswith("log", ".log"));
}

static void test_free_and_strdup_of_its_own_part(void **state) {
        _cleanup_free_ char *s = strdup("abcdef");

        assert_int_equal(free_and_strdup(&s, s + 3), 0);
        assert_string_equal(s, "def");
        assert_int_equal(free_and_strdup(&s, NULL), 0);
        assert_null(s);
}

static void test_hex_goes_round(void **state) {
        const uint8_t bytes[] = { 0x00, 0x0f, 0xa5, 0xff };
        uint8_t back[4] = { 1, 2, 3, 4 };
        char text[9];

        hex_encode(bytes, sizeof(bytes), text);
        assert_string_equal(text, "000fa5ff");
        assert_int_equal(hex_decode(text, back, sizeof(back)), 0);
        assert_memory_equal(back, bytes, sizeof(bytes));
}

static void test_hex_decode_refuses(void **state) {
        static const char *const bad[] = {
                        "", "0", "000fa5f", "000fa5fff", "000FA5FF", "000fa5fg", "000fa5 f"};
        uint8_t out[4] = { 1, 2, 3, 4 };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, hex_decode(bad[i], out, sizeof(out)));
        assert_int_equal(out[0], 1); /* nothing was written */
}

static void test_strv_push_copy_and_remove(void **state) {
        _cleanup_strv_free_ char **l = NULL, **copy = NULL;
        char text[8];

        for (unsigned i = 0; i < 70; i++) {
                (void) snprintf(text, sizeof(text), "%u", i);
                assert_int_equal(strv_push(&l, text), 0);
        }
        assert_int_equal(strv_length(l), 70);
        assert_int_equal(strv_copy(l, &copy), 0);
        assert_true(strv_equal(l, copy));
        assert_int_equal(strv_push(&copy, "7"), 0);
        assert_false(strv_equal(l, copy));
        assert_int_equal(strv_remove(copy, "7"), 2);
        assert_int_equal(strv_length(copy), 69);
        assert_false(strv_contains(copy, "7"));
        assert_true(strv_contains(copy, "69"));
        assert_int_equal(strv_remove(NULL, "7"), 0);
}

static void test_strv_of_nothing(void **state) {
        char **l = (char **) 1;

        assert_int_equal(strv_length(NULL), 0);
        assert_true(strv_equal(NULL, NULL));
        assert_int_equal(strv_copy(NULL, &l), 0);
        assert_null(l);
        strv_sort(NULL);
        assert_null(strv_free(NULL));
}

static void test_strv_split_and_join(void **state) {
        static const struct {
                const char *text;
                size_t fields;
        } table[] = {{"", 0}, {"a", 1}, {"a,b", 2}, {",", 2}, {"a,,b", 3}, {"a,", 2}, {",a", 2}};

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_strv_free_ char **l = NULL;
                _cleanup_free_ char *joined = NULL;

                assert_int_equal(strv_split(table[i].text, ',', &l), 0);
                assert_int_equal(strv_length(l), table[i].fields);
                assert_int_equal(strv_join(l, ",", &joined), 0);
                assert_string_equal(joined, table[i].text);
        }
}

static void test_strv_env_set_replaces_whole_names_only(void **state) {
        _cleanup_strv_free_ char **env = NULL;

        assert_int_equal(strv_env_set(&env, "PATHS=1"), 0);
        assert_int_equal(strv_env_set(&env, "PATH=2"), 0);
        assert_int_equal(strv_env_set(&env, "PATHS=3"), 0);
        assert_int_equal(strv_length(env), 2);
        assert_string_equal(strv_env_get(env, "PATHS"), "3");
        assert_string_equal(strv_env_get(env, "PATH"), "2");
        assert_null(strv_env_get(env, "PAT"));
        strv_sort(env);
        assert_string_equal(env[0], "PATH=2");
}

static void test_strbuf_keeps_its_first_error(void **state) {
        _cleanup_strbuf_ StrBuf b = { .max_bytes = 10 };
        char *text;

        assert_int_equal(strbuf_puts(&b, "12345"), 0);
        assert_errno(E2BIG, strbuf_printf(&b, "%s", "678901"));
        assert_errno(E2BIG, strbuf_putc(&b, '6'));
        assert_errno(E2BIG, strbuf_steal(&b, &text, NULL));
        assert_string_equal(b.data, "12345");
}

static void test_strbuf_takes_up_to_its_bound(void **state) {
        _cleanup_strbuf_ StrBuf b = { .max_bytes = 3 };
        _cleanup_free_ char *text = NULL;
        size_t size;

        assert_int_equal(strbuf_append(&b, "a\0b", 3), 0);
        assert_int_equal(strbuf_steal(&b, &text, &size), 0);
        assert_int_equal(size, 3);
        assert_memory_equal(text, "a\0b", 4);
        assert_int_equal(b.size, 0);
}

static void test_strbuf_steal_of_nothing_is_empty(void **state) {
        _cleanup_strbuf_ StrBuf b = {};
        _cleanup_free_ char *text = NULL;

        assert_int_equal(strbuf_steal(&b, &text, NULL), 0);
        assert_string_equal(text, "");
}

static void test_strbuf_grows(void **state) {
        _cleanup_strbuf_ StrBuf b = {};

        for (unsigned i = 0; i < 1000; i++)
                assert_int_equal(strbuf_printf(&b, "%03u.", i), 0);
        assert_int_equal(b.size, 4000);
        assert_memory_equal(b.data + 3996, "999.", 5);
}

static void test_utf8_is_valid(void **state) {
        static const char *const good[] = {
                        "",
                        "abc",
                        "\xc3\xa4",
                        "\xe2\x82\xac",
                        "\xf0\x9f\x90\xb3",
                        "\xed\x9f\xbf",
                        "\xf4\x8f\xbf\xbf",
        };
        static const char *const bad[] = {
                        "\x80",
                        "\xc3",
                        "\xc0\xaf",
                        "\xc1\xbf",
                        "\xe0\x80\xaf",
                        "\xed\xa0\x80",
                        "\xf0\x80\x80\x80",
                        "\xf4\x90\x80\x80",
                        "\xf8\x88\x80\x80\x80",
                        ("a\xff"
                         "b"),
                        "\xe2\x82",
        };

        for (size_t i = 0; i < ELEMENTSOF(good); i++)
                assert_true(utf8_is_valid(good[i]));
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_false(utf8_is_valid(bad[i]));
}

static void test_text_clean_leaves_text(void **state) {
        char text[] = "a\x1b[2J\n\xc3\xa4\xff\x7f\xc2\x9b.";

        text_clean(text);
        assert_string_equal(text, "a?[2J?\xc3\xa4????.");
        assert_true(utf8_is_valid(text));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_streq_ptr_takes_null),
                cmocka_unit_test(test_startswith_and_endswith),
                cmocka_unit_test(test_free_and_strdup_of_its_own_part),
                cmocka_unit_test(test_hex_goes_round),
                cmocka_unit_test(test_hex_decode_refuses),
                cmocka_unit_test(test_strv_push_copy_and_remove),
                cmocka_unit_test(test_strv_of_nothing),
                cmocka_unit_test(test_strv_split_and_join),
                cmocka_unit_test(test_strv_env_set_replaces_whole_names_only),
                cmocka_unit_test(test_strbuf_keeps_its_first_error),
                cmocka_unit_test(test_strbuf_takes_up_to_its_bound),
                cmocka_unit_test(test_strbuf_steal_of_nothing_is_empty),
                cmocka_unit_test(test_strbuf_grows),
                cmocka_unit_test(test_utf8_is_valid),
                cmocka_unit_test(test_text_clean_leaves_text),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
