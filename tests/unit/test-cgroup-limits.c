/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of plain files stands for the cgroup: what is written and what is put back is the same there. */
#include "runtime/cgroup-limits.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "unit.h"

typedef struct Fixture {
        char path[64];
        Cgroup cgroup;
} Fixture;

static char *const all[] = { (char *) "cpu", (char *) "cpuset", (char *) "memory", (char *) "pids",
        NULL };

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        strcpy(f->path, "/tmp/test-cgroup-limits.XXXXXX");
        if (!mkdtemp(f->path))
                return -1;
        f->cgroup = (Cgroup) { .dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) };
        f->cgroup.payload_fd = f->cgroup.dir_fd;
        *state = f;
        return 0;
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        return remove(path);
}

static int teardown(void **state) {
        Fixture *f = *state;

        close_fd(f->cgroup.dir_fd);
        (void) nftw(f->path, remove_one, 8, FTW_DEPTH | FTW_PHYS);
        free(f);
        return 0;
}

static void put(Fixture *f, const char *file, const char *text) {
        assert_int_equal(write_file_at(f->cgroup.dir_fd, file, text, strlen(text), 0600, 0), 0);
}

static void assert_says(Fixture *f, const char *file, const char *text) {
        _cleanup_free_ char *line = NULL;

        assert_int_equal(cgroup_read_line(f->cgroup.dir_fd, file, &line), 0);
        assert_string_equal(line, text);
}

static int set(Fixture *f, const Resources *r, char *const *controllers, const char **ret_failed) {
        ResourceValue values[RESOURCE_VALUES];
        const ResourceValue *failed = NULL;
        int error;

        resources_to_values(r, values);
        error = cgroup_set_limits(&f->cgroup, controllers, values, &failed);
        *ret_failed = error < 0 ? failed->file : "";
        return error;
}

static void test_cgroup_set_limits_of_a_new_one_writes_what_was_asked_for(void **state) {
        Fixture *f = *state;
        const char *failed;

        f->cgroup.payload_is_new = true;
        put(f, "memory.max", "--------");
        put(f, "memory.oom.group", "-");
        put(f, "cpu.weight", "100\n");
        assert_int_equal(set(f, &(Resources) { .memory = 64 * MIB, .oom_group = true }, all,
                                         &failed),
                        0); /* no memory.swap.max, which nobody asked for */
        assert_says(f, "memory.max", "67108864");
        assert_says(f, "memory.oom.group", "1");
}

static void test_cgroup_set_limits_passes_over_what_has_no_controller(void **state) {
        char *pids[] = { (char *) "pids", NULL };
        Fixture *f = *state;
        const char *failed;

        put(f, "memory.oom.group", "0");
        put(f, "pids.max", "max");
        assert_int_equal(set(f, &(Resources) { .pids_limit = 123, .oom_group = true }, pids,
                                         &failed),
                        0);
        assert_says(f, "pids.max", "123");
        assert_says(f, "memory.oom.group", "0");
        assert_int_equal(set(f, &(Resources) {}, NULL, &failed), 0);
        assert_says(f, "pids.max", "123");
}

static void test_cgroup_set_limits_takes_limits_away(void **state) {
        Fixture *f = *state;
        const char *failed;

        put(f, "pids.max", "123\n");
        put(f, "memory.oom.group", "1\n");
        put(f, "cpuset.cpus", "\n");
        assert_int_equal(set(f, &(Resources) {}, all, &failed), 0);
        assert_says(f, "pids.max", "max");
        assert_says(f, "memory.oom.group", "0");
}

static void test_cgroup_set_limits_puts_back_when_one_is_refused(void **state) {
        Fixture *f = *state;
        const char *failed;

        put(f, "memory.max", "33554432\n");
        put(f, "memory.swap.max", "33554432\n");
        put(f, "cpu.weight", "42\n");
        assert_int_equal(mkdirat(f->cgroup.dir_fd, "pids.max", 0700), 0); /* cannot be written */
        assert_true(set(f, &(Resources) { .memory = 64 * MIB, .cpu_shares = 512, .pids_limit = 5 },
                                    all, &failed) < 0);
        assert_string_equal(failed, "pids.max");
        assert_says(f, "memory.max", "33554432");
        assert_says(f, "memory.swap.max", "33554432");
        assert_says(f, "cpu.weight", "42");
}

static void test_cgroup_set_limits_misses_files_that_were_asked_for(void **state) {
        Fixture *f = *state;
        const char *failed;

        put(f, "memory.max", "max\n");
        assert_errno(ENOENT, set(f,
                                             &(Resources) { .memory = 64 * MIB,
                                                     .memory_swap = 64 * MIB },
                                             all, &failed));
        assert_string_equal(failed, "memory.swap.max");
        f->cgroup.payload_is_new = true;
        assert_errno(ENOENT, set(f, &(Resources) { .pids_limit = 5 }, all, &failed));
        assert_string_equal(failed, "pids.max");
}

static void test_cgroup_set_limits_takes_no_memory_that_is_in_use(void **state) {
        Fixture *f = *state;
        const char *failed;

        put(f, "memory.max", "99999999\n");
        put(f, "memory.current", "80000000\n");
        put(f, "memory.stat", "anon 70000000\ninactive_file 5000000\nactive_file 5000000\n");
        assert_errno(EBUSY, set(f, &(Resources) { .memory = 64 * MIB }, all, &failed));
        assert_string_equal(failed, "memory.max");
        assert_says(f, "memory.max", "99999999");
        /* What holds files of the disk is easily given back. */
        put(f, "memory.stat", "anon 60000000\ninactive_file 15000000\nactive_file 5000000\n");
        assert_int_equal(set(f, &(Resources) { .memory = 64 * MIB }, all, &failed), 0);
        assert_says(f, "memory.max", "67108864");
}

static void test_cgroup_read_count(void **state) {
        Fixture *f = *state;
        uint64_t n = 42;

        put(f, "memory.events", "low 0\noom 7\noom_kill 3\noom_group_kill 1\n");
        assert_int_equal(cgroup_read_count(f->cgroup.dir_fd, "memory.events", "oom_kill", &n), 0);
        assert_int_equal(n, 3);
        assert_int_equal(cgroup_read_count(f->cgroup.dir_fd, "memory.events", "max", &n), 0);
        assert_int_equal(n, 0);
        put(f, "memory.events", "oom_kill many\n");
        assert_errno(EINVAL, cgroup_read_count(f->cgroup.dir_fd, "memory.events", "oom_kill", &n));
        assert_errno(ENOENT, cgroup_read_count(f->cgroup.dir_fd, "missing", "oom_kill", &n));
}

static void test_cgroup_missing_reason(void **state) {
        Fixture *f = *state;

        put(f, "cgroup.controllers", "cpu nonsense\n");
        assert_string_equal(cgroup_missing_reason(f->cgroup.dir_fd, "nonsense"),
                        "is not handed down to the containers' cgroup");
        assert_string_equal(cgroup_missing_reason(-EBADF, "nonsense"),
                        "this kernel does not offer to cgroup2");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

/* The files of the owner's directory, seen from that of a container of his. */
static void test_cgroup_check_owner_looks_one_up(void **state) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_close_ int dir_fd = -EBADF;
        Fixture *f = *state;
        static const struct {
                const char *current, *max;
                bool room;
        } table[] = {
                { "0", "2", true }, { "8", "10", true }, { "9", "10", false },
                { "10", "10", false }, { "9999", "max", true }, { "nonsense", "1", true },
        };

        assert_int_equal(mkdirat(f->cgroup.dir_fd, "id", 0700), 0);
        dir_fd = openat(f->cgroup.dir_fd, "id", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        assert_int_equal(cgroup_check_owner(dir_fd, NULL), 0); /* there are no such files */
        for (size_t i = 0; i < ELEMENTSOF(table); i++) {
                put(f, "pids.current", table[i].current);
                put(f, "pids.max", table[i].max);
                if (table[i].room)
                        assert_int_equal(cgroup_check_owner(dir_fd, NULL), 0);
                else
                        assert_errno(EDQUOT, cgroup_check_owner(dir_fd, &failure));
        }
        assert_int_equal(failure.code, FAILURE_LIMIT_REACHED);
        assert_string_equal(failure_message(&failure),
                        "The containers of one user may have 10 processes");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(test_cgroup_check_owner_looks_one_up),
                TEST(test_cgroup_set_limits_of_a_new_one_writes_what_was_asked_for),
                TEST(test_cgroup_set_limits_passes_over_what_has_no_controller),
                TEST(test_cgroup_set_limits_takes_limits_away),
                TEST(test_cgroup_set_limits_puts_back_when_one_is_refused),
                TEST(test_cgroup_set_limits_misses_files_that_were_asked_for),
                TEST(test_cgroup_set_limits_takes_no_memory_that_is_in_use),
                TEST(test_cgroup_read_count),
                TEST(test_cgroup_missing_reason),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
