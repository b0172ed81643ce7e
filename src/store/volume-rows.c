/* SPDX-License-Identifier: Apache-2.0 */
/* store/volume-rows.c: volumes as rows, and which container has which. Labels are a JSON array of KEY=VALUE. */
#include "store/volume-rows.h"
#include "base/str.h"
#include "model/json.h"
#include "model/limits.h"
#include "store/container-statements.h"

void volume_row_done(VolumeRow *row) {
        free(row->name);
        strv_free(row->labels);
        *row = (VolumeRow) {};
}

VolumeRow *volume_rows_free(VolumeRow *rows, size_t n) {
        for (size_t i = 0; rows && i < n; i++)
                volume_row_done(&rows[i]);
        free(rows);
        return NULL;
}

static int labels_to_text(char *const *labels, char **ret) {
        _cleanup_json_ json_t *array = json_array();

        STRV_FOREACH(label, labels)
                if (json_array_append_new(array, json_string(*label)) < 0)
                        return -ENOMEM;
        return array ? json_print(array, ret) : -ENOMEM;
}

static int labels_from_text(const char *text, char ***ret) {
        _cleanup_json_ json_t *object = json_object(), *array = NULL;
        json_error_t error;
        int r;

        array = json_loads(text, 0, &error);
        if (!object || json_object_set(object, "labels", array) < 0)
                return array ? -ENOMEM : -EBADMSG;
        r = json_read_strv(object, "labels", LABELS_MAX, LABELS_BYTES_MAX, ret);
        return r < 0 ? r : 0;
}

static int read_row(sqlite3_stmt *s, VolumeRow *row) {
        _cleanup_free_ char *labels = NULL;

        *row = (VolumeRow) {
                .owner = (uint32_t) statement_get_u64(s, 1),
                .created_usec = statement_get_u64(s, 2),
                .anonymous = statement_get_u64(s, 3) != 0,
        };
        if (statement_get_text(s, 0, &row->name) < 0 || statement_get_text(s, 4, &labels) < 0)
                return -ENOMEM;
        return labels_from_text(labels, &row->labels);
}

typedef struct Volumes {
        VolumeRow *rows; /* owned */
        size_t n, allocated;
} Volumes;

static void volumes_done(Volumes *l) {
        volume_rows_free(l->rows, l->n);
}

static VolumeRow *volumes_next(Volumes *l) {
        if (l->n == l->allocated) {
                size_t wanted = l->allocated > 0 ? l->allocated * 2 : 16;
                VolumeRow *more = reallocarray(l->rows, wanted, sizeof(*more));

                if (!more)
                        return NULL;
                l->rows = more;
                l->allocated = wanted;
        }
        l->rows[l->n] = (VolumeRow) {};
        return &l->rows[l->n++];
}

int store_load_volumes(Store *store, VolumeRow **ret, size_t *ret_n, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        _cleanup_(volumes_done) Volumes l = {};
        int r;

        r = store_statement(store, STATEMENT_VOLUME_LOAD,
                        "SELECT name, owner, created_usec, anonymous, labels FROM volumes "
                        "ORDER BY name",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "read the volumes");

        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                VolumeRow *row = volumes_next(&l);

                r = row ? read_row(s, row) : -ENOMEM;
                if (r == -ENOMEM)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                if (r < 0)
                        return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                        "The database's row of the volume '%s' makes no sense: its "
                                        "labels are damaged",
                                        row->name);
        }
        if (r != SQLITE_DONE)
                return store_fail(store->db, r, reterr, "read the volumes");

        *ret = TAKE_PTR(l.rows);
        *ret_n = l.n;
        return 0;
}

/* @labels: bound by the statement, the caller's. Return: 0, or a result code. */
static int add_statement(Store *store, const VolumeRow *row, char **labels, sqlite3_stmt **ret) {
        int r;

        if (labels_to_text(row->labels, labels) < 0)
                return SQLITE_NOMEM;
        r = store_statement(store, STATEMENT_VOLUME_ADD,
                        "INSERT INTO volumes (name, owner, created_usec, anonymous, labels) "
                        "VALUES (?1, ?2, ?3, ?4, ?5)",
                        ret);
        if (r != 0)
                return r;

        statement_bind_text(*ret, 1, row->name);
        statement_bind_u64(*ret, 2, row->owner);
        statement_bind_u64(*ret, 3, row->created_usec);
        statement_bind_u64(*ret, 4, row->anonymous);
        statement_bind_text(*ret, 5, *labels);
        return 0;
}

static int add_fail(Store *store, const VolumeRow *row, int code, Failure *reterr) {
        if ((code & 0xff) == SQLITE_CONSTRAINT)
                return fail(reterr, FAILURE_VOLUME_EXISTS, EEXIST,
                                "There is a volume '%s' already", row->name);
        return store_fail(store->db, code, reterr, "store the volume '%s'", row->name);
}

int store_add_volume(Store *store, const VolumeRow *row, EventList *events, Failure *reterr) {
        _cleanup_free_ char *labels = NULL;
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_check_room(store, "store the volume", row->name, reterr);
        if (r < 0)
                return r;
        r = -add_statement(store, row, &labels, &s);
        if (r == 0)
                r = store_exec_told(store, s, events);
        return r < 0 ? add_fail(store, row, -r, reterr) : 0;
}

int store_remove_volume(Store *store, const char *name, EventList *events, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_VOLUME_REMOVE, "DELETE FROM volumes WHERE name = ?1",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "remove the volume '%s'", name);

        statement_bind_text(s, 1, name);
        r = store_exec_told(store, s, events);
        if (r < 0 && (-r & 0xff) == SQLITE_CONSTRAINT)
                return fail(reterr, FAILURE_VOLUME_IN_USE, EBUSY,
                                "The volume '%s' is in use by a container", name);
        if (r < 0)
                return store_fail(store->db, r, reterr, "remove the volume '%s'", name);
        return r > 0;
}

static int add_fresh(Store *store, const VolumeRow *row, Failure *reterr) {
        _cleanup_free_ char *labels = NULL;
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = -add_statement(store, row, &labels, &s);
        if (r == 0)
                r = store_exec(store, s);
        return r < 0 ? add_fail(store, row, -r, reterr) : 0;
}

static int add_use(Store *store, const char *id, const char *name) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_VOLUME_USE,
                        "INSERT INTO container_volumes (container_id, volume) VALUES (?1, ?2) "
                        "ON CONFLICT DO NOTHING",
                        &s);
        if (r != 0)
                return -r;
        statement_bind_text(s, 1, id);
        statement_bind_text(s, 2, name);
        return store_exec(store, s);
}

int store_add_container_with(Store *store, const ContainerRow *row, const VolumeRow *fresh,
                size_t n_fresh, char *const *names, EventList *events, Failure *reterr) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_check_room(store, "store the container", row->name, reterr);
        if (r < 0)
                return r;
        r = store_begin(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the container '%s'", row->name);
        transaction = store;

        for (size_t i = 0; i < n_fresh; i++) {
                r = add_fresh(store, &fresh[i], reterr);
                if (r < 0)
                        return r;
        }
        r = -container_add_statement(store, row, &s);
        if (r == 0)
                r = store_exec(store, s);
        if (r < 0)
                return container_add_fail(store, row, -r, reterr);
        STRV_FOREACH(name, names)
                if (r >= 0)
                        r = add_use(store, row->id, *name);
        if (r >= 0)
                r = store_commit_told(store, events);
        return r < 0 ? store_fail(store->db, r, reterr, "store the container '%s'", row->name) : 0;
}

static int remove_unused(Store *store, const char *name) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_VOLUME_REMOVE_UNUSED,
                        "DELETE FROM volumes WHERE name = ?1 AND NOT EXISTS "
                        "(SELECT 1 FROM container_volumes WHERE volume = ?1)",
                        &s);
        if (r != 0)
                return -r;
        statement_bind_text(s, 1, name);
        return store_exec(store, s);
}

/* Return: rows of containers that went, or a negated result code. */
static int try_remove(Store *store, const char *id, char *const *names, EventList *events) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int removed, r;

        r = store_begin(store);
        if (r < 0)
                return r;
        transaction = store;
        r = -container_remove_statement(store, id, &s);
        if (r == 0)
                r = store_exec(store, s);
        removed = r;
        STRV_FOREACH(name, names)
                if (r >= 0)
                        r = remove_unused(store, *name);
        if (r >= 0)
                r = store_commit_told(store, removed > 0 ? events : NULL);
        return r < 0 ? r : removed;
}

int store_remove_container_with(Store *store, const char *id, char *const *names, EventList *events,
                Failure *reterr) {
        int r;

        r = try_remove(store, id, names, events);
        if (store_is_full(store, r) && store_make_room(store))
                r = try_remove(store, id, names, events);
        if (store_is_full(store, r)) { /* what ends must end: the change alone needs less */
                r = try_remove(store, id, names, NULL);
                if (r >= 0)
                        store_lose_events(store, events->n);
        }
        if (r < 0)
                return store_fail(store->db, r, reterr, "remove the container '%s'", id);
        return r > 0;
}
