/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include "init/plan.h"

#define ID "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void fill(Plan *p) {
        static const char *argv[] = {"sh", "-c", "true", NULL}, *env[] = {"A=b", NULL};
        static const char *sysctls[] = {"net.a=1", "kernel.sem=1 2 3 4", NULL};
        static PlanMount mounts[] = {{PLAN_MOUNT_FS, 7, "/proc", NULL, "proc", ""}};

        plan_init(p);
        p->fds[PLAN_FD_CGROUP] = 4;
        p->fds[PLAN_FD_EXIT_RECORD] = 5;
        p->fds[PLAN_FD_STATE_DIR] = 6;
        p->layer_fds[p->n_layers++] = 7;
        p->id = ID;
        p->argv = argv;
        p->envp = env;
        p->sysctls = sysctls;
        p->seccomp = "12345678";
        p->seccomp_len = 8;
        p->mounts = mounts;
        p->n_mounts = 1;
        p->working_dir = "/srv";
        p->capabilities = 0xa80425fbULL;
}

static void test_plan_encode_decode_keeps_everything(void **state) {
        Plan in, out;
        size_t size;
        void *data;

        fill(&in);
        assert_int_equal(plan_encode(&in, &data, &size), 0);
        assert_int_equal(plan_decode(data, size, &out), 0);
        assert_string_equal(out.id, ID);
        assert_string_equal(out.argv[2], "true");
        assert_null(out.argv[3]);
        assert_string_equal(out.envp[0], "A=b");
        assert_string_equal(out.sysctls[1], "kernel.sem=1 2 3 4");
        assert_null(out.sysctls[2]);
        assert_int_equal(out.seccomp_len, 8);
        assert_memory_equal(out.seccomp, "12345678", 8);
        assert_string_equal(out.mounts[0].target, "/proc");
        assert_null(out.mounts[0].source);
        assert_string_equal(out.mounts[0].data, "");
        assert_int_equal(out.mounts[0].flags, 7);
        assert_int_equal(out.layer_fds[0], 7);
        assert_int_equal(out.fds[PLAN_FD_LISTEN], -EBADF);
        assert_true(out.capabilities == in.capabilities);
        plan_done(&out);
        free(data);
}

static void test_plan_decode_refuses_every_truncation(void **state) {
        Plan in, out;
        size_t size;
        char *data;

        fill(&in);
        assert_int_equal(plan_encode(&in, (void **) &data, &size), 0);
        for (size_t n = 0; n < size; n++) {
                uint32_t length = (uint32_t) n;

                if (n >= 16)
                        memcpy(data + 12, &length, sizeof(length));
                /* Cut between two fields it may still be a plan: only the bytes must be respected.
                 */
                if (plan_decode(data, n, &out) >= 0)
                        plan_done(&out);
        }
        free(data);
}

static void test_plan_decode_refuses_damage(void **state) {
        Plan in, out;
        size_t size;
        char *data;

        fill(&in);
        assert_int_equal(plan_encode(&in, (void **) &data, &size), 0);
        data[8] = 2;
        assert_int_equal(plan_decode(data, size, &out), -EPROTO);
        data[8] = 1;
        data[0] = 'X';
        assert_int_equal(plan_decode(data, size, &out), -EBADMSG);
        data[0] = 'P';
        assert_int_equal(plan_decode(data, size - 8, &out), -EBADMSG);
        free(data);
}

static void test_plan_decode_refuses_a_plan_without_what_a_start_needs(void **state) {
        Plan in, out;
        size_t size;
        void *data;

        fill(&in);
        in.n_layers = 0;
        assert_int_equal(plan_encode(&in, &data, &size), 0);
        assert_int_equal(plan_decode(data, size, &out), -EBADMSG);
        free(data);
        fill(&in);
        in.working_dir = "srv";
        assert_int_equal(plan_encode(&in, &data, &size), 0);
        assert_int_equal(plan_decode(data, size, &out), -EBADMSG);
        free(data);
}

/* A directory by fd, a path of the host's with what it must be, and one that is neither. */
static void test_plan_encode_decode_keeps_mounts_by_fd(void **state) {
        PlanMount mounts[] = {
                        {
                                        .kind = PLAN_MOUNT_FD,
                                        .flags = 4,
                                        .target = "/volume",
                                        .fd = 9,
                                        .map = PLAN_MAP_STORAGE,
                                        .options = PLAN_SOURCE_VOLUME | PLAN_SOURCE_COPY,
                        },
                        {
                                        .kind = PLAN_MOUNT_FD,
                                        .target = "/bind",
                                        .source = "/srv/a",
                                        .data = "00:1:ff",
                                        .fd = 8, /* is not told: the monitor opens the path */
                                        .map = PLAN_MAP_CALLER,
                                        .propagation = PLAN_PROPAGATION_SLAVE,
                                        .uid = 1000,
                                        .gid = UINT32_MAX - 1,
                                        .options = PLAN_SOURCE_RECURSIVE,
                        },
                        {.kind = PLAN_MOUNT_FS, .target = "/t", .fstype = "tmpfs", .fd = -EBADF},
        };
        Plan in, out;
        size_t size;
        void *data;

        fill(&in);
        in.mounts = mounts;
        in.n_mounts = 3;
        assert_int_equal(plan_encode(&in, &data, &size), 0);
        assert_int_equal(plan_decode(data, size, &out), 0);
        assert_int_equal(out.n_mounts, 3);
        assert_int_equal(out.mounts[0].kind, PLAN_MOUNT_FD);
        assert_int_equal(out.mounts[0].fd, 9);
        assert_int_equal(out.mounts[0].flags, 4);
        assert_int_equal(out.mounts[0].map, PLAN_MAP_STORAGE);
        assert_int_equal(out.mounts[0].options, PLAN_SOURCE_VOLUME | PLAN_SOURCE_COPY);
        assert_null(out.mounts[0].source);
        assert_true(out.mounts[1].fd < 0);
        assert_string_equal(out.mounts[1].source, "/srv/a");
        assert_string_equal(out.mounts[1].data, "00:1:ff");
        assert_int_equal(out.mounts[1].map, PLAN_MAP_CALLER);
        assert_int_equal(out.mounts[1].propagation, PLAN_PROPAGATION_SLAVE);
        assert_int_equal(out.mounts[1].uid, 1000);
        assert_true(out.mounts[1].gid == UINT32_MAX - 1);
        assert_int_equal(out.mounts[1].options, PLAN_SOURCE_RECURSIVE);
        assert_int_equal(out.mounts[2].kind, PLAN_MOUNT_FS);
        assert_true(out.mounts[2].fd < 0);
        plan_done(&out);
        free(data);
}

static void test_plan_decode_refuses_a_mount_by_fd_that_has_no_source(void **state) {
        const PlanMount bad[] = {
                        {.kind = PLAN_MOUNT_FD, .target = "/x", .fd = -EBADF},
                        {.kind = PLAN_MOUNT_FD, .target = "/x", .source = "srv", .fd = -EBADF},
                        {.kind = PLAN_MOUNT_FD, .target = "/x", .fd = 9, .map = _PLAN_MAP_MAX},
                        {
                                        .kind = PLAN_MOUNT_FD,
                                        .target = "/x",
                                        .fd = 9,
                                        .propagation = _PLAN_PROPAGATION_MAX,
                        },
                        {.kind = PLAN_MOUNT_FD, .target = "x", .fd = 9},
        };

        for (size_t i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
                PlanMount mount = bad[i];
                Plan in, out;
                size_t size;
                void *data;

                fill(&in);
                in.mounts = &mount;
                in.n_mounts = 1;
                assert_int_equal(plan_encode(&in, &data, &size), 0);
                assert_int_equal(plan_decode(data, size, &out), -EBADMSG);
                free(data);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                        cmocka_unit_test(test_plan_encode_decode_keeps_everything),
                        cmocka_unit_test(test_plan_encode_decode_keeps_mounts_by_fd),
                        cmocka_unit_test(
                                        test_plan_decode_refuses_a_mount_by_fd_that_has_no_source),
                        cmocka_unit_test(test_plan_decode_refuses_every_truncation),
                        cmocka_unit_test(test_plan_decode_refuses_damage),
                        cmocka_unit_test(
                                        test_plan_decode_refuses_a_plan_without_what_a_start_needs),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
