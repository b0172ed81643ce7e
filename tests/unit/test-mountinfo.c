/* SPDX-License-Identifier: Apache-2.0 */
#include "base/mountinfo.h"
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>
#include "unit.h"

static void assert_type(const char *path, int flags, const char *type) {
        char found[64];
        int fd = open(path, flags | O_CLOEXEC);

        assert_true(fd >= 0);
        assert_int_equal(mountinfo_type(fd, found, sizeof(found)), 0);
        assert_string_equal(found, type);
        close(fd);
}

static void test_mountinfo_type_is_that_of_the_mount(void **state) {
        assert_type("/proc/self/status", O_RDONLY, "proc");
        assert_type("/proc", O_RDONLY | O_DIRECTORY, "proc");
        assert_type("/proc", O_PATH, "proc");
}

static void test_mountinfo_type_is_cut_to_its_room(void **state) {
        char found[3];
        int fd = open("/proc", O_PATH | O_CLOEXEC);

        assert_int_equal(mountinfo_type(fd, found, sizeof(found)), 0);
        assert_string_equal(found, "pr");
        close(fd);
}

static void test_mountinfo_type_fails_without_a_mount(void **state) {
        char found[64];
        int fds[2];

        assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
        assert_errno(ENOENT, mountinfo_type(fds[0], found, sizeof(found)));
        close(fds[0]);
        close(fds[1]);
        assert_errno(ENOENT, mountinfo_type(fds[0], found, sizeof(found)));
}

/* A mount point's name may hold what looks like the end of a line and the next one's beginning. */
static void test_mountinfo_type_reads_past_a_name_that_looks_like_a_line(void **state) {
        char dir[] = "/tmp/test-mountinfo-XXXXXX", found[64], below[96];
        int fd;

        if (unshare(CLONE_NEWNS) < 0 || mount("", "/", "", MS_REC | MS_PRIVATE, NULL) < 0)
                skip(); /* only root has a mount namespace of its own */
        assert_non_null(mkdtemp(dir));
        assert_int_equal(mount("tmpfs", dir, "tmpfs", 0, "size=64k"), 0);
        (void) snprintf(below, sizeof(below), "%s/a\n1 - proc b", dir);
        assert_int_equal(mkdir(below, 0700), 0);
        assert_int_equal(mount("ramfs", below, "ramfs", 0, NULL), 0);
        fd = open(below, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(mountinfo_type(fd, found, sizeof(found)), 0);
        assert_string_equal(found, "ramfs");

        assert_int_equal(umount2(below, MNT_DETACH), 0); /* it is nowhere now, and open still */
        assert_errno(ENOENT, mountinfo_type(fd, found, sizeof(found)));
        close(fd);
        assert_int_equal(umount2(dir, MNT_DETACH), 0);
        assert_int_equal(rmdir(dir), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_mountinfo_type_is_that_of_the_mount),
                cmocka_unit_test(test_mountinfo_type_is_cut_to_its_room),
                cmocka_unit_test(test_mountinfo_type_fails_without_a_mount),
                cmocka_unit_test(test_mountinfo_type_reads_past_a_name_that_looks_like_a_line),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
