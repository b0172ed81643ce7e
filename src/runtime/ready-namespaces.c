/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/ready-namespaces.c: see ready-namespaces.h. */
#include "runtime/ready-namespaces.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/random.h"
#include "base/usec.h"
#include "model/names.h"
#include "monitor/ready.h"
#include "runtime/process-watch.h"

#define LATER_USEC (20 * USEC_PER_MSEC) /* by then it is none of those that end at once */

_Static_assert(READY_IDS == ID_RANGE_COUNT, "the helper maps a whole range");

struct ReadyNamespaces {
        sd_event *event;        /* referenced */
        const Spawner *spawner; /* borrowed */
        IdRanges *ranges;       /* borrowed */
        sd_event_source *idle;  /* owned: the loop's next quiet moment */
        sd_event_source *later; /* owned: a timer that asks for it */
        ProcessWatch *helper;   /* owned; NULL: none is at work */
        int socket_fd;          /* owned: what the helper sends to */
        int burden_fd;          /* owned: for the helper to close */
        IdLease lease;          /* complete without a helper, or none */
};

int ready_namespaces_new(sd_event *event, const Spawner *spawner, IdRanges *ranges,
                ReadyNamespaces **ret) {
        ReadyNamespaces *r;

        r = malloc(sizeof(*r));
        if (!r)
                return -ENOMEM;
        *r = (ReadyNamespaces){
                .event = sd_event_ref(event),
                .spawner = spawner,
                .ranges = ranges,
                .socket_fd = -EBADF,
                .burden_fd = -EBADF,
                .lease = ID_LEASE_NONE,
        };
        *ret = r;
        return 0;
}

/* A helper that is still at work ends by itself. */
ReadyNamespaces *ready_namespaces_free(ReadyNamespaces *r) {
        if (!r)
                return NULL;
        sd_event_source_disable_unref(r->idle);
        sd_event_source_disable_unref(r->later);
        process_watch_free(r->helper);
        close_fd(r->socket_fd);
        close_fd(r->burden_fd);
        id_range_release(r->ranges, &r->lease);
        sd_event_unref(r->event);
        free(r);
        return NULL;
}

/* One of those that were sent. Return: 1, 0 for none, or negative errno. */
static int receive(int socket_fd, IdLease *lease) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int))];
        } control = {};
        uint8_t kind = _READY_KIND_MAX;
        struct iovec iov = { .iov_base = &kind, .iov_len = sizeof(kind) };
        struct msghdr m = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        struct cmsghdr *cmsg;
        ssize_t n;
        int *to, fd;

        n = recvmsg(socket_fd, &m, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n <= 0)
                return n < 0 ? -errno : 0;
        cmsg = CMSG_FIRSTHDR(&m);
        if (!cmsg || cmsg->cmsg_type != SCM_RIGHTS)
                return -EBADMSG;
        memcpy(&fd, CMSG_DATA(cmsg), sizeof(fd));
        to = kind == READY_USERNS    ? &lease->ready_userns_fd
             : kind == READY_NETNS   ? &lease->ready_netns_fd
             : kind == READY_STORAGE ? &lease->userns_fd
                                     : NULL;
        if (!to || *to >= 0) { /* one of an earlier container will do */
                close_fd(fd);
                return 1;
        }
        *to = fd;
        return 1;
}

static void on_helper_end(const ProcessExit *end, void *userdata) {
        ReadyNamespaces *r = userdata;

        r->helper = process_watch_free(r->helper);
        while (receive(r->socket_fd, &r->lease) > 0)
                ;
        r->socket_fd = close_fd(r->socket_fd);
        if (r->lease.ready_userns_fd < 0 || r->lease.ready_netns_fd < 0)
                id_range_release(r->ranges, &r->lease);
}

static int start_helper(ReadyNamespaces *r) {
        _cleanup_close_ int ours = -EBADF, theirs = -EBADF, pidfd = -EBADF;
        char first[16];
        const char *argv[] = { PROGRAM_MONITOR, "--ready", first, NULL };
        int pair[2], fds[2], error;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours = pair[0];
        theirs = fds[0] = pair[1];
        fds[1] = r->burden_fd;
        (void) snprintf(first, sizeof(first), "%u", r->lease.first);
        error = spawn_process(
                        &(SpawnArgs){
                                        .null_fd = r->spawner->null_fd,
                                        .program_fd = r->spawner->monitor_fd,
                                        .argv = argv,
                                        .fds = fds,
                                        .n_fds = r->burden_fd >= 0 ? 2 : 1,
                                        .cgroup_fd = -EBADF,
                        },
                        &pidfd);
        if (error < 0)
                return error;
        error = process_watch_new(r->event, pidfd, on_helper_end, r, &r->helper);
        if (error < 0)
                return error; /* nobody reads it: it ends by SIGPIPE's error */
        TAKE_FD(pidfd);
        r->socket_fd = TAKE_FD(ours);
        return 0;
}

static int on_idle(sd_event_source *s, void *userdata) {
        ReadyNamespaces *r = userdata;
        uint32_t hint = 0;

        r->idle = sd_event_source_disable_unref(r->idle);
        (void) random_bytes(&hint, sizeof(hint)); /* any number will do */
        if (id_range_lease(r->ranges, hint, &r->lease) >= 0 && start_helper(r) < 0)
                id_range_release(r->ranges, &r->lease);
        r->burden_fd = close_fd(r->burden_fd); /* the helper has it */
        return 0;
}

static bool is_wanted(const ReadyNamespaces *r) {
        return !r->helper && r->lease.fd < 0;
}

bool ready_namespaces_burden(ReadyNamespaces *r, int fd) {
        if (!is_wanted(r) || r->burden_fd >= 0)
                return false;
        r->burden_fd = fd;
        return true;
}

bool ready_namespaces_take(ReadyNamespaces *r, IdLease *ret) {
        bool taken = !r->helper && r->lease.fd >= 0;

        if (taken && !id_range_is_usable(r->ranges, &r->lease)) {
                id_range_release(r->ranges, &r->lease);
                taken = false;
        }
        if (taken) {
                *ret = r->lease;
                r->lease = ID_LEASE_NONE;
        }
        return taken;
}

void ready_namespaces_prepare(ReadyNamespaces *r) {
        if (r->later)
                (void) sd_event_source_set_enabled(r->later, SD_EVENT_OFF); /* valid arguments */
        if (!is_wanted(r) || r->idle)
                return;
        if (sd_event_add_defer(r->event, &r->idle, on_idle, r) >= 0)
                (void) sd_event_source_set_priority(
                                r->idle, SD_EVENT_PRIORITY_IDLE); /* a little early otherwise */
}

static int on_later(sd_event_source *s, uint64_t usec, void *userdata) {
        ready_namespaces_prepare(userdata);
        return 0;
}

void ready_namespaces_prepare_later(ReadyNamespaces *r) {
        int error;

        if (!is_wanted(r) || r->idle)
                return;
        if (!r->later)
                error = sd_event_add_time_relative(r->event, &r->later, CLOCK_MONOTONIC, LATER_USEC,
                                LATER_USEC, on_later, r);
        else {
                error = sd_event_source_set_time_relative(r->later, LATER_USEC);
                if (error >= 0)
                        error = sd_event_source_set_enabled(r->later, SD_EVENT_ONESHOT);
        }
        if (error < 0)
                ready_namespaces_prepare(r);
}
