/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/probe-command.c: see probe-command.h. The command has a cgroup of its own below the payload; a reaper of ours
 * sees all of it end before its monitor says so (monitor/reaper.h), so that the cgroup is empty then.
 */
#include "engine/probe-command.h"
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/command.h"
#include "model/limits.h"
#include "runtime/probe-cgroup.h"

#define EXIT_CODE_LOST 137
#define READ_BYTES (64U * 1024)
/* What is beyond the kept bytes is read and forgotten, so that the command does not stop at a full pipe; not faster than
 * this, so that one that writes without end costs next to nothing. */
#define READS_MAX 8U
#define READS_USEC (100 * USEC_PER_MSEC)

struct ProbeCommand {
        Container *container; /* borrowed */
        uint64_t number;
        const ProbeHandler *handler; /* borrowed */
        void *userdata;              /* borrowed */
        MonitorClient *monitor;      /* owned; NULL: it has said its last */
        ProcessWatch *watch;         /* owned */
        CgroupWatch *empty;          /* owned; while we wait for what its monitor left */
        int payload_fd, cgroup_fd, output_fd; /* owned */
        sd_event_source *source;              /* owned: its output */
        char *output;                         /* owned; HEALTH_OUTPUT_MAX and a NUL */
        size_t n_output;
        bool silent; /* ended by us: nobody asks how */
};

ProbeCommand *probe_command_free(ProbeCommand *p) {
        if (!p)
                return NULL;
        if (p->cgroup_fd >= 0)
                (void) cgroup_kill(p->cgroup_fd); /* it is gone, or empty, at best */
        monitor_client_free(p->monitor);
        process_watch_free(p->watch);
        cgroup_watch_free(p->empty);
        sd_event_source_disable_unref(p->source);
        close_fd(p->output_fd);
        if (p->payload_fd >= 0)
                (void) probe_cgroup_remove(p->payload_fd, p->number); /* else it goes with the payload */
        close_fd(p->cgroup_fd);
        close_fd(p->payload_fd);
        free(p->output);
        free(p);
        return NULL;
}

static void on_empty(void *userdata);

/* Nothing may touch it afterwards. */
static void finish(ProbeCommand *p) {
        sd_event *event = p->container->manager->event;
        int r;

        p->monitor = monitor_client_free(p->monitor);
        p->source = sd_event_source_disable_unref(p->source);
        p->output_fd = close_fd(p->output_fd);
        r = probe_cgroup_remove(p->payload_fd, p->number);
        if (r == -EBUSY && !p->empty && cgroup_kill(p->cgroup_fd) >= 0 &&
                        cgroup_watch_new(event, p->cgroup_fd, CGROUP_EMPTY, on_empty, p,
                                        &p->empty) >= 0)
                return; /* its monitor was killed: what is left has no reaper, and ends by itself */
        p->handler->gone(p->userdata);
}

static void on_empty(void *userdata) {
        ProbeCommand *p = userdata;

        (void) probe_cgroup_remove(p->payload_fd, p->number); /* empty; else it goes with the payload */
        p->handler->gone(p->userdata);
}

/* Return: whether there may be more. */
static bool read_output(ProbeCommand *p) {
        static char buffer[READ_BYTES]; /* only touched within this call */
        size_t keep;
        ssize_t n;

        n = read(p->output_fd, buffer, sizeof(buffer));
        if (n < 0)
                return errno == EINTR;
        keep = MIN2((size_t) n, HEALTH_OUTPUT_MAX - p->n_output);
        if (keep > 0 && !p->output)
                p->output = malloc(HEALTH_OUTPUT_MAX + 1); /* without memory it has said nothing */
        if (keep > 0 && p->output) {
                memcpy(p->output + p->n_output, buffer, keep);
                p->n_output += keep;
                p->output[p->n_output] = '\0';
        }
        return n > 0;
}

static int on_output(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ProbeCommand *p = userdata;

        if (!read_output(p) && (revents & EPOLLHUP))
                p->source = sd_event_source_disable_unref(p->source);
        return 0;
}

static void tell(ProbeCommand *p, int exit_code, const char *output) {
        if (p->silent)
                return;
        p->silent = true;
        p->handler->ended(exit_code, output, p->userdata);
}

static void on_failed(const PlanFailure *f, void *userdata) {
        ProbeCommand *p = userdata;
        Container *c = p->container;
        const HealthConfig *config = &c->spec->health;
        _cleanup_failure_ Failure failure = {};

        c->depth++;
        (void) monitor_client_taken(p->monitor); /* one that is gone needs it not */
        command_failure(c, config->probe == HEALTH_PROBE_SHELL ? "/bin/sh" : config->command[0], f,
                        &failure);
        tell(p, failure_to_exit_status(failure.code), failure_message(&failure));
        finish(p);
        container_leave(c);
}

static void on_exited(const ExitRecord *record, int unused_fd, void *userdata) {
        ProbeCommand *p = userdata;
        Container *c = p->container;

        c->depth++;
        (void) monitor_client_taken(p->monitor); /* as above */
        if (p->output_fd >= 0)
                (void) read_output(p); /* the last that a pipe holds, as far as it is kept */
        tell(p, record_exit_code(record), p->output);
        finish(p);
        container_leave(c);
}

static void on_lost(void *userdata) {
        ProbeCommand *p = userdata;
        Container *c = p->container;

        c->depth++;
        tell(p, EXIT_CODE_LOST, "The command's monitor was killed");
        finish(p);
        container_leave(c);
}

static void on_started(const ControlStarted *started, int pidfd, void *userdata) {
        close_fd(pidfd); /* its cgroup is what it is ended by */
}

static void on_monitor_end(const ProcessExit *how, void *userdata) {
        ProbeCommand *p = userdata;

        p->watch = process_watch_free(p->watch); /* reaped; what it said last comes by the socket */
}

static int open_output(ProbeCommand *p, int *ret_theirs) {
        int pipe_fds[2], r;

        if (pipe2(pipe_fds, O_CLOEXEC) < 0)
                return -errno;
        p->output_fd = pipe_fds[0];
        *ret_theirs = pipe_fds[1];
        r = fd_set_nonblock(p->output_fd, true);
        if (r >= 0)
                r = sd_event_add_io(p->container->manager->event, &p->source, p->output_fd, EPOLLIN,
                                on_output, p);
        if (r >= 0)
                r = sd_event_source_set_ratelimit(p->source, READS_USEC, READS_MAX);
        return r;
}

static int spawn(ProbeCommand *p, const Cgroup *cgroup) {
        static const MonitorHandler monitor_handler = {
                .started = on_started,
                .failed = on_failed,
                .exited = on_exited,
                .lost = on_lost,
        };
        Container *c = p->container;
        const HealthConfig *config = &c->spec->health;
        char *const shell[] = { (char *) "/bin/sh", (char *) "-c", config->command[0], NULL };
        const ExecArgs exec = {
                .argv = config->probe == HEALTH_PROBE_SHELL ? shell : config->command,
        };
        _cleanup_close_ int record_fd = -EBADF, theirs_fd = -EBADF;
        int pidfd = -EBADF, r;

        r = open_output(p, &theirs_fd);
        if (r < 0)
                return r;
        record_fd = memfd_create("exit-record", MFD_CLOEXEC); /* it is of no use to a later daemon */
        if (record_fd < 0)
                return -errno;
        r = command_spawn(c,
                        &(CommandArgs){
                                        .exec = &exec,
                                        .ours = &(StreamFds){ -EBADF, theirs_fd, theirs_fd },
                                        .cgroup = cgroup,
                                        .record_fd = record_fd,
                                        .own_cgroup_fd = p->cgroup_fd,
                                        .handler = &monitor_handler,
                                        .userdata = p,
                        },
                        &p->monitor, &pidfd);
        if (r < 0)
                return r;
        if (process_watch_new(c->manager->event, pidfd, on_monitor_end, p, &p->watch) < 0)
                close_fd(pidfd); /* nobody reaps it until we end, which costs a zombie */
        return 0;
}

/* What an earlier daemon left under the same number is in nobody's use. */
static int make_cgroup(int payload_fd, uint64_t number) {
        int fd;

        fd = probe_cgroup_make(payload_fd, number);
        if (fd != -EEXIST)
                return fd;
        probe_cgroups_end(payload_fd);
        return probe_cgroup_make(payload_fd, number);
}

int probe_command_new(Container *c, uint64_t number, const ProbeHandler *handler, void *userdata,
                ProbeCommand **ret, Failure *reterr) {
        Cgroup cgroup = CGROUP_CLOSED;
        ProbeCommand *p;
        int r;

        p = malloc(sizeof(*p));
        if (!p)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *p = (ProbeCommand){ .container = c,
                .number = number,
                .handler = handler,
                .userdata = userdata,
                .payload_fd = -EBADF,
                .cgroup_fd = -EBADF,
                .output_fd = -EBADF };
        r = cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup);
        if (r >= 0) {
                p->payload_fd = TAKE_FD(cgroup.payload_fd);
                r = p->cgroup_fd = make_cgroup(p->payload_fd, number);
        }
        if (r >= 0)
                r = spawn(p, &cgroup);
        cgroup_close(&cgroup);
        if (r < 0) {
                probe_command_free(p);
                return fail_errno(reterr, r, "Failed to run the health check of container '%s'",
                                c->name);
        }
        *ret = p;
        return 0;
}

void probe_command_end(ProbeCommand *p) {
        p->silent = true;
        if (p->cgroup_fd >= 0)
                (void) cgroup_kill(p->cgroup_fd); /* fails for one that is gone, of which we hear */
}
