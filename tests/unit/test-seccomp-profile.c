/* SPDX-License-Identifier: Apache-2.0 */
#include "model/seccomp-profile.h"
#include <linux/capability.h>
#include "unit.h"

#define BIT(c) (UINT64_C(1) << (c))

static bool applies(SeccompWhen includes, SeccompWhen excludes, uint64_t capabilities) {
        const SeccompRule rule = { .includes = includes, .excludes = excludes };

        return seccomp_rule_applies(&rule, capabilities, "amd64", 6, 1);
}

static void test_seccomp_rule_applies(void **state) {
        const SeccompWhen none = {}, both = { .capabilities = BIT(1) | BIT(2) };

        assert_true(applies(none, none, 0));
        assert_false(applies(both, none, BIT(1)));
        assert_true(applies(both, none, BIT(1) | BIT(2) | BIT(3)));
        assert_false(applies(none, both, BIT(1)));
        assert_true(applies(none, both, BIT(3)));
        assert_true(applies((SeccompWhen){ .arches = { "x86", "amd64" } }, none, 0));
        assert_false(applies((SeccompWhen){ .arches = { "x86" } }, none, 0));
        assert_false(applies(none, (SeccompWhen){ .arches = { "amd64" } }, 0));
        assert_true(applies((SeccompWhen){ .kernel = 6, .major = 1 }, none, 0));
        assert_true(applies((SeccompWhen){ .kernel = 5, .major = 19 }, none, 0));
        assert_false(applies((SeccompWhen){ .kernel = 6, .major = 2 }, none, 0));
        assert_false(applies(none, (SeccompWhen){ .kernel = 4, .major = 8 }, 0));
        assert_true(applies(none, (SeccompWhen){ .kernel = 7, .major = 0 }, 0));
        assert_false(applies((SeccompWhen){ .capabilities = SECCOMP_CAPABILITY_UNKNOWN }, none,
                        UINT64_MAX >> 1));
}

static void test_seccomp_profile_capabilities_of_the_default(void **state) {
        uint64_t set = seccomp_profile_capabilities(seccomp_default_profile());

        assert_int_equal(set, BIT(CAP_DAC_READ_SEARCH) | BIT(CAP_SYS_ADMIN) | BIT(CAP_SYS_BOOT) |
                                              BIT(CAP_SYS_CHROOT) | BIT(CAP_SYS_MODULE) |
                                              BIT(CAP_SYS_PACCT) | BIT(CAP_SYS_PTRACE) |
                                              BIT(CAP_SYS_RAWIO) | BIT(CAP_SYS_TIME) |
                                              BIT(CAP_SYS_TTY_CONFIG) | BIT(CAP_SYS_NICE) |
                                              BIT(CAP_SYSLOG) | BIT(CAP_BPF) | BIT(CAP_PERFMON));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_seccomp_rule_applies),
                cmocka_unit_test(test_seccomp_profile_capabilities_of_the_default),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
