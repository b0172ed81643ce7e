/* SPDX-License-Identifier: Apache-2.0 */
/* A directory with a plain memory.events stands for the cgroup. */
#include "runtime/memory-watch.h"
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "unit.h"

typedef struct Fixture {
        char path[64];
        int dir_fd;
        sd_event *event;
        uint64_t kills;
        unsigned calls;
} Fixture;

static int setup(void **state) {
        Fixture *f = calloc(1, sizeof(*f));

        strcpy(f->path, "/tmp/test-memory-watch.XXXXXX");
        if (!mkdtemp(f->path) || sd_event_new(&f->event) < 0)
                return -1;
        f->dir_fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        *state = f;
        return write_file_at(f->dir_fd, "memory.events", "oom_kill 0\n", 11, 0600, 0);
}

static int teardown(void **state) {
        Fixture *f = *state;

        sd_event_unref(f->event);
        (void) unlinkat(f->dir_fd, "memory.events", 0);
        close_fd(f->dir_fd);
        (void) rmdir(f->path);
        free(f);
        return 0;
}

static void on_killed(uint64_t kills, void *userdata) {
        Fixture *f = userdata;

        f->kills = kills;
        f->calls++;
}

/* In place, as the kernel changes it. */
static void set_kills(Fixture *f, char digit) {
        char text[] = "oom_kill 0\n";

        text[9] = digit;
        assert_int_equal(write_existing_at(f->dir_fd, "memory.events", text), 0);
}

/* Until nothing happens any more. */
static void run(Fixture *f) {
        while (sd_event_run(f->event, 0) > 0)
                ;
}

static void test_memory_watch_tells_of_each_change(void **state) {
        _cleanup_(memory_watch_freep) MemoryWatch *w = NULL;
        Fixture *f = *state;

        assert_int_equal(memory_watch_new(f->event, f->dir_fd, 0, on_killed, f, &w), 1);
        run(f);
        assert_int_equal(f->calls, 0);
        set_kills(f, '1');
        run(f);
        assert_int_equal(f->kills, 1);
        set_kills(f, '1'); /* another line of the file */
        run(f);
        assert_int_equal(f->calls, 1);
        set_kills(f, '4');
        run(f);
        assert_int_equal(f->kills, 4);
        assert_int_equal(f->calls, 2);
}

static void test_memory_watch_read_tells_what_the_loop_has_not_seen(void **state) {
        _cleanup_(memory_watch_freep) MemoryWatch *w = NULL;
        Fixture *f = *state;

        set_kills(f, '2');
        assert_int_equal(memory_watch_new(f->event, f->dir_fd, 2, on_killed, f, &w), 1);
        memory_watch_read(w);
        assert_int_equal(f->calls, 0); /* these are known */
        set_kills(f, '3');
        memory_watch_read(w);
        assert_int_equal(f->kills, 3);
        run(f);
        assert_int_equal(f->calls, 1);
        assert_int_equal(unlinkat(f->dir_fd, "memory.events", 0), 0);
        run(f);
        memory_watch_read(w);
        memory_watch_read(NULL);
        assert_int_equal(f->calls, 1);
}

static void test_memory_watch_of_a_cgroup_without_the_controller(void **state) {
        MemoryWatch *w = NULL;
        Fixture *f = *state;
        uint64_t kills;

        assert_int_equal(unlinkat(f->dir_fd, "memory.events", 0), 0);
        assert_errno(ENOENT, memory_watch_new(f->event, f->dir_fd, 0, on_killed, f, &w));
        assert_errno(ENOENT, memory_read_kills(f->dir_fd, &kills));
        assert_null(w);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(
                                test_memory_watch_tells_of_each_change, setup, teardown),
                cmocka_unit_test_setup_teardown(
                                test_memory_watch_read_tells_what_the_loop_has_not_seen, setup,
                                teardown),
                cmocka_unit_test_setup_teardown(
                                test_memory_watch_of_a_cgroup_without_the_controller, setup,
                                teardown),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
