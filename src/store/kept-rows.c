/* SPDX-License-Identifier: Apache-2.0 */
/* store/kept-rows.c: layers that stay until a time, though no image has them. */
#include "base/str.h"
#include "store/kept-rows.h"
#include "store/store-internal.h"

/* It counts against the share of who kept it first. */
static int keep(Store *store, const char *diff_id, uint32_t owner, uint64_t until_usec) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_KEPT_SET,
                        "INSERT INTO kept_layers (diff_id, until_usec, owner) VALUES (?1, ?2, ?3) "
                        "ON CONFLICT (diff_id) DO UPDATE SET until_usec = max(until_usec, "
                        "excluded.until_usec)",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, diff_id);
        statement_bind_u64(s, 2, until_usec);
        statement_bind_u64(s, 3, owner);
        return store_exec(store, s);
}

int store_keep_layer(
                Store *store, const LayerRow *layer, uint64_t until_usec, Failure *reterr) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        int r;

        r = store_check_room(store, "store the layer", layer->diff_id, reterr);
        if (r < 0)
                return r;

        r = store_begin(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the layer '%s'", layer->diff_id);
        transaction = store;

        r = store_add_layer(store, layer);
        if (r >= 0)
                r = keep(store, layer->diff_id, layer->owner, until_usec);
        if (r >= 0)
                r = store_commit(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the layer '%s'", layer->diff_id);

        return 0;
}

/* Return: 1, 0 if there is none, or a negated result code. */
static int look(Store *store, const char *diff_id, LayerRow *ret) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_LAYER_LOOK,
                        "SELECT diff_id, devices, size_bytes, n_entries FROM layers WHERE diff_id "
                        "= ?1",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, diff_id);
        r = sqlite3_step(s);
        if (r == SQLITE_DONE)
                return 0;
        if (r != SQLITE_ROW)
                return -r;
        if (!ret)
                return 1;

        *ret = (LayerRow) {
                .size_bytes = statement_get_u64(s, 2),
                .n_entries = statement_get_u64(s, 3),
        };
        if (statement_get_text(s, 0, &ret->diff_id) < 0 ||
                        statement_get_text(s, 1, &ret->devices) < 0) {
                layer_row_done(ret);
                return -SQLITE_NOMEM;
        }
        return 1;
}

int store_hold_layer(Store *store, const char *diff_id, uint64_t until_usec, LayerRow *ret,
                Failure *reterr) {
        LayerRow row = {};
        int r;

        r = look(store, diff_id, &row);
        if (r > 0) {
                r = keep(store, diff_id, 0, until_usec);
                r = r < 0 ? r : 1;
        }
        if (r > 0 && ret) {
                *ret = row;
                return r;
        }
        layer_row_done(&row);
        return r < 0 ? store_fail(store->db, r, reterr, "keep the layer '%s'", diff_id) : r;
}

static int next_time(Store *store, uint64_t *ret) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_KEPT_NEXT, "SELECT min(until_usec) FROM kept_layers",
                        &s);
        if (r != 0)
                return -r;

        r = sqlite3_step(s);
        if (r != SQLITE_ROW)
                return -r;
        *ret = sqlite3_column_type(s, 0) == SQLITE_NULL ? UINT64_MAX : statement_get_u64(s, 0);
        return 0;
}

int store_collect_layers(Store *store, uint64_t now_usec, char ***ret_layers,
                uint64_t *ret_next_usec, Failure *reterr) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        _cleanup_strv_free_ char **layers = NULL;
        sqlite3_stmt *s;
        int r;

        r = store_begin(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "collect layers");
        transaction = store;

        r = store_statement(store, STATEMENT_KEPT_EXPIRE,
                        "DELETE FROM kept_layers WHERE until_usec <= ?1", &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "collect layers");

        statement_bind_u64(s, 1, now_usec);
        r = store_exec(store, s);
        if (r >= 0)
                r = store_remove_unused_layers(store, &layers);
        if (r >= 0)
                r = next_time(store, ret_next_usec);
        if (r >= 0)
                r = store_commit(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "collect layers");

        *ret_layers = TAKE_PTR(layers);
        return 0;
}
