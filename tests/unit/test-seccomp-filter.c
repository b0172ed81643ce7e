/* SPDX-License-Identifier: Apache-2.0 */
/* What a compiled filter says of a call: by a table, and for each number beside the profile read by hand. */
#include "runtime/seccomp-filter.h"
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/utsname.h>
#include "base/str.h"
#include "bpf.h"
#include "runtime/seccomp-calls.h"
#include "unit.h"

#define ALLOW SCMP_ACT_ALLOW
#define NO SCMP_ACT_ERRNO(EPERM)
#define NEW SCMP_ACT_ERRNO(ENOSYS)
#define KILL SCMP_ACT_KILL_THREAD
#define BIT(c) (UINT64_C(1) << (c))
#define DOCKER UINT64_C(0xa80425fb)
#define ALL UINT64_MAX
#define X32_BIT 0x40000000U
#define NUMBERS_MAX 600

static SeccompFilter *compile(const SeccompProfile *p, uint64_t capabilities) {
        _cleanup_failure_ Failure failure = {};
        SeccompFilter *f = NULL;

        if (seccomp_filter_compile(p, capabilities, &f, &failure) < 0)
                fail_msg("%s", failure_message(&failure));
        assert_true(f->size % 8 == 0 && f->size > 0 && f->size <= SECCOMP_FILTER_BYTES_MAX);
        return f;
}

/* What stands in seccomp_data.arch: x32 is told by a bit of the number. */
static uint32_t audit_arch(uint32_t token) {
        return token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token;
}

static uint32_t ask(const SeccompFilter *f, uint32_t token, int number, uint64_t a, uint64_t b) {
        const struct seccomp_data data = {
                .nr = number,
                .arch = audit_arch(token),
                .args = { a, b },
        };

        return bpf_run((const struct sock_filter *) f->program, f->size / 8, &data);
}

/* Those of i386 that came in one call before they had numbers of their own, by which libseccomp knows them still. */
static int direct_number(const char *name) {
        static const char *const sockets[] = { "socket", "socketpair", "bind", "connect", "listen",
                "accept4", "getsockopt", "setsockopt", "getsockname", "getpeername", "sendto",
                "sendmsg", "recvfrom", "recvmsg", "shutdown" };
        static const char *const ipc[] = { "semget", "semctl", "shmget", "shmctl", "shmat", "shmdt",
                "msgget", "msgsnd", "msgrcv", "msgctl" };

        for (size_t i = 0; i < sizeof(sockets) / sizeof(sockets[0]); i++)
                if (streq(name, sockets[i]))
                        return 359 + (int) i;
        for (size_t i = 0; i < sizeof(ipc) / sizeof(ipc[0]); i++)
                if (streq(name, ipc[i]))
                        return 393 + (int) i;
        return streq(name, "recvmmsg") ? 337 : streq(name, "sendmmsg") ? 345 : -1;
}

static int number_of(uint32_t token, const char *name) {
        int number = seccomp_syscall_resolve_name_arch(token, name);
        const SeccompCall *call;

        if (token == SCMP_ARCH_X86 && number < 0 && direct_number(name) >= 0)
                return direct_number(name);
        if (number != __NR_SCMP_ERROR)
                return number;
        call = seccomp_call_find(name);
        if (!call || (call->arch && seccomp_arch_resolve_name(call->arch) != token))
                return -1;
        return (int) (call->number | (token == SCMP_ARCH_X32 ? X32_BIT : 0));
}

static const struct {
        const char *name;
        uint64_t capabilities, a, b;
        uint32_t verdict;
} calls[] = {
        { "read", 0, 0, 0, ALLOW },
        { "execve", 0, 0, 0, ALLOW },
        { "ptrace", 0, 0, 0, ALLOW },
        { "mount", DOCKER, 0, 0, NO },
        { "mount", BIT(CAP_SYS_ADMIN), 0, 0, ALLOW },
        { "umount2", DOCKER, 0, 0, NO },
        { "pivot_root", ALL, 0, 0, NO },
        { "unshare", DOCKER, CLONE_NEWUSER, 0, NO },
        { "setns", DOCKER, 0, 0, NO },
        { "setns", ALL, 0, 0, ALLOW },
        { "clone", DOCKER, SIGCHLD, 0, ALLOW },
        { "clone", DOCKER, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, 0, ALLOW },
        { "clone", DOCKER, CLONE_NEWUSER | SIGCHLD, 0, NO },
        { "clone", DOCKER, CLONE_NEWNS, 0, NO },
        { "clone", DOCKER, CLONE_NEWNET, 0, NO },
        { "clone", BIT(CAP_SYS_ADMIN), CLONE_NEWUSER, 0, ALLOW },
        { "clone3", DOCKER, 0, 0, NEW },
        { "clone3", BIT(CAP_SYS_ADMIN), 0, 0, ALLOW },
        { "socket", DOCKER, AF_INET, 0, ALLOW },
        { "socket", DOCKER, AF_UNIX, 0, ALLOW },
        { "socket", DOCKER, AF_NETLINK, 0, ALLOW },
        { "socket", DOCKER, 38 /* AF_ALG */, 0, NO },
        { "socket", ALL, 38, 0, NO },
        { "socket", DOCKER, 39, 0, ALLOW },
        { "socket", ALL, 40 /* AF_VSOCK */, 0, NO },
        { "socket", DOCKER, 41, 0, ALLOW },
        { "personality", DOCKER, 0, 0, ALLOW },
        { "personality", DOCKER, 8, 0, ALLOW },
        { "personality", DOCKER, 0x20000, 0, ALLOW },
        { "personality", DOCKER, 0x20008, 0, ALLOW },
        { "personality", DOCKER, 0xffffffff, 0, ALLOW },
        { "personality", ALL, 0x40000 /* ADDR_NO_RANDOMIZE */, 0, NO },
        { "ioctl", DOCKER, 0, 0x5412 /* TIOCSTI: of its own terminal */, ALLOW },
        { "chroot", DOCKER, 0, 0, ALLOW },
        { "chroot", 0, 0, 0, NO },
        { "keyctl", ALL, 0, 0, NO },
        { "add_key", ALL, 0, 0, NO },
        { "request_key", ALL, 0, 0, NO },
        { "bpf", DOCKER, 0, 0, NO },
        { "bpf", BIT(CAP_BPF), 0, 0, ALLOW },
        { "perf_event_open", BIT(CAP_PERFMON), 0, 0, ALLOW },
        { "perf_event_open", DOCKER, 0, 0, NO },
        { "userfaultfd", ALL, 0, 0, NO },
        { "io_uring_setup", ALL, 0, 0, NO },
        { "open_by_handle_at", DOCKER, 0, 0, NO },
        { "open_by_handle_at", BIT(CAP_DAC_READ_SEARCH), 0, 0, ALLOW },
        { "name_to_handle_at", DOCKER, 0, 0, ALLOW },
        { "init_module", BIT(CAP_SYS_MODULE), 0, 0, ALLOW },
        { "init_module", DOCKER, 0, 0, NO },
        { "kexec_load", ALL, 0, 0, NO },
        { "reboot", DOCKER, 0, 0, NO },
        { "reboot", BIT(CAP_SYS_BOOT), 0, 0, ALLOW },
        { "swapon", ALL, 0, 0, NO },
        { "acct", BIT(CAP_SYS_PACCT), 0, 0, ALLOW },
        { "settimeofday", DOCKER, 0, 0, NO },
        { "clock_settime", BIT(CAP_SYS_TIME), 0, 0, ALLOW },
        { "syslog", DOCKER, 0, 0, NO },
        { "syslog", BIT(CAP_SYSLOG), 0, 0, ALLOW },
        { "set_mempolicy", DOCKER, 0, 0, NO },
        { "set_mempolicy", BIT(CAP_SYS_NICE), 0, 0, ALLOW },
        { "process_vm_readv", DOCKER, 0, 0, ALLOW },
        { "pidfd_getfd", DOCKER, 0, 0, NO },
        { "pidfd_getfd", BIT(CAP_SYS_PTRACE), 0, 0, ALLOW },
        { "cachestat", DOCKER, 0, 0, ALLOW },
        { "fchmodat2", DOCKER, 0, 0, ALLOW },
        { "statmount", DOCKER, 0, 0, ALLOW },
        { "mseal", DOCKER, 0, 0, ALLOW },
        { "removexattrat", DOCKER, 0, 0, ALLOW },
        { "lsm_list_modules", DOCKER, 0, 0, NO },
        { "lsm_list_modules", BIT(CAP_SYS_ADMIN), 0, 0, ALLOW },
        { "open_tree_attr", DOCKER, 0, 0, NEW },
        { "listns", ALL, 0, 0, NEW },
};

static void test_seccomp_filter_compile_default(void **state) {
        SeccompFilter *f = NULL;

        for (size_t i = 0; i < sizeof(calls) / sizeof(calls[0]); i++) {
                uint32_t native = seccomp_arch_native(), verdict;

                if (i == 0 || calls[i].capabilities != calls[i - 1].capabilities) {
                        seccomp_filter_unref(f);
                        f = compile(seccomp_default_profile(), calls[i].capabilities);
                }
                verdict = ask(f, native, number_of(native, calls[i].name), calls[i].a, calls[i].b);
                if (verdict != calls[i].verdict)
                        fail_msg("%s(%#llx, %#llx) with capabilities %#llx: %#x", calls[i].name,
                                        (unsigned long long) calls[i].a,
                                        (unsigned long long) calls[i].b,
                                        (unsigned long long) calls[i].capabilities, verdict);
        }
        seccomp_filter_unref(f);
}

static void test_seccomp_filter_compile_default_of_other_programs(void **state) {
        SeccompFilter *f = compile(seccomp_default_profile(), DOCKER);

        if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
                assert_int_equal(ask(f, SCMP_ARCH_X86, 3 /* read */, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_X86, 21 /* mount */, 0, 0), NO);
                assert_int_equal(ask(f, SCMP_ARCH_X86, 435 /* clone3 */, 0, 0), NEW);
                assert_int_equal(ask(f, SCMP_ARCH_X86, 462 /* mseal */, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_X86, 467, 0, 0), NEW);
                assert_int_equal(ask(f, SCMP_ARCH_X86, 336 /* perf_event_open */, 0, 0), NO);
                assert_int_equal(ask(f, SCMP_ARCH_X86_64, 335, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_X86_64, 336 /* uprobe */, 0, 0), NO);
                assert_int_equal(ask(f, SCMP_ARCH_X32, (int) X32_BIT + 0 /* read */, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_X32, (int) X32_BIT + 165 /* mount */, 0, 0), NO);
                assert_int_equal(ask(f, SCMP_ARCH_X32, (int) X32_BIT + 462, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_AARCH64, 63 /* read */, 0, 0), KILL);
        } else if (seccomp_arch_native() == SCMP_ARCH_AARCH64) {
                assert_int_equal(ask(f, SCMP_ARCH_ARM, 3 /* read */, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_ARM, 21 /* mount */, 0, 0), NO);
                assert_int_equal(ask(f, SCMP_ARCH_ARM, 462 /* mseal */, 0, 0), ALLOW);
                assert_int_equal(ask(f, SCMP_ARCH_X86_64, 0, 0, 0), KILL);
        }
        seccomp_filter_unref(f);
}

static bool compares(const SeccompArg *a, const uint64_t args[2]) {
        uint64_t v = args[a->index];

        switch (a->compare) {
        case SECCOMP_LT:
                return v < a->value;
        case SECCOMP_EQ:
                return v == a->value;
        case SECCOMP_GT:
                return v > a->value;
        case SECCOMP_MASKED_EQ:
                return (v & a->value) == a->value_two;
        default:
                fail_msg("the default profile has no other comparison");
                return false;
        }
}

/* The profile, rule by rule and name by name, with the numbers of one architecture. */
typedef struct Row {
        int number;
        const SeccompRule *rule;
} Row;

typedef struct Oracle {
        Row rows[1024];
        size_t n_rows;
        int last;
} Oracle;

static void oracle_read(Oracle *o, uint64_t capabilities, uint32_t token) {
        const SeccompProfile *p = seccomp_default_profile();
        const char *arch = seccomp_arch_native() == SCMP_ARCH_X86_64 ? "amd64" : "arm64";

        *o = (Oracle){};
        for (size_t i = 0; i < p->n_rules; i++) {
                if (!seccomp_rule_applies(&p->rules[i], capabilities, arch, 6, 1))
                        continue;
                for (const char *const *name = p->rules[i].names; *name; name++) {
                        int n = number_of(token, *name);

                        if (n < 0)
                                continue;
                        assert_true(o->n_rows < sizeof(o->rows) / sizeof(o->rows[0]));
                        o->rows[o->n_rows++] = (Row){ n, &p->rules[i] };
                        if (n > o->last)
                                o->last = n;
                }
        }
}

static uint32_t oracle_ask(const Oracle *o, int number, const uint64_t args[2]) {
        for (size_t i = 0; i < o->n_rows; i++) {
                const SeccompRule *r = o->rows[i].rule;

                if (o->rows[i].number == number && (r->n_args == 0 || compares(r->args, args)))
                        return r->action == SECCOMP_ALLOW ? ALLOW : SCMP_ACT_ERRNO(r->return_value);
        }
        return number > o->last ? NEW : NO;
}

static void compare_all(const SeccompFilter *f, uint64_t capabilities, uint32_t token) {
        static const uint64_t values[][2] = {
                { 0, 0 }, { 38, 38 }, { 39, 39 }, { 40, 40 }, { 41, 41 }, { 0x20008, 0x20008 },
                { 0xffffffff, 0xffffffff }, { CLONE_NEWUSER, CLONE_NEWUSER },
                { CLONE_VM | SIGCHLD, CLONE_VM },
        };
        int base = token == SCMP_ARCH_X32 ? (int) X32_BIT : 0;
        Oracle o;

        oracle_read(&o, capabilities, token);
        for (int number = base; number < base + NUMBERS_MAX; number++)
                for (size_t v = 0; v < sizeof(values) / sizeof(values[0]); v++) {
                        uint32_t got = ask(f, token, number, values[v][0], values[v][1]);
                        uint32_t want = oracle_ask(&o, number, values[v]);

                        if (got != want)
                                fail_msg("call %d of %#x (%#llx): %#x, not %#x", number, token,
                                                (unsigned long long) values[v][0], got, want);
                }
}

static void test_seccomp_filter_compile_agrees_with_profile(void **state) {
        static const uint64_t sets[] = { 0, DOCKER, ALL, BIT(CAP_SYS_ADMIN), BIT(CAP_SYS_PTRACE) };
        uint32_t native = seccomp_arch_native();

        if (native != SCMP_ARCH_X86_64 && native != SCMP_ARCH_AARCH64)
                skip();
        for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
                SeccompFilter *f = compile(seccomp_default_profile(), sets[i]);

                compare_all(f, sets[i], native);
                if (native == SCMP_ARCH_X86_64) {
                        compare_all(f, sets[i], SCMP_ARCH_X86);
                        compare_all(f, sets[i], SCMP_ARCH_X32);
                } else
                        compare_all(f, sets[i], SCMP_ARCH_ARM);
                seccomp_filter_unref(f);
        }
}

static void test_seccomp_filter_ref_keeps(void **state) {
        SeccompFilter *f = compile(seccomp_default_profile(), DOCKER);

        assert_ptr_equal(seccomp_filter_ref(f), f);
        assert_null(seccomp_filter_unref(f));
        assert_true(f->size > 0);
        assert_null(seccomp_filter_unref(f));
        assert_null(seccomp_filter_unref(NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_seccomp_filter_compile_default),
                cmocka_unit_test(test_seccomp_filter_compile_default_of_other_programs),
                cmocka_unit_test(test_seccomp_filter_compile_agrees_with_profile),
                cmocka_unit_test(test_seccomp_filter_ref_keeps),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
