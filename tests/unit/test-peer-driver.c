/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/peer-driver.h"
#include "unit.h"

static void test_match_wants_us_by_type_sender_and_interface(void **state) {
        static const struct {
                const char *rule;
                bool wants;
        } table[] = {
                { "", true },
                { "type='signal'", true },
                { "type=signal", true },
                { "type='method_call'", false },
                { "type='signal',sender='org.pocketdocker.Manager'", true },
                { "type='signal',sender=':1.0'", true },
                { "type='signal',sender=':1.7'", false },
                { "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'", false },
                { "sender='org.freedesktop.DBus',type='signal'", false },
                { "interface='org.freedesktop.DBus.Properties',path='/x,y'", true },
                { "interface='org.freedesktop.DBus'", false },
                { "member='type',arg0='interface'", true },
                { "path='/a', interface='x.y'", false },
                { "type='signal", true },
                { "type=", false },
                { "type", false },
                { "=,=',',", true },
        };

        for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
                if (match_wants_us(table[i].rule) != table[i].wants)
                        fail_msg("%s", table[i].rule);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_match_wants_us_by_type_sender_and_interface),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
