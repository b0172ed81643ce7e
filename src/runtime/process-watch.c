/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/process-watch.c: see process-watch.h. */
#include "runtime/process-watch.h"
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/wait.h>

struct ProcessWatch {
        int pidfd;               /* owned */
        sd_event_source *source; /* owned */
        ProcessExitFn fn;
        void *userdata; /* borrowed */
};

/* The source is the owner once nobody else is. */
static void free_with_source(void *userdata) {
        ProcessWatch *w = userdata;

        close_fd(w->pidfd);
        free(w);
}

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

        if (!w->fn) { /* nobody waits for it any more: it was reaped, and that was all */
                (void) sd_event_source_set_floating(
                                s, false); /* its last reference: w goes with it */
                return 0;
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
        *w = (ProcessWatch){ .pidfd = -EBADF, .fn = fn, .userdata = userdata };

        r = sd_event_add_io(event, &w->source, pidfd, EPOLLIN, on_pidfd, w);
        if (r < 0)
                return r;

        w->pidfd = pidfd; /* last: on any failure above the fd is still the caller's */
        *ret = TAKE_PTR(w);
        return 0;
}

static bool runs_on(const ProcessWatch *w) {
        siginfo_t si = {};

        return w->source && waitid(P_PIDFD, (id_t) w->pidfd, &si, WEXITED | WNOHANG) >= 0 &&
               si.si_pid == 0;
}

ProcessWatch *process_watch_free(ProcessWatch *w) {
        if (!w)
                return NULL;
        if (runs_on(w)) { /* a child of ours: it is still to be reaped, or a zombie would stay */
                w->fn = NULL;
                if (sd_event_source_set_destroy_callback(w->source, free_with_source) >= 0 &&
                                sd_event_source_set_floating(w->source, true) >= 0) {
                        sd_event_source_unref(w->source);
                        return NULL;
                }
        }
        sd_event_source_disable_unref(w->source);
        close_fd(w->pidfd);
        free(w);
        return NULL;
}
