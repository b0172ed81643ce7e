/* SPDX-License-Identifier: Apache-2.0 */
/* store/migrate.c: whose database is it, is it whole, and bring it to our version. Knows SQL as
 * text only. */
#include <fcntl.h>
#include "base/fd.h"
#include "base/str.h"
#include "store/store-internal.h"

/* Above this size the quick check must do: it leaves out the comparison of indices with their
 * tables. */
#define FULL_CHECK_PAGES_MAX 16384

static int pragma_get(sqlite3 *db, const char *sql, sqlite3_int64 *ret) {
        sqlite3_stmt *s = NULL;
        int r;

        r = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
        if (r != SQLITE_OK)
                return r;

        r = sqlite3_step(s);
        if (r == SQLITE_ROW) {
                *ret = sqlite3_column_int64(s, 0);
                r = SQLITE_OK;
        } else if (r == SQLITE_DONE)
                r = SQLITE_ERROR;

        (void) sqlite3_finalize(s); /* repeats the error of the step */
        return r;
}

/* The first row of a check tells the first fault, or is @good, or there is none. */
static int check_is_good(sqlite3 *db, const char *sql, const char *good, Failure *reterr) {
        const char *found;
        sqlite3_stmt *s = NULL;
        int r;

        r = sqlite3_prepare_v2(db, sql, -1, &s, NULL);
        if (r == SQLITE_OK)
                r = sqlite3_step(s);

        if (r == SQLITE_ROW) {
                found = (const char *) sqlite3_column_text(s, 0);
                if (good && found && streq(found, good))
                        r = 0;
                else
                        r = fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                        "The database '%s' is damaged (%s) and was left as it is: "
                                        "restore a copy, or move it away to begin anew",
                                        STORE_DB, strempty(found));
        } else if (r == SQLITE_DONE)
                r = 0;
        else
                r = store_fail(db, r, reterr, "check the database");

        (void) sqlite3_finalize(s); /* repeats the error of the step */
        return r;
}

static int check_whole(sqlite3 *db, Failure *reterr) {
        sqlite3_int64 pages = 0;
        int r;

        r = pragma_get(db, "PRAGMA page_count", &pages);
        if (r != SQLITE_OK)
                return store_fail(db, r, reterr, "check the database");

        r = check_is_good(db,
                        pages > FULL_CHECK_PAGES_MAX ? "PRAGMA quick_check(1)"
                                                     : "PRAGMA integrity_check(1)",
                        "ok", reterr);
        if (r < 0)
                return r;

        return check_is_good(db, "PRAGMA foreign_key_check", NULL, reterr);
}

int migrate_check(sqlite3 *db, size_t newest, size_t *ret_version, Failure *reterr) {
        sqlite3_int64 application_id = 0, version = 0, objects = 0;
        int r;

        r = pragma_get(db, "PRAGMA application_id", &application_id);
        if (r == SQLITE_OK)
                r = pragma_get(db, "PRAGMA user_version", &version);
        if (r == SQLITE_OK)
                r = pragma_get(db, "SELECT count(*) FROM sqlite_schema", &objects);
        if (r != SQLITE_OK)
                return store_fail(db, r, reterr, "read the database");

        if (application_id == 0 && version == 0 && objects == 0) {
                *ret_version = 0;
                return 0;
        }

        if (application_id != STORE_APPLICATION_ID)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The database '%s' was made by another program", STORE_DB);

        if (version < 1)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG, "The database '%s' has no version",
                                STORE_DB);

        if ((uint64_t) version > newest)
                return fail(reterr, FAILURE_INTERNAL, EPROTO,
                                "The database '%s' was written by a newer version of PocketDocker "
                                "(its format is %lli, this one reads up to %zu)",
                                STORE_DB, (long long) version, newest);

        r = check_whole(db, reterr);
        if (r < 0)
                return r;

        *ret_version = (size_t) version;
        return 0;
}

/* The copy appears under its name whole and synced, or not at all. */
static int keep_copy(sqlite3 *db, int dir_fd, size_t version, Failure *reterr) {
        char name[sizeof(STORE_DB ".v") + 20], temporary[sizeof(name) + 4],
                        path[FD_PATH_MAX + sizeof(temporary)];
        _cleanup_close_ int fd = -EBADF;
        char dir[FD_PATH_MAX];
        sqlite3_stmt *s = NULL;
        int r;

        (void) snprintf(name, sizeof(name), STORE_DB ".v%zu", version);
        (void) snprintf(temporary, sizeof(temporary), "%s.new", name);
        fd_path(dir_fd, dir);
        (void) snprintf(path, sizeof(path), "%s/%s", dir, temporary);

        if (unlinkat(dir_fd, temporary, 0) < 0 && errno != ENOENT)
                return fail_errno(reterr, errno, "Failed to remove '%s'", temporary);

        /* An empty file of our mode: VACUUM INTO takes one, and makes its own with any mode
         * otherwise. */
        fd = openat(dir_fd, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to create '%s'", temporary);

        r = sqlite3_prepare_v2(db, "VACUUM INTO ?1", -1, &s, NULL);
        if (r == SQLITE_OK) {
                statement_bind_text(s, 1, path);
                r = sqlite3_step(s);
                if (r == SQLITE_DONE)
                        r = SQLITE_OK;
        }
        if (r != SQLITE_OK)
                r = store_fail(db, r, reterr, "keep a copy of the database in '%s'", name);
        else if (fsync(fd) < 0 || renameat(dir_fd, temporary, dir_fd, name) < 0 ||
                        fsync(dir_fd) < 0)
                r = fail_errno(reterr, errno, "Failed to keep a copy of the database in '%s'",
                                name);

        (void) sqlite3_finalize(s); /* repeats the error of the step */
        if (r < 0)
                (void) unlinkat(dir_fd, temporary, 0); /* without it the next try removes it */
        return r;
}

/* One step: all of it, or none. */
static int migrate_one(sqlite3 *db, const char *sql, size_t to, Failure *reterr) {
        char stamp[128];
        int r;

        (void) snprintf(stamp, sizeof(stamp),
                        "PRAGMA application_id = %i; PRAGMA user_version = %zu;",
                        STORE_APPLICATION_ID, to);

        r = sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        if (r == SQLITE_OK)
                r = sqlite3_exec(db, sql, NULL, NULL, NULL);
        if (r == SQLITE_OK)
                r = sqlite3_exec(db, stamp, NULL, NULL, NULL);
        if (r != SQLITE_OK)
                r = store_fail(db, r, reterr, "bring the database '%s' to format %zu", STORE_DB,
                                to);
        else
                r = check_is_good(db, "PRAGMA foreign_key_check", NULL, reterr);

        if (r >= 0) {
                r = sqlite3_exec(db, "COMMIT", NULL, NULL, NULL);
                if (r == SQLITE_OK)
                        return 0;
                r = store_fail(db, r, reterr, "bring the database '%s' to format %zu", STORE_DB,
                                to);
        }

        if (!sqlite3_get_autocommit(db))
                (void) sqlite3_exec(
                                db, "ROLLBACK", NULL, NULL, NULL); /* closing does it otherwise */
        return r;
}

int migrate_run(sqlite3 *db, int dir_fd, size_t version, const char *const *migrations, size_t n,
                Failure *reterr) {
        int r;

        if (version == n)
                return 0;

        if (version > 0 && dir_fd >= 0) {
                r = keep_copy(db, dir_fd, version, reterr);
                if (r < 0)
                        return r;
        }

        /* A step may build a table anew under its old name: what refers to it is checked at the
         * step's end instead. */
        r = sqlite3_exec(db, "PRAGMA foreign_keys = OFF", NULL, NULL, NULL);
        if (r != SQLITE_OK)
                return store_fail(db, r, reterr, "configure the database '%s'", STORE_DB);

        for (size_t i = version; i < n; i++) {
                r = migrate_one(db, migrations[i], i + 1, reterr);
                if (r < 0)
                        return r;
        }

        r = sqlite3_exec(db, "PRAGMA foreign_keys = ON", NULL, NULL, NULL);
        if (r != SQLITE_OK)
                return store_fail(db, r, reterr, "configure the database '%s'", STORE_DB);

        return 0;
}
