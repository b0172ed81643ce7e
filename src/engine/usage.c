/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/usage.c: what a container uses. Nothing is read but on a call, or once a second while somebody holds the other
 * end of a pipe; the timer is the container's and goes with its last reader. A reader that does not read loses lines, never
 * time of ours.
 */
#include "runtime/usage.h"
#include <fcntl.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "engine/container-usage.h"
#include "model/limits.h"

#define INTERVAL_USEC USEC_PER_SEC
#define ACCURACY_USEC (50 * USEC_PER_MSEC)

typedef struct Watcher {
        List watchers;           /* in the container's */
        Container *container;    /* borrowed */
        int fd;                  /* owned: the write end */
        sd_event_source *source; /* owned: the reader's end */
} Watcher;

static void watcher_free(Watcher *w) {
        Container *c = w->container;
        Owner *owner = manager_owner(c->manager, c->owner); /* there since container_link() */

        list_remove(&w->watchers);
        sd_event_source_disable_unref(w->source);
        close_fd(w->fd);
        free(w);
        c->manager->n_stats_watchers--;
        if (owner)
                owner->n_stats_watchers--;
        if (list_is_empty(&c->stats_watchers))
                c->stats_timer = sd_event_source_disable_unref(c->stats_timer);
}

void stats_watchers_end(Container *c) {
        Watcher *w;

        LIST_FOREACH(w, &c->stats_watchers, Watcher, watchers)
                watcher_free(w);
}

static int check_running(const Container *c, Failure *reterr) {
        if ((c->run.life.state != CONTAINER_RUNNING && c->run.life.state != CONTAINER_PAUSED) ||
                        !c->current)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        return 0;
}

static int open_payload(const Container *c) {
        Cgroup cgroup;
        int fd, r;

        r = cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup);
        if (r < 0)
                return r;
        fd = cgroup.payload_fd;
        cgroup.payload_fd = -EBADF;
        cgroup_close(&cgroup);
        return fd;
}

/* The host's interfaces are not the container's. */
static int read_stats(const Container *c, Stats *ret) {
        _cleanup_close_ int fd = -EBADF;

        fd = open_payload(c);
        if (fd < 0)
                return fd;
        usage_read_cgroup(fd, ret);
        if (c->current && c->current->pidfd >= 0 && c->pid > 0 &&
                        container_spec_network_mode(c->spec) != NETWORK_HOST)
                usage_read_network(c->current->pidfd, c->pid, ret);
        return 0;
}

int container_get_stats(Container *c, Stats *ret, Failure *reterr) {
        int r;

        r = check_running(c, reterr);
        if (r < 0)
                return r;
        r = read_stats(c, ret);
        return r < 0 ? fail_errno(reterr, r, "Failed to read what container '%s' uses", c->name)
                     : 0;
}

/* Less than PIPE_BUF, so it is written as a whole or not at all. */
static void write_line(Container *c) {
        char line[STATS_LINE_MAX];
        Stats stats;
        Watcher *w;
        size_t n;
        int r;

        r = read_stats(c, &stats);
        if (r == -ENOENT || r == -ENODEV)
                return; /* it is ending */
        if (r < 0) { /* better no stream than one that is silent */
                container_log(c, NULL, LOG_WARNING,
                                "Failed to read what it uses, ending streams: %s", strerror(-r));
                stats_watchers_end(c);
                return;
        }
        n = stats_to_json(&stats, c->id, c->name, line);
        LIST_FOREACH(w, &c->stats_watchers, Watcher, watchers)
                if (write(w->fd, line, n) < 0 && errno == EPIPE)
                        watcher_free(w);
}

static int on_second(sd_event_source *s, uint64_t usec, void *userdata) {
        Container *c = userdata;
        uint64_t now = now_monotonic();

        /* From the time it was due, so that lines keep their distance; after a stall, from now. */
        usec = usec_add(usec, INTERVAL_USEC);
        if (sd_event_source_set_time(s, usec > now ? usec : usec_add(now, INTERVAL_USEC)) < 0 ||
                        sd_event_source_set_enabled(s, SD_EVENT_ONESHOT) < 0)
                stats_watchers_end(c);
        else
                write_line(c);
        return 0;
}

static int on_reader_gone(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        watcher_free(userdata);
        return 0;
}

static int check_number(Container *c, Owner **ret, Failure *reterr) {
        Owner *owner = manager_owner(c->manager, c->owner);

        if (!owner)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (list_size(&c->stats_watchers) >= STATS_WATCHERS_PER_CONTAINER_MAX ||
                        c->manager->n_stats_watchers >= STATS_WATCHERS_MAX ||
                        (c->owner != 0 &&
                                        owner->n_stats_watchers >= STATS_WATCHERS_PER_OWNER_MAX))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Too many readers watch what container '%s' and others use",
                                c->name);
        *ret = owner;
        return 0;
}

/* Takes @fd over on success. */
static int add_watcher(Container *c, int fd, Owner *owner) {
        sd_event *event = c->manager->event;
        Watcher *w;
        int r = 0;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (Watcher){ .container = c, .fd = fd };
        r = sd_event_add_io(event, &w->source, fd, 0, on_reader_gone, w); /* EPOLLERR comes unasked */
        if (r >= 0 && !c->stats_timer)
                r = sd_event_add_time_relative(event, &c->stats_timer, CLOCK_MONOTONIC,
                                INTERVAL_USEC, ACCURACY_USEC, on_second, c);
        if (r < 0) {
                sd_event_source_disable_unref(w->source);
                free(w);
                return r;
        }
        list_init(&w->watchers);
        list_append(&c->stats_watchers, &w->watchers);
        c->manager->n_stats_watchers++;
        owner->n_stats_watchers++;
        return 0;
}

int container_watch_stats(Container *c, int *ret_fd, Failure *reterr) {
        _cleanup_close_ int read_fd = -EBADF, write_fd = -EBADF;
        char line[STATS_LINE_MAX];
        Owner *owner = NULL;
        Stats stats;
        int fds[2], r;

        r = check_number(c, &owner, reterr);
        if (r < 0)
                return r;
        r = container_get_stats(c, &stats, reterr);
        if (r < 0)
                return r;
        if (pipe2(fds, O_CLOEXEC) < 0)
                return fail_errno(reterr, errno, "Failed to make a stream for container '%s'",
                                c->name);
        read_fd = fds[0];
        write_fd = fds[1];
        r = fd_set_nonblock(write_fd, true);
        if (r >= 0) /* there is room for the first */
                r = write_full(write_fd, line, stats_to_json(&stats, c->id, c->name, line));
        if (r >= 0)
                r = add_watcher(c, write_fd, owner);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to watch what container '%s' uses", c->name);
        write_fd = -EBADF; /* the watcher's now */
        *ret_fd = TAKE_FD(read_fd);
        return 0;
}

int container_list_processes(Container *c, ContainerProcess **ret, size_t *ret_n, size_t *ret_total,
                Failure *reterr) {
        uint64_t booted_usec = usec_sub(now_realtime(), now_boottime());
        _cleanup_free_ ContainerProcess *list = NULL;
        _cleanup_free_ Process *processes = NULL;
        _cleanup_close_ int fd = -EBADF;
        PlanIdMap maps[CONTAINER_MAPS_MAX];
        size_t n_maps = container_map_uids(c, maps), n = 0;
        int r;

        r = check_running(c, reterr);
        if (r < 0)
                return r;
        r = fd = open_payload(c);
        if (r >= 0)
                r = usage_list_processes(fd, maps, n_maps, PROCESSES_LISTED_MAX,
                                &processes, &n, ret_total);
        if (r == -EFBIG)
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "Container '%s' has too many processes to list", c->name);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to list the processes of container '%s'",
                                c->name);
        list = calloc(n + 1, sizeof(*list));
        if (!list)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        for (size_t i = 0; i < n; i++) {
                list[i] = (ContainerProcess){
                        .process = processes[i],
                        .started_usec = usec_add(booted_usec, processes[i].started_usec),
                };
                (void) usage_inner_uid(maps, n_maps, processes[i].uid,
                                &list[i].inner_uid); /* it was listed for having one */
        }
        *ret = TAKE_PTR(list);
        *ret_n = n;
        return 0;
}
