/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/probe.c: see probe.h. */
#include "monitor/probe.h"
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include "base/fd.h"
#include "monitor/http-status.h"

static bool is_over(Probe *p, int error, int status, size_t text_size, ProbeResult *ret) {
        *ret = (ProbeResult){
                .probed = { .id = p->id,
                                .error = error,
                                .status = status > 0 ? (uint32_t) status : 0 },
                .text = p->buffer,
                .text_size = text_size < CONTROL_PROBE_TEXT_MAX ? text_size
                                                                : CONTROL_PROBE_TEXT_MAX,
        };
        probe_cancel(p);
        return true;
}

void probe_cancel(Probe *p) {
        p->fd = close_fd(p->fd);
}

/* We are in the container's network namespace for this one call only. */
static int socket_inside(int pidfd, int family) {
        int own_fd, fd, r;

        own_fd = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
        if (own_fd < 0)
                return -errno;
        if (setns(pidfd, CLONE_NEWNET) < 0) {
                r = -errno;
                close_fd(own_fd);
                return r;
        }
        fd = socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
        r = fd < 0 ? -errno : fd;
        if (setns(own_fd, CLONE_NEWNET) < 0) { /* our own, which we may always enter */
                r = -errno;
                close_fd(fd);
        }
        close_fd(own_fd);
        return r;
}

/* Return: 0 under way, or there already; negative errno: nobody listens. */
static int connect_loopback(Probe *p, int pidfd) {
        union {
                struct sockaddr any;
                struct sockaddr_in v4;
                struct sockaddr_in6 v6;
        } address = {};
        socklen_t size = p->ipv6 ? sizeof(address.v6) : sizeof(address.v4);
        int fd;

        p->fd = close_fd(p->fd);
        fd = socket_inside(pidfd, p->ipv6 ? AF_INET6 : AF_INET);
        if (fd < 0)
                return fd;
        p->fd = fd;
        p->stage = PROBE_CONNECTING;
        if (p->ipv6)
                address.v6 = (struct sockaddr_in6){ .sin6_family = AF_INET6,
                        .sin6_port = htons(p->port),
                        .sin6_addr = IN6ADDR_LOOPBACK_INIT };
        else
                address.v4 = (struct sockaddr_in){ .sin_family = AF_INET,
                        .sin_port = htons(p->port),
                        .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
        return connect(fd, &address.any, size) < 0 && errno != EINPROGRESS ? -errno : 0;
}

/* The first refusal counts: most services that listen on IPv6 listen on IPv4, too. */
static int try_ipv6(Probe *p, int pidfd, int error) {
        if (p->ipv6)
                return error;
        p->ipv6 = true;
        return connect_loopback(p, pidfd) < 0 ? error : 0;
}

static bool path_is_valid(const char *path, size_t size) {
        if (size == 0 || size > CONTROL_PROBE_PATH_MAX || path[0] != '/')
                return false;
        for (size_t i = 0; i < size; i++)
                if (path[i] <= ' ' || path[i] >= 0x7f)
                        return false; /* it would end the line, or begin another word */
        return true;
}

int probe_begin(Probe *p, int pidfd, const ControlProbe *ask, const char *path, size_t path_size,
                ProbeResult *ret) {
        usec_t now = now_monotonic();
        int r;

        probe_cancel(p);
        p->id = ask->id;
        p->port = ask->port;
        p->http = ask->kind == CONTROL_PROBE_HTTP;
        p->ipv6 = false;
        p->deadline_usec = usec_add(now, ask->timeout_usec);
        p->begin = p->end = 0;
        if ((!p->http && ask->kind != CONTROL_PROBE_TCP) || ask->port == 0 ||
                        (p->http && !path_is_valid(path, path_size)))
                return -EINVAL;
        if (p->http)
                p->end = (size_t) snprintf(p->buffer, sizeof(p->buffer),
                                "GET %.*s HTTP/1.1\r\nHost: localhost:%u\r\n"
                                "User-Agent: pocketdocker\r\nAccept: */*\r\n"
                                "Connection: close\r\n\r\n",
                                (int) path_size, path, p->port);

        r = connect_loopback(p, pidfd);
        if (r < 0 && p->fd >= 0)
                r = try_ipv6(p, pidfd, r);
        if (r < 0) {
                (void) is_over(p, r, 0, 0, ret);
                return 1;
        }
        return 0;
}

struct pollfd probe_poll_fd(const Probe *p) {
        return (struct pollfd){ .fd = p->fd,
                .events = p->stage == PROBE_READING ? POLLIN : POLLOUT };
}

/* Return: 0 connected, 1 not yet, negative errno. */
static int finish_connect(Probe *p, int pidfd) {
        socklen_t size = sizeof(int);
        int error = 0;

        if (getsockopt(p->fd, SOL_SOCKET, SO_ERROR, &error, &size) < 0)
                error = errno;
        if (error == 0)
                return 0;
        return try_ipv6(p, pidfd, -error) < 0 ? -error : 1;
}

/* Return: 0 all is sent, 1 not yet, negative errno. */
static int send_request(Probe *p) {
        ssize_t n;

        n = send(p->fd, p->buffer + p->begin, p->end - p->begin, MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 1 : -errno;
        p->begin += (size_t) n;
        if (p->begin < p->end)
                return 1;
        p->begin = p->end = 0; /* from here on the buffer is the answer's */
        return 0;
}

/* Return: 1 the line goes on, 0 it is there, up to p->begin, negative errno. */
static int read_line(Probe *p) {
        const char *newline;
        ssize_t n;

        n = recv(p->fd, p->buffer + p->end, sizeof(p->buffer) - p->end, 0);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 1 : -errno;
        p->end += (size_t) n;
        newline = memchr(p->buffer, '\n', p->end);
        p->begin = newline ? (size_t) (newline - p->buffer) : p->end;
        if (!newline && n > 0 && p->end < sizeof(p->buffer))
                return 1;
        if (p->begin > 0 && p->buffer[p->begin - 1] == '\r')
                p->begin--;
        return 0;
}

/* Return: whether it has ended. */
static bool go_on(Probe *p, int pidfd, ProbeResult *ret) {
        int r;

        if (p->stage == PROBE_CONNECTING) {
                r = finish_connect(p, pidfd);
                if (r != 0)
                        return r < 0 && is_over(p, r, 0, 0, ret);
                if (!p->http)
                        return is_over(p, 0, 0, 0, ret);
                p->stage = PROBE_SENDING;
        }
        if (p->stage == PROBE_SENDING) {
                r = send_request(p);
                if (r != 0)
                        return r < 0 && is_over(p, r, 0, 0, ret);
                p->stage = PROBE_READING;
                return false;
        }
        r = read_line(p);
        if (r != 0)
                return r < 0 && is_over(p, r, 0, 0, ret);
        r = http_status_parse(p->buffer, p->begin);
        return is_over(p, r < 0 ? r : 0, r, p->begin, ret);
}

bool probe_dispatch(Probe *p, int pidfd, bool ready, ProbeResult *ret) {
        if (p->fd < 0)
                return false;
        if (ready && go_on(p, pidfd, ret))
                return true;
        return now_monotonic() >= p->deadline_usec && is_over(p, -ETIMEDOUT, 0, 0, ret);
}
