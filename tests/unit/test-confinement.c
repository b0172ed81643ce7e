/* SPDX-License-Identifier: Apache-2.0 */
#include "model/confinement.h"
#include <linux/capability.h>
#include <string.h>
#include "base/str.h"
#include "model/capability.h"
#include "model/limits.h"
#include "unit.h"

#define BIT(c) (UINT64_C(1) << (c))
#define LIST(...) ((char *[]){ __VA_ARGS__, NULL })

static void test_confinement_capabilities(void **state) {
        const struct {
                Confinement c;
                bool privileged;
                uint64_t set;
        } table[] = {
                { {}, false, CAPABILITIES_DEFAULT },
                { {}, true, CAPABILITIES_ALL },
                { { .cap_drop = LIST("ALL") }, false, 0 },
                { { .cap_drop = LIST("ALL") }, true, CAPABILITIES_ALL },
                { { .cap_add = LIST("ALL") }, false, CAPABILITIES_ALL },
                { { .cap_add = LIST("ALL"), .cap_drop = LIST("CAP_SYS_ADMIN") }, false,
                                CAPABILITIES_ALL & ~BIT(CAP_SYS_ADMIN) },
                { { .cap_add = LIST("ALL"), .cap_drop = LIST("ALL") }, false, CAPABILITIES_ALL },
                { { .cap_add = LIST("CAP_KILL"), .cap_drop = LIST("ALL") }, false, BIT(CAP_KILL) },
                { { .cap_add = LIST("CAP_BPF") }, false, CAPABILITIES_DEFAULT | BIT(CAP_BPF) },
                { { .cap_drop = LIST("CAP_MKNOD") }, false,
                                CAPABILITIES_DEFAULT & ~BIT(CAP_MKNOD) },
                { { .cap_add = LIST("CAP_MKNOD"), .cap_drop = LIST("CAP_MKNOD") }, false,
                                CAPABILITIES_DEFAULT },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(confinement_capabilities(&table[i].c, table[i].privileged),
                                table[i].set);
}

static int check(const Confinement *c, bool own_network, bool own_ipc, const char *named) {
        _cleanup_failure_ Failure failure = {};
        int r;

        r = confinement_check(c, own_network, own_ipc, &failure);
        if (r < 0 && named && !strstr(failure_message(&failure), named))
                fail_msg("'%s' does not name '%s'", failure_message(&failure), named);
        return r;
}

static void test_confinement_check_accepts(void **state) {
        const Confinement table[] = {
                {},
                { .cap_add = LIST("ALL", "CAP_BPF"), .cap_drop = LIST("CAP_KILL") },
                { .mask = LIST("/proc/cpuinfo"), .unmask = LIST("ALL", "/proc/*") },
                { .sysctls = LIST("net.ipv4.ip_forward=1", "net.ipv6.conf.eth0.mtu=",
                                  "kernel.sem=1 2 3 4") },
                { .sysctls = LIST("fs.mqueue.msg_max=5", "kernel.shm_rmid_forced=1") },
                { .shm_size = SHM_SIZE_MAX, .seccomp = (char *) "unconfined" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_int_equal(check(&table[i], true, true, NULL), 0);
}

static void test_confinement_check_refuses(void **state) {
        const struct {
                Confinement c;
                const char *named;
        } table[] = {
                { { .cap_add = LIST("FLY") }, "FLY" },
                { { .cap_drop = LIST("CAP_FLY") }, "CAP_FLY" },
                { { .mask = LIST("proc") }, "proc" },
                { { .mask = LIST("ALL") }, "ALL" },
                { { .unmask = LIST("") }, "unmask" },
                { { .sysctls = LIST("kernel.panic=1") }, "kernel.panic" },
                { { .sysctls = LIST("kernel.msgmaxx=1") }, "kernel.msgmaxx" },
                { { .sysctls = LIST("fs.mqueue=1") }, "fs.mqueue" },
                { { .sysctls = LIST("fs.mqueue.other=1") }, "fs.mqueue.other" },
                { { .sysctls = LIST("vm.swappiness=1") }, "vm.swappiness" },
                { { .sysctls = LIST("net.ipv4.ip_forward") }, "ip_forward" },
                { { .sysctls = LIST("=1") }, "=1" },
                { { .sysctls = LIST("net.=1") }, "net.=1" },
                { { .sysctls = LIST("net..core=1") }, "net..core" },
                { { .sysctls = LIST("net.core/../x=1") }, "net.core/../x" },
                { { .sysctls = LIST("net.a b=1") }, "net.a b" },
                { { .shm_size = SHM_SIZE_MAX + 1 }, "shared memory" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_true(check(&table[i].c, true, true, table[i].named) < 0);
}

static void test_confinement_check_knows_whose_sysctls(void **state) {
        const Confinement network = { .sysctls = LIST("net.ipv4.ip_forward=1") },
                          ipc = { .sysctls = LIST("kernel.shmmax=1") };

        assert_true(check(&network, false, true, "net.ipv4.ip_forward") < 0);
        assert_int_equal(check(&network, true, false, NULL), 0);
        assert_true(check(&ipc, true, false, "kernel.shmmax") < 0);
        assert_int_equal(check(&ipc, false, true, NULL), 0);
        assert_true(confinement_sysctl_is_network(network.sysctls[0]));
        assert_false(confinement_sysctl_is_network(ipc.sysctls[0]));
}

static void test_confinement_check_has_bounds(void **state) {
        char *many[SYSCTLS_MAX + 2] = {}, *profile = malloc(SECCOMP_PROFILE_BYTES_MAX + 2);

        for (size_t i = 0; i <= SYSCTLS_MAX; i++)
                many[i] = (char *) "net.core.somaxconn=1";
        assert_true(check(&(Confinement){ .sysctls = many }, true, true, "64") < 0);
        for (size_t i = 0; i <= MASK_PATHS_MAX; i++)
                many[i] = (char *) "/proc";
        assert_true(check(&(Confinement){ .mask = many }, true, true, "64") < 0);
        for (size_t i = 0; i <= CAPABILITY_OPTIONS_MAX; i++)
                many[i] = (char *) "ALL";
        assert_true(check(&(Confinement){ .cap_add = many }, true, true, "cap-add") < 0);
        memset(profile, ' ', SECCOMP_PROFILE_BYTES_MAX + 1);
        profile[SECCOMP_PROFILE_BYTES_MAX + 1] = '\0';
        assert_true(check(&(Confinement){ .seccomp = profile }, true, true, "262144") < 0);
        free(profile);
}

static void test_confinement_unmasks(void **state) {
        const Confinement none = {}, all = { .unmask = LIST("ALL") },
                          some = { .unmask = LIST("/proc/t*", "/sys/firmware") };

        assert_false(confinement_unmasks(&none, "/proc/kcore"));
        assert_true(confinement_unmasks(&all, "/proc/kcore"));
        assert_true(confinement_unmasks(&some, "/proc/timer_list"));
        assert_true(confinement_unmasks(&some, "/sys/firmware"));
        assert_false(confinement_unmasks(&some, "/proc/kcore"));
        assert_false(confinement_unmasks(&(Confinement){ .unmask = LIST("/*") }, "/proc/kcore"));
        for (const char *const *p = confinement_masked(); *p; p++)
                assert_int_equal((*p)[0], '/');
        for (const char *const *p = confinement_read_only(); *p; p++)
                assert_int_equal((*p)[0], '/');
}

static void test_confinement_weakening(void **state) {
        const struct {
                Confinement c;
                const char *words;
        } table[] = {
                { {}, NULL },
                { { .cap_drop = LIST("ALL"), .cap_add = LIST("CAP_CHOWN") }, NULL },
                { { .mask = LIST("/etc"), .sysctls = LIST("net.a=1"), .shm_size = 1 }, NULL },
                { { .no_new_privileges = true }, NULL },
                { { .cap_add = LIST("CAP_BPF") }, "cap-add" },
                { { .cap_add = LIST("ALL") }, "cap-add" },
                { { .seccomp = (char *) "unconfined", .unmask = LIST("ALL") }, "seccomp,unmask" },
                { { .new_privileges = true }, "no-new-privileges" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_free_ char *words = NULL;
                Weakening w = {};

                confinement_weakening(&table[i].c, &w);
                assert_int_equal(weakening_to_string(&w, &words), 0);
                if (table[i].words)
                        assert_string_equal(words, table[i].words);
                else
                        assert_null(words);
        }
}

static void test_confinement_security_opts(void **state) {
        const Confinement c = { .new_privileges = true, .seccomp = (char *) "unconfined",
                .mask = LIST("/a", "/b"), .unmask = LIST("ALL") };
        _cleanup_strv_free_ char **l = NULL, **none = NULL;

        assert_int_equal(confinement_security_opts(&c, &l), 0);
        assert_true(strv_equal(l, LIST("no-new-privileges=false", "seccomp=unconfined",
                                                  "mask=/a:/b", "unmask=ALL")));
        assert_int_equal(confinement_security_opts(&(Confinement){}, &none), 0);
        assert_null(none);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_confinement_capabilities),
                cmocka_unit_test(test_confinement_check_accepts),
                cmocka_unit_test(test_confinement_check_refuses),
                cmocka_unit_test(test_confinement_check_knows_whose_sysctls),
                cmocka_unit_test(test_confinement_check_has_bounds),
                cmocka_unit_test(test_confinement_unmasks),
                cmocka_unit_test(test_confinement_weakening),
                cmocka_unit_test(test_confinement_security_opts),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
