/* SPDX-License-Identifier: Apache-2.0 */
#include "model/confinement-options.h"
#include "base/str.h"
#include "unit.h"

#define LIST(...) ((char *[]){ __VA_ARGS__, NULL })

static int setup(void **state) {
        ContainerOptions *o = calloc(1, sizeof(*o));

        *state = o;
        return container_options_init(o, "bb:1");
}

static int teardown(void **state) {
        container_options_done(*state);
        free(*state);
        return 0;
}

static int set_list(void **state, const char *key, char **l) {
        return container_options_set(
                        *state, key, &(OptionValue){ OPTION_STRINGS, { .strings = l } }, NULL);
}

static int set_string(void **state, const char *key, const char *s) {
        return container_options_set(
                        *state, key, &(OptionValue){ OPTION_STRING, { .string = s } }, NULL);
}

static const Confinement *get(void **state) {
        return &((ContainerOptions *) *state)->spec->confinement;
}

static void test_confinement_option_cap_add_has_one_form(void **state) {
        assert_int_equal(set_list(state, "cap-add", LIST("net_raw", "CAP_NET_RAW", "all")), 0);
        assert_true(strv_equal(get(state)->cap_add, LIST("CAP_NET_RAW", "ALL")));
        assert_int_equal(set_list(state, "cap-add", LIST("kill")), 0);
        assert_true(strv_equal(get(state)->cap_add, LIST("CAP_KILL")));
        assert_int_equal(set_list(state, "cap-drop", LIST("fly")), 0); /* the check names it */
        assert_true(container_options_check(*state, NULL) < 0);
}

static void test_confinement_option_security_opt_reads_each(void **state) {
        const Confinement *c = get(state);

        assert_int_equal(set_list(state, "security-opt",
                                         LIST("no-new-privileges=false", "seccomp=unconfined",
                                                         "mask=/a:/b", "mask=/c", "unmask=all")),
                        0);
        assert_true(c->new_privileges && !c->no_new_privileges);
        assert_string_equal(c->seccomp, "unconfined");
        assert_true(strv_equal(c->mask, LIST("/a", "/b", "/c")));
        assert_true(strv_equal(c->unmask, LIST("ALL")));

        assert_int_equal(set_list(state, "security-opt", LIST("no-new-privileges")), 0);
        assert_true(!c->new_privileges && c->no_new_privileges);
        assert_null(c->seccomp);
        assert_null(c->mask);
        assert_null(c->unmask);

        assert_int_equal(set_list(state, "security-opt",
                                         LIST("no-new-privileges:false", "seccomp:default",
                                                         "systempaths=unconfined")),
                        0);
        assert_true(c->new_privileges);
        assert_null(c->seccomp);
        assert_true(strv_equal(c->unmask, LIST("ALL")));
}

static void test_confinement_option_security_opt_refuses(void **state) {
        char *const table[] = { (char *) "", (char *) "seccomp", (char *) "seccomp=/a/file",
                (char *) "apparmor=x", (char *) "label=disable", (char *) "no-new-privileges=maybe",
                (char *) "systempaths=x", (char *) "other=1" };

        for (size_t i = 0; i < ELEMENTSOF(table); i++)
                assert_true(set_list(state, "security-opt", LIST(table[i])) < 0);
}

static void test_confinement_option_seccomp_profile_is_parsed(void **state) {
        const char *text = "{\"defaultAction\":\"SCMP_ACT_ALLOW\"}";

        assert_int_equal(set_string(state, "seccomp-profile", text), 0);
        assert_string_equal(get(state)->seccomp, text);
        assert_int_equal(set_list(state, "security-opt", LIST("no-new-privileges")), 0);
        assert_string_equal(get(state)->seccomp, text);
        assert_true(set_string(state, "seccomp-profile", "{}") < 0);
        assert_true(set_string(state, "seccomp-profile", "unconfined") < 0);
        assert_string_equal(get(state)->seccomp, text);
}

static void test_confinement_option_sysctl_keeps_the_last(void **state) {
        assert_int_equal(set_list(state, "sysctl", LIST("net.a=1", "net.b=2", "net.a=3")), 0);
        assert_true(strv_equal(get(state)->sysctls, LIST("net.a=3", "net.b=2")));
        assert_int_equal(container_options_set(*state, "shm-size",
                                         &(OptionValue){ OPTION_NUMBER, { .number = 4096 } }, NULL),
                        0);
        assert_int_equal(get(state)->shm_size, 4096);
        assert_int_equal(container_options_check(*state, NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_confinement_option_cap_add_has_one_form),
                TEST(test_confinement_option_security_opt_reads_each),
                TEST(test_confinement_option_security_opt_refuses),
                TEST(test_confinement_option_seccomp_profile_is_parsed),
                TEST(test_confinement_option_sysctl_keeps_the_last),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
