/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/logs.c: a worker reads a container's log for a client. A follower ends when the log says that the run has
 * ended; where it cannot say so (the monitor was killed, the container is removed) we do, by a byte on a pipe.
 */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "model/limits.h"

typedef struct Reader {
        List readers;     /* in the container's log_followers, or in the manager's readers */
        Manager *manager; /* borrowed */
        uid_t owner;
        Worker *worker; /* owned */
        int end_fd;     /* owned: our end; -EBADF: told */
} Reader;

static void reader_free(Reader *reader) {
        Owner *owner = manager_owner(
                        reader->manager, reader->owner); /* there since container_logs() */

        list_remove(&reader->readers);
        worker_free(reader->worker);
        close_fd(reader->end_fd);
        reader->manager->n_readers--;
        if (owner)
                owner->n_readers--;
        free(reader);
}

static void on_done(PullResult *result, const Failure *failure, void *userdata) {
        reader_free(userdata); /* the client sees the end of the stream, whatever it was */
}

void log_followers_end(Container *c) {
        Reader *reader;

        LIST_FOREACH(reader, &c->log_followers, Reader, readers) {
                if (reader->end_fd >= 0)
                        (void) write_full(reader->end_fd, "",
                                        1); /* a reader that ended needs it not */
                reader->end_fd = close_fd(reader->end_fd);
        }
}

/* They end by themselves: what they read goes to their clients. */
void log_followers_free(Container *c) {
        Reader *reader;

        log_followers_end(c);
        LIST_FOREACH(reader, &c->log_followers, Reader, readers) {
                list_remove(&reader->readers);
                list_append(&c->manager->readers, &reader->readers);
        }
}

void manager_free_readers(Manager *m) {
        Reader *reader;

        LIST_FOREACH(reader, &m->readers, Reader, readers)
                reader_free(reader);
}

static int push_number(char ***argv, const char *option, uint64_t value) {
        char number[24];
        int r;

        (void) snprintf(number, sizeof(number), "%llu", (unsigned long long) value);
        r = strv_push(argv, option);
        return r < 0 ? r : strv_push(argv, number);
}

static int make_argv(const LogRequest *request, char ***ret) {
        _cleanup_strv_free_ char **argv = NULL;
        static const char *const first[] = { "readlog", "--log-dir-fd", "3",
                "--out-fd", "4", "--end-fd", "5" };
        int r = 0;

        for (size_t i = 0; r >= 0 && i < ELEMENTSOF(first); i++)
                r = strv_push(&argv, first[i]);
        if (r >= 0 && request->follow)
                r = strv_push(&argv, "--follow");
        if (r >= 0 && request->timestamps)
                r = strv_push(&argv, "--timestamps");
        if (r >= 0 && request->framed)
                r = strv_push(&argv, "--framed");
        if (r >= 0 && (request->streams & STREAM_STDOUT))
                r = strv_push(&argv, "--stdout");
        if (r >= 0 && (request->streams & STREAM_STDERR))
                r = strv_push(&argv, "--stderr");
        if (r >= 0 && request->tail != UINT64_MAX)
                r = push_number(&argv, "--tail", request->tail);
        if (r >= 0 && request->since_usec > 0)
                r = push_number(&argv, "--since", request->since_usec * NSEC_PER_USEC);
        if (r >= 0 && request->until_usec > 0)
                r = push_number(&argv, "--until", request->until_usec * NSEC_PER_USEC);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(argv);
        return 0;
}

static int check_number(Container *c, Owner **ret, Failure *reterr) {
        Manager *m = c->manager;
        Owner *owner = manager_owner(m, c->owner);

        if (!owner)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (m->n_readers >= LOG_READERS_MAX ||
                        (c->owner != 0 && owner->n_readers >= LOG_READERS_PER_OWNER_MAX))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "%u logs are being read, more are not allowed", m->n_readers);
        *ret = owner;
        return 0;
}

static int open_log(const Container *c, Failure *reterr) {
        int fd;

        if (c->spec->log_driver == LOG_DRIVER_NONE)
                return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                                "Container '%s' keeps no log", c->name);
        fd = mkdir_open_at(
                        c->manager->tree.logs_fd, c->id, 0700); /* absent before its first start */
        return fd < 0 ? fail_errno(reterr, fd, "Failed to open the log of container '%s'", c->name)
                      : fd;
}

int container_logs(Container *c, const LogRequest *request, int *ret_fd, Failure *reterr) {
        static const WorkerHandler handler = { .done = on_done };
        _cleanup_close_ int log_fd = -EBADF, read_fd = -EBADF, write_fd = -EBADF,
                            end_read_fd = -EBADF, end_write_fd = -EBADF;
        _cleanup_strv_free_ char **argv = NULL;
        int out[2], end[2], fds[3], r;
        Manager *m = c->manager;
        Reader *reader;
        Owner *owner = NULL;

        r = check_number(c, &owner, reterr);
        if (r < 0)
                return r;
        log_fd = open_log(c, reterr);
        if (log_fd < 0)
                return log_fd;
        if (pipe2(out, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a stream for container '%s'",
                                c->name);
        read_fd = out[0];
        write_fd = out[1];
        if (pipe2(end, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a stream for container '%s'",
                                c->name);
        end_read_fd = end[0];
        end_write_fd = end[1];
        r = make_argv(request, &argv);
        reader = r < 0 ? NULL : calloc(1, sizeof(*reader));
        if (!reader)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        fds[0] = log_fd;
        fds[1] = write_fd;
        fds[2] = end_read_fd;
        r = worker_new(m->event, &m->spawner, argv, NULL, fds, 3, &handler, reader,
                        &reader->worker);
        if (r < 0) {
                free(reader);
                return fail_errno(reterr, r,
                                "Failed to start the reader of the log of container '%s'", c->name);
        }
        reader->manager = m;
        reader->owner = c->owner;
        reader->end_fd = TAKE_FD(end_write_fd);
        list_init(&reader->readers);
        list_append(&c->log_followers, &reader->readers);
        m->n_readers++;
        owner->n_readers++;
        if (!lifecycle_runs(&c->run.life) && c->run.life.state != CONTAINER_CREATED)
                log_followers_end(c);
        *ret_fd = TAKE_FD(read_fd);
        return 0;
}
