/* SPDX-License-Identifier: Apache-2.0 */
#include <sched.h>
#include <signal.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include "base/fd.h"
#include "base/str.h"
#include "store/sync.h"
#include "store-fixture.h"

static Store *open_store(StateDir *d) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(store_open(d->fd, &store, &f), &f);
        return store;
}

static size_t count_containers(Store *store) {
        _cleanup_failure_ Failure f = {};
        ContainerRow *rows;
        size_t n;

        assert_ok(store_load_containers(store, &rows, &n, &f), &f);
        container_rows_free(rows, n);
        return n;
}

static void add_containers(Store *store, unsigned first, unsigned n) {
        _cleanup_failure_ Failure f = {};
        char name[16];

        for (unsigned i = first; i < first + n; i++) {
                ContainerRow row = container_row(i, name);

                (void) snprintf(name, sizeof(name), "c%u", i);
                assert_ok(store_add_container(store, &row, NULL, &f), &f);
        }
}

static void overwrite(StateDir *d, const char *name, off_t offset, const void *data, size_t size) {
        _cleanup_close_ int fd = openat(d->fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        assert_int_equal(pwrite_full(fd, data, size, offset), 0);
}

static char *slurp(StateDir *d, const char *name, size_t *ret_size) {
        char *data;

        assert_int_equal(read_file_at(d->fd, name, 64 * 1024 * 1024, &data, ret_size), 0);
        return data;
}

static void assert_refused(StateDir *d, int errnum, const char *part) {
        _cleanup_failure_ Failure f = {};
        Store *store = NULL;

        assert_failure(store_open(d->fd, &store, &f), &f, FAILURE_INTERNAL, errnum, part);
        assert_null(store);
}

static void test_store_open_makes_a_file_for_its_owner_alone(void **state) {
        StateDir *d = *state;
        struct stat st;

        store_free(open_store(d));
        assert_int_equal(fstatat(d->fd, STORE_DB, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
}

static void test_store_open_finds_what_was_stored(void **state) {
        StateDir *d = *state;
        Store *store = open_store(d);

        add_image(store, 1);
        add_containers(store, 100, 50);
        store_free(store);

        store = open_store(d);
        assert_int_equal(count_containers(store), 50);
        store_free(store);
}

static void test_store_open_refuses_what_is_no_database(void **state) {
        StateDir *d = *state;
        static const char text[] = "This is a text of more than a hundred bytes, as a header of "
                                   "sqlite has that many, "
                                   "and it is not one of them at all.";
        _cleanup_free_ char *after = NULL;
        size_t size;

        overwrite(d, STORE_DB, 0, text, sizeof(text));
        assert_refused(d, EBADMSG, "'pocketdocker.db' is damaged");
        after = slurp(d, STORE_DB, &size);
        assert_int_equal(size, sizeof(text));
        assert_memory_equal(after, text, size);
}

static void test_store_open_refuses_another_programs_database(void **state) {
        StateDir *d = *state;
        char path[128];
        sqlite3 *db;

        (void) snprintf(path, sizeof(path), "%s/" STORE_DB, d->path);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "CREATE TABLE bookmarks (url TEXT)", 0, 0, 0), SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_refused(d, EBADMSG, "another program");
}

static void test_store_open_refuses_a_directory_and_a_link(void **state) {
        StateDir *d = *state;

        assert_int_equal(mkdirat(d->fd, STORE_DB, 0700), 0);
        assert_refused(d, EBADMSG, "not a regular file");
        assert_int_equal(unlinkat(d->fd, STORE_DB, AT_REMOVEDIR), 0);
        assert_int_equal(symlinkat("/etc/passwd", d->fd, STORE_DB), 0);
        assert_refused(d, EBADMSG, "not a regular file");
}

/* Each page in turn is overwritten: the store is refused, or it opens with every row there. */
static void test_store_open_never_loses_rows_to_a_damaged_page(void **state) {
        StateDir *d = *state;
        Store *store = open_store(d);
        unsigned refused = 0, pages;
        _cleanup_free_ char *good = NULL;
        size_t size;
        char junk[512];

        add_image(store, 1);
        add_containers(store, 100, 60);
        store_free(store);
        good = slurp(d, STORE_DB, &size);
        pages = (unsigned) (size / 4096);
        assert_true(pages > 10);

        memset(junk, 0xa5, sizeof(junk));
        for (unsigned i = 0; i < pages; i++) {
                _cleanup_failure_ Failure f = {};

                overwrite(d, STORE_DB, (off_t) i * 4096, junk, sizeof(junk));
                store = NULL;
                if (store_open(d->fd, &store, &f) < 0) {
                        assert_int_equal(f.code, FAILURE_INTERNAL);
                        assert_int_equal(f.errnum, EBADMSG);
                        refused++;
                } else
                        assert_int_equal(count_containers(store), 60);
                store_free(store);
                overwrite(d, STORE_DB, 0, good, size);
        }
        assert_true(refused > pages / 2);
}

static void test_store_open_refuses_a_truncated_database(void **state) {
        StateDir *d = *state;
        Store *store = open_store(d);
        char path[128];
        struct stat st;

        add_image(store, 1);
        add_containers(store, 100, 60);
        store_free(store);

        assert_int_equal(fstatat(d->fd, STORE_DB, &st, 0), 0);
        (void) snprintf(path, sizeof(path), "%s/" STORE_DB, d->path);
        assert_int_equal(truncate(path, st.st_size / 2), 0);
        assert_refused(d, EBADMSG, "damaged");
}

/* Ended without a close, so that the rows are in the log alone. */
static void leave_rows_in_log(StateDir *d) {
        int status;
        pid_t pid;

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                Store *store = open_store(d);

                add_image(store, 1);
                add_containers(store, 100, 5);
                if (store_sync_wait(store) < 0)
                        _exit(1);
                (void) kill(getpid(), SIGKILL);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_int_equal(status, SIGKILL);
}

static void test_store_open_refuses_a_log_without_its_database(void **state) {
        StateDir *d = *state;
        struct stat st;

        leave_rows_in_log(d);
        assert_int_equal(unlinkat(d->fd, STORE_DB, 0), 0);
        assert_refused(d, EBADMSG, "'pocketdocker.db-wal' is not");
        assert_int_equal(fstatat(d->fd, STORE_WAL, &st, 0), 0);
        assert_true(st.st_size > 0);
}

static void test_store_open_reads_what_only_the_log_has(void **state) {
        StateDir *d = *state;
        Store *store;

        leave_rows_in_log(d);
        store = open_store(d);
        assert_int_equal(count_containers(store), 5);
        store_free(store);
}

/* A limit on file size stands for a disk that is full: the call fails as a whole, and what was
 * there stays. */
static void test_store_add_container_tells_of_a_full_disk(void **state) {
        StateDir *d = *state;
        struct rlimit old, limit;
        Store *store = open_store(d);
        _cleanup_failure_ Failure f = {};
        _cleanup_free_ char *spec = malloc(300000);
        ContainerRow row = container_row(2, (char *) "big");
        int r;

        memset(spec, 'x', 299999);
        spec[299999] = '\0';
        add_image(store, 1);
        add_containers(store, 100, 3);
        assert_int_equal(store_sync_wait(store), 0);

        assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
        (void) signal(SIGXFSZ, SIG_IGN);
        limit = (struct rlimit) { 200000, old.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        row.spec = spec;
        r = store_add_container(store, &row, NULL, &f);
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);

        assert_true(r < 0);
        assert_non_null(strstr(failure_message(&f), "'big'"));
        assert_int_equal(count_containers(store), 3);
        failure_done(&f);
        assert_ok(store_add_container(store, &row, NULL, &f), &f);
        assert_int_equal(count_containers(store), 4);
        store_free(store);
}

/* In a file system of its own that is filled to the last block. Exit status: the line that failed,
 * 77 to skip. */
#define CHECK(condition)                \
        do {                            \
                if (!(condition))       \
                        return __LINE__; \
        } while (0)

static bool write_map(const char *path, unsigned id) {
        _cleanup_free_ char *map = NULL;

        return str_printf(&map, "0 %u 1", id) >= 0 && write_existing_at(AT_FDCWD, path, map) >= 0;
}

static bool own_mounts(void) {
        unsigned uid = geteuid(), gid = getegid();

        if (unshare(CLONE_NEWNS) >= 0)
                return mount("none", "/", "none", MS_REC | MS_PRIVATE, "") >= 0;

        return unshare(CLONE_NEWUSER | CLONE_NEWNS) >= 0 &&
               write_existing_at(AT_FDCWD, "/proc/self/setgroups", "deny") >= 0 &&
               write_map("/proc/self/uid_map", uid) && write_map("/proc/self/gid_map", gid);
}

static int last_number(const Event *e, void *userdata) {
        *(uint64_t *) userdata = e->number;
        return 0;
}

static int live_on_a_full_disk(StateDir *d) {
        static char junk[65536];
        Event e = { .action = EVENT_DIE, .id = hex_of(100), .name = "web" };
        EventList events = { &e, 1 };
        const EventQuery all = { .until_usec = UINT64_MAX, .limit = 10000 };
        uint64_t told = 0, last = 0;
        _cleanup_failure_ Failure f = {};
        ContainerRow row = container_row(9, (char *) "late");
        ContainerRun run = { .life.state = CONTAINER_RUNNING };
        int dir_fd, fd;
        Store *store;

        if (!own_mounts() || mount("none", d->path, "tmpfs", 0, "size=12m") < 0)
                return 77;
        dir_fd = open(d->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        CHECK(dir_fd >= 0 && store_open(dir_fd, &store, &f) >= 0);
        add_image(store, 1);
        add_containers(store, 100, 50);
        /* The first says that the rows are on disk, the second that what follows a sync is done: the reserve is there. */
        CHECK(store_sync_wait(store) == 0 && store_sync_wait(store) == 0);

        fd = openat(dir_fd, "filler", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
        while (write(fd, junk, sizeof(junk)) > 0)
                ;
        CHECK(errno == ENOSPC);

        CHECK(store_add_container(store, &row, NULL, &f) == -ENOSPC && f.code == FAILURE_DISK_FULL);
        for (unsigned i = 0; i < 40 * 50; i++) {
                run.life.started_usec = i;
                e.number = 0;
                CHECK(store_update_container(store, hex_of(100 + i % 50), &run, &events, &f) == 0);
                CHECK(e.number == 0 || e.number > last);
                last = e.number > 0 ? e.number : last;
                told += e.number > 0;
                if (i % 100 == 0)
                        CHECK(store_sync_wait(store) == 0);
        }
        for (unsigned i = 0; i < 50; i++)
                CHECK(store_remove_container(store, hex_of(100 + i), &events, &f) == 1);
        CHECK(store_sync_wait(store) == 0);
        CHECK(told > 0); /* what is old makes room */

        close_fd(fd);
        CHECK(unlinkat(dir_fd, "filler", 0) == 0);
        row = container_row(9, (char *) "late");
        CHECK(store_add_container(store, &row, &events, &f) == 0);
        CHECK(e.number == 40 * 50 + 50 + 1); /* each one that was lost has left its number */
        CHECK(store_list_events(store, &all, last_number, &last, &f) == 0 && last == e.number);
        store_free(store);
        return 0;
}

static void test_store_ends_and_removes_containers_on_a_full_disk(void **state) {
        int status;
        pid_t pid;

        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                int line = live_on_a_full_disk(*state);

                if (line != 0 && line != 77)
                        fprintf(stderr, "test-db.c:%i\n", line);
                _exit(line == 0 || line == 77 ? line : 1);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        if (status == 77 << 8)
                skip(); /* no user namespaces here */
        assert_int_equal(status, 0);
}

static void test_store_fail_names_a_full_disk(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(store_open_memory(&store, &f), &f);
        assert_failure(store_fail(store->db, SQLITE_FULL, &f, "store the container '%s'", "web"),
                        &f, FAILURE_DISK_FULL, ENOSPC,
                        "Cannot store the container 'web': no space");
        assert_failure(store_fail(store->db, -SQLITE_BUSY, &f, "rest"), &f, FAILURE_INTERNAL, EBUSY,
                        "another program");
        assert_failure(store_fail(store->db, SQLITE_CORRUPT_VTAB, &f, "rest"), &f, FAILURE_INTERNAL,
                        EBADMSG, "damaged");
        assert_failure(store_fail(store->db, SQLITE_NOMEM, &f, "rest"), &f, FAILURE_NO_MEMORY,
                        ENOMEM, "memory");
        store_free(store);
}

/*
 * A writer is killed at a moment nobody chose; it says each row that it was told is stored. What it
 * said must be there, and nothing else but the one it was at.
 */
static void kill_a_writer(StateDir *d, unsigned round) {
        unsigned said = 0, byte_count = 0, base = round * 100000;
        int pipe_fds[2], status;
        Store *store;
        size_t before, after;
        char byte;
        pid_t pid;

        store = open_store(d);
        if (round == 0)
                add_image(store, 1);
        before = count_containers(store);
        store_free(store);

        assert_int_equal(pipe2(pipe_fds, O_CLOEXEC), 0);
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                store = open_store(d);
                for (unsigned i = 1;; i++) {
                        add_containers(store, base + i, 1);
                        if (write(pipe_fds[1], "+", 1) != 1)
                                _exit(1);
                }
        }
        close_fd(pipe_fds[1]);

        while (byte_count < 3 + round * 7 && read(pipe_fds[0], &byte, 1) == 1)
                byte_count++;
        assert_int_equal(kill(pid, SIGKILL), 0);
        said = byte_count;
        while (read(pipe_fds[0], &byte, 1) == 1)
                said++;
        close_fd(pipe_fds[0]);
        assert_int_equal(waitpid(pid, &status, 0), pid);

        store = open_store(d);
        after = count_containers(store);
        store_free(store);
        assert_in_range(after - before, said, said + 1);
}

static void test_store_keeps_what_a_killed_writer_was_told(void **state) {
        for (unsigned round = 0; round < 12; round++)
                kill_a_writer(*state, round);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, state_dir_setup, state_dir_teardown)
        const struct CMUnitTest tests[] = {
                T(test_store_open_makes_a_file_for_its_owner_alone),
                T(test_store_open_finds_what_was_stored),
                T(test_store_open_refuses_what_is_no_database),
                T(test_store_open_refuses_another_programs_database),
                T(test_store_open_refuses_a_directory_and_a_link),
                T(test_store_open_never_loses_rows_to_a_damaged_page),
                T(test_store_open_refuses_a_truncated_database),
                T(test_store_open_refuses_a_log_without_its_database),
                T(test_store_open_reads_what_only_the_log_has),
                T(test_store_add_container_tells_of_a_full_disk),
                T(test_store_ends_and_removes_containers_on_a_full_disk),
                cmocka_unit_test(test_store_fail_names_a_full_disk),
                T(test_store_keeps_what_a_killed_writer_was_told),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
