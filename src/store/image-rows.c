/* SPDX-License-Identifier: Apache-2.0 */
/* store/image-rows.c: images, their layers and tags as rows. Knows no file of an image. */
#include <assert.h>
#include "base/str.h"
#include "store/image-rows.h"
#include "store/image-shares.h"
#include "store/store-internal.h"

void layer_row_done(LayerRow *row) {
        free(row->diff_id);
        free(row->devices);
        *row = (LayerRow) {};
}

void image_row_done(ImageRow *row) {
        for (size_t i = 0; i < row->n_tags; i++)
                free(row->tags[i].reference);
        free(row->tags);
        strv_free(row->layers);
        free(row->id);
        free(row->config);
        *row = (ImageRow) {};
}

LayerRow *layer_rows_free(LayerRow *rows, size_t n) {
        for (size_t i = 0; rows && i < n; i++)
                layer_row_done(&rows[i]);
        free(rows);
        return NULL;
}

ImageRow *image_rows_free(ImageRow *rows, size_t n) {
        for (size_t i = 0; rows && i < n; i++)
                image_row_done(&rows[i]);
        free(rows);
        return NULL;
}

/* Room for one more at the end of an array that is grown at 0, 1, 2, 4, 8, … entries. */
static int array_grow(void **array, size_t n, size_t size) {
        void *more;

        if (n > 0 && (n & (n - 1)) != 0)
                return 0;

        more = reallocarray(*array, n > 0 ? n * 2 : 1, size);
        if (!more)
                return -ENOMEM;

        *array = more;
        return 0;
}

static int read_layers(Store *store, ImageRow *image) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_IMAGE_LAYER_LOAD,
                        "SELECT diff_id FROM image_layers WHERE image_id = ?1 ORDER BY position",
                        &s);
        if (r != 0)
                return r;

        statement_bind_text(s, 1, image->id);
        while ((r = sqlite3_step(s)) == SQLITE_ROW)
                if (strv_push(&image->layers, (const char *) sqlite3_column_text(s, 0)) < 0)
                        return SQLITE_NOMEM;

        return r == SQLITE_DONE ? 0 : r;
}

static int read_tags(Store *store, ImageRow *image) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_TAG_LOAD,
                        "SELECT reference, owner FROM tags WHERE image_id = ?1 ORDER BY reference",
                        &s);
        if (r != 0)
                return r;

        statement_bind_text(s, 1, image->id);
        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                TagRow tag = { .owner = (uint32_t) statement_get_u64(s, 1) };

                if (array_grow((void **) &image->tags, image->n_tags, sizeof(TagRow)) < 0 ||
                    statement_get_text(s, 0, &tag.reference) < 0)
                        return SQLITE_NOMEM;
                image->tags[image->n_tags++] = tag;
        }

        return r == SQLITE_DONE ? 0 : r;
}

typedef struct Images {
        ImageRow *rows; /* owned */
        size_t n;
} Images;

static void images_done(Images *l) {
        image_rows_free(l->rows, l->n);
}

static int read_image(Store *store, sqlite3_stmt *s, Images *l) {
        ImageRow *image;
        int r;

        if (array_grow((void **) &l->rows, l->n, sizeof(ImageRow)) < 0)
                return SQLITE_NOMEM;

        image = &l->rows[l->n++];
        *image = (ImageRow) {
                .size_bytes = statement_get_u64(s, 2),
                .created_usec = statement_get_u64(s, 3),
                .owner = (uint32_t) statement_get_u64(s, 4),
        };
        if (statement_get_text(s, 0, &image->id) < 0 ||
                        statement_get_text(s, 1, &image->config) < 0)
                return SQLITE_NOMEM;

        r = read_layers(store, image);
        if (r != 0)
                return r;

        return read_tags(store, image);
}

int store_load_images(Store *store, ImageRow **ret, size_t *ret_n, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        _cleanup_(images_done) Images l = {};
        int r;

        r = store_statement(store, STATEMENT_IMAGE_LOAD,
                        "SELECT id, config, size_bytes, created_usec, owner FROM images ORDER BY "
                        "number",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "read the images");

        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                r = read_image(store, s, &l);
                if (r != 0)
                        return store_fail(store->db, r, reterr, "read the images");
        }
        if (r != SQLITE_DONE)
                return store_fail(store->db, r, reterr, "read the images");

        *ret = TAKE_PTR(l.rows);
        *ret_n = l.n;
        return 0;
}

typedef struct Layers {
        LayerRow *rows; /* owned */
        size_t n;
} Layers;

static void layers_done(Layers *l) {
        layer_rows_free(l->rows, l->n);
}

int store_load_layers(Store *store, LayerRow **ret, size_t *ret_n, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        _cleanup_(layers_done) Layers l = {};
        int r;

        r = store_statement(store, STATEMENT_LAYER_LOAD,
                        "SELECT diff_id, devices, size_bytes, n_entries FROM layers ORDER BY "
                        "diff_id",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "read the layers");

        while ((r = sqlite3_step(s)) == SQLITE_ROW) {
                LayerRow *layer;

                if (array_grow((void **) &l.rows, l.n, sizeof(LayerRow)) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

                layer = &l.rows[l.n++];
                *layer = (LayerRow) {
                        .size_bytes = statement_get_u64(s, 2),
                        .n_entries = statement_get_u64(s, 3),
                };
                if (statement_get_text(s, 0, &layer->diff_id) < 0 ||
                                statement_get_text(s, 1, &layer->devices) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        if (r != SQLITE_DONE)
                return store_fail(store->db, r, reterr, "read the layers");

        *ret = TAKE_PTR(l.rows);
        *ret_n = l.n;
        return 0;
}

int store_add_layer(Store *store, const LayerRow *layer) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_LAYER_ADD,
                        "INSERT INTO layers (diff_id, size_bytes, n_entries, devices) VALUES (?1, "
                        "?2, ?3, ?4) "
                        "ON CONFLICT (diff_id) DO NOTHING",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, layer->diff_id);
        statement_bind_u64(s, 2, layer->size_bytes);
        statement_bind_u64(s, 3, layer->n_entries);
        statement_bind_text(s, 4, layer->devices);
        return store_exec(store, s);
}

/* Now that an image has it, it need not be kept beyond the image. */
static int add_layer(Store *store, const char *image_id, size_t position, bool new_image,
                const LayerRow *layer) {
        sqlite3_stmt *s;
        int r;

        r = store_add_layer(store, layer);
        if (r < 0)
                return r;

        r = store_statement(store, STATEMENT_KEPT_REMOVE,
                        "DELETE FROM kept_layers WHERE diff_id = ?1", &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, layer->diff_id);
        r = store_exec(store, s);
        if (r < 0 || !new_image)
                return r;

        r = store_statement(store, STATEMENT_IMAGE_LAYER_ADD,
                        "INSERT INTO image_layers (image_id, position, diff_id) VALUES (?1, ?2, "
                        "?3)",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, image_id);
        statement_bind_u64(s, 2, position);
        statement_bind_text(s, 3, layer->diff_id);
        return store_exec(store, s);
}

static int set_tag(Store *store, const char *id, const char *reference, uint32_t owner) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_TAG_SET,
                        "INSERT INTO tags (reference, image_id, owner) VALUES (?1, ?2, ?3) "
                        "ON CONFLICT (reference) DO UPDATE SET image_id = excluded.image_id, owner "
                        "= excluded.owner WHERE image_id <> excluded.image_id",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, reference);
        statement_bind_text(s, 2, id);
        statement_bind_u64(s, 3, owner);
        return store_exec(store, s);
}

/* Return: 1 if it is new, 0 if it was there, or a negated result code. */
static int add_image(Store *store, const ImageRow *image) {
        sqlite3_stmt *s;
        int r;

        r = store_statement(store, STATEMENT_IMAGE_ADD,
                        "INSERT INTO images (id, size_bytes, created_usec, config, owner) VALUES "
                        "(?1, ?2, ?3, ?4, ?5) "
                        "ON CONFLICT (id) DO NOTHING",
                        &s);
        if (r != 0)
                return -r;

        statement_bind_text(s, 1, image->id);
        statement_bind_u64(s, 2, image->size_bytes);
        statement_bind_u64(s, 3, image->created_usec);
        statement_bind_text(s, 4, image->config);
        statement_bind_u64(s, 5, image->owner);
        return store_exec(store, s);
}

/* With the transaction's own rows. */
static int check_share(Store *store, uint32_t owner, Failure *reterr) {
        ImageShare share;
        int r;

        if (owner == 0)
                return 0;
        r = store_image_share(store, owner, &share, reterr);
        return r < 0 ? r : image_share_check(owner, &share, reterr);
}

int store_add_image(Store *store, const ImageRow *image, const LayerRow *layers, EventList *events,
                Failure *reterr) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        int is_new, r;

        r = store_check_room(store, "store the image", image->id, reterr);
        if (r < 0)
                return r;

        r = store_begin(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the image '%s'", image->id);
        transaction = store;

        is_new = r = add_image(store, image);
        for (size_t i = 0; r >= 0 && i < strv_length(image->layers); i++) {
                assert(streq(layers[i].diff_id, image->layers[i]));
                r = add_layer(store, image->id, i, is_new, &layers[i]);
        }
        for (size_t i = 0; r >= 0 && i < image->n_tags; i++)
                r = set_tag(store, image->id, image->tags[i].reference, image->tags[i].owner);
        if (r >= 0) {
                r = check_share(store, image->owner, reterr);
                if (r < 0)
                        return r;
                r = store_commit_told(store, events);
        }
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the image '%s'", image->id);

        return is_new;
}

int store_tag_image(Store *store, const char *id, const char *reference, uint32_t owner,
                EventList *events, Failure *reterr) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        int r;

        r = store_begin(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the tag '%s'", reference);
        transaction = store;

        r = set_tag(store, id, reference, owner);
        if (r >= 0) {
                r = check_share(store, owner, reterr);
                if (r < 0)
                        return r;
                r = store_commit_told(store, events);
        }
        if (r == -SQLITE_CONSTRAINT_FOREIGNKEY)
                return fail(reterr, FAILURE_NO_SUCH_IMAGE, ENOENT, "No image '%s'", id);
        if (r < 0)
                return store_fail(store->db, r, reterr, "store the tag '%s'", reference);

        return 0;
}

/* One statement, so that it is all or none, and on a full disk treated as every removal. A reference has no quote in it. */
int store_untag_images(
                Store *store, char *const *references, EventList *events, Failure *reterr) {
        _cleanup_free_ char *joined = NULL, *list = NULL;
        sqlite3_stmt *s;
        int r;

        r = strv_join(references, "\",\"", &joined);
        if (r >= 0)
                r = str_printf(&list, "[\"%s\"]", joined);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");

        r = store_statement(store, STATEMENT_TAG_REMOVE,
                        "DELETE FROM tags WHERE reference IN (SELECT value FROM json_each(?1))",
                        &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "remove the tag '%s'", references[0]);

        statement_bind_text(s, 1, list);
        r = store_exec_told(store, s, events);
        (void) sqlite3_clear_bindings(s); /* cannot fail; what it names is gone in a moment */
        return r < 0 ? store_fail(store->db, r, reterr, "remove the tag '%s'", references[0]) : r;
}

static int in_use(Store *store, const char *id, Failure *reterr) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        int r;

        r = store_statement(store, STATEMENT_CONTAINER_BY_IMAGE,
                        "SELECT name FROM containers WHERE image_id = ?1 ORDER BY number LIMIT 1",
                        &s);
        if (r == 0) {
                statement_bind_text(s, 1, id);
                r = sqlite3_step(s);
        }
        if (r != SQLITE_ROW)
                return store_fail(store->db, r, reterr, "remove the image '%s'", id);

        return fail(reterr, FAILURE_IMAGE_IN_USE, EBUSY,
                        "The image '%s' is in use by the container '%s'", id,
                        (const char *) sqlite3_column_text(s, 0));
}

int store_remove_unused_layers(Store *store, char ***ret) {
        _cleanup_statement_ sqlite3_stmt *s = NULL;
        _cleanup_strv_free_ char **names = NULL;
        int r;

        r = store_statement(store, STATEMENT_LAYER_REMOVE,
                        "DELETE FROM layers WHERE NOT EXISTS "
                        "(SELECT 1 FROM image_layers AS i WHERE i.diff_id = layers.diff_id) "
                        "AND NOT EXISTS "
                        "(SELECT 1 FROM kept_layers AS k WHERE k.diff_id = layers.diff_id) "
                        "RETURNING diff_id",
                        &s);
        if (r != 0)
                return -r;

        while ((r = sqlite3_step(s)) == SQLITE_ROW)
                if (strv_push(&names, (const char *) sqlite3_column_text(s, 0)) < 0)
                        return -SQLITE_NOMEM;
        if (r != SQLITE_DONE)
                return -r;

        *ret = TAKE_PTR(names);
        return 0;
}

int store_remove_image(Store *store, const char *id, char ***ret_layers, EventList *events,
                Failure *reterr) {
        _cleanup_(store_rollbackp) Store *transaction = NULL;
        _cleanup_strv_free_ char **layers = NULL;
        sqlite3_stmt *s;
        int removed, r;

        r = store_begin(store);
        if (r < 0)
                return store_fail(store->db, r, reterr, "remove the image '%s'", id);
        transaction = store;

        r = store_statement(store, STATEMENT_IMAGE_REMOVE, "DELETE FROM images WHERE id = ?1", &s);
        if (r != 0)
                return store_fail(store->db, r, reterr, "remove the image '%s'", id);

        statement_bind_text(s, 1, id);
        removed = r = store_exec(store, s);
        if (r == -SQLITE_CONSTRAINT_FOREIGNKEY)
                return in_use(store, id, reterr);
        if (r >= 0)
                r = store_remove_unused_layers(store, &layers);
        if (r >= 0)
                r = store_commit_told(store, removed > 0 ? events : NULL);
        if (r < 0)
                return store_fail(store->db, r, reterr, "remove the image '%s'", id);

        *ret_layers = TAKE_PTR(layers);
        return removed > 0;
}
