/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"
#include "base/str.h"
#include "cli/mount-flags.h"

static void test_volume_flag_parse_accepts(void **state) {
        static const struct {
                const char *text;
                MountType type;
                const char *source, *target;
                bool read_only, no_copy;
        } table[] = {
                { "/x", MOUNT_VOLUME, NULL, "/x", false, false },
                { "v:/x", MOUNT_VOLUME, "v", "/x", false, false },
                { "v://x//y/", MOUNT_VOLUME, "v", "/x/y", false, false },
                { "v:/x:ro", MOUNT_VOLUME, "v", "/x", true, false },
                { "v:/x:ro,nocopy", MOUNT_VOLUME, "v", "/x", true, true },
                { "v:/x:", MOUNT_VOLUME, "v", "/x", false, false },
                { "v:/x:rw,z,Z,cached,delegated,consistent,", MOUNT_VOLUME, "v", "/x", false,
                                false },
                { "/a:/x", MOUNT_BIND, "/a", "/x", false, false },
                { "./a:/x:ro", MOUNT_BIND, "./a", "/x", true, false },
                { "..:/x", MOUNT_BIND, "..", "/x", false, false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure failure = {};
                ContainerMount m = {};

                if (volume_flag_parse(table[i].text, &m, &failure) < 0)
                        fail_msg("%s: %s", table[i].text, failure_message(&failure));
                assert_int_equal(m.type, table[i].type);
                assert_true(streq_ptr(m.source, table[i].source));
                assert_string_equal(m.target, table[i].target);
                assert_int_equal(m.read_only, table[i].read_only);
                assert_int_equal(m.no_copy, table[i].no_copy);
                assert_int_equal(m.anonymous, !table[i].source);
                container_mount_done(&m);
        }
}

static void test_volume_flag_parse_reads_what_a_bind_is(void **state) {
        ContainerMount m = {};

        assert_int_equal(volume_flag_parse("/a:/x:rslave,idmap=none", &m, NULL), 0);
        assert_int_equal(m.propagation, MOUNT_PROPAGATION_SLAVE);
        assert_int_equal(m.ids, MOUNT_IDS_NONE);
        container_mount_done(&m);

        assert_int_equal(volume_flag_parse("/a:/x:shared,idmap=caller", &m, NULL), 0);
        assert_int_equal(m.propagation, MOUNT_PROPAGATION_SHARED);
        assert_int_equal(m.ids, MOUNT_IDS_CALLER);
        container_mount_done(&m);
}

static void test_volume_flag_parse_refuses(void **state) {
        static const struct {
                const char *text, *part;
        } table[] = {
                { "", "''" },
                { "x", "'x'" },
                { "v:", "'v:'" },
                { "v:x", "'v:x'" },
                { ":/x", "':/x'" },
                { "::", "'::'" },
                { "v:/x:colour", "'colour'" },
                { "v:/x:ro:rw", "'ro:rw'" },
                { "/a:/x:idmap=some", "'idmap=some'" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure failure = {};
                ContainerMount m = {};

                if (volume_flag_parse(table[i].text, &m, &failure) >= 0)
                        fail_msg("%s was taken", table[i].text);
                if (!strstr(failure_message(&failure), table[i].part))
                        fail_msg("%s: %s", table[i].text, failure_message(&failure));
                assert_null(m.target);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_volume_flag_parse_accepts),
                cmocka_unit_test(test_volume_flag_parse_reads_what_a_bind_is),
                cmocka_unit_test(test_volume_flag_parse_refuses),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
