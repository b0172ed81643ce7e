/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/config.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/str.h"
#include "unit.h"

static void test_config_parse_reads_sections_and_comments(void **state) {
        static const char text[] = "# a comment\n"
                                   "[Registries]\n"
                                   "Default = quay.io ; and another\n"
                                   "Mirror=docker.io=https://a.example/x\n"
                                   "Mirror=docker.io=https://b.example\n"
                                   "\n"
                                   "[Pull]\n"
                                   "ParallelLayers=2";
        _cleanup_engine_config_ EngineConfig c = {};
        _cleanup_failure_ Failure f = {};

        assert_int_equal(engine_config_init(&c), 0);
        assert_int_equal(config_parse("x.conf", text, &c, &f), 0);
        assert_string_equal(c.default_registry, "quay.io");
        assert_int_equal(strv_length(c.mirrors), 2);
        assert_string_equal(c.mirrors[1], "docker.io=https://b.example");
        assert_int_equal(c.parallel_layers, 2);
}

static void test_config_parse_names_file_and_line(void **state) {
        static const char *const texts[][2] = {
                { "[Pull]\nParallelLayers=x\nRetries=y\n", "Line 2 of 'x.conf': 'x'" },
                { "[Pull]\n\nnonsense\n", "Line 3 of 'x.conf': it is neither" },
                { "ParallelLayers=1\n", "Line 1 of 'x.conf'" },
                { "[Pull]\nTimeout=5\nTimeOut=5\n", "Line 3 of 'x.conf': There is no 'TimeOut='" },
        };
        _cleanup_failure_ Failure f = {};
        char longer[400];

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                _cleanup_engine_config_ EngineConfig c = {};

                assert_int_equal(engine_config_init(&c), 0);
                assert_true(config_parse("x.conf", texts[i][0], &c, &f) < 0);
                assert_non_null(strstr(failure_message(&f), texts[i][1]));
                failure_done(&f);
        }

        (void) snprintf(longer, sizeof(longer), "[Registries]\nBlocked=%0300i\n", 1);
        {
                _cleanup_engine_config_ EngineConfig c = {};

                assert_int_equal(engine_config_init(&c), 0);
                assert_true(config_parse("x.conf", longer, &c, &f) < 0);
                assert_non_null(strstr(failure_message(&f), "Line 2 of 'x.conf' is longer"));
        }
}

static void test_config_load_trusts_no_file_that_others_write(void **state) {
        char path[] = "/tmp/test-config-XXXXXX";
        _cleanup_failure_ Failure f = {};
        int fd = mkstemp(path);

        assert_true(fd >= 0);
        assert_int_equal(write(fd, "[Pull]\nRetries=7\n", 17), 17);
        assert_int_equal(close(fd), 0);
        for (unsigned i = 0; i < 2; i++) {
                _cleanup_engine_config_ EngineConfig c = {};

                assert_int_equal(chmod(path, i == 0 ? 0600 : 0620), 0);
                assert_int_equal(config_load(path, &c, &f), i == 0 ? 0 : -EPERM);
                assert_int_equal(c.retries, i == 0 ? 7 : 5);
        }
        assert_non_null(strstr(failure_message(&f), path));
        failure_done(&f);
        assert_int_equal(unlink(path), 0);
        {
                _cleanup_engine_config_ EngineConfig c = {};

                assert_int_equal(config_load(path, &c, &f), -ENOENT);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_config_parse_reads_sections_and_comments),
                cmocka_unit_test(test_config_parse_names_file_and_line),
                cmocka_unit_test(test_config_load_trusts_no_file_that_others_write),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
