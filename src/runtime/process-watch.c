/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/process-watch.c: see process-watch.h. */
#include "runtime/process-watch.h"
#include <sys/epoll.h>
#include <sys/wait.h>

struct ProcessWatch {
        int pidfd;               /* owned */
        sd_event_source *source; /* owned */
        ProcessExitFn fn;
        void *userdata; /* borrowed */
};

static int on_pidfd(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        ProcessWatch *w = userdata;
        ProcessExit end = {};
        siginfo_t si = {};

        /* sd_event_add_child_pidfd() serves our own children only; after a restart a container is
         * not one. */
        if (waitid(P_PIDFD, (id_t) fd, &si, WEXITED | WNOHANG) < 0)
                end.error = -errno;
        else {
                end.code = si.si_code;
                end.status = si.si_status;
        }

        w->source = sd_event_source_disable_unref(w->source);
        w->fn(&end, w->userdata); /* may free w: nothing may follow */
        return 0;
}

int process_watch_new(
                sd_event *event, int pidfd, ProcessExitFn fn, void *userdata, ProcessWatch **ret) {
        _cleanup_(process_watch_freep) ProcessWatch *w = NULL;
        int r;

        w = malloc(sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (ProcessWatch){.pidfd = -EBADF, .fn = fn, .userdata = userdata};

        r = sd_event_add_io(event, &w->source, pidfd, EPOLLIN, on_pidfd, w);
        if (r < 0)
                return r;

        w->pidfd = pidfd; /* last: on any failure above the fd is still the caller's */
        *ret = TAKE_PTR(w);
        return 0;
}

ProcessWatch *process_watch_free(ProcessWatch *w) {
        if (!w)
                return NULL;
        sd_event_source_disable_unref(w->source);
        close_fd(w->pidfd);
        free(w);
        return NULL;
}
