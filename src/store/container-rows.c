/* SPDX-License-Identifier: Apache-2.0 */
/* store/container-rows.c: containers as rows. Knows columns; the spec is text to it. */
#include <assert.h>
#include "base/str.h"
#include "store/container-rows.h"
#include "store/container-statements.h"

static const char *const activity_names[_ACTIVITY_MAX] = {
        [ACTIVITY_NONE] = "none",
        [ACTIVITY_STARTING] = "starting",
        [ACTIVITY_STOPPING] = "stopping",
        [ACTIVITY_REMOVING] = "removing",
};

static int activity_from_string(const char *s) {
        for (int i = 0; i < _ACTIVITY_MAX; i++)
                if (streq(s, activity_names[i]))
                        return i;
        return -EINVAL;
}

void container_row_done(ContainerRow *row) {
        free(row->id);
        free(row->name);
        free(row->image_id);
        free(row->image);
        free(row->request_id);
        free(row->spec);
        free(row->run.error);
        *row = (ContainerRow) {};
}

ContainerRow *container_rows_free(ContainerRow *rows, size_t n) {
        for (size_t i = 0; rows && i < n; i++)
                container_row_done(&rows[i]);
        free(rows);
        return NULL;
}

/* The columns of ContainerRun, in this order in every statement that has them. */
#define RUN_COLUMNS                                                                           \
        "state, activity, health, stop_pending, start_pending, remove_pending, "              \
        "stopped_by_user, stopped_by_shutdown, oom_killed, exit_code, restart_count, "        \
        "started_usec, finished_usec, restart_delay_usec, restart_at_usec, run, id_range, "    \
        "restart_pending, health_streak, oom_kills, error"
#define RUN_VALUES "?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?"
#define N_RUN_COLUMNS 21

static void bind_run(sqlite3_stmt *s, int first, const ContainerRun *run) {
        const Lifecycle *l = &run->life;
        const uint64_t numbers[] = {
                l->stop_pending,
                l->start_pending,
                l->remove_pending,
                l->stopped_by_user,
                l->stopped_by_shutdown,
                l->oom_killed,
                (uint64_t) l->exit_code,
                l->restart_count,
                l->started_usec,
                l->finished_usec,
                l->restart_delay_usec,
                l->restart_at_usec,
                run->run,
                run->id_range,
                l->restart_pending,
                run->health_streak,
                run->oom_kills,
        };

        assert(l->activity >= 0 && l->activity < _ACTIVITY_MAX);

        statement_bind_text(s, first, container_state_to_string(l->state));
        statement_bind_text(s, first + 1, activity_names[l->activity]);
        statement_bind_text(s, first + 2, container_health_to_string(run->health));
        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                statement_bind_u64(s, first + 3 + (int) i, numbers[i]);
        statement_bind_text(s, first + 3 + (int) ELEMENTSOF(numbers), run->error);
}

static int read_run(sqlite3_stmt *s, int first, ContainerRun *ret) {
        const char *state = (const char *) sqlite3_column_text(s, first);
        const char *activity = (const char *) sqlite3_column_text(s, first + 1);
        const char *health = (const char *) sqlite3_column_text(s, first + 2);

        if (!state || !activity || !health)
                return -ENOMEM; /* the columns are NOT NULL */

        if ((int) container_state_from_string(state) < 0 || activity_from_string(activity) < 0 ||
            (int) container_health_from_string(health) < 0)
                return -EBADMSG;

        *ret = (ContainerRun) {
                .life = {
                        .state = container_state_from_string(state),
                        .activity = (ContainerActivity) activity_from_string(activity),
                        .stop_pending = statement_get_u64(s, first + 3) != 0,
                        .start_pending = statement_get_u64(s, first + 4) != 0,
                        .remove_pending = statement_get_u64(s, first + 5) != 0,
                        .stopped_by_user = statement_get_u64(s, first + 6) != 0,
                        .stopped_by_shutdown = statement_get_u64(s, first + 7) != 0,
                        .oom_killed = statement_get_u64(s, first + 8) != 0,
                        .exit_code = sqlite3_column_int(s, first + 9),
                        .restart_count = (uint32_t) statement_get_u64(s, first + 10),
                        .started_usec = statement_get_u64(s, first + 11),
                        .finished_usec = statement_get_u64(s, first + 12),
                        .restart_delay_usec = statement_get_u64(s, first + 13),
                        .restart_at_usec = statement_get_u64(s, first + 14),
                        .restart_pending = statement_get_u64(s, first + 17) != 0,
                },
                .health = container_health_from_string(health),
                .run = statement_get_u64(s, first + 15),
                .id_range = (uint32_t) statement_get_u64(s, first + 16),
                .health_streak = (uint32_t) statement_get_u64(s, first + 18),
                .oom_kills = statement_get_u64(s, first + 19),
        };
        return statement_get_text(s, first + 20, &ret->error);
}

static int read_row(sqlite3_stmt *s, ContainerRow *row) {
        char **const texts[] = {&row->id, &row->name, &row->image_id, &row->image, &row->request_id,
                        &row->spec};
        int r;

        for (size_t i = 0; i < ELEMENTSOF(texts); i++) {
                r = statement_get_text(s, (int) i, texts[i]);
                if (r < 0)
                        return r;
        }

        row->owner = (uint32_t) statement_get_u64(s, 6);
        row->created_usec = statement_get_u64(s, 7);
        return read_run(s, 8, &row->run);
}

typedef struct Rows {
        ContainerRow *rows; /* owned */
        size_t n, allocated;
} Rows;

static void rows_done(Rows *l) {
        container_rows_free(l->rows, l->n);
}

static int rows_grow(Rows *l) {
        size_t wanted = l->allocated > 0 ? l->allocated * 2 : 16;
        ContainerRow *more;

        if (l->n < l->allocated)
                return 0;

        more = reallocarray(l->rows, wanted, sizeof(*more));
        if (!more)
                return -ENOMEM;

        l->rows = more;
        l->allocated = wanted;
        return 0;
}

int store_load_containers(Store *store, ContainerRow **ret, size_t *ret_n, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        _cleanup_(rows_done) Rows l = {};
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_LOAD,
                        "SELECT id, name, image_id, image, request_id, spec, owner, "
                        "created_usec, " RUN_COLUMNS " FROM containers ORDER BY number",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "read the containers");

        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                r = rows_grow(&l);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

                l.rows[l.n] = (ContainerRow) {};
                r = read_row(s, &l.rows[l.n++]);
                if (r == -ENOMEM)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                if (r < 0)
                        return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                        "The database's row of the container '%s' makes no sense: "
                                        "its state is unknown",
                                        l.rows[l.n - 1].name);
        }
        if (r != SQLITE_DONE)
                return store_fail(store->db, r, reterr, "read the containers");

        *ret = TAKE_PTR(l.rows);
        *ret_n = l.n;
        return 0;
}

/* Which of the unique columns was it? Asked after the fact, since this is rare and an insert is
 * not. */
static int conflict(Store *store, const char *id, const char *name, const char *image_id, int code,
                Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        if (code == SQLITE_CONSTRAINT_FOREIGNKEY)
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, ENOENT, "No image '%s'",
                                strempty(image_id));

        r = store_statement(store, STATEMENT_CONTAINER_CONFLICT,
                        "SELECT 1 FROM containers WHERE name = ?1 AND id != ?2", &s);
        if (r == 0) {
                statement_bind_text(s, 1, name);
                statement_bind_text(s, 2, id);
                r = sqlite3_step(s);
        }

        if (r == SQLITE_ROW)
                return fail(reterr, FAILURE_CONTAINER_EXISTS, EEXIST,
                                "The name '%s' is in use by another container", name);

        return fail(reterr, FAILURE_CONTAINER_EXISTS, EEXIST,
                        "The container '%s' or another one of its request exists already", name);
}

int container_add_statement(Store *store, const ContainerRow *row, sqlite3_stmt **ret) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_ADD,
                        "INSERT INTO containers (id, name, image_id, image, request_id, spec, "
                        "owner, created_usec, " RUN_COLUMNS
                        ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, " RUN_VALUES ")",
                        &s);
        if (r != 0)
                return r;

        statement_bind_text(s, 1, row->id);
        statement_bind_text(s, 2, row->name);
        statement_bind_text(s, 3, row->image_id);
        statement_bind_text(s, 4, row->image);
        statement_bind_text(s, 5, row->request_id);
        statement_bind_text(s, 6, row->spec);
        statement_bind_u64(s, 7, row->owner);
        statement_bind_u64(s, 8, row->created_usec);
        bind_run(s, 9, &row->run);
        *ret = s;
        return 0;
}

int container_add_fail(Store *store, const ContainerRow *row, int code, Failure *reterr) {
        if ((code & 0xff) == SQLITE_CONSTRAINT)
                return conflict(store, row->id, row->name, row->image_id, code, reterr);
        return store_fail(store->db, code, reterr, "store the container '%s'", row->name);
}

int store_add_container(
                Store *store, const ContainerRow *row, EventList *events, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_check_room(store, "store the container", row->name, reterr);
        if (r < 0)
                return r;

        r = container_add_statement(store, row, &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "store the container '%s'", row->name);

        r = store_exec_told(store, s, events);
        return r < 0 ? container_add_fail(store, row, -r, reterr) : 0;
}

/* The end of the statements that change one row. */
static int exec_one(
                Store *store, sqlite3_stmt *s, const char *id, EventList *events, Failure *reterr) {
        int r;

        r = store_exec_told(store, s, events);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the container '%s'", id);
        if (r == 0)
                return fail(reterr, FAILURE_NO_SUCH_CONTAINER, ENOENT, "No container '%s'", id);

        return 0;
}

int store_update_container(Store *store, const char *id, const ContainerRun *run, EventList *events,
                Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_UPDATE,
                        "UPDATE containers SET (" RUN_COLUMNS ") = (" RUN_VALUES ") WHERE id = ?",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "store the container '%s'", id);

        bind_run(s, 1, run);
        statement_bind_text(s, N_RUN_COLUMNS + 1, id);
        return exec_one(store, s, id, events, reterr);
}

int store_rename_container(Store *store, const char *id, const char *name, EventList *events,
                Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_RENAME,
                        "UPDATE containers SET name = ?1 WHERE id = ?2", &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "rename the container '%s'", id);

        statement_bind_text(s, 1, name);
        statement_bind_text(s, 2, id);

        r = store_exec_told(store, s, events);
        if (r < 0 && (-r & 0xff) == SQLITE_CONSTRAINT)
                return conflict(store, id, name, NULL, -r, reterr);
        if (r < 0)
                return store_fail(store->db, r, reterr, "rename the container '%s'", id);
        if (r == 0)
                return fail(reterr, FAILURE_NO_SUCH_CONTAINER, ENOENT, "No container '%s'", id);

        return 0;
}

int store_update_container_spec(Store *store, const char *id, const char *spec, EventList *events,
                Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_SPEC,
                        "UPDATE containers SET spec = ?1 WHERE id = ?2", &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "store the container '%s'", id);

        statement_bind_text(s, 1, spec);
        statement_bind_text(s, 2, id);
        return exec_one(store, s, id, events, reterr);
}

int container_remove_statement(Store *store, const char *id, sqlite3_stmt **ret) {
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_REMOVE,
                        "DELETE FROM containers WHERE id = ?1", ret);
        if (r == 0)
                statement_bind_text(*ret, 1, id);
        return r;
}

int store_remove_container(Store *store, const char *id, EventList *events, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = container_remove_statement(store, id, &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "remove the container '%s'", id);

        r = store_exec_told(store, s, events);
        if (r < 0)
                return store_fail(store->db, r, reterr, "remove the container '%s'", id);

        return r > 0;
}
