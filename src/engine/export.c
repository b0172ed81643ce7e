/* SPDX-License-Identifier: Apache-2.0 */
/* engine/export.c: what a container has on its own file system goes into an archive: a worker lays its trees over one another. */
#include "base/log.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/image-private.h"
#include "engine/operation-private.h"
#include "model/limits.h"

#define TREES_MAX (LAYERS_MAX + 1)

typedef struct Export {
        Worker *worker; /* owned */
        bool staged;
        uint64_t staging;
} Export;

static void export_release(Operation *o) {
        Export *e = o->work;

        worker_free(e->worker);
        if (e->staged) {
                if (image_store_discard(o->manager->image_store, e->staging) < 0)
                        log_warning("Failed to put away a directory of an export, leaving it to "
                                    "the next start");
                trash_add_images(o->manager->trash);
        }
        free(e);
        o->work = NULL;
        o->release = NULL;
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure own = {};
        Operation *o = userdata;

        if (failure)
                failure_copy(failure, &own);
        export_release(o);
        operation_finish(o, "", failure ? &own : NULL);
}

static void on_progress(const PullProgress *progress, void *userdata) {
        operation_progressed(userdata, progress->bytes_done, progress->bytes_total);
}

static void export_cancel(Operation *o) {
        worker_cancel(((Export *) o->work)->worker);
}

/* @fds: its own tree, then the layers; the caller's. */
static int open_trees(Container *c, int fds[static TREES_MAX], size_t *ret_n, Failure *reterr) {
        size_t n;
        int r;

        r = image_open_layers(c->manager, c->image_id, fds + 1, &n, reterr);
        if (r < 0)
                return r;
        *ret_n = n + 1;
        fds[0] = container_dir_open_upper(&c->manager->tree, c->id);
        return fds[0] < 0 ? fail_errno(reterr, fds[0], "Failed to open the tree of container '%s'",
                                            c->name)
                          : 0;
}

/* The worker's fds: output, staging, trees: 3, 4, 5, …; the trees are its operands. */
static int start_worker(Operation *o, const int *trees, size_t n_trees, int out_fd,
                Failure *reterr) {
        static char *const argv[] = {
                (char *) "export", (char *) "--out-fd", (char *) "3", (char *) "--staging-fd",
                (char *) "4", NULL,
        };
        static const WorkerHandler handler = { .progress = on_progress, .done = on_done };
        _cleanup_strv_free_ char **operands = NULL;
        _cleanup_close_ int staging_fd = -EBADF;
        int fds[TREES_MAX + 2], r = 0;
        Manager *m = o->manager;
        Export *e = o->work;

        r = image_store_stage(m->image_store, &e->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        e->staged = true;
        fds[0] = out_fd;
        fds[1] = staging_fd;
        for (size_t i = 0; r >= 0 && i < n_trees; i++) {
                char number[16];

                fds[2 + i] = trees[i];
                (void) snprintf(number, sizeof(number), "%zu", 5 + i); /* fits */
                r = strv_push(&operands, number);
        }
        if (r >= 0)
                r = worker_new(m->event, &m->spawner, argv, operands, fds, n_trees + 2, &handler, o,
                                &e->worker);
        return r < 0 ? fail_errno(reterr, r, "Failed to start the export's worker") : 0;
}

static int begin(Container *c, const int *trees, size_t n_trees, int out_fd, uid_t owner,
                Operation **ret, Failure *reterr) {
        Operation *o;
        int r;

        r = operation_new(c->manager, "export", owner, &o, reterr);
        if (r < 0)
                return r;
        o->work = calloc(1, sizeof(Export));
        if (!o->work) {
                operation_drop(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        o->release = export_release;
        o->cancel = export_cancel;
        r = start_worker(o, trees, n_trees, out_fd, reterr);
        if (r < 0) {
                operation_drop(o);
                return r;
        }
        operation_tell_added(o);
        *ret = o;
        return 0;
}

int container_export(Container *c, int out_fd, uid_t owner, Operation **ret, Failure *reterr) {
        int trees[TREES_MAX], r;
        size_t n = 0;

        r = open_trees(c, trees, &n, reterr);
        if (r >= 0)
                r = begin(c, trees, n, out_fd, owner, ret, reterr);
        for (size_t i = 0; i < n; i++)
                close_fd(trees[i]);
        return r;
}
