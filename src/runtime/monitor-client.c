/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/monitor-client.c: see monitor-client.h. */
#include "runtime/monitor-client.h"
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "model/names.h"

struct MonitorClient {
        int fd;                      /* owned */
        sd_event_source *source;     /* owned */
        const MonitorEvents *events; /* borrowed */
        void *userdata;              /* borrowed */
        uint32_t serial;
};

/* Through /proc/self/fd, as a socket's path has room for 108 bytes only. */
static socklen_t control_address(int dir_fd, struct sockaddr_un *ret) {
        *ret = (struct sockaddr_un){.sun_family = AF_UNIX};
        (void) snprintf(ret->sun_path, sizeof(ret->sun_path), "/proc/self/fd/%d/" RUN_FILE_CONTROL,
                        dir_fd);
        return sizeof(*ret);
}

int monitor_listen(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct sockaddr_un sa;
        socklen_t size = control_address(dir_fd, &sa);

        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (unlinkat(dir_fd, RUN_FILE_CONTROL, 0) < 0 && errno != ENOENT)
                return -errno;
        if (bind(fd, (struct sockaddr *) &sa, size) < 0 || listen(fd, 8) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int monitor_connect(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct sockaddr_un sa;
        socklen_t size = control_address(dir_fd, &sa);

        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *) &sa, size) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static void dispatch(MonitorClient *c, const ControlHeader *h, const void *body, size_t size,
                int *pidfd) {
        const MonitorEvents *e = c->events;
        void *u = c->userdata;

        /* After any of these the client may be gone. */
        switch (h->type) {
        case CONTROL_STARTED:
                if (size >= sizeof(ControlStarted) && e->started)
                        e->started(body, TAKE_FD(*pidfd), u);
                break;
        case CONTROL_FAILED:
                if (size >= sizeof(PlanFailure) && e->failed)
                        e->failed(body, u);
                break;
        case CONTROL_EXITED:
                if (size >= sizeof(ExitRecord) && e->exited)
                        e->exited(body, u);
                break;
        case CONTROL_STATE:
                if (size >= sizeof(ControlState) && e->state)
                        e->state(body, TAKE_FD(*pidfd), u);
                break;
        default:
                break; /* a reply, or what a newer monitor says */
        }
}

static int on_packet(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        MonitorClient *c = userdata;
        _cleanup_close_ int pidfd = -EBADF;
        union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        } packet;
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
        } control;
        struct iovec iov = {.iov_base = &packet, .iov_len = sizeof(packet)};
        struct msghdr h = {
                        .msg_iov = &iov,
                        .msg_iovlen = 1,
                        .msg_control = &control,
                        .msg_controllen = sizeof(control),
        };
        ssize_t n;

        n = recvmsg(fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
                return 0;
        if (n <= 0) {
                c->source = sd_event_source_disable_unref(c->source);
                if (c->events->lost)
                        c->events->lost(c->userdata); /* may free c: nothing may follow */
                return 0;
        }
        for (struct cmsghdr *m = CMSG_FIRSTHDR(&h); m; m = CMSG_NXTHDR(&h, m)) {
                int fds[CONTROL_FDS_MAX];
                size_t n_fds;

                if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
                        continue;
                n_fds = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                memcpy(fds, CMSG_DATA(m), n_fds * sizeof(int));
                for (size_t i = 0; i < n_fds; i++) {
                        close_fd(pidfd);
                        pidfd = fds[i];
                }
        }
        if ((size_t) n >= sizeof(packet.header) && packet.header.magic == CONTROL_MAGIC)
                dispatch(c, &packet.header, packet.bytes + sizeof(packet.header),
                                (size_t) n - sizeof(packet.header), &pidfd);
        return 0;
}

int monitor_client_new(sd_event *event, int fd, const MonitorEvents *events, void *userdata,
                MonitorClient **ret) {
        _cleanup_(monitor_client_freep) MonitorClient *c = NULL;
        int r;

        c = malloc(sizeof(*c));
        if (!c)
                return -ENOMEM;
        *c = (MonitorClient){.fd = -EBADF, .events = events, .userdata = userdata};

        r = sd_event_add_io(event, &c->source, fd, EPOLLIN, on_packet, c);
        if (r < 0)
                return r;
        c->fd = fd; /* last: on any failure above the fd is still the caller's */
        *ret = TAKE_PTR(c);
        return 0;
}

MonitorClient *monitor_client_free(MonitorClient *c) {
        if (!c)
                return NULL;
        sd_event_source_disable_unref(c->source);
        close_fd(c->fd);
        free(c);
        return NULL;
}

int monitor_client_send(MonitorClient *c, ControlType type, const void *body, size_t size,
                const int *fds, size_t n_fds) {
        ControlHeader header = {
                        .magic = CONTROL_MAGIC,
                        .version = CONTROL_VERSION,
                        .type = type,
                        .length = (uint32_t) (sizeof(header) + size),
                        .serial = ++c->serial,
        };
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
        } control = {};
        struct iovec iov[2] = {
                        {.iov_base = &header, .iov_len = sizeof(header)},
                        {.iov_base = (void *) body, .iov_len = size}, /* sendmsg() only reads it */
        };
        struct msghdr h = {.msg_iov = iov, .msg_iovlen = size > 0 ? 2 : 1};

        if (n_fds > CONTROL_FDS_MAX)
                return -EINVAL;
        if (n_fds > 0) {
                struct cmsghdr *m;

                h.msg_control = &control;
                h.msg_controllen = CMSG_SPACE(n_fds * sizeof(int));
                m = CMSG_FIRSTHDR(&h);
                m->cmsg_level = SOL_SOCKET;
                m->cmsg_type = SCM_RIGHTS;
                m->cmsg_len = CMSG_LEN(n_fds * sizeof(int));
                memcpy(CMSG_DATA(m), fds, n_fds * sizeof(int));
        }
        return sendmsg(c->fd, &h, MSG_NOSIGNAL | MSG_DONTWAIT) < 0 ? -errno : 0;
}
