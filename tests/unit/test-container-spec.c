/* SPDX-License-Identifier: Apache-2.0 */
#include "model/container-spec.h"
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

static ContainerSpec *plain_spec(void) {
        ContainerSpec *spec;

        assert_int_equal(container_spec_new(&spec), 0);
        assert_int_equal(free_and_strdup(&spec->image, "bb:1"), 0);
        return spec;
}

static void assert_refused(const ContainerSpec *spec, FailureCode code, const char *word) {
        _cleanup_failure_ Failure f = {};

        assert_true(container_spec_check(spec, &f) < 0);
        if (f.code != code || !strstr(failure_message(&f), word))
                fail_msg("expected %d with '%s', got %d: %s", (int) code, word, (int) f.code,
                                failure_message(&f));
}

static void test_container_spec_defaults_are_valid(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();
        _cleanup_failure_ Failure f = {};

        assert_int_equal(container_spec_check(spec, &f), 0);
        assert_true(spec->stop_timeout_usec == 5000000);
        assert_true(spec->log_max_size == 20 * MIB);
        assert_int_equal(spec->log_max_files, 5);
        assert_int_equal(container_spec_network_mode(spec), NETWORK_NONE);
        assert_null(container_spec_free(NULL));
}

static void test_container_spec_network_mode(void **state) {
        static const struct {
                const char *network;
                NetworkMode mode;
        } table[] = {
                { "", NETWORK_NONE }, { "default", NETWORK_NONE }, { "none", NETWORK_NONE },
                { "host", NETWORK_HOST }, { "bridge", _NETWORK_MODE_INVALID },
                { "NONE", _NETWORK_MODE_INVALID }, { "container:a", NETWORK_CONTAINER },
                { "container:/a", _NETWORK_MODE_INVALID },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                ContainerSpec spec = { .network = (char *) table[i].network };

                assert_int_equal(container_spec_network_mode(&spec), table[i].mode);
        }
}

/* One text member each: the value, what is said of it. */
static void test_container_spec_check_refuses_texts(void **state) {
        static const struct {
                size_t offset;
                const char *value;
                FailureCode code;
                const char *word;
        } table[] = {
                { offsetof(ContainerSpec, image), "", FAILURE_INVALID_SPEC, "image" },
                { offsetof(ContainerSpec, image), "a\nb", FAILURE_INVALID_SPEC, "control" },
                { offsetof(ContainerSpec, network), "bridge", FAILURE_UNSUPPORTED, "'bridge'" },
                { offsetof(ContainerSpec, network), "container:", FAILURE_INVALID_SPEC,
                  "'container:'" },
                { offsetof(ContainerSpec, namespaces.texts[NAMESPACE_PID]), "other",
                  FAILURE_INVALID_SPEC, "'other'" },
                { offsetof(ContainerSpec, network), "nowhere", FAILURE_INVALID_SPEC, "'nowhere'" },
                { offsetof(ContainerSpec, network), "\xff", FAILURE_INVALID_SPEC, "UTF-8" },
                { offsetof(ContainerSpec, hostname), "", FAILURE_INVALID_SPEC, "hostname" },
                { offsetof(ContainerSpec, hostname), "a b", FAILURE_INVALID_SPEC, "'a b'" },
                { offsetof(ContainerSpec, hostname), "-a", FAILURE_INVALID_SPEC, "'-a'" },
                { offsetof(ContainerSpec, hostname), "a-", FAILURE_INVALID_SPEC, "'a-'" },
                { offsetof(ContainerSpec, hostname), "a.", FAILURE_INVALID_SPEC, "'a.'" },
                { offsetof(ContainerSpec, hostname), "a..b", FAILURE_INVALID_SPEC, "'a..b'" },
                { offsetof(ContainerSpec, working_dir), "tmp", FAILURE_INVALID_SPEC, "'tmp'" },
                { offsetof(ContainerSpec, working_dir), "/a\x7f", FAILURE_INVALID_SPEC, "control" },
                { offsetof(ContainerSpec, user), ":1", FAILURE_INVALID_SPEC, "':1'" },
                { offsetof(ContainerSpec, user), "a:", FAILURE_INVALID_SPEC, "'a:'" },
                { offsetof(ContainerSpec, user), "a:b:c", FAILURE_INVALID_SPEC, "'a:b:c'" },
                { offsetof(ContainerSpec, user), "a\t", FAILURE_INVALID_SPEC, "control" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();

                assert_int_equal(free_and_strdup((char **) ((char *) spec + table[i].offset),
                                                 table[i].value),
                                0);
                assert_refused(spec, table[i].code, table[i].word);
        }
}

static void test_container_spec_check_refuses_long_texts(void **state) {
        static const struct {
                size_t offset, bytes;
        } table[] = {
                { offsetof(ContainerSpec, image), REFERENCE_MAX },
                { offsetof(ContainerSpec, hostname), HOSTNAME_BYTES_MAX + 1 },
                { offsetof(ContainerSpec, working_dir), PATH_BYTES_MAX },
                { offsetof(ContainerSpec, user), USER_BYTES_MAX },
        };
        char text[PATH_BYTES_MAX + 1];

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();
                char **member = (char **) ((char *) spec + table[i].offset);

                memset(text, 'a', sizeof(text));
                text[0] = table[i].offset == offsetof(ContainerSpec, working_dir) ? '/' : 'a';
                text[table[i].bytes] = '\0';
                assert_int_equal(free_and_strdup(member, text), 0);
                assert_refused(spec, FAILURE_LIMIT_REACHED, "longer than");
                (*member)[table[i].bytes - 1] = '\0';
                assert_int_equal(container_spec_check(spec, NULL), 0);
        }
}

static void test_container_spec_check_refuses_list_entries(void **state) {
        static const struct {
                size_t offset;
                const char *entry;
                FailureCode code;
        } table[] = {
                { offsetof(ContainerSpec, env), "", FAILURE_INVALID_SPEC },
                { offsetof(ContainerSpec, env), "=x", FAILURE_INVALID_SPEC },
                { offsetof(ContainerSpec, env), "A=\xff", FAILURE_INVALID_SPEC },
                { offsetof(ContainerSpec, labels), "=x", FAILURE_INVALID_SPEC },
                { offsetof(ContainerSpec, command), "\xc3", FAILURE_INVALID_SPEC },
                { offsetof(ContainerSpec, entrypoint), "\xc3", FAILURE_INVALID_SPEC },
                { offsetof(ContainerSpec, argv), "\xc3", FAILURE_INVALID_SPEC },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();

                assert_int_equal(strv_push((char ***) ((char *) spec + table[i].offset),
                                                 table[i].entry),
                                0);
                assert_refused(spec, table[i].code, "");
        }
}

static char **repeated(size_t n, size_t bytes) {
        char **l = calloc(n + 1, sizeof(*l));

        for (size_t i = 0; i < n; i++) {
                l[i] = malloc(bytes + 1);
                memset(l[i], 'a', bytes);
                l[i][bytes] = '\0';
        }
        return l;
}

static void test_container_spec_check_refuses_large_lists(void **state) {
        static const struct {
                size_t offset, n, bytes;
        } table[] = {
                { offsetof(ContainerSpec, command), ARGV_MAX + 1, 1 },
                { offsetof(ContainerSpec, command), 1, STRING_BYTES_MAX },
                { offsetof(ContainerSpec, command), 3, ARGV_BYTES_MAX / 3 },
                { offsetof(ContainerSpec, entrypoint), ARGV_MAX + 1, 1 },
                { offsetof(ContainerSpec, argv), ARGV_MAX + 1, 1 },
                { offsetof(ContainerSpec, env), ENV_MAX + 1, 1 },
                { offsetof(ContainerSpec, env), 3, ENV_BYTES_MAX / 3 },
                { offsetof(ContainerSpec, labels), LABELS_MAX + 1, 1 },
                { offsetof(ContainerSpec, labels), 1, LABEL_KEY_MAX },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();

                *(char ***) ((char *) spec + table[i].offset) = repeated(table[i].n, table[i].bytes);
                assert_refused(spec, FAILURE_LIMIT_REACHED,
                                table[i].bytes == LABEL_KEY_MAX ? "label" : "than");
        }
}

static void add_tmpfs(ContainerSpec *spec, const char *path) {
        spec->tmpfs = realloc(spec->tmpfs, (spec->n_tmpfs + 1) * sizeof(*spec->tmpfs));
        spec->tmpfs[spec->n_tmpfs++] = (Tmpfs){
                .path = strdup(path), .options = strdup("size=1m"), .flags = MS_NODEV
        };
}

static void test_container_spec_check_of_tmpfs(void **state) {
        static const char *const bad[] = { "tmp", "/", "/a/../b", "/a/.", "/a//b", "/a/", "/a\n",
                "" };
        _cleanup_(container_spec_freep) ContainerSpec *twice = plain_spec(), *many = plain_spec();

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();

                add_tmpfs(spec, bad[i]);
                assert_refused(spec, FAILURE_INVALID_SPEC, "tmpfs");
        }

        add_tmpfs(twice, "/run/..a");
        assert_int_equal(container_spec_check(twice, NULL), 0);
        add_tmpfs(twice, "/run/..a");
        assert_refused(twice, FAILURE_INVALID_SPEC, "two");

        for (unsigned i = 0; i <= TMPFS_MAX; i++) {
                char path[16];

                (void) snprintf(path, sizeof(path), "/t%u", i);
                add_tmpfs(many, path);
        }
        assert_refused(many, FAILURE_LIMIT_REACHED, "tmpfs");
        free(many->tmpfs[0].options);
        many->tmpfs[0].options = strdup("a\nb");
        many->n_tmpfs--;
        free(many->tmpfs[many->n_tmpfs].path);
        free(many->tmpfs[many->n_tmpfs].options);
        assert_refused(many, FAILURE_INVALID_SPEC, "control");
}

static void test_container_spec_check_of_ulimits(void **state) {
        static const UserLimit bad[] = { { -1, 1, 1 }, { RLIM_NLIMITS, 1, 1 },
                { RLIMIT_NOFILE, 2, 1 } };
        _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();

        spec->ulimits = calloc(ULIMITS_MAX + 1, sizeof(*spec->ulimits));
        spec->n_ulimits = 1;
        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                spec->ulimits[0] = bad[i];
                assert_refused(spec, FAILURE_INVALID_SPEC, "ulimit");
        }
        spec->ulimits[0] = (UserLimit) { RLIMIT_NOFILE, 1, UINT64_MAX };
        assert_int_equal(container_spec_check(spec, NULL), 0);
        spec->ulimits[1] = spec->ulimits[0];
        spec->n_ulimits = 2;
        assert_refused(spec, FAILURE_INVALID_SPEC, "twice");
        spec->n_ulimits = ULIMITS_MAX + 1;
        assert_refused(spec, FAILURE_LIMIT_REACHED, "ulimits");
}

static void test_container_spec_check_of_numbers(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = plain_spec();
        const ContainerSpec good = *spec;

        spec->stop_signal = -1;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'-1'");
        spec->stop_signal = 65;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'65'");
        *spec = good;
        spec->stop_timeout_usec = STOP_TIMEOUT_MAX_USEC + 1;
        assert_refused(spec, FAILURE_INVALID_SPEC, "timeout");
        spec->stop_timeout_usec = UINT64_MAX;
        assert_int_equal(container_spec_check(spec, NULL), 0);
        *spec = good;
        spec->restart.mode = _RESTART_MODE_MAX;
        assert_refused(spec, FAILURE_INVALID_SPEC, "restart");
        spec->restart.mode = RESTART_ALWAYS;
        assert_int_equal(container_spec_check(spec, NULL), 0);
        spec->remove = true;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'rm'");
        *spec = good;
        spec->log_max_size = LOG_SIZE_MIN - 1;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'max-size'");
        spec->log_max_size = (uint64_t) INT64_MAX + 1;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'max-size'");
        spec->log_max_size = UINT64_MAX;
        assert_int_equal(container_spec_check(spec, NULL), 0);
        spec->log_max_files = 0;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'max-file'");
        spec->log_max_files = LOG_FILES_MAX + 1;
        assert_refused(spec, FAILURE_INVALID_SPEC, "'max-file'");
        *spec = good;
        spec->log_driver = _LOG_DRIVER_MAX;
        assert_refused(spec, FAILURE_INVALID_SPEC, "driver");
        *spec = good;
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_container_spec_defaults_are_valid),
                cmocka_unit_test(test_container_spec_network_mode),
                cmocka_unit_test(test_container_spec_check_refuses_texts),
                cmocka_unit_test(test_container_spec_check_refuses_long_texts),
                cmocka_unit_test(test_container_spec_check_refuses_list_entries),
                cmocka_unit_test(test_container_spec_check_refuses_large_lists),
                cmocka_unit_test(test_container_spec_check_of_tmpfs),
                cmocka_unit_test(test_container_spec_check_of_ulimits),
                cmocka_unit_test(test_container_spec_check_of_numbers),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
