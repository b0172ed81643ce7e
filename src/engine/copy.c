/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/copy.c: files out of a container and into it, by a worker inside. Of one that runs it sees what the container sees; of
 * one that does not, the container's own file system. A start must not find its layer in use, so one that is written to starts
 * when that has ended; and what runs takes along whoever copies when it ends, so that the next run finds nobody in its tree.
 */
#include <fcntl.h>
#include <stdio.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/copy.h"
#include "engine/image-private.h"
#include "engine/operation-private.h"
#include "model/limits.h"

#define TREES_MAX (LAYERS_MAX + 1)
#define FDS_MAX (TREES_MAX + 4)

typedef struct Copy {
        List copies;          /* in the container's */
        Worker *worker;       /* owned */
        bool running, writes;
        bool staged;
        uint64_t staging;
} Copy;

/* What its worker gets: fds 3, 4, … and who they are. */
typedef struct Hand {
        int fds[FDS_MAX]; /* owned, but for the first: the client's */
        size_t n_fds;
        char **argv, **operands; /* owned */
} Hand;

static void hand_done(Hand *h) {
        for (size_t i = 1; i < h->n_fds; i++)
                close_fd(h->fds[i]);
        strv_free(h->argv);
        strv_free(h->operands);
}

/* Takes the fd. */
static int hand_fd(Hand *h, const char *option, int fd) {
        char number[16];

        (void) snprintf(number, sizeof(number), "%zu", 3 + h->n_fds); /* fits */
        h->fds[h->n_fds++] = fd;
        if (!option)
                return strv_push(&h->operands, number);
        return strv_push(&h->argv, option) < 0 ? -ENOMEM : strv_push(&h->argv, number);
}

static void copy_release(Operation *o) {
        Copy *c = o->work;

        worker_free(c->worker);
        list_remove(&c->copies);
        if (c->staged) {
                if (image_store_discard(o->manager->image_store, c->staging) < 0)
                        log_warning("Failed to put away a directory of a copy, leaving it to the "
                                    "next start");
                trash_add_images(o->manager->trash);
        }
        free(c);
        o->work = NULL;
        o->release = NULL;
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure own = {};
        Operation *o = userdata;

        if (failure)
                failure_copy(failure, &own); /* it is the worker's */
        copy_release(o);
        operation_finish(o, "", failure ? &own : NULL);
}

static void on_progress(const PullProgress *progress, void *userdata) {
        operation_progressed(userdata, progress->bytes_done, progress->bytes_total);
}

static void copy_cancel(Operation *o) {
        worker_cancel(((Copy *) o->work)->worker);
}

void container_end_copies(Container *c, bool all) {
        Copy *copy;

        LIST_FOREACH(copy, &c->copies, Copy, copies)
                if (all || copy->running)
                        worker_cancel(copy->worker);
        if (!all)
                return;
        LIST_FOREACH(copy, &c->copies, Copy, copies)
                list_remove(&copy->copies);
}

int container_check_copies(const Container *c, Failure *reterr) {
        const Copy *copy;

        LIST_FOREACH(copy, (List *) &c->copies, Copy, copies)
                if (copy->writes && !copy->running)
                        return fail(reterr, FAILURE_WRONG_STATE, EBUSY,
                                        "Files are being copied into container '%s'", c->name);
        return 0;
}

static int hand_running(Container *c, Hand *h) {
        int fd, r;

        fd = fcntl(c->current->pidfd, F_DUPFD_CLOEXEC, 3);
        if (fd < 0)
                return -errno;
        r = hand_fd(h, "--process-fd", fd);
        if (r >= 0 && container_spec_userns(c->spec) != USERNS_HOST)
                r = strv_push(&h->argv, "--own-users");
        return r;
}

/* Its own layer is on top of the others, or what is to be written to. */
static int hand_own_layer(Container *c, Hand *h, bool writes, Failure *reterr) {
        Manager *m = c->manager;
        ContainerDir dir;
        int fd, r;

        r = container_dir_make(&m->tree, c->id, false, &dir); /* it may never have run */
        if (r >= 0) {
                if (writes)
                        r = hand_fd(h, "--state-fd", TAKE_FD(dir.state_fd));
                else {
                        r = fd = container_dir_open_upper(&m->tree, c->id);
                        if (r >= 0)
                                r = hand_fd(h, NULL, fd);
                }
                container_dir_close(&dir);
        }
        return r < 0 ? fail_errno(reterr, r, "Failed to open the tree of container '%s'", c->name)
                     : 0;
}

static int hand_stopped(Container *c, Copy *copy, Hand *h, Failure *reterr) {
        int layers[LAYERS_MAX], staging_fd, r;
        Manager *m = c->manager;
        size_t n = 0;

        r = image_store_stage(m->image_store, &copy->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        copy->staged = true;
        if (hand_fd(h, "--staging-fd", staging_fd) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = hand_own_layer(c, h, copy->writes, reterr);
        if (r >= 0)
                r = image_open_layers(m, c->image_id, layers, &n, reterr);
        for (size_t i = 0; i < n; i++)
                if (hand_fd(h, NULL, layers[i]) < 0) /* the fd is the hand's all the same */
                        r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return r < 0 ? r : 0;
}

static int fill_hand(Container *c, Copy *copy, const CopyRequest *request, Hand *h,
                Failure *reterr) {
        const char *switches[] = { request->follow ? "--follow" : NULL,
                request->one ? "--one" : NULL, request->keep_owners ? "--keep-owners" : NULL };
        int r;

        r = strv_push(&h->argv, copy->writes ? "copy-to" : "copy-from");
        if (r >= 0)
                r = hand_fd(h, copy->writes ? "--in-fd" : "--out-fd", request->fd);
        if (r >= 0)
                r = strv_push(&h->argv, "--path");
        if (r >= 0)
                r = strv_push(&h->argv, request->path);
        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(switches); i++)
                if (switches[i])
                        r = strv_push(&h->argv, switches[i]);
        if (r >= 0 && copy->running)
                r = hand_running(c, h);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the copy's worker");
        return copy->running ? 0 : hand_stopped(c, copy, h, reterr);
}

static int start_worker(Operation *o, Container *c, const CopyRequest *request, Failure *reterr) {
        static const WorkerHandler handler = { .progress = on_progress, .done = on_done };
        _cleanup_(hand_done) Hand h = {};
        Copy *copy = o->work;
        int r;

        r = fill_hand(c, copy, request, &h, reterr);
        if (r < 0)
                return r;
        r = worker_new(o->manager->event, &o->manager->spawner, h.argv, h.operands, h.fds, h.n_fds,
                        &handler, o, &copy->worker);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the copy's worker");
        list_append(&c->copies, &copy->copies);
        return 0;
}

static int look(const Container *c, bool writes, bool *ret_running, Failure *reterr) {
        const Lifecycle *l = &c->run.life;

        *ret_running = lifecycle_runs(l) && c->current && c->current->pidfd >= 0;
        if (*ret_running)
                return 0;
        if (l->activity != ACTIVITY_NONE || !list_is_empty(&c->runs) ||
                        (l->state != CONTAINER_CREATED && l->state != CONTAINER_EXITED))
                return fail(reterr, FAILURE_WRONG_STATE, EBUSY,
                                "Container '%s' is about to start, to end or to go", c->name);
        if (writes && c->spec->read_only)
                return fail(reterr, FAILURE_WRONG_STATE, EROFS, "Container '%s' is read-only",
                                c->name);
        return writes ? container_check_copies(c, reterr) : 0;
}

int container_copy(Container *c, const CopyRequest *request, uid_t owner, Operation **ret,
                Failure *reterr) {
        Operation *o;
        Copy *copy;
        bool running;
        int r;

        if (isempty(request->path) || strlen(request->path) >= PATH_BYTES_MAX)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "The path in container '%s' is empty or too long", c->name);
        r = look(c, request->writes, &running, reterr);
        if (r >= 0)
                r = operation_new(c->manager, "copy", owner, &o, reterr);
        if (r < 0)
                return r;
        o->work = copy = calloc(1, sizeof(*copy));
        if (!copy) {
                operation_drop(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        list_init(&copy->copies);
        copy->running = running;
        copy->writes = request->writes;
        o->release = copy_release;
        o->cancel = copy_cancel;
        r = start_worker(o, c, request, reterr);
        if (r < 0) {
                operation_drop(o);
                return r;
        }
        operation_tell_added(o);
        *ret = o;
        return 0;
}
