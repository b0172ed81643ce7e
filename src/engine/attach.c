/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/attach.c: fresh pipes between a client and a container. The client gets one end, the monitor the other; before
 * the start they are kept here and go to the monitor before it makes the workload, so that no output is missed.
 */
#include <fcntl.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/log.h"
#include "engine/container-private.h"
#include "engine/streams-private.h"
#include "model/limits.h"

void stream_fds_close(StreamFds *fds) {
        fds->stdin_fd = close_fd(fds->stdin_fd);
        fds->stdout_fd = close_fd(fds->stdout_fd);
        fds->stderr_fd = close_fd(fds->stderr_fd);
}

static int make_one(int *ret_read, int *ret_write) {
        int p[2];

        if (pipe2(p, O_CLOEXEC) < 0)
                return -errno;
        *ret_read = p[0];
        *ret_write = p[1];
        return 0;
}

int streams_make(unsigned streams, StreamFds *ours, StreamFds *theirs) {
        int r = 0;

        if (streams & STREAM_STDIN)
                r = make_one(&ours->stdin_fd, &theirs->stdin_fd);
        if (r >= 0 && (streams & STREAM_STDOUT))
                r = make_one(&theirs->stdout_fd, &ours->stdout_fd);
        if (r >= 0 && (streams & STREAM_STDERR))
                r = make_one(&theirs->stderr_fd, &ours->stderr_fd);
        if (r < 0) {
                stream_fds_close(ours);
                stream_fds_close(theirs);
        }
        return r;
}

static void attach_free(PendingAttach *a) {
        list_remove(&a->attaches);
        for (size_t i = 0; i < a->n_fds; i++)
                close_fd(a->fds[i]);
        free(a);
}

void attaches_drop(Container *c) {
        PendingAttach *a;

        LIST_FOREACH(a, &c->attaches, PendingAttach, attaches)
                attach_free(a);
}

void attaches_send(Container *c, MonitorClient *monitor) {
        PendingAttach *a;

        LIST_FOREACH(a, &c->attaches, PendingAttach, attaches) {
                if (monitor_client_attach(monitor, a->mask, a->fds, a->n_fds) < 0)
                        container_log(c, NULL, LOG_WARNING,
                                        "Failed to hand a client's streams to container '%s'",
                                        c->name);
                attach_free(a);
        }
}

static void add_fd(PendingAttach *a, unsigned bit, int *fd) {
        if (*fd < 0)
                return;
        a->mask |= bit;
        a->fds[a->n_fds++] = TAKE_FD(*fd);
}

static int check_number(Container *c, Failure *reterr) {
        if (list_size(&c->attaches) >= FOLLOWERS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many clients are attached to container '%s'", c->name);
        return 0;
}

static bool may_attach(const Container *c) {
        const Lifecycle *l = &c->run.life;

        return l->activity != ACTIVITY_REMOVING && l->state != CONTAINER_DEAD;
}

int container_attach(Container *c, unsigned streams, StreamFds *ret, Failure *reterr) {
        StreamFds ours = STREAM_FDS_CLOSED, theirs = STREAM_FDS_CLOSED;
        PendingAttach *a;
        int r;

        if (!may_attach(c))
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is being removed",
                                c->name);
        r = check_number(c, reterr);
        if (r < 0)
                return r;
        if (c->spec->tty)
                streams &= ~(unsigned) STREAM_STDERR;
        if (!c->spec->open_stdin)
                streams &= ~(unsigned) STREAM_STDIN;
        a = calloc(1, sizeof(*a));
        if (!a)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = streams_make(streams, &ours, &theirs);
        if (r < 0) {
                free(a);
                return fail_errno(reterr, r, "Failed to make streams for container '%s'", c->name);
        }

        a->mask = (streams & STREAM_BLOCK ? CONTROL_ATTACH_BLOCK : 0) |
                  (c->current ? 0 : CONTROL_ATTACH_CLOSE_STDIN);
        add_fd(a, CONTROL_ATTACH_STDIN, &ours.stdin_fd);
        add_fd(a, CONTROL_ATTACH_STDOUT, &ours.stdout_fd);
        add_fd(a, CONTROL_ATTACH_STDERR, &ours.stderr_fd);
        list_init(&a->attaches);
        list_append(&c->attaches, &a->attaches);
        if (c->current && c->current->monitor)
                attaches_send(c, c->current->monitor);
        *ret = theirs;
        return 0;
}
