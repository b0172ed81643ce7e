/* SPDX-License-Identifier: Apache-2.0 */
/* store/db.c: the database: opened, configured, closed; statements and errors. Knows no table. */
#include <assert.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include "base/fd.h"
#include "base/str.h"
#include "store/store-internal.h"

/* Nobody but us writes; an administrator's sqlite3 shell may hold a lock for a moment. */
#define BUSY_TIMEOUT_MSEC 2000

/* Below this nothing new is stored. */
#define ROOM_BYTES (1024 * 1024)

/*
 * The database file is made before sqlite sees it, for its mode and without following a link. An
 * empty one beside a log that is not empty is a loss that sqlite would complete by deleting the
 * log: that is refused.
 */
static int prepare_file(int dir_fd, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        struct stat db = {}, wal = {};

        if (fstatat(dir_fd, STORE_DB, &db, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
                return fail_errno(reterr, errno, "Failed to look at the database '%s'", STORE_DB);

        if (db.st_mode != 0 && !S_ISREG(db.st_mode))
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The database '%s' is not a regular file", STORE_DB);

        if (db.st_size == 0 && fstatat(dir_fd, STORE_WAL, &wal, AT_SYMLINK_NOFOLLOW) >= 0 &&
                        wal.st_size > 0)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The database '%s' is missing or empty, but its log '%s' is not: "
                                "restore it, or move both away to begin anew",
                                STORE_DB, STORE_WAL);

        if (db.st_mode != 0)
                return 0;

        fd = openat(dir_fd, STORE_DB, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
        if (fd < 0)
                return fail_errno(reterr, errno, "Failed to create the database '%s'", STORE_DB);

        if (fsync(dir_fd) < 0)
                return fail_errno(reterr, errno, "Failed to create the database '%s'", STORE_DB);

        return 0;
}

int store_connect(int dir_fd, bool create, sqlite3 **ret, Failure *reterr) {
        char path[FD_PATH_MAX + sizeof("/" STORE_DB)] = ":memory:";
        sqlite3 *db = NULL;
        int r;

        if (dir_fd >= 0) {
                fd_path(dir_fd, path);
                strcat(path, "/" STORE_DB);
        }

        if (dir_fd >= 0 && create) {
                r = prepare_file(dir_fd, reterr);
                if (r < 0)
                        return r;
        }

        r = sqlite3_open_v2(path, &db,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, NULL);
        if (r != SQLITE_OK) {
                r = store_fail(db, r, reterr, "open the database '%s'", STORE_DB);
                (void) sqlite3_close(db); /* a failed open leaves an object to be freed, or NULL */
                return r;
        }

        /* The file is data, not code: no schema of its own may call functions or write sqlite's own
         * tables. */
        (void) sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
        (void) sqlite3_db_config(db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
        /* Until it is known to be ours, whole and of our version, closing it changes nothing. */
        (void) sqlite3_db_config(db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
        (void) sqlite3_busy_timeout(db, BUSY_TIMEOUT_MSEC);

        *ret = db;
        return 0;
}

/*
 * synchronous=NORMAL: a commit does not sync, only a checkpoint does; store/sync.c syncs the log.
 * autocheckpoint=0: that is done there too, since it would otherwise stall the commit that happens
 * to fill the log. journal_size_limit: what a log keeps when it begins anew, so that its size tells
 * how much there is to copy; overwriting what is kept makes fdatasync() cheaper than growing.
 */
static int configure(Store *store, Failure *reterr) {
        int r;

        r = sqlite3_exec(store->db,
                        "PRAGMA journal_mode = WAL;"
                        "PRAGMA synchronous = NORMAL;"
                        "PRAGMA wal_autocheckpoint = 0;"
                        "PRAGMA journal_size_limit = 1048576;"
                        "PRAGMA foreign_keys = ON;"
                        "PRAGMA temp_store = MEMORY;"
                        "PRAGMA cache_size = -2048;",
                        NULL, NULL, NULL);
        if (r != SQLITE_OK)
                return store_fail(store->db, r, reterr, "configure the database '%s'", STORE_DB);

        return 0;
}

int store_open_with(
                int dir_fd, const char *const *migrations, size_t n, Store **ret, Failure *reterr) {
        _cleanup_(store_freep) Store *store = NULL;
        size_t version = 0;
        int r;

        store = malloc(sizeof(*store));
        if (!store)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *store = (Store){ .dir_fd = -EBADF, .db_fd = -EBADF };

        if (dir_fd >= 0) {
                store->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
                if (store->dir_fd < 0)
                        return fail_errno(reterr, errno, "Failed to open the database '%s'",
                                        STORE_DB);
        }

        r = store_connect(store->dir_fd, true, &store->db, reterr);
        if (r < 0)
                return r;

        if (store->dir_fd >= 0) {
                store->db_fd = openat(store->dir_fd, STORE_DB, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
                if (store->db_fd < 0)
                        return fail_errno(reterr, errno, "Failed to open the database '%s'",
                                        STORE_DB);
        }

        /* Before anything is written: journal_mode=WAL writes already. */
        r = migrate_check(store->db, n, &version, reterr);
        if (r < 0)
                return r;

        r = configure(store, reterr);
        if (r < 0)
                return r;

        r = migrate_run(store->db, store->dir_fd, version, migrations, n, reterr);
        if (r < 0)
                return r;

        r = sync_thread_new(store->dir_fd, store->db_fd, &store->sync, reterr);
        if (r < 0)
                return r;

        (void) sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, NULL);
        sync_thread_dirty(store->sync);
        *ret = TAKE_PTR(store);
        return 0;
}

int store_open(int dir_fd, Store **ret, Failure *reterr) {
        return store_open_with(dir_fd, store_migrations, n_store_migrations, ret, reterr);
}

int store_open_memory(Store **ret, Failure *reterr) {
        return store_open_with(-EBADF, store_migrations, n_store_migrations, ret, reterr);
}

Store *store_free(Store *store) {
        if (!store)
                return NULL;

        store_release_numbers(store);
        store->sync = sync_thread_free(store->sync);
        for (size_t i = 0; i < _STATEMENT_MAX; i++)
                (void) sqlite3_finalize(
                                store->statements[i]); /* repeats an error that was handled */

        (void) sqlite3_close(store->db); /* copies the log into the database; what fails here is
                                            done at the next open */
        store->db_fd = close_fd(store->db_fd);
        store->dir_fd = close_fd(store->dir_fd);
        free(store);
        return NULL;
}

int store_statement(Store *store, StatementId id, const char *sql, sqlite3_stmt **ret) {
        int r;

        if (!store->statements[id]) {
                r = sqlite3_prepare_v3(store->db, sql, -1, SQLITE_PREPARE_PERSISTENT,
                                &store->statements[id], NULL);
                if (r != SQLITE_OK)
                        return r;
        }

        (void) sqlite3_reset(store->statements[id]); /* repeats an error that was handled */
        (void) sqlite3_clear_bindings(store->statements[id]);
        *ret = store->statements[id];
        return 0;
}

int store_exec(Store *store, sqlite3_stmt *s) {
        int r;

        r = sqlite3_step(s);
        (void) sqlite3_reset(s);
        if (r != SQLITE_DONE)
                return -r;

        if (sqlite3_get_autocommit(store->db))
                sync_thread_dirty(store->sync);
        return sqlite3_changes(store->db);
}

static int errno_of(sqlite3 *db, int code) {
        int system = db ? sqlite3_system_errno(db) : 0;

        switch (code & 0xff) {
        case SQLITE_NOMEM:
                return ENOMEM;
        case SQLITE_FULL:
                return ENOSPC;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return EBUSY;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return EBADMSG;
        case SQLITE_READONLY:
                return EROFS;
        case SQLITE_IOERR:
        case SQLITE_CANTOPEN:
                return system > 0 ? system : EIO;
        case SQLITE_CONSTRAINT:
                return EEXIST;
        default:
                return EIO;
        }
}

bool store_is_full(Store *store, int r) {
        return r < 0 && errno_of(store->db, -r) == ENOSPC;
}

/* Copied into what the database has in reserve, the log can begin anew and needs no more of the disk. */
bool store_make_room(Store *store) {
        return store->sync && sync_thread_copy(store->sync, store->db) == SQLITE_OK;
}

int store_exec_pressed(Store *store, sqlite3_stmt *s) {
        int r;

        r = store_exec(store, s);
        if (!store_is_full(store, r) || !store_make_room(store))
                return r;

        return store_exec(store, s);
}

int store_check_room(Store *store, const char *doing, const char *object, Failure *reterr) {
        struct statvfs st;

        if (store->dir_fd < 0 || fstatvfs(store->dir_fd, &st) < 0)
                return 0;

        /* f_bfree, not f_bavail: the daemon may use what a file system keeps for root. */
        if ((uint64_t) st.f_bfree * st.f_frsize >= ROOM_BYTES)
                return 0;

        return fail(reterr, FAILURE_DISK_FULL, ENOSPC,
                        "Cannot %s '%s': no space is left on the disk of the state directory",
                        doing, object);
}

int store_begin(Store *store) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_BEGIN, "BEGIN IMMEDIATE", &s);
        if (r != 0)
                return -r;

        r = store_exec(store, s);
        return r < 0 ? r : 0;
}

int store_commit(Store *store) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_COMMIT, "COMMIT", &s);
        if (r != 0)
                return -r;

        r = store_exec(store, s);
        return r < 0 ? r : 0;
}

void store_rollbackp(Store **store) {
        /* A full disk ends some transactions by itself. */
        if (*store && !sqlite3_get_autocommit((*store)->db))
                (void) sqlite3_exec((*store)->db, "ROLLBACK", NULL, NULL, NULL);
}

int store_fail(sqlite3 *db, int code, Failure *reterr, const char *doing, ...) {
        _cleanup_free_ char *what = NULL;
        va_list ap;
        int error, r;

        code = abs(code);
        error = errno_of(db, code);

        va_start(ap, doing);
        r = vasprintf(&what, doing, ap);
        va_end(ap);
        if (r < 0)
                what = NULL;

        switch (error) {
        case ENOMEM:
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Cannot %s: out of memory",
                                strempty(what));
        case ENOSPC:
        case EDQUOT:
                return fail(reterr, FAILURE_DISK_FULL, error,
                                "Cannot %s: no space is left on the disk of the state directory",
                                strempty(what));
        case EBUSY:
                return fail(reterr, FAILURE_INTERNAL, error,
                                "Cannot %s: another program holds the database '%s'",
                                strempty(what), STORE_DB);
        case EBADMSG:
                return fail(reterr, FAILURE_INTERNAL, error,
                                "Cannot %s: the database '%s' is damaged or not a database; "
                                "nothing was changed",
                                strempty(what), STORE_DB);
        default:
                return fail(reterr, FAILURE_INTERNAL, error, "Cannot %s: %s", strempty(what),
                                sqlite3_errstr(code));
        }
}

void statement_bind_text(sqlite3_stmt *s, int index, const char *text) {
        /* Fails for a wrong index, and for text of 1 GB, which limits.h has kept out. */
        int r = sqlite3_bind_text(s, index, text, -1, SQLITE_STATIC);

        assert(r == SQLITE_OK || r == SQLITE_NOMEM);
}

void statement_bind_u64(sqlite3_stmt *s, int index, uint64_t value) {
        int r = sqlite3_bind_int64(s, index, (sqlite3_int64) value);

        assert(r == SQLITE_OK);
}

int statement_get_text(sqlite3_stmt *s, int column, char **ret) {
        const unsigned char *text;
        char *copy = NULL;

        if (sqlite3_column_type(s, column) != SQLITE_NULL) {
                text = sqlite3_column_text(s, column);
                copy = text ? strdup((const char *) text) : NULL;
                if (!copy)
                        return -ENOMEM;
        }

        *ret = copy;
        return 0;
}

uint64_t statement_get_u64(sqlite3_stmt *s, int column) {
        return (uint64_t) sqlite3_column_int64(s, column);
}
