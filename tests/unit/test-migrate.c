/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fd.h"
#include "base/str.h"
#include "store-fixture.h"

/* The newest released version, and its copy's name. */
#define NEWEST n_store_migrations
#define MIGRATIONS_MAX 16
static char copy_name[sizeof(STORE_DB ".v") + 20];

/* What a later version may do: a column, and a table built anew under its name while others refer
 * to it. */
static const char later[] = "ALTER TABLE containers ADD COLUMN note TEXT;"
                            "CREATE TABLE images2 (number INTEGER PRIMARY KEY, id TEXT NOT NULL "
                            "UNIQUE, size_bytes INTEGER NOT NULL,"
                            " created_usec INTEGER NOT NULL, config TEXT NOT NULL, pinned INTEGER "
                            "NOT NULL) STRICT;"
                            "INSERT INTO images2 SELECT number, id, size_bytes, created_usec, "
                            "config, 0 FROM images;"
                            "DROP TABLE images;"
                            "ALTER TABLE images2 RENAME TO images;";

/* With one more migration than there is. */
static int open_as(StateDir *d, const char *next, Store **ret, Failure *reterr) {
        const char *migrations[MIGRATIONS_MAX];

        assert_true(NEWEST < MIGRATIONS_MAX);
        memcpy(migrations, store_migrations, NEWEST * sizeof(*migrations));
        migrations[NEWEST] = next;
        (void) snprintf(copy_name, sizeof(copy_name), STORE_DB ".v%zu", NEWEST);
        return store_open_with(d->fd, migrations, next ? NEWEST + 1 : NEWEST, ret, reterr);
}

static sqlite3_int64 ask(Store *store, const char *sql) {
        sqlite3_int64 value;
        sqlite3_stmt *s;

        assert_int_equal(sqlite3_prepare_v2(store->db, sql, -1, &s, NULL), SQLITE_OK);
        assert_int_equal(sqlite3_step(s), SQLITE_ROW);
        value = sqlite3_column_int64(s, 0);
        assert_int_equal(sqlite3_finalize(s), SQLITE_OK);
        return value;
}

/* A database of the newest version with an image and a container. */
static void make_newest(StateDir *d) {
        _cleanup_failure_ Failure f = {};
        ContainerRow row = container_row(2, (char *) "web");
        Store *store;

        assert_ok(open_as(d, NULL, &store, &f), &f);
        add_image(store, 1);
        assert_ok(store_add_container(store, &row, NULL, &f), &f);
        store_free(store);
}

static void test_migrate_run_makes_the_newest_of_nothing(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store;

        assert_ok(open_as(*state, later, &store, &f), &f);
        assert_int_equal(ask(store, "PRAGMA user_version"), NEWEST + 1);
        assert_int_equal(ask(store, "PRAGMA application_id"), STORE_APPLICATION_ID);
        assert_int_equal(ask(store, "PRAGMA foreign_keys"), 1);
        assert_int_equal(ask(store, "SELECT count(*) FROM images WHERE pinned"), 0);
        store_free(store);
        assert_int_equal(faccessat(((StateDir *) *state)->fd, copy_name, F_OK, 0), -1);
}

static void test_migrate_run_keeps_rows_and_a_copy(void **state) {
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;
        ContainerRow *rows;
        Store *store;
        struct stat st;
        size_t n;

        make_newest(d);
        assert_ok(open_as(d, later, &store, &f), &f);
        assert_int_equal(ask(store, "PRAGMA user_version"), NEWEST + 1);
        assert_int_equal(ask(store, "SELECT count(*) FROM containers WHERE note IS NULL"), 1);
        assert_int_equal(ask(store, "SELECT count(*) FROM image_layers"), 1);
        assert_int_equal(ask(store, "SELECT pinned FROM images"), 0);
        assert_ok(store_load_containers(store, &rows, &n, &f), &f);
        assert_int_equal(n, 1);
        container_rows_free(rows, n);
        store_free(store);

        /* The copy is a whole database of the former version. */
        assert_int_equal(fstatat(d->fd, copy_name, &st, 0), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(unlinkat(d->fd, STORE_DB, 0), 0);
        assert_int_equal(renameat(d->fd, copy_name, d->fd, STORE_DB), 0);
        assert_ok(open_as(d, NULL, &store, &f), &f);
        assert_int_equal(ask(store, "PRAGMA user_version"), NEWEST);
        assert_int_equal(ask(store, "SELECT count(*) FROM containers"), 1);
        store_free(store);
}

static void test_migrate_run_leaves_the_version_of_the_last_good_step(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store = NULL;
        char format[32];

        make_newest(*state);
        assert_true(open_as(*state,
                                    "ALTER TABLE containers ADD COLUMN note TEXT; INSERT INTO "
                                    "nowhere VALUES (1);",
                                    &store, &f) < 0);
        assert_null(store);
        (void) snprintf(format, sizeof(format), "format %zu", NEWEST + 1);
        assert_non_null(strstr(failure_message(&f), format));
        failure_done(&f);

        assert_ok(open_as(*state, NULL, &store, &f), &f);
        assert_int_equal(ask(store, "PRAGMA user_version"), NEWEST);
        assert_int_equal(ask(store, "SELECT count(*) FROM pragma_table_info('containers') WHERE "
                                    "name = 'note'"),
                        0);
        assert_int_equal(ask(store, "SELECT count(*) FROM containers"), 1);
        store_free(store);
}

static void test_migrate_run_refuses_a_step_that_breaks_references(void **state) {
        _cleanup_failure_ Failure f = {};
        Store *store = NULL;

        make_newest(*state);
        assert_int_equal(open_as(*state, "DELETE FROM images", &store, &f), -EBADMSG);
        failure_done(&f);

        assert_ok(open_as(*state, NULL, &store, &f), &f);
        assert_int_equal(ask(store, "SELECT count(*) FROM images"), 1);
        store_free(store);
}

static void test_migrate_check_refuses_a_newer_one_and_changes_nothing(void **state) {
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;
        _cleanup_free_ char *before = NULL, *after = NULL;
        size_t n_before, n_after;
        Store *store = NULL;

        assert_ok(open_as(d, later, &store, &f), &f);
        store_free(store);
        assert_int_equal(read_file_at(d->fd, STORE_DB, 1 << 24, &before, &n_before), 0);

        store = NULL;
        assert_failure(open_as(d, NULL, &store, &f), &f, FAILURE_INTERNAL, EPROTO,
                        "newer version of PocketDocker");
        assert_null(store);
        assert_int_equal(read_file_at(d->fd, STORE_DB, 1 << 24, &after, &n_after), 0);
        assert_int_equal(n_before, n_after);
        assert_memory_equal(before, after, n_before);
}

static void test_migrate_check_refuses_rows_that_refer_to_nothing(void **state) {
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;
        Store *store = NULL;
        char path[128];
        sqlite3 *db;

        make_newest(d);
        (void) snprintf(path, sizeof(path), "%s/" STORE_DB, d->path);
        assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
        assert_int_equal(sqlite3_exec(db, "PRAGMA foreign_keys = OFF; DELETE FROM images", 0, 0, 0),
                        SQLITE_OK);
        assert_int_equal(sqlite3_close(db), SQLITE_OK);
        assert_failure(open_as(d, NULL, &store, &f), &f, FAILURE_INTERNAL, EBADMSG, "damaged");
}

/* The fixture of each released version opens with this program: the schema itself, as it was
 * released. */
static void test_store_migrations_open_every_older_version(void **state) {
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;

        for (size_t version = 1; version <= n_store_migrations; version++) {
                Store *store;

                assert_ok(store_open_with(d->fd, store_migrations, version, &store, &f), &f);
                assert_int_equal(ask(store, "PRAGMA user_version"), version);
                store_free(store);
                assert_ok(store_open(d->fd, &store, &f), &f);
                assert_int_equal(ask(store, "PRAGMA user_version"), n_store_migrations);
                store_free(store);
                assert_int_equal(unlinkat(d->fd, STORE_DB, 0), 0);
        }
}

/* Rows of version 1, as its program wrote them, read by this one. */
static void test_store_migrations_keep_a_container_of_version_1(void **state) {
        static const char rows[] =
                        "INSERT INTO images VALUES (1, printf('%064d', 1), 5, 6, '{}');"
                        "INSERT INTO containers VALUES (1, printf('%064d', 2), 'web', 1000, "
                        "printf('%064d', 1), 'bb:1', 7, NULL, 'exited', 'none', 'none', 0, 0, 0, "
                        "1, 0, 1, 137, 3, 8, 9, 10, 11, 12, 13, NULL, '{\"version\":1}');";
        _cleanup_failure_ Failure f = {};
        StateDir *d = *state;
        ContainerRow *found;
        Store *store;
        size_t n;

        assert_ok(store_open_with(d->fd, store_migrations, 1, &store, &f), &f);
        assert_int_equal(sqlite3_exec(store->db, rows, NULL, NULL, NULL), SQLITE_OK);
        store_free(store);
        assert_ok(store_open(d->fd, &store, &f), &f);
        assert_ok(store_load_containers(store, &found, &n, &f), &f);
        assert_int_equal(n, 1);
        assert_string_equal(found->name, "web");
        assert_int_equal(found->run.life.state, CONTAINER_EXITED);
        assert_true(found->run.life.oom_killed);
        assert_int_equal(found->run.life.exit_code, 137);
        assert_int_equal(found->run.id_range, 13);
        assert_int_equal(found->run.health, HEALTH_NONE);
        assert_int_equal(found->run.health_streak, 0);
        assert_int_equal(found->run.oom_kills, 0);
        assert_false(found->run.life.restart_pending);
        container_rows_free(found, n);
        store_free(store);
}

int main(void) {
#define T(name) cmocka_unit_test_setup_teardown(name, state_dir_setup, state_dir_teardown)
        const struct CMUnitTest tests[] = {
                T(test_migrate_run_makes_the_newest_of_nothing),
                T(test_migrate_run_keeps_rows_and_a_copy),
                T(test_migrate_run_leaves_the_version_of_the_last_good_step),
                T(test_migrate_run_refuses_a_step_that_breaks_references),
                T(test_migrate_check_refuses_a_newer_one_and_changes_nothing),
                T(test_migrate_check_refuses_rows_that_refer_to_nothing),
                T(test_store_migrations_open_every_older_version),
                T(test_store_migrations_keep_a_container_of_version_1),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
