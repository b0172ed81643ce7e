/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/ready-namespaces.c: see ready-namespaces.h. */
#include "runtime/ready-namespaces.h"
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "base/random.h"
#include "model/names.h"
#include "monitor/ready.h"
#include "runtime/process-watch.h"

_Static_assert(READY_IDS == ID_RANGE_COUNT, "the helper maps a whole range");

struct ReadyNamespaces {
        sd_event *event;        /* referenced */
        const Spawner *spawner; /* borrowed */
        IdRanges *ranges;       /* borrowed */
        ProcessWatch *helper;   /* owned; NULL: none is at work */
        int socket_fd;          /* owned: what the helper sends to */
        int burden_fd;          /* owned: for the helper to close */
        IdLease lease;          /* none; or complete, if no helper is at it */
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

static bool is_complete(const IdLease *lease) {
        return lease->ready_userns_fd >= 0 && lease->ready_netns_fd >= 0;
}

static void receive_all(ReadyNamespaces *r) {
        while (r->socket_fd >= 0 && r->lease.fd >= 0 && receive(r->socket_fd, &r->lease) > 0)
                ;
}

static void on_helper_end(const ProcessExit *end, void *userdata) {
        ReadyNamespaces *r = userdata;

        r->helper = process_watch_free(r->helper);
        receive_all(r);
        r->socket_fd = close_fd(r->socket_fd);
        if (!is_complete(&r->lease))
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
        bool taken;

        receive_all(r); /* its helper may still be at what else it does */
        taken = is_complete(&r->lease) && (!r->helper || r->lease.userns_fd >= 0);
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
        uint32_t hint = 0;

        if (!is_wanted(r))
                return;
        (void) random_bytes(&hint, sizeof(hint)); /* any number will do */
        if (id_range_lease(r->ranges, hint, &r->lease) >= 0 && start_helper(r) < 0)
                id_range_release(r->ranges, &r->lease);
        r->burden_fd = close_fd(r->burden_fd); /* the helper has it */
}
