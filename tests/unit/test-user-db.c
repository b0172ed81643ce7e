/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "unit.h"
#include "base/macro.h"
#include "init/user-db.h"

static bool parse(const char *text, char line[static 128], UserGroup *ret) {
        memcpy(line, text, strlen(text) + 1);
        return user_parse_group(line, ret);
}

static void test_user_parse_group_takes_what_group5_has(void **state) {
        char line[128];
        UserGroup g;

        assert_true(parse("staff:x:50:app,me", line, &g));
        assert_int_equal(g.gid, 50);
        assert_true(user_group_is(&g, "staff") && user_group_is(&g, "50"));
        assert_false(user_group_is(&g, "5") || user_group_is(&g, "staf") || user_group_is(&g, ""));
        assert_true(user_group_has(&g, "app") && user_group_has(&g, "me"));
        assert_false(user_group_has(&g, "ap") || user_group_has(&g, "m") || user_group_has(&g, ""));

        assert_true(parse("empty:x:51:", line, &g));
        assert_false(user_group_has(&g, "app"));
        assert_true(parse("short:x:52", line, &g));
        assert_false(user_group_has(&g, "app"));
}

static void test_user_parse_group_refuses_what_is_none(void **state) {
        static const char *const table[] = { "", "staff", "staff:x", "staff:x:", "staff:x:-1:",
                "staff:x:fifty:", "staff:x:99999999999:", "staff:x: 50:" };
        char line[128];
        UserGroup g;

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_false(parse(table[i], line, &g));
}

static void test_user_match_passwd_finds_by_name_or_number(void **state) {
        char line[] = "app:x:1000:1001:App:/home/app:/bin/sh", again[128];
        UserEntry e;

        memcpy(again, line, sizeof(line));
        assert_true(user_match_passwd(line, "app", &e));
        assert_int_equal(e.uid, 1000);
        assert_int_equal(e.gid, 1001);
        assert_string_equal(e.home, "/home/app");
        assert_true(user_match_passwd(again, "1000", &e));
        assert_string_equal(e.name, "app");
        memcpy(again, "app:x:1000", sizeof("app:x:1000"));
        assert_false(user_match_passwd(again, "app", &e));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_user_parse_group_takes_what_group5_has),
                cmocka_unit_test(test_user_parse_group_refuses_what_is_none),
                cmocka_unit_test(test_user_match_passwd_finds_by_name_or_number),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
