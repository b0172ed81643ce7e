/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/load.c: images come out of an archive: a worker reads it and tells of one image after the other; layers that are
 * not there go from it through pipes to unpackers, a few at a time; then the image is committed, and the next one's turn.
 */
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "catalog/catalog-ids.h"
#include "engine/load-private.h"
#include "engine/unpack-args.h"
#include "model/limits.h"
#include "model/platform.h"
#include "runtime/fetch-client.h"

#define LAYERS_AT_ONCE 2U /* one is unpacked while the one before it is synced */

static void layers_done(Operation *o) {
        Load *load = o->work;

        for (size_t i = 0; load->layers && i < load->manifest.n_layers; i++) {
                LoadLayer *layer = &load->layers[i];

                worker_free(layer->worker);
                layer_row_done(&layer->row);
                if (!layer->staged)
                        continue;
                if (image_store_discard(o->manager->image_store, layer->staging) < 0)
                        log_warning("Failed to put away what a load unpacked, leaving it to the "
                                    "next start");
                trash_add_images(o->manager->trash);
        }
        free(load->layers);
        load->layers = NULL;
        load->n_running = 0;
        pull_manifest_done(&load->manifest);
}

static void load_release(Operation *o) {
        Load *load = o->work;

        layers_done(o);
        worker_free(load->worker);
        if (load->counted)
                operation_work_ended(o);
        if (load->staged) {
                if (image_store_discard(o->manager->image_store, load->staging) < 0)
                        log_warning("Failed to put away what a load put aside, leaving it to the "
                                    "next start");
                trash_add_images(o->manager->trash);
        }
        close_fd(load->control_fd);
        close_fd(load->archive_fd);
        free(load->name);
        free(load->platform);
        free(load->image_id);
        failure_done(&load->failure);
        free(load);
        o->work = NULL;
        o->release = NULL;
}

static void finish(Operation *o, const Failure *failure) {
        Load *load = o->work;
        Manager *m = o->manager;
        const LogContext context = {
                .operation = "load",
                .message_id = MESSAGE_IMPORT_FAILED,
        };
        _cleanup_failure_ Failure own = {};
        _cleanup_free_ char *id = TAKE_PTR(load->image_id);

        if (failure)
                failure_copy(failure, &own);
        if (failure && own.code != FAILURE_CANCELLED)
                (void) log_full(&context, LOG_WARNING, 0, "A load has failed: %s",
                                failure_message(&own));
        load_release(o);
        operation_finish(o, id, failure ? &own : NULL);
        operations_start_waiting(m);
}

static void on_durable(const Failure *failure, void *userdata) {
        finish(userdata, failure);
}

/* The first reason counts; the reader's end is what ends it all. */
static void give_up(Operation *o, Failure *failure) {
        Load *load = o->work;

        if (!failure_is_set(&load->failure))
                failure_move(failure, &load->failure);
        worker_cancel(load->worker);
}

static void advance(Operation *o);

static int take_result(LoadLayer *layer, const PullManifest *manifest, const PullResult *result,
                Failure *reterr) {
        int r;

        /* The unpacker was told; it has met hostile bytes since. */
        if (!streq(result->diff_id, manifest->layers[layer->index].diff_id))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, EBADMSG,
                                "The layer '%s' has another digest than its image tells",
                                manifest->layers[layer->index].diff_id);
        layer->row.size_bytes = result->size_bytes;
        layer->row.n_entries = result->entries;
        layer->row.owner = layer->operation->owner;
        r = free_and_strdup(&layer->row.diff_id, result->diff_id);
        if (r >= 0)
                r = pull_devices_to_json(result->devices, result->n_devices, &layer->row.devices);
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

static void on_unpacked(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure own = {};
        LoadLayer *layer = userdata;
        Operation *o = layer->operation;
        Load *load = o->work;
        int r = 0;

        if (failure)
                failure_copy(failure, &own);
        else
                r = take_result(layer, &load->manifest, result, &own);
        layer->worker = worker_free(layer->worker); /* and what it has told */
        if (failure || r < 0) {
                give_up(o, &own);
                return;
        }
        layer->unpacked = true;
        load->left_bytes -= MIN2(load->left_bytes, layer->row.size_bytes);
        advance(o);
}

/* For one more layer: of the owner's share, and of what an image may have. */
static uint64_t bytes_left(const Load *load, const EngineConfig *c) {
        uint64_t used = 0;

        for (size_t i = 0; i < load->manifest.n_layers; i++)
                if (load->layers[i].unpacked)
                        used += load->layers[i].row.size_bytes;
        return MIN2(load->left_bytes, used < c->image_bytes_max ? c->image_bytes_max - used : 0);
}

static int start_layer(Operation *o, LoadLayer *layer, Failure *reterr) {
        static const WorkerHandler handler = { .done = on_unpacked };
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF, staging_fd = -EBADF;
        _cleanup_strv_free_ char **argv = NULL;
        Load *load = o->work;
        Manager *m = o->manager;
        int r;

        r = unpack_args(&m->config,
                        &(UnpackArgs) {
                                        .name = load->name,
                                        .diff_id = load->manifest.layers[layer->index].diff_id,
                                        .bytes_left = bytes_left(load, &m->config),
                        },
                        &argv);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = fetch_client_pipe(&read_fd, &write_fd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to make a pipe for a layer");
        r = image_store_stage(m->image_store, &layer->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        layer->staged = true;
        r = worker_new(m->event, &m->spawner, argv, NULL, (const int[]) { read_fd, staging_fd }, 2,
                        &handler, layer, &layer->worker);
        if (r >= 0)
                r = fetch_client_ask(
                                load->control_fd, (uint32_t) layer->index, write_fd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start unpacking a layer");
        layer->asked = true;
        return 0;
}

/* Return: 0, or what fail() gives. */
static int go_on(Operation *o, Failure *reterr) {
        Load *load = o->work;
        size_t running = 0, missing = 0;
        int r;

        for (size_t i = 0; i < load->manifest.n_layers; i++) {
                LoadLayer *layer = &load->layers[i];

                /* Another image has it, as long as nobody removes that one. */
                if (!layer->asked && layer_uses_has(o->manager, load->manifest.layers[i].diff_id))
                        continue;
                if (layer->same || (layer->delivered && layer->unpacked))
                        continue;
                missing++;
                running += layer->asked;
                if (layer->asked || running >= LAYERS_AT_ONCE)
                        continue;
                r = start_layer(o, layer, reterr);
                if (r < 0)
                        return r;
                running++;
        }
        if (missing > 0)
                return 0;

        r = load_commit(o, reterr);
        if (r < 0)
                return r;
        layers_done(o);
        r = fetch_client_finish(load->control_fd);
        return r < 0 ? fail_errno(reterr, r, "Failed to ask for the next image") : 0;
}

static void advance(Operation *o) {
        _cleanup_failure_ Failure failure = {};

        if (go_on(o, &failure) < 0)
                give_up(o, &failure);
}

static bool is_above(const PullManifest *m, size_t i) {
        for (size_t k = i + 1; k < m->n_layers; k++)
                if (streq(m->layers[k].diff_id, m->layers[i].diff_id))
                        return true;
        return false;
}

static int begin_image(Operation *o, PullManifest *manifest, Failure *reterr) {
        Load *load = o->work;
        Manager *m = o->manager;

        if (load->layers)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The load's worker tells of an image before it was asked");
        if (map_size(m->images) >= IMAGES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "There are %zu images, more are not allowed", map_size(m->images));
        load->manifest = *manifest;
        *manifest = (PullManifest) {};
        load->layers = calloc(load->manifest.n_layers + 1, sizeof(*load->layers));
        if (!load->layers)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        for (size_t i = 0; i < load->manifest.n_layers; i++)
                load->layers[i] = (LoadLayer) {
                        .operation = o,
                        .index = i,
                        .same = is_above(&load->manifest, i),
                };
        return go_on(o, reterr);
}

static int take_layer(Operation *o, const PullLayerProgress *layer, Failure *reterr) {
        Load *load = o->work;

        if (!load->layers || layer->index >= load->manifest.n_layers ||
                        !load->layers[layer->index].asked)
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The load's worker tells of a layer that nobody asked for");
        if (layer->state != PULL_LAYER_VERIFIED)
                return 0; /* of one whose unpacker has ended that one tells why */
        load->layers[layer->index].delivered = true;
        return go_on(o, reterr);
}

static void on_report(PullReport *report, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Operation *o = userdata;
        Load *load = o->work;
        int r = 0;

        if (failure_is_set(&load->failure)) /* it is being ended */
                return;
        if (report->type == PULL_REPORT_MANIFEST)
                r = begin_image(o, &report->manifest, &failure);
        else if (report->type == PULL_REPORT_LAYER)
                r = take_layer(o, &report->layer, &failure);
        if (r < 0)
                give_up(o, &failure);
}

static void on_progress(const PullProgress *progress, void *userdata) {
        operation_progressed(userdata, progress->bytes_done, progress->bytes_total);
}

/* Why it has failed, if it has. */
static void reason_of(Load *load, const Failure *failure, Failure *ret) {
        if (failure_is_set(&load->failure))
                failure_move(&load->failure, ret);
        else if (failure)
                failure_copy(failure, ret);
        else if (load->layers || !load->image_id)
                (void) fail(ret, FAILURE_INTERNAL, EBADMSG, "The load's worker gave no image");
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure own = {};
        Operation *o = userdata;
        Load *load = o->work;
        int r;

        o->cancel = NULL;
        reason_of(load, failure, &own);
        load->worker = worker_free(load->worker); /* and what it has told */
        if (!failure_is_set(&own)) {
                r = manager_when_durable(o->manager, NULL, 0, on_durable, o);
                if (r >= 0)
                        return;
                (void) fail_errno(&own, r, "Failed to wait for the disk");
        }
        finish(o, &own);
}

static int load_argv(const Load *load, char ***ret) {
        _cleanup_strv_free_ char **argv = NULL;
        int r;

        r = strv_push(&argv, "load");
        if (r >= 0)
                r = strv_push_option(&argv, "--archive-fd", "3");
        if (r >= 0)
                r = strv_push_option(&argv, "--staging-fd", "4");
        if (r >= 0)
                r = strv_push_option(&argv, "--control-fd", "5");
        if (r >= 0)
                r = strv_push_option(&argv, "--name", load->name);
        if (r >= 0)
                r = strv_push_option(&argv, "--platform", load->platform);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(argv);
        return 0;
}

static int start_worker(Operation *o, Failure *reterr) {
        static const WorkerHandler handler = {
                .progress = on_progress,
                .report = on_report,
                .done = on_done,
        };
        _cleanup_close_ int staging_fd = -EBADF, theirs_fd = -EBADF;
        _cleanup_strv_free_ char **argv = NULL;
        Load *load = o->work;
        Manager *m = o->manager;
        int r;

        r = load_argv(load, &argv);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = fetch_client_pair(&load->control_fd, &theirs_fd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to make the load's socket");
        r = image_store_stage(m->image_store, &load->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        load->staged = true;
        r = worker_new(m->event, &m->spawner, argv, NULL,
                        (const int[]) { load->archive_fd, staging_fd, theirs_fd }, 3, &handler, o,
                        &load->worker);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the load's worker");
        load->archive_fd = close_fd(load->archive_fd);
        load->counted = true;
        operation_work_begun(o);
        return 0;
}

/* Its turn has come. */
static void load_begin(Operation *o) {
        _cleanup_failure_ Failure failure = {};

        if (start_worker(o, &failure) < 0)
                finish(o, &failure);
}

static int on_cancelled_early(sd_event_source *s, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Operation *o = userdata;

        o->timer = sd_event_source_disable_unref(o->timer);
        (void) fail(&failure, FAILURE_CANCELLED, 0, "The work was cancelled");
        finish(o, &failure);
        return 0;
}

static void load_cancel(Operation *o) {
        _cleanup_failure_ Failure failure = {};
        Load *load = o->work;

        if (load->worker) {
                (void) fail(&failure, FAILURE_CANCELLED, 0, "The work was cancelled");
                give_up(o, &failure);
                return;
        }
        o->begin = NULL;
        o->cancel = NULL;
        if (sd_event_add_defer(o->manager->event, &o->timer, on_cancelled_early, o) < 0)
                o->begin = load_begin; /* without memory it just runs */
}

static int check_request(const LoadRequest *request, Failure *reterr) {
        Platform ignored;

        if (request->name && (strlen(request->name) >= ARCHIVE_NAME_MAX ||
                                             !utf8_is_valid(request->name)))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The archive's name is too long or not text");
        return request->platform ? platform_parse(request->platform, &ignored, reterr) : 0;
}

int manager_load_images(Manager *m, int archive_fd, const LoadRequest *request, uid_t owner,
                Operation **ret, Failure *reterr) {
        uint64_t left_bytes;
        Operation *o;
        Load *load;
        int r;

        r = check_request(request, reterr);
        if (r >= 0)
                r = image_share_left(m, owner, &left_bytes, reterr);
        if (r >= 0)
                r = operation_new(m, "load", owner, &o, reterr);
        if (r < 0)
                return r;
        load = calloc(1, sizeof(*load));
        if (!load) {
                operation_drop(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        *load = (Load) {
                .archive_fd = -EBADF,
                .control_fd = -EBADF,
                .may_take = request->may_take,
                .left_bytes = left_bytes,
        };
        o->work = load;
        o->release = load_release;
        o->cancel = load_cancel;
        if (free_and_strdup(&load->name, request->name) < 0 ||
                        free_and_strdup(&load->platform, request->platform) < 0)
                r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        load->archive_fd = archive_fd;
        if (r >= 0 && operation_may_work(o))
                r = start_worker(o, reterr);
        else
                o->begin = load_begin;
        if (r < 0) {
                load->archive_fd = -EBADF; /* still the caller's */
                operation_drop(o);
                return r;
        }
        operation_tell_added(o);
        *ret = o;
        return 0;
}
