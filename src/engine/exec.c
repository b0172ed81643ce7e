/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/exec.c: commands beside the workload. Each is a monitor of its own in the container's monitor cgroup, which
 * joins by the first process's pidfd; its command is born in the payload cgroup and ends with the container.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/random.h"
#include "base/str.h"
#include "engine/command.h"
#include "engine/container-private.h"
#include "engine/streams-private.h"
#include "model/limits.h"
#include "runtime/cgroup-delegate.h"
#include "runtime/cgroup-limits.h"

#define RECORD_PREFIX "exec-"
#define EXIT_CODE_LOST 137

struct Exec {
        Container *container; /* borrowed */
        char id[ID_MAX];
        MonitorClient *monitor; /* owned; NULL: gone */
        ProcessWatch *watch;    /* owned */
        int pidfd;              /* owned */
        StreamFds streams;      /* owned until told: the client's ends */
        ExecStarted started;    /* NULL: told */
        void *userdata;
        char *command; /* owned; argv[0] */
        bool ended;
        int exit_code;
        List waiters;
        sd_event_source *timer; /* owned: kept until */
};

static void remove_record(const Exec *e) {
        _cleanup_close_ int dir_fd = -EBADF;
        char name[sizeof(RECORD_PREFIX) + ID_MAX];

        dir_fd = container_dir_open_run(&e->container->manager->tree, e->container->id);
        if (dir_fd < 0)
                return;
        (void) snprintf(name, sizeof(name), RECORD_PREFIX "%s", e->id);
        (void) unlinkat(dir_fd, name, 0); /* what stays goes with the container */
}

static bool is_full(const Container *c) {
        const Owner *owner = manager_owner(c->manager, c->owner); /* there since container_link() */

        return map_size(c->execs) >= EXECS_PER_CONTAINER_MAX || c->manager->n_execs >= EXECS_MAX ||
               (c->owner != 0 && owner && owner->n_execs >= EXECS_PER_OWNER_MAX);
}

static void count(const Container *c, int n) {
        Owner *owner = manager_owner(c->manager, c->owner); /* as above */

        c->manager->n_execs += (unsigned) n;
        if (owner)
                owner->n_execs += (unsigned) n;
}

static void exec_free(Exec *e) {
        Waiter *w;

        LIST_FOREACH(w, &e->waiters, Waiter, waiters) {
                list_remove(&w->waiters);
                free(w);
        }
        remove_record(e);
        monitor_client_free(e->monitor);
        process_watch_free(e->watch);
        sd_event_source_disable_unref(e->timer);
        close_fd(e->pidfd);
        stream_fds_close(&e->streams);
        count(e->container, -1);
        free(e->command);
        free(e);
}

void execs_free(Container *c) {
        Exec *e = NULL;

        if (!c->execs)
                return;
        MAP_FOREACH(e, c->execs)
                exec_free(e);
        c->execs = map_free(c->execs);
}

static void forget(Exec *e) {
        (void) map_remove(e->container->execs, e->id);
        exec_free(e);
}

static int on_kept(sd_event_source *s, uint64_t usec, void *userdata) {
        forget(userdata);
        return 0;
}

/* Told once; what fails leaves nothing. */
static void tell_started(Exec *e, const Failure *failure) {
        ExecStarted started = e->started;

        e->started = NULL;
        if (started)
                started(e->id, &e->streams, failure, e->userdata);
}

static void end(Exec *e, int exit_code) {
        Container *c = e->container;
        Waiter *w;

        e->ended = true;
        e->exit_code = exit_code;
        e->pidfd = close_fd(e->pidfd);
        LIST_FOREACH(w, &e->waiters, Waiter, waiters) {
                list_remove(&w->waiters);
                w->done(exit_code, NULL, w->userdata);
                free(w);
        }
        if (sd_event_add_time_relative(c->manager->event, &e->timer, CLOCK_MONOTONIC,
                            EXEC_KEEP_USEC, EXEC_KEEP_USEC / 8, on_kept, e) < 0)
                container_log(c, NULL, LOG_ERR,
                                "Failed to arm the timer of a command in container '%s'", c->name);
}

static void on_started(const ControlStarted *started, int pidfd, void *userdata) {
        Exec *e = userdata;

        close_fd(e->pidfd);
        e->pidfd = pidfd;
        tell_started(e, NULL);
}

static void fail_start(Exec *e, const PlanFailure *f) {
        _cleanup_failure_ Failure failure = {};

        command_failure(e->container, e->command, f, &failure);
        tell_started(e, &failure);
        forget(e);
}

static void on_failed(const PlanFailure *failure, void *userdata) {
        Exec *e = userdata;

        (void) monitor_client_taken(e->monitor); /* one that is gone needs it not */
        fail_start(e, failure);
}

static void on_exited(const ExitRecord *record, int unused_fd, void *userdata) {
        Exec *e = userdata;

        (void) monitor_client_taken(e->monitor); /* as above */
        if (e->ended)
                return;
        tell_started(e, NULL); /* it was told, unless the messages came in another order */
        end(e, record_exit_code(record));
}

static void on_lost(void *userdata) {
        Exec *e = userdata;

        e->monitor = monitor_client_free(e->monitor);
        if (e->started)
                fail_start(e, &(PlanFailure){ .step = PLAN_STEP_CLONE, .error = ECHILD });
        else if (!e->ended)
                end(e, EXIT_CODE_LOST);
}

static void on_monitor_end(const ProcessExit *how, void *userdata) {
        Exec *e = userdata;

        e->watch = process_watch_free(e->watch); /* reaped; what it said last comes by the socket */
}

static int open_record(const Exec *e) {
        _cleanup_close_ int dir_fd = -EBADF;
        char name[sizeof(RECORD_PREFIX) + ID_MAX];
        int fd;

        dir_fd = container_dir_open_run(&e->container->manager->tree, e->container->id);
        if (dir_fd < 0)
                return dir_fd;
        (void) snprintf(name, sizeof(name), RECORD_PREFIX "%s", e->id);
        fd = openat(dir_fd, name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        return fd < 0 ? -errno : fd;
}

static int spawn(Exec *e, const ExecArgs *args, const StreamFds *ours, const Cgroup *cgroup) {
        static const MonitorHandler handler = {
                .started = on_started,
                .failed = on_failed,
                .exited = on_exited,
                .lost = on_lost,
        };
        _cleanup_close_ int record_fd = -EBADF;
        int pidfd = -EBADF, r;

        r = record_fd = open_record(e);
        if (r < 0)
                return r;
        r = command_spawn(e->container,
                        &(CommandArgs){
                                        .exec = args,
                                        .ours = ours,
                                        .cgroup = cgroup,
                                        .record_fd = record_fd,
                                        .own_cgroup_fd = -EBADF,
                                        .handler = &handler,
                                        .userdata = e,
                        },
                        &e->monitor, &pidfd);
        if (r < 0)
                return r;
        if (process_watch_new(e->container->manager->event, pidfd, on_monitor_end, e,
                            &e->watch) < 0)
                close_fd(pidfd); /* nobody reaps it until we end, which costs a zombie */
        return 0;
}

static int check(Container *c, const ExecArgs *args, Failure *reterr) {
        if (!args->argv || !args->argv[0])
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                "There is no command to run in container '%s'", c->name);
        if (c->run.life.state == CONTAINER_PAUSED)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is paused", c->name);
        if (!c->current || c->current->pidfd < 0 || c->run.life.state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        if (is_full(c))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many commands run in container '%s'", c->name);
        return 0;
}

static int make(Container *c, const ExecArgs *args, Exec **ret) {
        uint8_t random[ID_BYTES];
        Exec *e = NULL;
        int r;

        r = c->execs ? 0 : map_new(&c->execs);
        if (r >= 0)
                r = random_bytes(random, sizeof(random));
        if (r < 0)
                return r;
        e = calloc(1, sizeof(*e));
        if (!e)
                return -ENOMEM;
        *e = (Exec){ .container = c, .pidfd = -EBADF, .streams = STREAM_FDS_CLOSED };
        id_from_bytes(random, e->id);
        list_init(&e->waiters);
        r = free_and_strdup(&e->command, args->argv[0]);
        if (r >= 0)
                r = map_put(c->execs, e->id, e);
        if (r < 0) {
                free(e->command);
                free(e);
                return r;
        }
        count(c, 1);
        *ret = e;
        return 0;
}

/* One that ended goes early when there are too many. */
static void make_room(Container *c) {
        Exec *e = NULL;

        if (!is_full(c))
                return;
        if (c->execs)
                MAP_FOREACH(e, c->execs)
                        if (e->ended) {
                                forget(e);
                                return;
                        }
}

/* A workload with a cgroup to divide may have done so: then a command goes where its first process is. */
static int follow_division(const Container *c, Cgroup *cgroup) {
        int fd, r;

        if (!c->spec->namespaces.privileged || !c->control_group)
                return 0;
        r = cgroup_open_divided(cgroup->payload_fd, c->control_group, c->pid, &fd);
        if (r <= 0)
                return r;
        close_fd(cgroup->payload_fd);
        cgroup->payload_fd = fd;
        return 0;
}

int container_exec(Container *c, const ExecArgs *args, ExecStarted started, void *userdata,
                Failure *reterr) {
        StreamFds ours = STREAM_FDS_CLOSED;
        _cleanup_failure_ Failure full = {};
        unsigned streams = args->streams;
        Cgroup cgroup = CGROUP_CLOSED;
        Exec *e = NULL;
        int r;

        make_room(c);
        r = check(c, args, reterr);
        if (r < 0)
                return r;
        r = make(c, args, &e);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to run '%s' in container '%s'", args->argv[0],
                                c->name);
        if (args->tty)
                streams = (streams & ~(unsigned) STREAM_STDERR) | STREAM_STDOUT;
        r = streams_make(streams, &ours, &e->streams);
        if (r >= 0)
                r = cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup);
        if (r >= 0)
                r = cgroup_check_owner(cgroup.dir_fd, &full);
        if (r >= 0)
                r = follow_division(c, &cgroup);
        if (r >= 0)
                r = spawn(e, args, &ours, &cgroup);
        cgroup_close(&cgroup);
        stream_fds_close(&ours);
        if (r < 0) {
                forget(e);
                if (failure_is_set(&full))
                        return fail(reterr, full.code, 0, "%s", failure_message(&full));
                return fail_errno(reterr, r, "Failed to run '%s' in container '%s'", args->argv[0],
                                c->name);
        }
        e->started = started;
        e->userdata = userdata;
        return 0;
}

static int find(Container *c, const char *id, Exec **ret, Failure *reterr) {
        Exec *e = map_get(c->execs, id);

        if (!e)
                return fail(reterr, FAILURE_NO_SUCH_EXEC, 0,
                                "No such command in container '%s': '%s'", c->name, id);
        *ret = e;
        return 0;
}

int container_wait_exec(Container *c, const char *exec_id, WaitDone done, void *userdata,
                Waiter **ret, Failure *reterr) {
        Waiter *w;
        Exec *e = NULL;
        int r;

        r = find(c, exec_id, &e, reterr);
        if (r < 0)
                return r;
        if (e->ended) {
                *ret = NULL;
                done(e->exit_code, NULL, userdata);
                return 0;
        }
        if (list_size(&e->waiters) >= WAITERS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many callers wait for command '%s'", exec_id);
        w = malloc(sizeof(*w));
        if (!w)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *w = (Waiter){ .done = done, .userdata = userdata };
        list_append(&e->waiters, &w->waiters);
        *ret = w;
        return 0;
}

int container_resize_exec(Container *c, const char *exec_id, unsigned rows, unsigned columns,
                Failure *reterr) {
        Exec *e = NULL;
        int r;

        r = find(c, exec_id, &e, reterr);
        if (r < 0)
                return r;
        if (e->ended || !e->monitor)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Command '%s' has ended", exec_id);
        r = monitor_client_resize(e->monitor, rows, columns);
        return r < 0 ? fail_errno(reterr, r, "Failed to set the terminal's size of command '%s'",
                                       exec_id)
                     : 0;
}

int container_kill_exec(Container *c, const char *exec_id, int signal, Failure *reterr) {
        Exec *e = NULL;
        int r;

        r = find(c, exec_id, &e, reterr);
        if (r < 0)
                return r;
        if (e->ended || !e->monitor)
                return 0; /* it is what was wanted */
        r = monitor_client_signal(e->monitor, signal);
        return r < 0 ? fail_errno(reterr, r, "Failed to send a signal to command '%s'", exec_id)
                     : 0;
}
