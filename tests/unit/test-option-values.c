/* SPDX-License-Identifier: Apache-2.0 */
#include "model/option-values.h"
#include <string.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include "base/str.h"
#include "unit.h"

#define DEFAULT_FLAGS (MS_NOEXEC | MS_NOSUID | MS_NODEV)

static void test_tmpfs_parse_accepts(void **state) {
        static const struct {
                const char *text, *path, *options;
                uint64_t flags;
        } table[] = {
                { "/run", "/run", NULL, DEFAULT_FLAGS },
                { "/run:", "/run", NULL, DEFAULT_FLAGS },
                { "//run//x/", "/run/x", NULL, DEFAULT_FLAGS },
                { "/run:size=64m,mode=1777", "/run", "size=64m,mode=1777", DEFAULT_FLAGS },
                { "/run:exec,size=50%,ro", "/run", "size=50%", MS_NOSUID | MS_NODEV | MS_RDONLY },
                { "/run:ro,rw,defaults,suid,dev,exec", "/run", NULL, 0 },
                { "/run:uid=0,gid=4294967294,nr_inodes=1k,nr_blocks=9", "/run",
                  "uid=0,gid=4294967294,nr_inodes=1k,nr_blocks=9", DEFAULT_FLAGS },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                Tmpfs t = {};

                assert_int_equal(tmpfs_parse(table[i].text, &t, NULL), 0);
                assert_string_equal(t.path, table[i].path);
                assert_true(streq_ptr(t.options, table[i].options));
                assert_true(t.flags == table[i].flags);
                tmpfs_done(&t);
        }
}

static void test_tmpfs_parse_refuses(void **state) {
        static const char *const bad[] = {
                "", "run", ":size=1", "/run:,", "/run:nonsense", "/run:size", "/run:size=",
                "/run:size=x", "/run:size=1x", "/run:size=1mm", "/run:mode=8", "/run:mode=",
                "/run:mode=123456", "/run:uid=-1", "/run:uid=4294967295", "/run:gid=x",
                "/run:size=1,,mode=1", "/run:mode=50%", "/run:nr_inodes=50%",
                "/run:size=9999999999999999999", "/run:context=x", "/run:mpol=bind:0",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure f = {};
                Tmpfs t = {};

                if (tmpfs_parse(bad[i], &t, &f) != -EINVAL)
                        fail_msg("took '%s'", bad[i]);
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
                assert_null(t.path);
        }
}

static void test_ulimit_parse_accepts(void **state) {
        static const struct {
                const char *text;
                UserLimit limit;
        } table[] = {
                { "nofile=1024", { RLIMIT_NOFILE, 1024, 1024 } },
                { "nofile=1024:2048", { RLIMIT_NOFILE, 1024, 2048 } },
                { "core=-1", { RLIMIT_CORE, UINT64_MAX, UINT64_MAX } },
                { "core=0:-1", { RLIMIT_CORE, 0, UINT64_MAX } },
                { "memlock=unlimited", { RLIMIT_MEMLOCK, UINT64_MAX, UINT64_MAX } },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                UserLimit limit;

                assert_int_equal(ulimit_parse(table[i].text, &limit, NULL), 0);
                assert_int_equal(limit.resource, table[i].limit.resource);
                assert_true(limit.soft == table[i].limit.soft && limit.hard == table[i].limit.hard);
        }
}

static void test_ulimit_parse_refuses(void **state) {
        static const char *const bad[] = {
                "", "nofile", "nofile=", "nofile=x", "nofile=1:", "nofile=1:x", "nofile=2:1", "=1",
                "files=1", "NOFILE=1", "nofile=-1:5", "nofile=1:2:3",
                "nofile=111111111111111111111111111111111111",
        };

        for (size_t i = 0; i < ELEMENTSOF(bad); i++) {
                _cleanup_failure_ Failure f = {};
                UserLimit limit;

                if (ulimit_parse(bad[i], &limit, &f) != -EINVAL)
                        fail_msg("took '%s'", bad[i]);
                assert_int_equal(f.code, FAILURE_INVALID_ARGS);
        }
}

static void test_ulimit_to_string_knows_each(void **state) {
        for (int i = 0; i < RLIM_NLIMITS; i++)
                assert_non_null(ulimit_to_string(i));
        assert_string_equal(ulimit_to_string(RLIMIT_NOFILE), "nofile");
        assert_null(ulimit_to_string(-1));
        assert_null(ulimit_to_string(RLIM_NLIMITS));
}

static void test_log_option_parse(void **state) {
        static const char *const bad[] = {
                "", "max-size", "max-size=", "max-size=x", "max-size=-2", "max-file=",
                "max-file=x", "max-file=-1", "tag=x", "max-size=9p9", "max-size=99999p",
        };
        ContainerSpec spec = {};

        assert_int_equal(log_option_parse("max-size=10m", &spec, NULL), 0);
        assert_true(spec.log_max_size == 10 << 20);
        assert_int_equal(log_option_parse("max-size=-1", &spec, NULL), 0);
        assert_true(spec.log_max_size == UINT64_MAX);
        assert_int_equal(log_option_parse("max-file=3", &spec, NULL), 0);
        assert_int_equal(spec.log_max_files, 3);
        for (size_t i = 0; i < ELEMENTSOF(bad); i++)
                assert_errno(EINVAL, log_option_parse(bad[i], &spec, NULL));
}

static void test_log_driver_parse(void **state) {
        _cleanup_failure_ Failure f = {};
        LogDriver driver;

        assert_int_equal(log_driver_parse("none", &driver, &f), 0);
        assert_int_equal(driver, LOG_DRIVER_NONE);
        assert_int_equal(log_driver_parse("", &driver, &f), 0);
        assert_int_equal(driver, LOG_DRIVER_FILE);
        assert_int_equal(log_driver_parse("file", &driver, &f), 0);
        assert_errno(EOPNOTSUPP, log_driver_parse("journald", &driver, &f));
        assert_int_equal(f.code, FAILURE_UNSUPPORTED);
        assert_errno(EINVAL, log_driver_parse("paper", &driver, &f));
        assert_int_equal(f.code, FAILURE_INVALID_ARGS);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_tmpfs_parse_accepts),
                cmocka_unit_test(test_tmpfs_parse_refuses),
                cmocka_unit_test(test_ulimit_parse_accepts),
                cmocka_unit_test(test_ulimit_parse_refuses),
                cmocka_unit_test(test_ulimit_to_string_knows_each),
                cmocka_unit_test(test_log_option_parse),
                cmocka_unit_test(test_log_driver_parse),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
