/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/entry-name.h"
#include <errno.h>
#include <limits.h>
#include <string.h>
#include "base/str.h"
#include "unit.h"

static void test_entry_path_normalize_accepts(void **state) {
        static const char *const table[][2] = {
                { "usr/bin", "usr/bin" },   { "./usr/bin/", "usr/bin" }, { "/usr//bin", "usr/bin" },
                { "", "" },                 { ".", "" },                 { "./", "" },
                { "/", "" },                { "///", "" },               { "a/..", "" },
                { "a/../b", "b" },          { "a/b/../../c", "c" },      { "a/b/..", "a" },
                { "a/./b", "a/b" },         { "...", "..." },            { "..a/b..", "..a/b.." },
                { "/a/../b/./c/", "b/c" },  { "\xff\xfe", "\xff\xfe" },  { "a b\n", "a b\n" },
        };
        char path[ARCHIVE_PATH_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                assert_int_equal(entry_path_normalize(table[i][0], path), 0);
                assert_string_equal(path, table[i][1]);
        }
}

static void test_entry_path_normalize_rejects_what_leads_out(void **state) {
        static const char *const table[] = { "..", "../a", "/..", "a/../..", "a/../../b", "./..",
                "a/b/../../../c" };
        char path[ARCHIVE_PATH_MAX] = "as before";

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                assert_errno(EXDEV, entry_path_normalize(table[i], path));
                assert_string_equal(path, "as before");
        }
}

static void test_entry_path_normalize_rejects_what_is_too_long(void **state) {
        char name[NAME_MAX + 2], long_path[ARCHIVE_PATH_MAX + 1], path[ARCHIVE_PATH_MAX];

        memset(name, 'n', sizeof(name));
        name[NAME_MAX + 1] = '\0';
        assert_errno(ENAMETOOLONG, entry_path_normalize(name, path));
        name[NAME_MAX] = '\0';
        assert_int_equal(entry_path_normalize(name, path), 0);

        memset(long_path, 'n', sizeof(long_path));
        for (size_t i = 100; i < sizeof(long_path); i += 100)
                long_path[i] = '/';
        long_path[ARCHIVE_PATH_MAX] = '\0';
        assert_errno(ENAMETOOLONG, entry_path_normalize(long_path, path));
        long_path[ARCHIVE_PATH_MAX - 1] = '\0';
        assert_int_equal(entry_path_normalize(long_path, path), 0);
        assert_int_equal(strlen(path), ARCHIVE_PATH_MAX - 1);
}

static void test_entry_path_normalize_rejects_too_many_components(void **state) {
        char deep[2 * (ARCHIVE_DEPTH_MAX + 1) + 1], path[ARCHIVE_PATH_MAX];

        for (size_t i = 0; i <= ARCHIVE_DEPTH_MAX; i++)
                memcpy(deep + 2 * i, "d/", 3);
        assert_errno(EOVERFLOW, entry_path_normalize(deep, path));
        deep[2 * ARCHIVE_DEPTH_MAX] = '\0';
        assert_int_equal(entry_path_normalize(deep, path), 0);
        assert_int_equal(entry_path_depth(path), ARCHIVE_DEPTH_MAX);
        assert_int_equal(entry_path_depth("a"), 1);
        assert_int_equal(entry_path_depth(""), 0);
}

static void test_entry_whiteout_tells_them_apart(void **state) {
        static const struct {
                const char *name;
                Whiteout whiteout;
                const char *hidden;
        } table[] = {
                { "f", WHITEOUT_NONE, NULL },
                { ".wh", WHITEOUT_NONE, NULL },
                { "f.wh.", WHITEOUT_NONE, NULL },
                { ".wh.f", WHITEOUT_ENTRY, "f" },
                { ".wh....", WHITEOUT_ENTRY, "..." },
                { ".wh..hidden", WHITEOUT_ENTRY, ".hidden" },
                { ".wh..wh..opq", WHITEOUT_OPAQUE, NULL },
                { ".wh..wh.plnk", WHITEOUT_IGNORED, NULL },
                { ".wh..wh..opqx", WHITEOUT_IGNORED, NULL },
                { ".wh.", WHITEOUT_INVALID, NULL },
                { ".wh..", WHITEOUT_INVALID, NULL },
                { ".wh...", WHITEOUT_INVALID, NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                const char *hidden = NULL;

                assert_int_equal(entry_whiteout(table[i].name, &hidden), table[i].whiteout);
                assert_true(streq_ptr(hidden, table[i].hidden));
        }
}

static void test_entry_show_gives_plain_text(void **state) {
        static const char *const table[][2] = {
                { "plain", "plain" },
                { "caf\xc3\xa9", "caf\xc3\xa9" },
                { "caf\xe9", "caf\\xe9" },
                { "a\nb\x1b[m\x7f", "a\\x0ab\\x1b[m\\x7f" },
                { "it's a \\", "it\\x27s a \\x5c" },
                { "\xc0\xaf", "\\xc0\\xaf" },             /* overlong */
                { "\xed\xa0\x80", "\\xed\\xa0\\x80" },     /* a surrogate */
                { "\xe2\x80\xae", "\\xe2\\x80\\xae" },     /* right to left */
                { "\xf0\x9f\x90\xb3", "\xf0\x9f\x90\xb3" }, /* a whale */
                { "\xf4\x90\x80\x80", "\\xf4\\x90\\x80\\x80" },
                { "\xf0\x9f\x90", "\\xf0\\x9f\\x90" },
        };
        char shown[ENTRY_SHOWN_MAX];

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_string_equal(entry_show(table[i][0], shown, sizeof(shown)), table[i][1]);
}

static void test_entry_show_cuts_between_characters(void **state) {
        char shown[16];

        assert_string_equal(entry_show("123456789012", shown, sizeof(shown)), "123456789012");
        assert_string_equal(entry_show("1234567890123", shown, sizeof(shown)),
                        "123456789012\xe2\x80\xa6");
        assert_string_equal(entry_show("12345678901\xc3\xa9tude", shown, sizeof(shown)),
                        "12345678901\xe2\x80\xa6");
        assert_string_equal(entry_show("1234567890\xff\xff", shown, sizeof(shown)),
                        "1234567890\xe2\x80\xa6");
}

static void test_entry_attribute_wanted_leaves_out_what_overlayfs_believes(void **state) {
        assert_true(entry_attribute_wanted("user.mime_type"));
        assert_true(entry_attribute_wanted("user.overlayish"));
        assert_true(entry_attribute_wanted("security.capability"));
        assert_false(entry_attribute_wanted("user.overlay.redirect"));
        assert_false(entry_attribute_wanted("trusted.overlay.opaque"));
        assert_false(entry_attribute_wanted("security.selinux"));
        assert_false(entry_attribute_wanted("system.posix_acl_access"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_entry_path_normalize_accepts),
                cmocka_unit_test(test_entry_path_normalize_rejects_what_leads_out),
                cmocka_unit_test(test_entry_path_normalize_rejects_what_is_too_long),
                cmocka_unit_test(test_entry_path_normalize_rejects_too_many_components),
                cmocka_unit_test(test_entry_whiteout_tells_them_apart),
                cmocka_unit_test(test_entry_show_gives_plain_text),
                cmocka_unit_test(test_entry_show_cuts_between_characters),
                cmocka_unit_test(test_entry_attribute_wanted_leaves_out_what_overlayfs_believes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
