/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-work.c: operations, streams and execs of the fake engine. An import whose reference begins with
 *   bad    fails, with a sentence that is no text
 *   slow   runs until it is cancelled
 * All else is done in the next turn of the loop. An exec of `absent` is not found; any other ends by KillExec.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "fake-engine.h"

static const char *const conditions[_WAIT_CONDITION_MAX] = {
        [WAIT_STOPPED] = "stopped",
        [WAIT_NEXT_EXIT] = "next-exit",
        [WAIT_REMOVED] = "removed",
        [WAIT_RUNNING] = "running",
        [WAIT_HEALTHY] = "healthy",
        [WAIT_UNHEALTHY] = "unhealthy",
};

WaitCondition wait_condition_from_string(const char *s) {
        for (int i = 0; i < _WAIT_CONDITION_MAX; i++)
                if (streq(conditions[i], s))
                        return (WaitCondition) i;
        return _WAIT_CONDITION_INVALID;
}

int fake_images_new(Manager *m) {
        Image *i;
        int r;

        r = map_new(&m->images);
        if (r >= 0)
                r = map_new(&m->volumes);
        if (r >= 0)
                r = map_new_u64(&m->operations);
        return r < 0 ? r : fake_image_add(m, "bb:1", &i);
}

void fake_images_free(Manager *m) {
        Operation *o;
        Image *i;

        while ((i = map_first(m->images))) {
                (void) map_remove(m->images, i->id);
                strv_free(i->tags);
                free(i);
        }
        while ((o = map_first(m->operations))) {
                (void) map_remove_u64(m->operations, o->number);
                for (size_t k = 0; k < FAKE_OPERATION_WAITERS; k++)
                        free(o->waiters[k]);
                failure_done(&o->failure);
                strv_free(o->warnings);
                free(o);
        }
        map_free(m->images);
        map_free(m->operations);
}

uint64_t operation_number(const Operation *o) {
        return o->number;
}

const char *operation_kind(const Operation *o) {
        return o->kind;
}

uid_t operation_owner(const Operation *o) {
        return o->owner;
}

OperationState operation_state(const Operation *o) {
        return o->state;
}

const char *operation_state_to_string(OperationState state) {
        static const char *const names[_OPERATION_STATE_MAX] = { "running", "done", "failed",
                "cancelled" };

        return names[state];
}

void operation_progress(const Operation *o, uint64_t *ret_done, uint64_t *ret_total) {
        *ret_done = o->progress;
        *ret_total = 10;
}

const char *operation_result(const Operation *o) {
        return o->result;
}

char *const *operation_results(const Operation *o) {
        return NULL;
}

const Failure *operation_failure(const Operation *o) {
        return failure_is_set(&o->failure) ? &o->failure : NULL;
}

static void operation_end(Operation *o, OperationState state) {
        Manager *m = o->manager;

        o->state = state;
        o->progress = 10;
        m->observer->operation_changed(
                        o, OPERATION_CHANGED_STATE | OPERATION_CHANGED_PROGRESS, m->userdata);
        for (size_t k = 0; k < FAKE_OPERATION_WAITERS; k++) {
                OperationWaiter *w = TAKE_PTR(o->waiters[k]);

                if (w) {
                        OperationWaiter copy = *w;

                        free(w);
                        copy.done(o, copy.userdata);
                }
        }
}

void operation_cancel(Operation *o) {
        if (o->state != OPERATION_RUNNING)
                return;
        (void) fail(&o->failure, FAILURE_CANCELLED, 0, "The %s was cancelled", o->kind);
        operation_end(o, OPERATION_CANCELLED);
}

int operation_wait(Operation *o, OperationDone done, void *userdata, OperationWaiter **ret,
                Failure *reterr) {
        if (o->state != OPERATION_RUNNING) {
                done(o, userdata);
                return 0;
        }
        for (size_t k = 0; k < FAKE_OPERATION_WAITERS; k++) {
                if (o->waiters[k])
                        continue;
                o->waiters[k] = malloc(sizeof(OperationWaiter));
                if (!o->waiters[k])
                        return -ENOMEM;
                *o->waiters[k] = (OperationWaiter){
                        .slot = &o->waiters[k], .done = done, .userdata = userdata
                };
                *ret = o->waiters[k];
                return 0;
        }
        return fail(reterr, FAILURE_LIMIT_REACHED, 0, "Too many wait for operation %" PRIu64,
                        o->number);
}

OperationWaiter *operation_waiter_free(OperationWaiter *w) {
        if (w)
                *w->slot = NULL;
        free(w);
        return NULL;
}

int fake_operation_new(Manager *m, const char *kind, uid_t owner, Operation **ret) {
        Operation *o = calloc(1, sizeof(*o));
        int r;

        if (!o)
                return -ENOMEM;
        *o = (Operation){
                .manager = m, .kind = kind, .number = ++m->last_operation, .owner = owner
        };
        r = map_put_u64(m->operations, o->number, o);
        if (r < 0) {
                free(o);
                return r;
        }
        m->observer->operation_added(o, m->userdata);
        *ret = o;
        return 0;
}

void fake_operation_done(const Failure *failure, void *userdata) {
        Operation *o = userdata;

        if (failure)
                failure_copy(failure, &o->failure);
        operation_end(o, failure ? OPERATION_FAILED : OPERATION_DONE);
}

static void on_imported(const Failure *failure, void *userdata) {
        Operation *o = userdata;
        Image *i = NULL;

        if (failure) {
                failure_copy(failure, &o->failure);
                operation_end(o, OPERATION_FAILED);
                return;
        }
        if (fake_image_add(o->manager, o->result, &i) >= 0)
                i->owner = o->owner;
        memcpy(o->result, i->id, sizeof(o->result));
        operation_end(o, OPERATION_DONE);
}

int fake_operation_later(Operation *o, const Failure *failure) {
        return fake_later(o->manager, on_imported, o, failure);
}

int manager_import_image(Manager *m, int archive_fd, const ImportRequest *request, uid_t owner,
                Operation **ret, Failure *reterr) {
        _cleanup_failure_ Failure failure = {};
        const char *reference = request->reference;
        Operation *o;
        int r;

        if (strlen(reference) >= ID_MAX)
                return fail(reterr, FAILURE_INVALID_REFERENCE, 0, "'%s' is not a reference",
                                reference);
        r = fake_operation_new(m, "import", owner, &o);
        if (r < 0)
                return r;
        *ret = o;
        close_fd(archive_fd);
        if (startswith(reference, "slow"))
                return 0;
        if (startswith(reference, "bad"))
                (void) fail(&failure, FAILURE_INVALID_ARCHIVE, 0,
                                "Entry 'a\xff\xc3' leads out of the archive");
        else
                (void) snprintf(o->result, sizeof(o->result), "%s", reference);
        return fake_operation_later(o, failure_is_set(&failure) ? &failure : NULL);
}

Operation *manager_get_operation(Manager *m, uint64_t number) {
        return map_get_u64(m->operations, number);
}

Operation *manager_next_operation(Manager *m, Operation *after) {
        return map_get_u64(m->operations, after ? after->number + 1 : 1);
}

void manager_get_info(Manager *m, ManagerInfo *ret) {
        *ret = (ManagerInfo){
                .containers = (unsigned) map_size(m->containers),
                .images = (unsigned) map_size(m->images),
                .state_dir = m->state_dir,
                .run_dir = m->run_dir,
                .cgroup_path = "",
                .embedded = m->embedded,
        };
}

static int stream_pipe(const char *text, int *ret_read, int *ret_write) {
        int fds[2], r;

        if (pipe2(fds, O_CLOEXEC) < 0)
                return -errno;
        r = write_full(fds[1], text, strlen(text));
        *ret_read = fds[0];
        *ret_write = fds[1];
        return r;
}

int container_attach(Container *c, unsigned streams, StreamFds *ret, Failure *reterr) {
        int r;

        if (c->state == CONTAINER_EXITED)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' has ended", c->name);
        *ret = (StreamFds){ -EBADF, -EBADF, -EBADF };
        if (!(streams & STREAM_STDOUT))
                return 0;
        c->stdout_fd = close_fd(c->stdout_fd);
        r = stream_pipe("attached\n", &ret->stdout_fd, &c->stdout_fd);
        return r < 0 ? fail_errno(reterr, r, "Failed to attach") : 0;
}

int container_logs(Container *c, const LogRequest *request, int *ret_fd, Failure *reterr) {
        int r, write_fd = -EBADF;

        r = stream_pipe(request->framed ? "framed\n" : "log\n", ret_fd, &write_fd);
        close_fd(write_fd);
        return r;
}

int container_exec(Container *c, const ExecArgs *args, ExecStarted started, void *userdata,
                Failure *reterr) {
        StreamFds streams = { -EBADF, -EBADF, -EBADF };
        _cleanup_close_ int write_fd = -EBADF;
        _cleanup_failure_ Failure failure = {};

        if (c->state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        if (streq(args->argv[0], "absent")) {
                (void) fail(&failure, FAILURE_COMMAND_NOT_FOUND, 0, "Command '%s' is not there",
                                args->argv[0]);
                started(NULL, NULL, &failure, userdata);
                return 0;
        }
        free(c->exec);
        c->exec = calloc(1, sizeof(*c->exec));
        if (!c->exec)
                return -ENOMEM;
        (void) snprintf(c->exec->id, sizeof(c->exec->id), "%064" PRIx64, ++c->manager->last_id);
        if (args->streams & STREAM_STDOUT)
                (void) stream_pipe("exec\n", &streams.stdout_fd, &write_fd);
        started(c->exec->id, &streams, NULL, userdata);
        return 0;
}

static int find_exec(const Container *c, const char *exec_id, Failure *reterr) {
        if (c->exec && streq(c->exec->id, exec_id))
                return 0;
        return fail(reterr, FAILURE_NO_SUCH_EXEC, 0, "Container '%s' has no exec '%s'", c->name,
                        exec_id);
}

int container_wait_exec(Container *c, const char *exec_id, WaitDone done, void *userdata,
                Waiter **ret, Failure *reterr) {
        Waiter *w;
        int r;

        r = find_exec(c, exec_id, reterr);
        if (r < 0)
                return r;
        if (c->exec->ended) {
                done(c->exec->exit_code, NULL, userdata);
                return 0;
        }
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (Waiter){ .done = done, .userdata = userdata, .exec = c->exec };
        list_append(&c->waiters, &w->waiters);
        *ret = w;
        return 0;
}

int container_resize_exec(Container *c, const char *exec_id, unsigned rows, unsigned columns,
                Failure *reterr) {
        return find_exec(c, exec_id, reterr);
}

int container_kill_exec(Container *c, const char *exec_id, int signal, Failure *reterr) {
        Waiter *w;
        int r;

        r = find_exec(c, exec_id, reterr);
        if (r < 0)
                return r;
        c->exec->ended = true;
        c->exec->exit_code = 128 + signal;
        LIST_FOREACH(w, &c->waiters, Waiter, waiters) {
                WaitDone done = w->done;
                void *userdata = w->userdata;

                if (!w->exec)
                        continue;
                list_remove(&w->waiters);
                free(w);
                done(c->exec->exit_code, NULL, userdata);
        }
        return 0;
}
