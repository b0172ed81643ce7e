/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/save.c: images go into an archive: a worker is told which, and gets each layer's directory when its turn comes: as many at
 * once as its socket takes. Nothing of the archive comes here.
 */
#include <sys/epoll.h>
#include <sys/socket.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/image-private.h"
#include "engine/operation-private.h"
#include "model/image-ref.h"
#include "model/limits.h"
#include "model/save-plan.h"
#include "runtime/fetch-client.h"

#define SOCKET_BYTES 4096 /* a few descriptors ahead, not hundreds */

typedef struct Save {
        SavePlan plan;  /* owned */
        size_t n_parts, n_sent; /* its layers, then its images */
        Worker *worker; /* owned */
        int control_fd; /* owned */
        sd_event_source *source; /* owned: the socket takes more */
        bool staged;
        uint64_t staging;
        Failure failure; /* why it ends */
} Save;

static void save_release(Operation *o) {
        Save *save = o->work;

        worker_free(save->worker);
        sd_event_source_disable_unref(save->source);
        close_fd(save->control_fd);
        if (save->staged) {
                if (image_store_discard(o->manager->image_store, save->staging) < 0)
                        log_warning("Failed to put away a directory of a save, leaving it to the "
                                    "next start");
                trash_add_images(o->manager->trash);
        }
        save_plan_done(&save->plan);
        failure_done(&save->failure);
        free(save);
        o->work = NULL;
        o->release = NULL;
}

/* An event for each image that went out. What cannot be stored is no reason to fail. */
static void tell_saved(Operation *o) {
        Save *save = o->work;

        for (size_t i = 0; i < save->plan.n_images; i++)
                image_record(o->manager, EVENT_IMAGE_SAVE, save->plan.images[i].config,
                                save->plan.images[i].references
                                                ? save->plan.images[i].references[0]
                                                : NULL,
                                o->owner);
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        _cleanup_failure_ Failure own = {};
        Operation *o = userdata;
        Save *save = o->work;

        if (failure_is_set(&save->failure))
                failure_move(&save->failure, &own);
        else if (failure)
                failure_copy(failure, &own);
        else
                tell_saved(o);
        save_release(o);
        operation_finish(o, "", failure_is_set(&own) ? &own : NULL);
}

static void on_progress(const PullProgress *progress, void *userdata) {
        operation_progressed(userdata, progress->bytes_done, progress->bytes_total);
}

static int open_part(Operation *o, size_t i, Failure *reterr) {
        Save *save = o->work;
        size_t n = strv_length(save->plan.layers);

        if (i < n)
                return image_store_open_layer(
                                o->manager->image_store, save->plan.layers[i], reterr);
        return image_store_open_blob(
                        o->manager->image_store, save->plan.images[i - n].config, reterr);
}

/* Return: 1 sent, 0 not now, or what fail() gives. */
static int send_part(Operation *o, size_t i, Failure *reterr) {
        _cleanup_close_ int fd = -EBADF;
        Save *save = o->work;
        int r;

        fd = open_part(o, i, reterr);
        if (fd < 0)
                return fd;
        r = fetch_client_hand(save->control_fd, (uint32_t) i, fd);
        if (r == -EAGAIN)
                return 0;
        if (r == -EPIPE || r == -ECONNRESET) { /* it has ended, and tells why */
                save->n_sent = save->n_parts;
                return 0;
        }
        return r < 0 ? fail_errno(reterr, r, "Failed to hand on what is saved") : 1;
}

static int on_writable(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        Operation *o = userdata;
        Save *save = o->work;
        int r = 1;

        while (r > 0 && save->n_sent < save->n_parts) {
                r = send_part(o, save->n_sent, &failure);
                save->n_sent += r > 0;
        }
        if (r < 0) {
                failure_move(&failure, &save->failure);
                worker_cancel(save->worker);
        }
        if (r < 0 || save->n_sent == save->n_parts)
                save->source = sd_event_source_disable_unref(save->source);
        return 0;
}

static void save_cancel(Operation *o) {
        worker_cancel(((Save *) o->work)->worker);
}

static SaveImage *find_image(SavePlan *plan, const char *id) {
        for (size_t i = 0; i < plan->n_images; i++)
                if (streq(plan->images[i].config, id))
                        return &plan->images[i];
        return NULL;
}

static int add_image(SavePlan *plan, const Image *i, SaveImage **ret, Failure *reterr) {
        SaveImage *more;
        int r;

        if (plan->n_images >= IMAGE_ARCHIVE_IMAGES_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "At most %u images go into one archive", IMAGE_ARCHIVE_IMAGES_MAX);
        more = reallocarray(plan->images, plan->n_images + 1, sizeof(*more));
        if (!more)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        plan->images = more;
        more = &plan->images[plan->n_images++];
        *more = (SaveImage) {};
        r = free_and_strdup(&more->config, i->row.id);
        if (r >= 0)
                r = strv_copy(i->row.layers, &more->layers);
        STRV_FOREACH(id, i->row.layers)
                if (r >= 0 && !strv_contains(plan->layers, *id))
                        r = strv_push(&plan->layers, *id);
        *ret = more;
        return r < 0 ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory") : 0;
}

/* By a name: the image with that name; by an id: without any. */
static int make_plan(Manager *m, char *const *references, SavePlan *plan, Failure *reterr) {
        if (strv_length(references) == 0)
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "There is no image to save");
        STRV_FOREACH(reference, references) {
                _cleanup_free_ char *tag = NULL;
                SaveImage *image;
                Image *i;
                int r;

                r = manager_find_image(m, *reference, &i, reterr);
                if (r < 0)
                        return r;
                image = find_image(plan, i->row.id);
                if (!image) {
                        r = add_image(plan, i, &image, reterr);
                        if (r < 0)
                                return r;
                }
                r = image_tag_of(m, i, *reference, &tag);
                if (r > 0 && !image_ref_is_digest(tag) && !strv_contains(image->references, tag))
                        r = strv_push(&image->references, tag);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        return 0;
}

static int plan_memfd(const SavePlan *plan, Failure *reterr) {
        _cleanup_free_ char *text = NULL;
        int fd;

        if (save_plan_to_json(plan, &text) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        fd = sealed_memfd("save-plan", text, strlen(text));
        return fd < 0 ? fail_errno(reterr, fd, "Failed to tell what is to be saved") : fd;
}

static int start_worker(Operation *o, int out_fd, Failure *reterr) {
        static char *const argv[] = {
                (char *) "save", (char *) "--plan-fd", (char *) "3", (char *) "--staging-fd",
                (char *) "4", (char *) "--layers-fd", (char *) "5", (char *) "--control-fd",
                (char *) "6", (char *) "--out-fd", (char *) "7", NULL,
        };
        static const WorkerHandler handler = { .progress = on_progress, .done = on_done };
        _cleanup_close_ int plan_fd = -EBADF, staging_fd = -EBADF, theirs_fd = -EBADF;
        Save *save = o->work;
        Manager *m = o->manager;
        int size = SOCKET_BYTES, r;

        plan_fd = plan_memfd(&save->plan, reterr);
        if (plan_fd < 0)
                return plan_fd;
        r = fetch_client_pair(&save->control_fd, &theirs_fd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to make the save's socket");
        (void) setsockopt(save->control_fd, SOL_SOCKET, SO_SNDBUF, &size,
                        sizeof(size)); /* else more are ahead */
        r = image_store_stage(m->image_store, &save->staging, &staging_fd, reterr);
        if (r < 0)
                return r;
        save->staged = true;
        r = sd_event_add_io(m->event, &save->source, save->control_fd, EPOLLOUT, on_writable, o);
        if (r >= 0)
                r = worker_new(m->event, &m->spawner, argv, NULL,
                                (const int[]) { plan_fd, staging_fd,
                                                image_store_layers_fd(m->image_store), theirs_fd,
                                                out_fd },
                                5, &handler, o, &save->worker);
        return r < 0 ? fail_errno(reterr, r, "Failed to start the save's worker") : 0;
}

int manager_save_images(Manager *m, char *const *references, int format, int out_fd, uid_t owner,
                Operation **ret, Failure *reterr) {
        _cleanup_(save_plan_done) SavePlan plan = { .format = (SaveFormat) format };
        Operation *o;
        Save *save;
        int r;

        r = make_plan(m, references, &plan, reterr);
        if (r >= 0)
                r = operation_new(m, "save", owner, &o, reterr);
        if (r < 0)
                return r;
        save = calloc(1, sizeof(*save));
        if (!save) {
                operation_drop(o);
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        *save = (Save) {
                .plan = plan,
                .n_parts = strv_length(plan.layers) + plan.n_images,
                .control_fd = -EBADF,
        };
        plan = (SavePlan) {};
        o->work = save;
        o->release = save_release;
        o->cancel = save_cancel;
        r = start_worker(o, out_fd, reterr);
        if (r < 0) {
                operation_drop(o);
                return r;
        }
        operation_tell_added(o);
        *ret = o;
        return 0;
}
