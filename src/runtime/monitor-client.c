/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/monitor-client.c: see monitor-client.h. */
#include "runtime/monitor-client.h"
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/fd.h"
#include "base/macro.h"
#include "model/names.h"

#define FDS_MAX (3U + _PLAN_FD_MAX + PLAN_LAYERS_MAX + PLAN_MOUNT_FDS_MAX)
#define FIRST_FD 3
#define BACKLOG 8

struct MonitorClient {
        int fd;                  /* owned */
        sd_event_source *source; /* owned */
        const MonitorHandler *handler;
        void *userdata; /* borrowed */
        uint32_t serial;
};

typedef struct Packet {
        union {
                ControlHeader header;
                char bytes[CONTROL_PACKET_MAX];
        };
        size_t size;
        int fd; /* the first that came with it */
} Packet;

/* Return: 1 a packet, 0 none now, -EPIPE at the end, or negative errno. */
static int receive(int fd, Packet *ret) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
        } control;
        struct iovec iov = { .iov_base = ret->bytes, .iov_len = sizeof(ret->bytes) };
        struct msghdr h = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = &control,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;

        ret->fd = -EBADF;
        n = recvmsg(fd, &h, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        if (n == 0)
                return -EPIPE;
        for (struct cmsghdr *m = CMSG_FIRSTHDR(&h); m; m = CMSG_NXTHDR(&h, m)) {
                size_t n_fds = (m->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                int fds[CONTROL_FDS_MAX];

                if (m->cmsg_level != SOL_SOCKET || m->cmsg_type != SCM_RIGHTS)
                        continue;
                memcpy(fds, CMSG_DATA(m), n_fds * sizeof(int));
                for (size_t i = 0; i < n_fds; i++)
                        if (ret->fd < 0)
                                ret->fd = fds[i];
                        else
                                close_fd(fds[i]);
        }
        ret->size = (size_t) n;
        return 1;
}

/* The message's own bytes, zeros where an older monitor sent fewer; longer ones are a newer monitor's. */
static void copy_body(const Packet *p, void *ret, size_t size) {
        size_t n = p->size - sizeof(p->header);

        memset(ret, 0, size);
        memcpy(ret, p->bytes + sizeof(p->header), n < size ? n : size);
}

/* Its text is a stranger's: bytes, ended here. */
static void handle_probed(MonitorClient *c, const Packet *p) {
        char text[CONTROL_PROBE_TEXT_MAX + 1] = "";
        size_t fixed = sizeof(p->header) + sizeof(ControlProbed);
        ControlProbed probed;

        copy_body(p, &probed, sizeof(probed));
        if (p->size > fixed)
                memcpy(text, p->bytes + fixed, MIN2(p->size - fixed, sizeof(text) - 1));
        if (c->handler->probed)
                c->handler->probed(&probed, text, c->userdata);
}

/* Calls the handler, after which the client may be gone. */
static void handle(MonitorClient *c, Packet *p) {
        _cleanup_close_ int fd = TAKE_FD(p->fd);
        union {
                ControlStarted started;
                ControlState state;
                PlanFailure failure;
                ExitRecord record;
        } body;

        if (p->size < sizeof(p->header) || p->header.magic != CONTROL_MAGIC)
                return;
        switch (p->header.type) {
        case CONTROL_STARTED:
                copy_body(p, &body.started, sizeof(body.started));
                if (fd >= 0 && c->handler->started)
                        c->handler->started(&body.started, TAKE_FD(fd), c->userdata);
                return;
        case CONTROL_FAILED:
                copy_body(p, &body.failure, sizeof(body.failure));
                body.failure.detail[sizeof(body.failure.detail) - 1] = '\0';
                c->handler->failed(&body.failure, c->userdata);
                return;
        case CONTROL_EXITED:
                copy_body(p, &body.record, sizeof(body.record));
                body.record.detail[sizeof(body.record.detail) - 1] = '\0';
                c->handler->exited(&body.record, TAKE_FD(fd), c->userdata);
                return;
        case CONTROL_STATE:
                copy_body(p, &body.state, sizeof(body.state));
                if (c->handler->state)
                        c->handler->state(&body.state, TAKE_FD(fd), c->userdata);
                return;
        case CONTROL_USERNS:
                if (fd >= 0 && c->handler->userns)
                        c->handler->userns(TAKE_FD(fd), c->userdata);
                return;
        case CONTROL_PROBED:
                handle_probed(c, p);
                return;
        default:
                return; /* a reply, which nobody waits for, or a newer monitor's */
        }
}

/* Return: 1 something was handled, 0 nothing was there. */
static int process(MonitorClient *c) {
        Packet p;
        int r;

        r = receive(c->fd, &p);
        if (r == 0)
                return 0;
        if (r < 0) {
                c->source = sd_event_source_disable_unref(c->source);
                c->handler->lost(c->userdata);
                return 1;
        }
        handle(c, &p);
        return 1;
}

static int on_socket(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        (void) process(userdata);
        return 0;
}

int monitor_client_wait(MonitorClient *c, int timeout_ms) {
        struct pollfd p = { .fd = c->fd, .events = POLLIN };

        if (poll(&p, 1, timeout_ms) < 0)
                return -errno;
        return process(c);
}

/* Takes @fd over on success. */
static int client_new(sd_event *event, int fd, const MonitorHandler *handler, void *userdata,
                MonitorClient **ret) {
        _cleanup_(monitor_client_freep) MonitorClient *c = NULL;
        int r;

        c = malloc(sizeof(*c));
        if (!c)
                return -ENOMEM;
        *c = (MonitorClient){ .fd = -EBADF, .handler = handler, .userdata = userdata };
        r = sd_event_add_io(event, &c->source, fd, EPOLLIN, on_socket, c);
        if (r < 0)
                return r;
        c->fd = fd;
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

/* A socket's path has 108 bytes: it is named below an fd. */
static socklen_t control_address(int run_dir_fd, struct sockaddr_un *ret) {
        char dir[FD_PATH_MAX];
        int n;

        fd_path(run_dir_fd, dir);
        *ret = (struct sockaddr_un){ .sun_family = AF_UNIX };
        n = snprintf(ret->sun_path, sizeof(ret->sun_path), "%s/" RUN_FILE_CONTROL, dir);
        return (socklen_t) (offsetof(struct sockaddr_un, sun_path) + (size_t) n + 1);
}

int monitor_client_listen(int run_dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        struct sockaddr_un address;
        socklen_t size = control_address(run_dir_fd, &address);

        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
        if (fd < 0)
                return -errno;
        if (bind(fd, (struct sockaddr *) &address, size) < 0) {
                if (errno != EADDRINUSE)
                        return -errno;
                /* what the last run left: its monitor is gone or about to end */
                if (unlinkat(run_dir_fd, RUN_FILE_CONTROL, 0) < 0 ||
                                bind(fd, (struct sockaddr *) &address, size) < 0)
                        return -errno;
        }
        if (listen(fd, BACKLOG) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int monitor_client_connect(sd_event *event, int run_dir_fd, const MonitorHandler *handler,
                void *userdata, MonitorClient **ret) {
        _cleanup_close_ int fd = -EBADF;
        struct sockaddr_un address;
        socklen_t size = control_address(run_dir_fd, &address);
        int r;

        fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;
        if (connect(fd, (struct sockaddr *) &address, size) < 0)
                return -errno;
        r = client_new(event, fd, handler, userdata, ret);
        if (r >= 0)
                (void) TAKE_FD(fd);
        return r;
}

/* The fds in the order in which the monitor gets them; the plan names them by their places. */
static size_t number_fds(Plan *plan, int keep_fd, int *fds) {
        size_t n = 1; /* the first is the plan itself */

        for (int role = 0; role < _PLAN_FD_MAX; role++)
                if (plan->fds[role] >= 0) {
                        fds[n] = plan->fds[role];
                        plan->fds[role] = FIRST_FD + (int) n++;
                }
        for (size_t i = 0; i < plan->n_layers; i++) {
                fds[n] = plan->layer_fds[i];
                plan->layer_fds[i] = FIRST_FD + (int) n++;
        }
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == PLAN_MOUNT_FD && !plan->mounts[i].source) {
                        fds[n] = plan->mounts[i].fd;
                        plan->mounts[i].fd = FIRST_FD + (int) n++;
                }
        if (keep_fd >= 0)
                fds[n++] = keep_fd;
        return n;
}

static int plan_to_memfd(const Plan *plan) {
        _cleanup_free_ void *data = NULL;
        size_t size;
        int r;

        r = plan_encode(plan, &data, &size);
        return r < 0 ? r : sealed_memfd("plan", data, size);
}

int monitor_client_spawn(sd_event *event, const MonitorArgs *args, const MonitorHandler *handler,
                void *userdata, MonitorClient **ret, int *ret_pidfd) {
        static const char *const argv[] = { PROGRAM_MONITOR, NULL };
        _cleanup_(monitor_client_freep) MonitorClient *c = NULL;
        _cleanup_close_ int ours_fd = -EBADF, theirs_fd = -EBADF, plan_fd = -EBADF;
        int pair[2], fds[FDS_MAX], r;
        size_t n_fds;

        if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
                return -errno;
        ours_fd = pair[0];
        theirs_fd = args->plan->fds[PLAN_FD_CONTROL] = pair[1];
        args->plan->fds[PLAN_FD_LISTEN] = args->listen_fd;
        n_fds = number_fds(args->plan, args->keep_fd, fds);
        r = fds[0] = plan_fd = plan_to_memfd(args->plan);
        if (r < 0)
                return r;

        r = client_new(event, ours_fd, handler, userdata, &c);
        if (r < 0)
                return r;
        (void) TAKE_FD(ours_fd);
        if (args->before)
                args->before(c, userdata);
        r = spawn_process(
                        &(SpawnArgs){
                                        .null_fd = args->spawner->null_fd,
                                        .program_fd = args->spawner->monitor_fd,
                                        .argv = argv,
                                        .fds = fds,
                                        .n_fds = n_fds,
                                        .cgroup_fd = args->cgroup_fd,
                        },
                        ret_pidfd);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(c);
        return 0;
}

/* Never waits: a monitor that does not read is not one of ours any more. */
static int request(MonitorClient *c, ControlType type, const void *body, size_t size,
                const int *fds, size_t n_fds) {
        struct {
                ControlHeader header;
                char body[sizeof(ControlProbe) + CONTROL_PROBE_PATH_MAX];
        } packet = {
                .header = {
                        .magic = CONTROL_MAGIC,
                        .version = CONTROL_VERSION,
                        .type = (uint16_t) type,
                        .length = (uint32_t) (sizeof(ControlHeader) + size),
                        .serial = ++c->serial,
                },
        };
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
        } control = {};
        struct iovec iov = { .iov_base = &packet, .iov_len = sizeof(ControlHeader) + size };
        struct msghdr h = { .msg_iov = &iov, .msg_iovlen = 1 };

        if (size > 0)
                memcpy(packet.body, body, size);
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

int monitor_client_attach(MonitorClient *c, unsigned mask, const int *fds, size_t n_fds) {
        ControlAttach body = { .mask = mask };

        return request(c, CONTROL_ATTACH, &body, sizeof(body), fds, n_fds);
}

int monitor_client_resize(MonitorClient *c, unsigned rows, unsigned columns) {
        ControlResize body = { .rows = (uint16_t) rows, .columns = (uint16_t) columns };

        return request(c, CONTROL_RESIZE, &body, sizeof(body), NULL, 0);
}

int monitor_client_signal(MonitorClient *c, int signal) {
        ControlSignal body = { .signal = signal };

        return request(c, CONTROL_SIGNAL, &body, sizeof(body), NULL, 0);
}

int monitor_client_taken(MonitorClient *c) {
        return request(c, CONTROL_TAKEN, NULL, 0, NULL, 0);
}

int monitor_client_discard(MonitorClient *c) {
        return request(c, CONTROL_DISCARD, NULL, 0, NULL, 0);
}

int monitor_client_probe(MonitorClient *c, const ControlProbe *probe, const char *path) {
        char body[sizeof(*probe) + CONTROL_PROBE_PATH_MAX];
        size_t size = path ? strlen(path) : 0;

        if (size > CONTROL_PROBE_PATH_MAX)
                return -ENAMETOOLONG;
        memcpy(body, probe, sizeof(*probe));
        if (path)
                memcpy(body + sizeof(*probe), path, size);
        return request(c, CONTROL_PROBE, body, sizeof(*probe) + size, NULL, 0);
}
