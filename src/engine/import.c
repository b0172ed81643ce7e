/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/import.c: a tar becomes an image: a worker unpacks it into a staging directory, which becomes a layer by a
 * rename; then the config, then the rows, then the disk, and only then it is done. Until the rows nothing is visible.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "catalog/catalog-ids.h"
#include "engine/image-private.h"
#include "engine/operation-private.h"
#include "engine/unpack-args.h"
#include "image/image-gc.h"
#include "model/image-ref.h"
#include "model/limits.h"

typedef struct Import {
        int archive_fd;  /* owned; -EBADF once a worker has it */
        char *reference; /* owned; normalized; NULL: untagged */
        char *message;   /* owned; may be NULL */
        char *name;      /* owned; may be NULL */
        char *image_id;  /* owned; once known */
        uint64_t staging;
        uint64_t limit_bytes; /* what is left of its owner's share */
        bool staged, waiting, may_take;
        Failure failure; /* until it is told */
        Worker *worker; /* owned */
} Import;

static void discard(Operation *o) {
        Import *import = o->work;
        Manager *m = o->manager;

        import->staged = false;
        if (image_store_discard(m->image_store, import->staging) < 0)
                log_warning("Failed to put away what an import unpacked, leaving it to the next "
                            "start");
        trash_add_images(m->trash);
}

static void import_release(Operation *o) {
        Import *import = o->work;

        if (import->worker)
                operation_work_ended(o);
        worker_free(import->worker);
        if (import->staged)
                discard(o);
        close_fd(import->archive_fd);
        free(import->reference);
        free(import->message);
        free(import->name);
        free(import->image_id);
        failure_done(&import->failure);
        free(import);
        o->work = NULL;
        o->release = NULL;
}

static void finish(Operation *o, const char *result, const Failure *failure) {
        operation_finish(o, result, failure);
        import_release(o);
}

static void on_deleted(const Failure *ignored, void *userdata) {
        Operation *o = userdata;
        Import *import = o->work;

        finish(o, NULL, &import->failure);
}

static void end(Operation *o, const char *result, const Failure *failure) {
        Manager *m = o->manager;
        Import *import = o->work;
        const LogContext context = {
                .image = import->reference,
                .operation = "import",
                .message_id = MESSAGE_IMPORT_FAILED,
        };

        if (failure && failure->code != FAILURE_CANCELLED)
                (void) log_full(&context, LOG_WARNING, 0, "An import has failed: %s",
                                failure_message(failure));
        o->begin = NULL;
        o->cancel = NULL;
        if (import->staged)
                discard(o);
        if (failure)
                failure_copy(failure, &import->failure);
        /* What a failed one has unpacked must not fill the disk for what its caller does next. */
        if (!failure || !manager_is_short(m) ||
                        trash_when_deleted(m->trash, true, on_deleted, o) < 0)
                finish(o, result, failure);
        operations_start_waiting(m);
}

static void on_durable(const Failure *failure, void *userdata) {
        Operation *o = userdata;
        Import *import = o->work;
        _cleanup_free_ char *id = TAKE_PTR(import->image_id);

        end(o, id, failure);
}

static int make_rows(Operation *o, const PullResult *result, LayerRow *layer, ImageRow *row) {
        Import *import = o->work;
        int r;

        layer->size_bytes = row->size_bytes = result->size_bytes;
        layer->n_entries = result->entries;
        row->owner = o->owner;
        row->created_usec = now_realtime();
        r = free_and_strdup(&layer->diff_id, result->diff_id);
        if (r >= 0)
                r = pull_devices_to_json(result->devices, result->n_devices, &layer->devices);
        if (r >= 0)
                r = free_and_strdup(&row->id, result->config_id);
        if (r >= 0)
                r = free_and_strdup(&row->config, result->config);
        if (r >= 0)
                r = strv_push(&row->layers, result->diff_id);
        if (r >= 0 && import->reference) {
                row->tags = calloc(1, sizeof(*row->tags));
                if (!row->tags)
                        return -ENOMEM;
                row->n_tags = 1;
                row->tags[0].owner = o->owner;
                r = free_and_strdup(&row->tags[0].reference, import->reference);
        }
        return r;
}

/* What commit_files() has brought to its place. */
typedef struct Committed {
        bool layer, blob;
} Committed;

static int commit_files(Operation *o, const PullResult *result, int fds[static 3], Committed *ret,
                Failure *reterr) {
        Import *import = o->work;
        Manager *m = o->manager;
        int r;

        r = image_store_commit_layer(
                        m->image_store, import->staging, result->diff_id, &fds[2], reterr);
        if (r < 0)
                return r;
        if (r == 0)
                trash_add_images(m->trash);
        ret->layer = r > 0;
        import->staged = false;
        r = image_store_write_blob(m->image_store, result->config_id, result->config,
                        result->config_size, fds, reterr);
        ret->blob = r > 0;
        return r;
}

/* No row names them, so nobody has them but us. */
static void take_back(Manager *m, const PullResult *result, const Committed *committed) {
        if ((committed->layer && image_gc_layer(m->image_store, result->diff_id) < 0) ||
                        (committed->blob && image_gc_blob(m->image_store, result->config_id) < 0))
                log_warning("Failed to put away files of an import, leaving them to the next "
                            "start");
        trash_add_images(m->trash);
}

/* The worker's result becomes an image. */
static int commit(Operation *o, const PullResult *result, Failure *reterr) {
        Import *import = o->work;
        Manager *m = o->manager;
        int fds[3] = { -EBADF, -EBADF, -EBADF }, r;
        Committed committed = {};
        LayerRow layer = {};
        ImageRow row = {};
        bool stored = false;
        Image *image;

        if (!result->config || !result->diff_id[0] || !result->config_id[0])
                return fail(reterr, FAILURE_INTERNAL, EBADMSG, "The import's worker gave no image");
        r = make_rows(o, result, &layer, &row);
        if (r < 0)
                r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (r >= 0)
                r = image_check_tags(m, &row, o->owner, import->may_take, reterr);
        if (r >= 0)
                r = commit_files(o, result, fds, &committed, reterr);
        if (r >= 0)
                r = image_add(m, &row, &layer, EVENT_IMAGE_IMPORT, o->owner, &image, &stored,
                                reterr);
        if (!stored)
                take_back(m, result, &committed);
        if (r >= 0) {
                r = free_and_strdup(&import->image_id, image->row.id);
                if (r >= 0)
                        r = manager_when_durable(m, fds, 3, on_durable, o);
                if (r < 0)
                        r = fail_errno(reterr, r, "Failed to wait for the disk");
        }
        close_fd(fds[0]);
        layer_row_done(&layer);
        image_row_done(&row);
        return r;
}

static void on_progress(const PullProgress *progress, void *userdata) {
        operation_progressed(userdata, progress->bytes_done, progress->bytes_total);
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure own = {};
        Operation *o = userdata;
        Import *import = o->work;
        int r = 0;

        if (failure)
                failure_copy(failure, &own);
        else {
                o->cancel = NULL;
                r = commit(o, result, &own);
        }
        import->worker = worker_free(import->worker);
        operation_work_ended(o);
        if (failure || r < 0)
                end(o, NULL, &own);
        else
                operations_start_waiting(o->manager);
}

static int start_worker(Operation *o, Failure *reterr) {
        static const WorkerHandler handler = { .progress = on_progress, .done = on_done };
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_close_ int staging_fd = -EBADF;
        Import *import = o->work;
        Manager *m = o->manager;
        int fds[2], r;

        r = unpack_args(&m->config,
                        &(UnpackArgs) {
                                        .name = import->name,
                                        .message = import->message,
                                        .bytes_left = MIN2(import->limit_bytes,
                                                        m->config.image_bytes_max),
                        },
                        &argv);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = image_store_stage(m->image_store, &import->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        import->staged = true;
        fds[0] = import->archive_fd;
        fds[1] = staging_fd;
        r = worker_new(m->event, &m->spawner, argv, NULL, fds, 2, &handler, o, &import->worker);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the import's worker");
        import->archive_fd = close_fd(import->archive_fd);
        operation_work_begun(o);
        return 0;
}

/* Its turn has come. */
static void import_begin(Operation *o) {
        _cleanup_failure_ Failure failure = {};

        if (start_worker(o, &failure) < 0)
                end(o, NULL, &failure);
}

static int on_cancelled_early(sd_event_source *s, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Operation *o = userdata;

        o->timer = sd_event_source_disable_unref(o->timer);
        (void) fail(&failure, FAILURE_CANCELLED, 0, "The work was cancelled");
        end(o, NULL, &failure);
        return 0;
}

static void import_cancel(Operation *o) {
        Import *import = o->work;

        if (import->worker)
                worker_cancel(import->worker);
        else {
                o->begin = NULL;
                o->cancel = NULL;
                (void) sd_event_add_defer(o->manager->event, &o->timer, on_cancelled_early,
                                o); /* else it just runs */
        }
}

static int read_reference(const char *reference, char **ret, Failure *reterr) {
        _cleanup_(image_ref_freep) ImageRef *ref = NULL;
        int r;

        if (isempty(reference))
                return 0;
        r = image_ref_parse_tag(reference, &ref, reterr);
        if (r < 0)
                return r;
        r = image_ref_normalized(ref, ret);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

static int check_text(const char *text, size_t limit, const char *what, Failure *reterr) {
        if (!text || (strlen(text) < limit && utf8_is_valid(text)))
                return 0;
        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "The %s is too long or not text", what);
}

int manager_import_image(Manager *m, int archive_fd, const ImportRequest *request, uid_t owner,
                Operation **ret, Failure *reterr) {
        _cleanup_free_ char *normalized = NULL, *message = NULL, *name = NULL;
        _cleanup_free_ Import *import = NULL;
        uint64_t left;
        Operation *o;
        int r;

        r = read_reference(request->reference, &normalized, reterr);
        if (r < 0)
                return r;
        r = check_text(request->message, IMAGE_MESSAGE_MAX, "image's message", reterr);
        if (r < 0)
                return r;
        r = check_text(request->name, ARCHIVE_NAME_MAX, "archive's name", reterr);
        if (r < 0)
                return r;
        if (map_size(m->images) >= IMAGES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "There are %zu images, more are not allowed", map_size(m->images));
        r = image_share_left(m, owner, &left, reterr);
        if (r < 0)
                return r;
        import = calloc(1, sizeof(*import));
        if (!import || free_and_strdup(&message, request->message) < 0 ||
                        free_and_strdup(&name, request->name) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = operation_new(m, "import", owner, &o, reterr);
        if (r < 0)
                return r;
        *import = (Import){
                .archive_fd = -EBADF,
                .reference = TAKE_PTR(normalized),
                .message = TAKE_PTR(message),
                .name = TAKE_PTR(name),
                .limit_bytes = left,
                .may_take = request->may_take,
        };
        o->work = TAKE_PTR(import);
        o->release = import_release;
        o->cancel = import_cancel;
        ((Import *) o->work)->archive_fd = archive_fd;
        if (operation_may_work(o)) {
                r = start_worker(o, reterr);
                if (r < 0) {
                        ((Import *) o->work)->archive_fd = -EBADF; /* still the caller's */
                        operation_drop(o);
                        return r;
                }
        } else
                o->begin = import_begin;
        operation_tell_added(o);
        *ret = o;
        return 0;
}
