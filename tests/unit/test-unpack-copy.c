/* SPDX-License-Identifier: Apache-2.0 */
#include "puller/unpack-copy.h"
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "puller/delete-tree.h"
#include "unit.h"

typedef struct Dir {
        char path[40];
        int fd, dest_fd;
} Dir;

/* A thing in an archive; a file has one letter in it, which is an x. */
typedef struct Thing {
        char type; /* of 'f', 'd', 'l' (link), 'h' (hard link), 'c' (device) */
        const char *path, *target;
} Thing;

static int setup(void **state) {
        Dir *d = calloc(1, sizeof(*d));

        strcpy(d->path, "/tmp/test-unpack-copy-XXXXXX");
        if (!mkdtemp(d->path))
                return -1;
        d->fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (mkdirat(d->fd, "outside", 0755) < 0 || mkdirat(d->fd, "dest", 0755) < 0)
                return -1;
        d->dest_fd = openat(d->fd, "dest", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(openat(d->fd, "outside/own", O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
        *state = d;
        return d->dest_fd < 0 ? -1 : 0;
}

static int teardown(void **state) {
        Dir *d = *state;

        close(d->fd);
        close(d->dest_fd);
        if (delete_tree_at(AT_FDCWD, d->path) < 0)
                return -1;
        free(d);
        return 0;
}

static void write_thing(struct archive *a, const Thing *t) {
        struct archive_entry *e = archive_entry_new();

        archive_entry_set_pathname(e, t->path);
        archive_entry_set_perm(e, 0755);
        archive_entry_set_filetype(e, t->type == 'd'   ? AE_IFDIR
                                      : t->type == 'l' ? AE_IFLNK
                                      : t->type == 'c' ? AE_IFCHR
                                                       : AE_IFREG);
        if (t->type == 'l')
                archive_entry_set_symlink(e, t->target);
        if (t->type == 'h')
                archive_entry_set_hardlink(e, t->target);
        archive_entry_set_size(e, t->type == 'f' ? 1 : 0);
        assert_int_equal(archive_write_header(a, e), ARCHIVE_OK);
        if (t->type == 'f')
                assert_int_equal(archive_write_data(a, "x", 1), 1);
        archive_entry_free(e);
}

static int make_tar(const Thing *things) {
        struct archive *a = archive_write_new();
        int fd = memfd_create("tar", MFD_CLOEXEC);

        assert_int_equal(archive_write_set_format_pax_restricted(a), ARCHIVE_OK);
        assert_int_equal(archive_write_open_fd(a, fd), ARCHIVE_OK);
        for (; things->type; things++)
                write_thing(a, things);
        assert_int_equal(archive_write_free(a), ARCHIVE_OK);
        assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
        return fd;
}

static int copy(const Dir *d, const Thing *things, CopyInto *into, Failure *reterr) {
        _cleanup_close_ int fd = make_tar(things);
        struct archive *tar = archive_read_new();
        int r;

        into->root_fd = d->dest_fd;
        into->name = "tar";
        into->shown = "dest";
        into->limit_entries = 100;
        archive_read_support_format_tar(tar);
        assert_int_equal(archive_read_open_fd(tar, fd, 512), ARCHIVE_OK);
        r = copy_into(tar, into, reterr);
        archive_read_free(tar);
        return r;
}

static bool is_there(const Dir *d, const char *path) {
        struct stat st;

        return fstatat(d->dest_fd, path, &st, AT_SYMLINK_NOFOLLOW) >= 0;
}

static void assert_outside_is_as_it_was(const Dir *d) {
        struct stat st;

        assert_true(fstatat(d->fd, "outside/evil", &st, AT_SYMLINK_NOFOLLOW) < 0);
        assert_true(fstatat(d->fd, "evil", &st, AT_SYMLINK_NOFOLLOW) < 0);
        assert_int_equal(fstatat(d->fd, "outside/own", &st, AT_SYMLINK_NOFOLLOW), 0);
        assert_int_equal(st.st_size, 0);
        assert_int_equal(st.st_nlink, 1);
}

/* What somebody made who wants to write elsewhere: refused, in whatever form it is to be put there. */
static void test_copy_into_stays_inside(void **state) {
        static const Thing tars[][4] = {
                { { 'd', "t", NULL }, { 'l', "t/l", "../../outside" }, { 'f', "t/l/evil", NULL } },
                { { 'l', "t", "../outside" }, { 'f', "t/evil", NULL } },
                { { 'l', "t", "../outside/own" }, { 'f', "t", NULL } },
                { { 'd', "t", NULL }, { 'f', "t/../../outside/evil", NULL } },
                { { 'd', "t", NULL }, { 'f', "../evil", NULL } },
                { { 'd', "t", NULL }, { 'h', "t/h", "../outside/own" }, { 'f', "t/h", NULL } },
                { { 'd', "t", NULL }, { 'l', "t/l", "../../outside" }, { 'h', "t/h", "t/l/own" } },
                { { 'd', ".", NULL }, { 'l', "./l", "../outside" }, { 'd', "./l/evil", NULL } },
        };
        const Dir *d = *state;

        for (size_t i = 0; i < ELEMENTSOF(tars); i++)
                for (unsigned how = 0; how < 8; how++) {
                        _cleanup_failure_ Failure failure = {};
                        CopyInto into = {
                                .place = how & 1 ? "" : "p",
                                .place_is_dir = how & 1,
                                .one = how & 2,
                                .refuse_links = how & 4,
                        };
                        int r = copy(d, tars[i], &into, &failure);

                        assert_int_equal(r < 0, failure_is_set(&failure));
                        assert_true(r < 0 || !(how & 4) || i == 2);
                        assert_outside_is_as_it_was(d);
                        assert_int_equal(delete_tree_at(d->dest_fd, "t"), 0);
                        assert_int_equal(delete_tree_at(d->dest_fd, "p"), 0);
                        assert_int_equal(delete_tree_at(d->dest_fd, "l"), 0);
                }
}

static void test_copy_into_comes_into_a_directory_or_becomes_it(void **state) {
        static const Thing tree[] = { { 'd', "t", NULL }, { 'f', "t/f", NULL },
                { 'h', "t/g", "t/f" }, {} };
        static const Thing contents[] = { { 'd', ".", NULL }, { 'f', "./f", NULL }, {} };
        const Dir *d = *state;
        CopyInto into_dest = { .one = true, .place = "", .place_is_dir = true };
        CopyInto into_t = { .one = true, .place = "t", .place_is_dir = true };

        skip_without_openat2();
        assert_int_equal(copy(d, tree, &into_dest, NULL), 0);
        assert_true(is_there(d, "t/f") && is_there(d, "t/g"));
        assert_int_equal(copy(d, tree, &(CopyInto) { .one = true, .place = "new" }, NULL), 0);
        assert_true(is_there(d, "new/f") && is_there(d, "new/g"));
        assert_int_equal(copy(d, contents, &into_t, NULL), 0);
        assert_int_equal(copy(d, contents, &(CopyInto) { .one = true, .place = "all" }, NULL), 0);
        assert_true(is_there(d, "all/f") && !is_there(d, "t/t"));
}

static void test_copy_into_replaces_like_by_like(void **state) {
        static const Thing file[] = { { 'f', "t", NULL }, {} }, dir[] = { { 'd', "t", NULL }, {} },
                           two[] = { { 'f', "t", NULL }, { 'f', "u", NULL }, {} },
                           device[] = { { 'c', "t", NULL }, {} };
        const Dir *d = *state;
        CopyInto into = { .one = true, .place = "", .place_is_dir = true };
        CopyInto into_new = { .one = true, .place = "new", .wants_dir = true };

        skip_without_openat2();
        assert_int_equal(copy(d, file, &into, NULL), 0);
        assert_int_equal(copy(d, file, &into, NULL), 0);
        assert_errno(EEXIST, copy(d, dir, &into, NULL));
        assert_int_equal(unlinkat(d->dest_fd, "t", 0), 0);
        assert_int_equal(copy(d, dir, &into, NULL), 0);
        assert_errno(EISDIR, copy(d, file, &into, NULL));
        assert_true(copy(d, two, &into, NULL) < 0);
        assert_true(copy(d, device, &into, NULL) < 0);
        into.skip_devices = true;
        assert_int_equal(copy(d, device, &into, NULL), 0);
        assert_int_equal(into.n_skipped, 1);
        assert_errno(ENOTDIR, copy(d, file, &into_new, NULL));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_copy_into_stays_inside, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_copy_into_comes_into_a_directory_or_becomes_it, setup,
                                teardown),
                cmocka_unit_test_setup_teardown(
                                test_copy_into_replaces_like_by_like, setup, teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
