/* SPDX-License-Identifier: Apache-2.0 */
/* Profiles in Docker's JSON: what is read of them, and what is refused with which word in the sentence. */
#include <errno.h>
#include <linux/capability.h>
#include <string.h>
#include "base/str.h"
#include "model/limits.h"
#include "model/seccomp-profile.h"
#include "unit.h"

static SeccompProfile *parse(const char *json) {
        _cleanup_failure_ Failure failure = {};
        SeccompProfile *p = NULL;

        if (seccomp_profile_parse(json, &p, &failure) < 0)
                fail_msg("%s", failure_message(&failure));
        return p;
}

static void test_seccomp_profile_parse_reads_all(void **state) {
        SeccompProfile *p = parse(
                        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":38,\"other\":[],"
                        "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86_64\",\"subArchitectures\":"
                        "[\"SCMP_ARCH_X86\",\"SCMP_ARCH_NEW\"]},{\"architecture\":"
                        "\"SCMP_ARCH_RISCV64\",\"subArchitectures\":null}],\"syscalls\":["
                        "{\"names\":[\"read\",\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"comment\":"
                        "\"\",\"args\":null},{\"name\":\"clone\",\"action\":\"SCMP_ACT_TRACE\","
                        "\"errnoRet\":65535,\"args\":[{\"index\":1,\"value\":7,\"valueTwo\":9,"
                        "\"op\":\"SCMP_CMP_MASKED_EQ\"}],\"includes\":{\"caps\":[\"CAP_SYS_ADMIN\","
                        "\"CAP_KILL\"],\"arches\":[\"amd64\"],\"minKernel\":\"4.8\"},\"excludes\":"
                        "{\"caps\":[\"CAP_NEW\"]}}]}");

        assert_int_equal(p->default_action, SECCOMP_ERRNO);
        assert_int_equal(p->default_return, 38);
        assert_int_equal(p->n_arches, 2);
        assert_string_equal(p->arches[0].native, "x86_64");
        assert_string_equal(p->arches[0].others[0], "x86");
        assert_null(p->arches[0].others[1]);
        assert_null(p->arches[1].others[0]);
        assert_int_equal(p->n_rules, 2);
        assert_string_equal(p->rules[0].names[1], "write");
        assert_null(p->rules[0].names[2]);
        assert_int_equal(p->rules[1].action, SECCOMP_TRACE);
        assert_int_equal(p->rules[1].return_value, 65535);
        assert_int_equal(p->rules[1].n_args, 1);
        assert_int_equal(p->rules[1].args[0].index, 1);
        assert_int_equal(p->rules[1].args[0].compare, SECCOMP_MASKED_EQ);
        assert_int_equal(p->rules[1].args[0].value, 7);
        assert_int_equal(p->rules[1].args[0].value_two, 9);
        assert_int_equal(p->rules[1].includes.capabilities,
                        (UINT64_C(1) << CAP_SYS_ADMIN) | (UINT64_C(1) << CAP_KILL));
        assert_string_equal(p->rules[1].includes.arches[0], "amd64");
        assert_int_equal(p->rules[1].includes.kernel, 4);
        assert_int_equal(p->rules[1].includes.major, 8);
        assert_int_equal(p->rules[1].excludes.capabilities, SECCOMP_CAPABILITY_UNKNOWN);
        seccomp_profile_free(p);
        seccomp_profile_free(NULL);
}

static void test_seccomp_profile_parse_reads_plain_architectures(void **state) {
        SeccompProfile *p = parse("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":"
                                  "[\"SCMP_ARCH_AARCH64\",\"SCMP_ARCH_ARM\"],\"archMap\":[]}");

        assert_string_equal(p->plain_arches[0], "aarch64");
        assert_string_equal(p->plain_arches[1], "arm");
        assert_null(p->plain_arches[2]);
        assert_int_equal(p->default_return, EPERM);
        assert_int_equal(p->n_rules, 0);
        seccomp_profile_free(p);
}

#define RULE(text) "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[" text "]}"
#define ALLOW(text) RULE("{\"names\":[\"a\"],\"action\":\"SCMP_ACT_ALLOW\"," text "}")

static const struct {
        const char *json, *named;
} refused[] = {
        { "", "JSON" },
        { "[]", "JSON" },
        { "null", "JSON" },
        { "{\"a\":1,\"a\":2}", "JSON" },
        { "{}", "defaultAction" },
        { "{\"defaultAction\":\"SCMP_ACT_FLY\"}", "SCMP_ACT_FLY" },
        { "{\"defaultAction\":\"allow\"}", "allow" },
        { "{\"defaultAction\":1}", "defaultAction" },
        { "{\"defaultAction\":\"SCMP_ACT_NOTIFY\"}", "SCMP_ACT_NOTIFY" },
        { "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":4096}", "defaultErrnoRet" },
        { "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":-1}", "defaultErrnoRet" },
        { "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":{}}", "syscalls" },
        { "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[1]}", "syscalls" },
        { "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[1]}", "archMap" },
        { "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"archMap\":[{}]}", "architecture" },
        { "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"x86\"]}", "x86" },
        { "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86\"],"
          "\"archMap\":[{\"architecture\":\"SCMP_ARCH_X86\"}]}",
                        "both" },
        { RULE("{\"names\":[\"a\"]}"), "action" },
        { RULE("{\"names\":[1],\"action\":\"SCMP_ACT_ALLOW\"}"), "names" },
        { RULE("{\"name\":\"a\",\"names\":[\"b\"],\"action\":\"SCMP_ACT_ALLOW\"}"), "both" },
        { ALLOW("\"args\":{}"), "args" },
        { ALLOW("\"args\":[1]"), "args" },
        { ALLOW("\"args\":[{\"index\":6,\"op\":\"SCMP_CMP_EQ\"}]"), "index" },
        { ALLOW("\"args\":[{\"index\":0,\"op\":\"EQ\"}]"), "EQ" },
        { ALLOW("\"args\":[{\"index\":0}]"), "comparison" },
        { ALLOW("\"args\":[{\"index\":0,\"value\":1.5,\"op\":\"SCMP_CMP_EQ\"}]"), "value" },
        { ALLOW("\"args\":[{},{},{},{},{},{},{}]"), "conditions" },
        { ALLOW("\"includes\":[]"), "includes" },
        { ALLOW("\"includes\":{\"caps\":[1]}"), "caps" },
        { ALLOW("\"includes\":{\"arches\":[1]}"), "arches" },
        { ALLOW("\"excludes\":{\"minKernel\":\"4\"}"), "4" },
        { ALLOW("\"excludes\":{\"minKernel\":\"4.8.1\"}"), "4.8.1" },
        { ALLOW("\"excludes\":{\"minKernel\":\"0.0\"}"), "0.0" },
        { ALLOW("\"excludes\":{\"minKernel\":4}"), "minKernel" },
};

static void test_seccomp_profile_parse_refuses(void **state) {
        for (size_t i = 0; i < ELEMENTSOF(refused); i++) {
                _cleanup_failure_ Failure failure = {};
                SeccompProfile *p = NULL;

                if (seccomp_profile_parse(refused[i].json, &p, &failure) >= 0)
                        fail_msg("accepted: %s", refused[i].json);
                assert_null(p);
                if (!strstr(failure_message(&failure), refused[i].named))
                        fail_msg("'%s' does not name '%s'", failure_message(&failure),
                                        refused[i].named);
        }
}

/* @piece, @n times, between @head and @tail. */
static int parse_many(const char *head, const char *piece, unsigned n, const char *tail) {
        _cleanup_strbuf_ StrBuf b = {};
        SeccompProfile *p = NULL;
        int r;

        (void) strbuf_puts(&b, head);
        for (unsigned i = 0; i < n; i++) {
                (void) strbuf_puts(&b, i > 0 ? "," : "");
                (void) strbuf_puts(&b, piece);
        }
        assert_int_equal(strbuf_puts(&b, tail), 0);
        r = seccomp_profile_parse(b.data, &p, NULL);
        seccomp_profile_free(p);
        return r;
}

static void test_seccomp_profile_parse_has_bounds(void **state) {
        static const char head[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[",
                          names[] = "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{"
                                    "\"action\":\"SCMP_ACT_ALLOW\",\"names\":[",
                          rule[] = "{\"action\":\"SCMP_ACT_ALLOW\"}",
                          equal[] = "{\"name\":\"a\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
                                    "\"index\":0,\"op\":\"SCMP_CMP_EQ\"}]}",
                          greater[] = "{\"name\":\"a\",\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
                                      "\"index\":0,\"op\":\"SCMP_CMP_GT\"}]}";

        assert_int_equal(parse_many(head, rule, SECCOMP_RULES_MAX, "]}"), 0);
        assert_errno(E2BIG, parse_many(head, rule, SECCOMP_RULES_MAX + 1, "]}"));
        assert_int_equal(parse_many(names, "\"a\"", SECCOMP_NAMES_MAX - 1, "]}]}"), 0);
        assert_errno(E2BIG, parse_many(names, "\"a\"", SECCOMP_NAMES_MAX, "]}]}"));
        assert_errno(E2BIG, parse_many(names, "\"abcdefghijklmnopqrstuvwxyz\"", 10000, "]}]}"));
        assert_int_equal(parse_many(head, equal, SECCOMP_ARGS_NAMES_MAX, "]}"), 0);
        assert_errno(E2BIG, parse_many(head, equal, SECCOMP_ARGS_NAMES_MAX + 1, "]}"));
        assert_int_equal(parse_many(head, greater, SECCOMP_CONDITIONS_MAX, "]}"), 0);
        assert_errno(E2BIG, parse_many(head, greater, SECCOMP_CONDITIONS_MAX + 1, "]}"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_seccomp_profile_parse_reads_all),
                cmocka_unit_test(test_seccomp_profile_parse_reads_plain_architectures),
                cmocka_unit_test(test_seccomp_profile_parse_refuses),
                cmocka_unit_test(test_seccomp_profile_parse_has_bounds),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
