/* SPDX-License-Identifier: Apache-2.0 */
#include "model/container-resolve.h"
#include <signal.h>
#include <string.h>
#include "base/str.h"
#include "model/names.h"
#include "unit.h"

#define ID "abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789"

typedef struct Fixture {
        ContainerSpec *spec;
        ImageConfig *config;
        Failure failure;
} Fixture;

static int setup(void **state) {
        Fixture *x = calloc(1, sizeof(*x));

        *state = x;
        if (container_spec_new(&x->spec) < 0 || free_and_strdup(&x->spec->image, "bb") < 0)
                return -1;
        x->config = calloc(1, sizeof(*x->config));
        return x->config ? 0 : -1;
}

static int teardown(void **state) {
        Fixture *x = *state;

        container_spec_free(x->spec);
        image_config_free(x->config);
        failure_done(&x->failure);
        free(x);
        return 0;
}

static char **words(const char *s) {
        char **l;

        assert_int_equal(strv_split(s, ' ', &l), 0);
        return l;
}

static void assert_words(char **l, const char *expected) {
        _cleanup_free_ char *joined = NULL;

        assert_int_equal(strv_join(l, " ", &joined), 0);
        assert_string_equal(joined, expected);
}

/* "-": no override; the four combinations of Docker, and those with nothing */
static void test_container_spec_resolve_argv(void **state) {
        static const struct {
                const char *image_entrypoint, *image_cmd, *entrypoint, *command, *argv;
        } table[] = {
                { "", "sh", "-", "", "sh" },
                { "", "sh", "-", "echo x", "echo x" },
                { "/init", "sh", "-", "", "/init sh" },
                { "/init", "sh", "-", "echo", "/init echo" },
                { "/init", "sh", "/mine", "", "/mine" },
                { "/init", "sh", "/mine -v", "x", "/mine -v x" },
                { "/init", "sh", "", "echo", "echo" },
                { "/init", "", "-", "", "/init" },
                { "", "", "-", "", NULL },
                { "/init", "sh", "", "", NULL },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Fixture *x;

                assert_int_equal(setup((void **) &x), 0);
                x->config->entrypoint = words(table[i].image_entrypoint);
                x->config->cmd = words(table[i].image_cmd);
                x->spec->command = words(table[i].command);
                x->spec->entrypoint_set = !streq(table[i].entrypoint, "-");
                if (x->spec->entrypoint_set)
                        x->spec->entrypoint = words(table[i].entrypoint);

                if (table[i].argv) {
                        assert_int_equal(
                                        container_spec_resolve(x->spec, x->config, ID, &x->failure),
                                        0);
                        assert_words(x->spec->argv, table[i].argv);
                } else {
                        assert_errno(EINVAL, container_spec_resolve(
                                                             x->spec, x->config, ID, &x->failure));
                        assert_int_equal(x->failure.code, FAILURE_INVALID_SPEC);
                        assert_non_null(strstr(failure_message(&x->failure), "'bb'"));
                }
                teardown((void **) &x);
        }
}

static void test_container_spec_resolve_refuses_an_empty_name(void **state) {
        Fixture *x = *state;

        assert_int_equal(strv_push(&x->spec->command, ""), 0);
        assert_errno(EINVAL, container_spec_resolve(x->spec, x->config, ID, &x->failure));
}

static void test_container_spec_resolve_env(void **state) {
        Fixture *x = *state;

        x->config->cmd = words("sh");
        x->config->env = words("PATH=/bin A=1 B=2 C=3");
        x->spec->env = words("B=two C D NEW=x");
        x->spec->tty = true;
        assert_int_equal(container_spec_resolve(x->spec, x->config, ID, &x->failure), 0);
        assert_words(x->spec->env, "PATH=/bin HOSTNAME=abcdef012345 TERM=xterm A=1 B=two NEW=x");
}

static void test_container_spec_resolve_env_of_nothing(void **state) {
        Fixture *x = *state;

        x->config->cmd = words("sh");
        assert_int_equal(free_and_strdup(&x->spec->hostname, "box"), 0);
        assert_int_equal(container_spec_resolve(x->spec, x->config, ID, &x->failure), 0);
        assert_words(x->spec->env, "PATH=" DEFAULT_PATH " HOSTNAME=box");
}

static void test_container_spec_resolve_labels(void **state) {
        Fixture *x = *state;

        x->config->cmd = words("sh");
        x->config->labels = words("a=1 z=9");
        x->spec->labels = words("z=0 m");
        assert_int_equal(container_spec_resolve(x->spec, x->config, ID, &x->failure), 0);
        assert_words(x->spec->labels, "a=1 m= z=0");
}

static void test_container_spec_resolve_takes_from_the_image(void **state) {
        Fixture *x = *state;

        x->config->cmd = words("sh");
        assert_int_equal(free_and_strdup(&x->config->working_dir, "srv/app"), 0);
        assert_int_equal(free_and_strdup(&x->config->user, "app"), 0);
        assert_int_equal(free_and_strdup(&x->config->stop_signal, "SIGQUIT"), 0);
        assert_int_equal(container_spec_resolve(x->spec, x->config, ID, &x->failure), 0);
        assert_string_equal(x->spec->working_dir, "/srv/app");
        assert_string_equal(x->spec->user, "app");
        assert_int_equal(x->spec->stop_signal, SIGQUIT);
}

static void test_container_spec_resolve_prefers_the_caller(void **state) {
        Fixture *x = *state;

        x->config->cmd = words("sh");
        assert_int_equal(free_and_strdup(&x->config->working_dir, "/srv"), 0);
        assert_int_equal(free_and_strdup(&x->config->user, "app"), 0);
        assert_int_equal(free_and_strdup(&x->config->stop_signal, "nonsense"), 0);
        assert_int_equal(free_and_strdup(&x->spec->working_dir, "/w"), 0);
        assert_int_equal(free_and_strdup(&x->spec->user, "0"), 0);
        x->spec->stop_signal = SIGINT;
        assert_int_equal(container_spec_resolve(x->spec, x->config, ID, &x->failure), 0);
        assert_string_equal(x->spec->working_dir, "/w");
        assert_string_equal(x->spec->user, "0");
        assert_int_equal(x->spec->stop_signal, SIGINT);
}

static void test_container_spec_resolve_refuses_the_images_nonsense(void **state) {
        Fixture *x = *state;

        x->config->cmd = words("sh");
        assert_int_equal(free_and_strdup(&x->config->stop_signal, "nonsense"), 0);
        assert_errno(EINVAL, container_spec_resolve(x->spec, x->config, ID, &x->failure));
        assert_non_null(strstr(failure_message(&x->failure), "'nonsense'"));
        free(TAKE_PTR(x->config->stop_signal));
        assert_int_equal(free_and_strdup(&x->config->user, "a:b:c"), 0);
        assert_errno(EINVAL, container_spec_resolve(x->spec, x->config, ID, &x->failure));
        assert_int_equal(x->failure.code, FAILURE_INVALID_SPEC);
}

static void test_container_spec_resolve_takes_the_images_health_check(void **state) {
        Fixture *x = *state;
        Healthcheck *h = x->config->healthcheck = calloc(1, sizeof(*h));

        assert_non_null(h);
        h->test = words("CMD-SHELL true");
        h->interval_usec = 5000000;
        x->spec->command = words("sh");
        assert_int_equal(container_spec_resolve(x->spec, x->config, ID, &x->failure), 0);
        assert_int_equal(x->spec->health.probe, HEALTH_PROBE_SHELL);
        assert_words(x->spec->health.command, "true");
        assert_int_equal(x->spec->health.interval_usec, 5000000);
        assert_int_equal(x->spec->health.retries, 3);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_container_spec_resolve_argv),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_refuses_an_empty_name, setup, teardown),
                cmocka_unit_test_setup_teardown(test_container_spec_resolve_env, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_env_of_nothing, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_labels, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_takes_from_the_image, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_prefers_the_caller, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_takes_the_images_health_check, setup,
                                teardown),
                cmocka_unit_test_setup_teardown(
                                test_container_spec_resolve_refuses_the_images_nonsense, setup,
                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
