/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include "unit.h"
#include "base/macro.h"
#include "model/device.h"

static void test_device_mapping_parse_accepts_dockers_forms(void **state) {
        static const struct {
                const char *text, *host, *target, *access;
        } table[] = {
                { "/dev/a", "/dev/a", "/dev/a", "rwm" },
                { "/dev/a:/dev/b", "/dev/a", "/dev/b", "rwm" },
                { "/dev/a:r", "/dev/a", "/dev/a", "r" },
                { "/dev/a:/dev/b:mw", "/dev/a", "/dev/b", "wm" },
                { "/dev/a:/dev/b:rwm", "/dev/a", "/dev/b", "rwm" },
                { "/dev", "/dev", "/dev", "rwm" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                char access[DEVICE_ACCESS_MAX];
                DeviceMapping m = {};

                assert_int_equal(device_mapping_parse(table[i].text, &m, NULL), 0);
                device_access_to_string(m.access, access);
                assert_string_equal(m.host, table[i].host);
                assert_string_equal(m.target, table[i].target);
                assert_string_equal(access, table[i].access);
                device_mapping_done(&m);
        }
}

static void test_device_mapping_parse_refuses_the_rest(void **state) {
        static const char *const table[] = { "", "/", "//", "dev/a", "/dev/a:", "/dev/a:b",
                "/dev/a:rx", "/dev/a:rr", "/dev/a:/dev/b:", "/dev/a:/:r", "/dev/a:b:r",
                "/dev/a:/b:r:w", ":/dev/b", "/dev/\xff" };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure f = {};
                DeviceMapping m = {};

                assert_errno(EINVAL, device_mapping_parse(table[i], &m, &f));
                assert_int_equal(f.code, FAILURE_INVALID_SPEC);
                assert_null(m.host);
        }
}

static void test_device_rule_parse(void **state) {
        static const char *const refused[] = { "", "c", "c 1:3", "c 1:3 ", "d 1:3 r", "cc 1:3 r",
                "c 1 r", "c 1:2:3 r", "c -1:3 r", "c 1:x r", "c 1:99999999999 r", "c 1:3 q",
                " c 1:3 r", "c  1:3 r", "c 1:3 r w" };
        DeviceRule rule;

        assert_int_equal(device_rule_parse("c 10:* rw", &rule, NULL), 0);
        assert_int_equal(rule.type, 'c');
        assert_int_equal(rule.major, 10);
        assert_int_equal(rule.minor, DEVICE_ANY);
        assert_int_equal(rule.access, DEVICE_READ | DEVICE_WRITE);
        assert_int_equal(device_rule_parse("a *:* rwm", &rule, NULL), 0);
        assert_int_equal(rule.major, DEVICE_ANY);
        for (size_t i = 0; i < ELEMENTSOF(refused); i++)
                assert_errno(EINVAL, device_rule_parse(refused[i], &rule, NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_device_mapping_parse_accepts_dockers_forms),
                cmocka_unit_test(test_device_mapping_parse_refuses_the_rest),
                cmocka_unit_test(test_device_rule_parse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
