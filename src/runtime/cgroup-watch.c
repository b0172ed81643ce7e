/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-watch.c: see cgroup-watch.h. */
#include "runtime/cgroup-watch.h"
#include <fcntl.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <unistd.h>
#include "runtime/cgroup.h"

struct CgroupWatch {
        int events_fd;           /* owned */
        int dir_fd;              /* owned */
        sd_event_source *source; /* owned: changes of cgroup.events */
        sd_event_source *now;    /* owned: the first look */
        CgroupCondition condition;
        CgroupConditionFn fn;
        void *userdata; /* borrowed */
};

/* A directory that is gone has nothing in it; of the rest it tells nothing any more. */
static bool holds(const CgroupWatch *w) {
        switch (w->condition) {
        case CGROUP_EMPTY:
                return cgroup_is_populated(w->dir_fd) <= 0;
        case CGROUP_FROZEN:
                return cgroup_is_frozen(w->dir_fd) > 0;
        default:
                return cgroup_is_frozen(w->dir_fd) == 0;
        }
}

static void look(CgroupWatch *w) {
        if (!holds(w))
                return;
        w->source = sd_event_source_disable_unref(w->source);
        w->now = sd_event_source_disable_unref(w->now);
        w->fn(w->userdata); /* may free w: nothing may follow */
}

static int on_events(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        char drop[256];

        (void) pread(fd, drop, sizeof(drop), 0); /* re-arms the file; look() reads it anew */
        look(userdata);
        return 0;
}

static int on_first_look(sd_event_source *s, void *userdata) {
        look(userdata);
        return 0;
}

int cgroup_watch_new(sd_event *event, int dir_fd, CgroupCondition condition, CgroupConditionFn fn,
                void *userdata, CgroupWatch **ret) {
        _cleanup_(cgroup_watch_freep) CgroupWatch *w = NULL;
        int r;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (CgroupWatch){
                .events_fd = -EBADF,
                .dir_fd = -EBADF,
                .condition = condition,
                .fn = fn,
                .userdata = userdata,
        };

        w->dir_fd = fcntl(dir_fd, F_DUPFD_CLOEXEC, 3);
        if (w->dir_fd < 0)
                return -errno;
        w->events_fd = openat(dir_fd, "cgroup.events", O_RDONLY | O_CLOEXEC);
        if (w->events_fd < 0)
                return -errno;
        r = sd_event_add_io(event, &w->source, w->events_fd, EPOLLPRI, on_events, w);
        if (r < 0)
                return r;
        r = sd_event_add_defer(event, &w->now, on_first_look, w);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(w);
        return 0;
}

CgroupWatch *cgroup_watch_free(CgroupWatch *w) {
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->source);
        sd_event_source_disable_unref(w->now);
        close_fd(w->events_fd);
        close_fd(w->dir_fd);
        free(w);
        return NULL;
}
