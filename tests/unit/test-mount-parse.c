/* SPDX-License-Identifier: Apache-2.0 */
#include "unit.h"
#include "base/str.h"
#include "model/container-mount.h"
#include "model/container-spec.h"

static void test_container_mount_parse_accepts(void **state) {
        static const struct {
                const char *text;
                MountType type;
                const char *source, *target, *options;
                bool read_only, anonymous;
        } table[] = {
                { "type=volume,source=v,target=/x", MOUNT_VOLUME, "v", "/x", NULL, false, false },
                { "dst=/x", MOUNT_VOLUME, NULL, "/x", NULL, false, true },
                { "type=volume,src=,destination=//x//y/,ro", MOUNT_VOLUME, NULL, "/x/y", NULL, true,
                                true },
                { "type=bind,src=/a//b/,dst=/x,readonly=true", MOUNT_BIND, "/a/b", "/x", NULL, true,
                                false },
                { "type=bind,src=/a,dst=/x,readonly=false", MOUNT_BIND, "/a", "/x", NULL, false,
                                false },
                { "type=bind,\"src=/a,\"\"b\",dst=/x", MOUNT_BIND, "/a,\"b", "/x", NULL, false,
                                false },
                { "type=tmpfs,dst=/x", MOUNT_TMPFS, NULL, "/x", NULL, false, false },
                { "type=tmpfs,dst=/x,tmpfs-size=1m,tmpfs-mode=0700", MOUNT_TMPFS, NULL, "/x",
                                "size=1048576,mode=0700", false, false },
                { "type=tmpfs,tmpfs-mode=1777,dst=/x", MOUNT_TMPFS, NULL, "/x", "mode=1777", false,
                                false },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure failure = {};
                ContainerMount m = {};

                if (container_mount_parse(table[i].text, &m, &failure) < 0)
                        fail_msg("%s: %s", table[i].text, failure_message(&failure));
                assert_int_equal(m.type, table[i].type);
                assert_true(streq_ptr(m.source, table[i].source));
                assert_string_equal(m.target, table[i].target);
                assert_true(streq_ptr(m.options, table[i].options));
                assert_int_equal(m.read_only, table[i].read_only);
                assert_int_equal(m.anonymous, table[i].anonymous);
                container_mount_done(&m);
        }
}

static void test_container_mount_parse_reads_what_a_bind_is(void **state) {
        ContainerMount m = {};

        assert_int_equal(container_mount_parse("type=bind,src=/a,dst=/x,bind-propagation=slave,"
                                               "bind-nonrecursive,idmap=none",
                                         &m, NULL),
                        0);
        assert_int_equal(m.propagation, MOUNT_PROPAGATION_SLAVE);
        assert_int_equal(m.ids, MOUNT_IDS_NONE);
        assert_true(m.nonrecursive);
        container_mount_done(&m);

        assert_int_equal(container_mount_parse("type=bind,token=t,dst=/x", &m, NULL), 0);
        assert_int_equal(m.ids, MOUNT_IDS_CALLER);
        assert_string_equal(m.token, "t");
        assert_true(m.nonrecursive);
        container_mount_done(&m);
}

static void test_container_mount_parse_refuses(void **state) {
        static const struct {
                const char *text, *part;
        } table[] = {
                { "", "''" },
                { "type=nfs,dst=/x", "'nfs'" },
                { "type=volume,src=v", "no target" },
                { "type=bind,dst=/x", "needs a source" },
                { "type=bind,src=/a,token=t,dst=/x", "needs a source" },
                { "dst=/x,colour=red", "'colour'" },
                { "dst=/x,ro=perhaps", "'perhaps'" },
                { "type=tmpfs,dst=/x,volume-nocopy", "'volume-nocopy'" },
                { "volume-nocopy,dst=/x,type=bind,src=/a", "'volume-nocopy'" },
                { "type=tmpfs,dst=/x,tmpfs-size=big", "'big'" },
                { "type=tmpfs,dst=/x,tmpfs-mode=9", "'9'" },
                { "type=bind,src=/a,dst=/x,bind-propagation=wide", "'wide'" },
                { "type=bind,token=t,dst=/x,bind-propagation=shared", "private" },
                { "type=bind,src=/a,dst=/x,idmap=some", "'some'" },
                { "dst=/x,volume-driver=nfs", "'nfs'" },
                { "dst=/x,volume-opt=type=nfs", "'volume-opt'" },
                { "\"dst=/x", "quotes" },
                { "\"dst=/x\"y", "quotes" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure failure = {};
                ContainerMount m = {};

                if (container_mount_parse(table[i].text, &m, &failure) >= 0)
                        fail_msg("%s was taken", table[i].text);
                if (!strstr(failure_message(&failure), table[i].part))
                        fail_msg("%s: %s", table[i].text, failure_message(&failure));
        }
}

static int check(const char *const *mounts, size_t n, Failure *reterr) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL;

        assert_int_equal(container_spec_new(&spec), 0);
        for (size_t i = 0; i < n; i++) {
                ContainerMount *m;

                assert_int_equal(container_mounts_add(spec, &m), 0);
                assert_int_equal(container_mount_parse(mounts[i], m, NULL), 0);
        }
        return container_mounts_check(spec, reterr);
}

static void test_container_mounts_check_keeps_the_bounds(void **state) {
        static const struct {
                const char *mounts[2];
                const char *part; /* NULL: fits */
        } table[] = {
                { { "src=v,dst=/x", "src=v,dst=/y" }, NULL },
                { { "src=v,dst=/x", "type=tmpfs,dst=/x" }, "two mounts" },
                { { "src=.v,dst=/x" }, "'.v'" },
                { { "src=v,dst=x" }, "'x'" },
                { { "src=v,dst=/" }, "'/'" },
                { { "src=v,dst=/a/../b" }, "'/a/../b'" },
                { { "src=v,dst=/proc/sys" }, "/proc" },
                { { "src=v,dst=/process" }, NULL },
                { { "type=bind,src=a,dst=/x" }, "'a'" },
                { { "type=bind,src=/a/./b,dst=/x" }, "'/a/./b'" },
                { { "type=bind,src=/\xff,dst=/x" }, "UTF-8" },
                { { "type=bind,src=/a,dst=/x,idmap=caller" }, "hand it over" },
        };

        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                _cleanup_failure_ Failure failure = {};
                int r;

                r = check(table[i].mounts, table[i].mounts[1] ? 2 : 1, &failure);
                if ((r < 0) != (table[i].part != NULL))
                        fail_msg("%s: %d", table[i].mounts[0], r);
                if (table[i].part && !strstr(failure_message(&failure), table[i].part))
                        fail_msg("%s: %s", table[i].mounts[0], failure_message(&failure));
        }
}

static void test_mounts_lead_back_from_json(void **state) {
        _cleanup_(container_spec_freep) ContainerSpec *spec = NULL, *read = NULL;
        _cleanup_free_ char *json = NULL;
        ContainerMount *m;

        assert_int_equal(container_spec_new(&spec), 0);
        assert_int_equal(free_and_strdup(&spec->image, "bb:1"), 0);
        assert_int_equal(container_mounts_add(spec, &m), 0);
        assert_int_equal(container_mount_parse("src=v,dst=/v,ro,volume-nocopy,volume-label=a=b", m,
                                         NULL),
                        0);
        assert_int_equal(container_mounts_add(spec, &m), 0);
        assert_int_equal(container_mount_parse("type=bind,src=/b,dst=/b,bind-propagation=rshared",
                                         m, NULL),
                        0);
        assert_int_equal(container_mounts_add(spec, &m), 0);
        *m = (ContainerMount){ .type = MOUNT_BIND,
                .ids = MOUNT_IDS_CALLER,
                .nonrecursive = true,
                .uid = 1000,
                .gid = 4000000000 };
        assert_int_equal(free_and_strdup(&m->source, "/home/a"), 0);
        assert_int_equal(free_and_strdup(&m->target, "/a"), 0);
        assert_int_equal(free_and_strdup(&m->identity, "00:1:ff"), 0);
        spec->remove_volumes = true;

        assert_int_equal(container_spec_to_json(spec, &json), 0);
        assert_int_equal(container_spec_from_json(json, &read, NULL), 0);
        assert_true(read->remove_volumes);
        assert_int_equal(read->n_mounts, 3);
        assert_true(read->mounts[0].read_only && read->mounts[0].no_copy);
        assert_string_equal(read->mounts[0].labels[0], "a=b");
        assert_int_equal(read->mounts[1].propagation, MOUNT_PROPAGATION_SHARED);
        assert_string_equal(read->mounts[2].identity, "00:1:ff");
        assert_int_equal(read->mounts[2].ids, MOUNT_IDS_CALLER);
        assert_int_equal(read->mounts[2].uid, 1000);
        assert_int_equal(read->mounts[2].gid, 4000000000);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_container_mount_parse_accepts),
                cmocka_unit_test(test_container_mount_parse_reads_what_a_bind_is),
                cmocka_unit_test(test_container_mount_parse_refuses),
                cmocka_unit_test(test_container_mounts_check_keeps_the_bounds),
                cmocka_unit_test(test_mounts_lead_back_from_json),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
