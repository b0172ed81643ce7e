/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/pull-parts.c: the layers of a pull: found here, waited for in another pull, or fetched and unpacked at once. One is
 * committed when its unpacker has made the tree that the config names, and fetch has verified the bytes that it read.
 */
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/pull-private.h"
#include "engine/unpack-args.h"
#include "image/image-gc.h"
#include "model/limits.h"
#include "runtime/fetch-client.h"
#include "store/kept-rows.h"

#define NUMBER_MAX sizeof("18446744073709551615")

static Manager *manager_of(const Part *part) {
        return part->pull->operation->manager;
}

static void set_state(Part *part, PartState state) {
        static const OperationLayerState shown[] = {
                [PART_WAITING] = OPERATION_LAYER_WAITING,
                [PART_SHARED] = OPERATION_LAYER_WAITING,
                [PART_FETCHING] = OPERATION_LAYER_FETCHING,
                [PART_DONE] = OPERATION_LAYER_DONE,
                [PART_EXISTS] = OPERATION_LAYER_EXISTS,
        };

        part->state = state;
        part->pull->operation->layers[part->index].state = shown[state];
}

static void set_bytes(Part *part, uint64_t done, uint64_t total) {
        OperationLayer *shown = &part->pull->operation->layers[part->index];
        Pull *p = part->pull;

        done = total > 0 ? MIN2(done, total) : done;
        p->done += done - shown->done; /* modulo: what is taken away was added before */
        p->total += total - shown->total;
        shown->done = done;
        shown->total = total;
        operation_progressed(p->operation, p->done, p->total);
}

/* So that pulls of other registries, or of other bytes, never wait for each other: who serves one could keep them all. */
static int make_key(const Part *part, char **ret) {
        return str_printf(ret, "%s %s %s", part->pull->domain, part->layer.digest,
                        part->layer.diff_id);
}

static Part *find_other(const Part *part) {
        _cleanup_free_ char *key = NULL;
        Part *other;

        if (!part->pull->domain || make_key(part, &key) < 0)
                return NULL;
        other = map_get(manager_of(part)->pulls->fetching, key);
        return other == part ? NULL : other;
}

static void unregister(Part *part) {
        if (part->key)
                (void) map_remove(manager_of(part)->pulls->fetching, part->key);
        free(part->key);
        part->key = NULL;
}

static void discard(Part *part) {
        Manager *m = manager_of(part);

        if (!part->staged)
                return;
        part->staged = false;
        if (image_store_discard(m->image_store, part->staging) < 0)
                log_warning("Failed to put away what a pull unpacked, leaving it to the next "
                            "start");
}

static void part_done(Part *part) {
        if (part->worker)
                manager_of(part)->pulls->n_unpackers--;
        part->worker = worker_free(part->worker);
        unregister(part);
        discard(part);
        pull_report_done(&(PullReport) { .result = part->result });
        layer_row_done(&part->row);
        failure_done(&part->failure);
}

void parts_free(Pull *p) {
        for (size_t i = 0; i < p->n_parts; i++)
                part_done(&p->parts[i]);
        free(p->parts);
        p->parts = NULL;
        p->n_parts = 0;
}

void parts_cancel(Pull *p) {
        for (size_t i = 0; i < p->n_parts; i++) {
                p->parts[i].again = false;
                if (p->parts[i].worker)
                        worker_cancel(p->parts[i].worker);
        }
}

bool parts_have_workers(const Pull *p) {
        for (size_t i = 0; i < p->n_parts; i++)
                if (p->parts[i].worker)
                        return true;
        return false;
}

bool parts_are_verified(const Pull *p) {
        for (size_t i = 0; i < p->n_parts; i++) {
                const Part *part = &p->parts[i];

                if (part->state != PART_DONE && part->state != PART_EXISTS && !part->verified)
                        return false;
        }
        return true;
}

bool parts_are_there(const Pull *p) {
        for (size_t i = 0; i < p->n_parts; i++)
                if (p->parts[i].state != PART_DONE && p->parts[i].state != PART_EXISTS)
                        return false;
        return true;
}

static void part_fail(Part *part, int error, const char *what) {
        _cleanup_failure_ Failure failure = {};

        (void) fail_errno(&failure, error, "%s of '%s'", what, part->pull->reference);
        pull_fail(part->pull, &failure);
}

/* A row whose tree is missing was stored a moment before the power failed: the layer is fetched once more. */
static int look(Part *part, Failure *reterr) {
        Manager *m = manager_of(part);
        int r;

        layer_row_done(&part->row);
        r = store_hold_layer(m->store, part->layer.diff_id, now_realtime() + LAYER_KEEP_USEC,
                        &part->row, reterr);
        if (r < 0)
                return r;
        if (r > 0 && image_store_has_layer(m->image_store, part->layer.diff_id)) {
                set_state(part, PART_EXISTS);
                set_bytes(part, part->layer.size_bytes, part->layer.size_bytes);
        } else
                set_state(part, find_other(part) ? PART_SHARED : PART_WAITING);
        return 0;
}

static int parts_new(Pull *p, size_t n) {
        Operation *o = p->operation;

        p->parts = calloc(n + 1, sizeof(*p->parts));
        o->layers = calloc(n + 1, sizeof(*o->layers));
        if (!p->parts || !o->layers)
                return -ENOMEM;
        p->n_parts = o->n_layers = n;
        for (size_t i = 0; i < n; i++) {
                p->parts[i].pull = p;
                p->parts[i].index = (uint32_t) i;
        }
        return 0;
}

int parts_from_manifest(Pull *p, Failure *reterr) {
        int r = 0;

        if (parts_new(p, p->manifest.n_layers) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        for (size_t i = 0; r >= 0 && i < p->n_parts; i++) {
                Part *part = &p->parts[i];

                part->layer = p->manifest.layers[i];
                memcpy(p->operation->layers[i].digest, part->layer.digest, DIGEST_HEX_MAX);
                set_bytes(part, 0, part->layer.size_bytes);
                r = look(part, reterr);
        }
        return r;
}

int parts_for_tar(Pull *p, Failure *reterr) {
        if (parts_new(p, 1) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        memcpy(p->parts[0].layer.digest, p->sha256, DIGEST_HEX_MAX);
        memcpy(p->operation->layers[0].digest, p->sha256, DIGEST_HEX_MAX);
        set_state(&p->parts[0], PART_WAITING);
        return 0;
}

static int make_row(Part *part, LayerRow *ret) {
        int r;

        *ret = (LayerRow) {
                .size_bytes = part->result.size_bytes,
                .n_entries = part->result.entries,
                .owner = part->pull->operation->owner,
        };
        r = free_and_strdup(&ret->diff_id, part->result.diff_id);
        if (r >= 0)
                r = pull_devices_to_json(
                                part->result.devices, part->result.n_devices, &ret->devices);
        return r;
}

/* Kept at once: what one pull has finished is there for the next, whatever becomes of this one. */
static int commit_part(Part *part, Failure *reterr) {
        Manager *m = manager_of(part);
        int fd, r;

        if (part->layer.diff_id[0] && !streq(part->layer.diff_id, part->result.diff_id))
                return fail(reterr, FAILURE_DIGEST_MISMATCH, 0,
                                "A layer of '%s' is not the one that its config names",
                                part->pull->reference);
        layer_row_done(&part->row);
        r = make_row(part, &part->row);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = image_store_commit_layer(
                        m->image_store, part->staging, part->row.diff_id, &fd, reterr);
        if (r < 0)
                return r;
        part->staged = false;
        if (r == 0)
                trash_add_images(m->trash);
        set_state(part, PART_DONE); /* from here on without a row the next start collects it */
        r = store_keep_layer(m->store, &part->row, now_realtime() + LAYER_KEEP_USEC, reterr);
        if (r < 0)
                return r;
        layer_uses_note(m, &part->row);
        (void) manager_when_durable(m, &fd, 1, NULL, NULL); /* the image's end is waited for anyway */
        unregister(part);
        return 0;
}

static void settle(Part *part) {
        _cleanup_failure_ Failure failure = {};

        if (part->pull->state != PULL_RUNNING || !part->verified || part->state != PART_FETCHING)
                return;
        if (failure_is_set(&part->failure)) {
                pull_fail(part->pull, &part->failure);
                return;
        }
        if (part->unpacked && commit_part(part, &failure) < 0)
                pull_fail(part->pull, &failure);
}

/* Another image has the bytes of its layers bounded already; this one's are counted as they come. */
static uint64_t bytes_left(const Pull *p) {
        const EngineConfig *c = &p->operation->manager->config;
        uint64_t most = MIN2(c->image_bytes_max, p->share_bytes), used = 0;

        for (size_t i = 0; i < p->n_parts; i++)
                if (p->parts[i].state == PART_DONE || p->parts[i].state == PART_EXISTS)
                        used += p->parts[i].row.size_bytes;
        return used >= most ? 0 : most - used;
}

static void on_progress(const PullProgress *progress, void *userdata) {
        Part *part = userdata;

        pull_active(part->pull);
        if (!part->pull->domain && part->pull->operation->layers[0].total == 0)
                set_bytes(part, progress->bytes_done, progress->bytes_total);
}

/* Only what looks like the fault of the bytes can be fetch's to explain. */
static bool may_be_fetchs(const Part *part, const Failure *failure) {
        return !part->verified && part->pull->fetch &&
               (failure->code == FAILURE_INVALID_ARCHIVE ||
                               failure->code == FAILURE_DIGEST_MISMATCH);
}

static void on_unpacked(PullResult *result, const Failure *failure, void *userdata) {
        Part *part = userdata;
        Pull *p = part->pull;
        Manager *m = manager_of(part);

        if (result) {
                part->result = *result;
                *result = (PullResult) {};
                part->unpacked = true;
        }
        part->worker = worker_free(part->worker);
        m->pulls->n_unpackers--;
        pulls_wake(m);
        if (p->state != PULL_RUNNING)
                return;
        pull_active(p);
        if (part->again) {
                part->again = false;
                part->unpacked = false;
                pull_report_done(&(PullReport) { .result = part->result });
                part->result = (PullResult) {};
                discard(part);
                trash_add_images(m->trash);
                set_state(part, PART_WAITING);
        } else if (!result && may_be_fetchs(part, failure))
                failure_copy(failure, &part->failure);
        else if (!result)
                pull_fail(p, failure);
        else
                settle(part);
}

static int start_unpacker(Part *part, int archive_fd, Failure *reterr) {
        static const WorkerHandler handler = { .progress = on_progress, .done = on_unpacked };
        _cleanup_strv_free_ char **argv = NULL;
        _cleanup_close_ int staging_fd = -EBADF;
        Manager *m = manager_of(part);
        int r;

        r = image_store_stage(m->image_store, &part->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        part->staged = true;
        r = unpack_args(&m->config,
                        &(UnpackArgs) {
                                        .name = part->pull->reference,
                                        .diff_id = part->layer.diff_id,
                                        .bytes_left = bytes_left(part->pull),
                        },
                        &argv);
        if (r >= 0)
                r = worker_new(m->event, &m->spawner, argv, NULL,
                                (const int[]) { archive_fd, staging_fd }, 2, &handler, part,
                                &part->worker);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the process that unpacks '%s'",
                                part->pull->reference);
        m->pulls->n_unpackers++;
        return 0;
}

static int start(Part *part, Failure *reterr) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        Pull *p = part->pull;
        int r = 0;

        if (p->domain && !part->key)
                r = make_key(part, &part->key);
        if (r >= 0 && part->key)
                r = map_put(manager_of(part)->pulls->fetching, part->key, part);
        if (r == -EEXIST && map_get(manager_of(part)->pulls->fetching, part->key) == part)
                r = 0;
        if (r < 0) {
                free(part->key); /* another pull's fetching is never this one's to unregister */
                part->key = NULL;
                return fail_errno(reterr, r, "Failed to begin a layer of '%s'", p->reference);
        }
        r = fetch_client_pipe(&read_fd, &write_fd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to make a pipe for a layer");
        r = start_unpacker(part, read_fd, reterr);
        if (r < 0)
                return r;
        part->verified = part->unpacked = false;
        failure_done(&part->failure);
        set_state(part, PART_FETCHING);
        r = fetch_client_ask(p->control_fd, part->index, write_fd);
        if (r == -EPIPE || r == -EBADF || r == -ECONNRESET)
                return 0; /* it has ended, and its end says why */
        return r < 0 ? fail_errno(reterr, r, "Failed to ask for a layer of '%s'", p->reference) : 0;
}

/* The largest first: what is begun last should be done soon. */
static Part *choose(Pull *p) {
        Part *best = NULL;

        for (size_t i = 0; i < p->n_parts; i++) {
                Part *part = &p->parts[i];

                if (part->state == PART_WAITING && find_other(part))
                        set_state(part, PART_SHARED);
                if (part->state == PART_WAITING &&
                                (!best || part->layer.size_bytes > best->layer.size_bytes))
                        best = part;
        }
        return best;
}

static unsigned count(const Pull *p, PartState state) {
        unsigned n = 0;

        for (size_t i = 0; i < p->n_parts; i++)
                n += p->parts[i].state == state;
        return n;
}

void parts_step(Pull *p) {
        _cleanup_failure_ Failure failure = {};
        Manager *m = p->operation->manager;
        Part *part;
        int r = 0;

        if (!p->parts || !p->fetch)
                return;
        for (size_t i = 0; r >= 0 && i < p->n_parts; i++)
                if (p->parts[i].state == PART_SHARED && !find_other(&p->parts[i])) {
                        pull_active(p);
                        r = look(&p->parts[i], &failure);
                }
        while (r >= 0 && count(p, PART_FETCHING) < m->config.parallel_layers &&
                        m->pulls->n_unpackers < LAYER_WORKERS_MAX && (part = choose(p)))
                r = start(part, &failure);
        if (r >= 0 && !p->asked_all && count(p, PART_WAITING) == 0 && count(p, PART_SHARED) == 0) {
                p->asked_all = true;
                (void) fetch_client_finish(p->control_fd); /* where it has ended, its end says why */
        }
        if (r < 0)
                pull_fail(p, &failure);
}

static void begin_again(Part *part) {
        if (++part->n_again > PULL_AGAIN_MAX) {
                part_fail(part, EIO, "Too many new beginnings of a layer");
                return;
        }
        part->verified = false;
        failure_done(&part->failure);
        set_bytes(part, 0, part->layer.size_bytes);
        if (part->worker) {
                part->again = true;
                worker_cancel(part->worker);
                return;
        }
        discard(part);
        trash_add_images(manager_of(part)->trash);
        set_state(part, PART_WAITING);
}

void part_reported(Pull *p, const PullLayerProgress *progress) {
        Part *part = progress->index < p->n_parts ? &p->parts[progress->index] : NULL;

        if (!part || part->state != PART_FETCHING || part->again || part->verified)
                return; /* it is not asked for, so nothing said of it counts */
        if (progress->bytes_done > p->operation->layers[part->index].done)
                pull_active(p);
        if (progress->state == PULL_LAYER_AGAIN) {
                begin_again(part);
                return;
        }
        set_bytes(part, progress->bytes_done,
                        p->domain ? part->layer.size_bytes : progress->bytes_total);
        if (progress->state == PULL_LAYER_VERIFIED) {
                part->verified = true;
                pull_active(p);
                settle(part);
        }
}
