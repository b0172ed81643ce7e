/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cli/bus/transport.c: bytes and fds over a socket. A message's fds come with its first byte, so never more is read than
 * belongs to the message at hand.
 * Source: D-Bus Specification, "Authentication Protocol", "Server Addresses"; unix(7)
 */
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include "base/fd.h"
#include "base/parse.h"
#include "cli/bus/connection.h"

/* Who we are the kernel says, so an empty identity is enough; all is sent at once, which saves the turns. */
static const char auth_request[] = "\0AUTH EXTERNAL\r\nDATA\r\nNEGOTIATE_UNIX_FD\r\nBEGIN\r\n";

#define AUTH_LINES 3U
#define AUTH_BYTES_MAX 4096U

typedef struct Outgoing {
        List list;
        StrBuf data;
        size_t sent;
        int *fds; /* owned, each of them */
        size_t n_fds;
} Outgoing;

static void outgoing_free(Outgoing *o) {
        list_remove(&o->list);
        for (size_t i = 0; i < o->n_fds; i++)
                close_fd(o->fds[i]);
        free(o->fds);
        strbuf_done(&o->data);
        free(o);
}

void connection_drop_outgoing(sd_bus *bus) {
        Outgoing *o;

        LIST_FOREACH(o, &bus->out, Outgoing, list)
                outgoing_free(o);
}

int connection_send(sd_bus *bus, sd_bus_message *m) {
        Outgoing *o;
        int r;

        if (m->n_fds > 0 && bus->state == CONNECTION_RUNNING && !bus->takes_fds)
                return -EOPNOTSUPP;
        o = calloc(1, sizeof(*o));
        if (!o)
                return -ENOMEM;
        list_init(&o->list);
        r = message_encode(m, ++bus->serial, &o->data);
        if (r >= 0 && m->n_fds > 0) {
                o->fds = calloc(m->n_fds, sizeof(*o->fds));
                r = o->fds ? 0 : -ENOMEM;
        }
        for (uint32_t i = 0; r >= 0 && i < m->n_fds; i++) {
                r = fcntl(m->fds[i], F_DUPFD_CLOEXEC, 3);
                if (r < 0)
                        r = -errno;
                else
                        o->fds[o->n_fds++] = r;
        }
        if (r < 0) {
                outgoing_free(o);
                return r;
        }
        list_append(&bus->out, &o->list);
        return connection_write(bus);
}

static int send_some(sd_bus *bus, Outgoing *o) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        } control = {};
        struct iovec iov = { o->data.data + o->sent, o->data.size - o->sent };
        struct msghdr mh = { .msg_iov = &iov, .msg_iovlen = 1 };
        ssize_t n;

        if (o->sent == 0 && o->n_fds > 0) {
                mh.msg_control = control.room;
                mh.msg_controllen = CMSG_SPACE(sizeof(int) * o->n_fds);
                control.header = (struct cmsghdr) {
                        .cmsg_level = SOL_SOCKET,
                        .cmsg_type = SCM_RIGHTS,
                        .cmsg_len = CMSG_LEN(sizeof(int) * o->n_fds),
                };
                memcpy(CMSG_DATA(&control.header), o->fds, sizeof(int) * o->n_fds);
        }
        n = sendmsg(bus->fd, &mh, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        o->sent += (size_t) n;
        return 1;
}

int connection_write(sd_bus *bus) {
        Outgoing *o;
        int r;

        /*
         * On a bus the first in the queue is Hello, which goes as soon as we may speak. A peer reads calls behind the
         * authentication once it has let us in, and none before: what is sent at once saves a turn. Its word on fds has
         * to be here first.
         */
        if (bus->state == CONNECTION_UNSET || bus->state >= CONNECTION_CLOSING ||
                        (bus->state == CONNECTION_AUTH && bus->is_bus))
                return 0;
        LIST_FOREACH(o, &bus->out, Outgoing, list) {
                if (bus->state == CONNECTION_AUTH && o->n_fds > 0)
                        return 0;
                while (o->sent < o->data.size) {
                        r = send_some(bus, o);
                        if (r <= 0)
                                return r;
                }
                outgoing_free(o);
        }
        return 0;
}

static int receive_fds(sd_bus *bus, struct msghdr *mh) {
        int r = mh->msg_flags & MSG_CTRUNC ? -EBADMSG : 0;

        for (struct cmsghdr *c = CMSG_FIRSTHDR(mh); c; c = CMSG_NXTHDR(mh, c)) {
                size_t n = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);
                int fds[WIRE_FDS_MAX];

                if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
                        continue;
                n = MIN2(n, ELEMENTSOF(fds)); /* no more fit into the room we gave */
                memcpy(fds, CMSG_DATA(c), n * sizeof(*fds));
                for (size_t i = 0; i < n; i++)
                        if (bus->n_in_fds < WIRE_FDS_MAX)
                                bus->in_fds[bus->n_in_fds++] = fds[i];
                        else {
                                close_fd(fds[i]);
                                r = -EBADMSG;
                        }
        }
        return r;
}

/* Up to @size bytes. Return: how many, 0 for none at the moment, -ECONNRESET at the end. */
static ssize_t receive(sd_bus *bus, void *data, size_t size) {
        union {
                struct cmsghdr header;
                char room[CMSG_SPACE(sizeof(int) * WIRE_FDS_MAX)];
        } control;
        struct iovec iov = { data, size };
        struct msghdr mh = {
                .msg_iov = &iov,
                .msg_iovlen = 1,
                .msg_control = control.room,
                .msg_controllen = sizeof(control),
        };
        ssize_t n;
        int r;

        n = recvmsg(bus->fd, &mh, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        r = receive_fds(bus, &mh);
        if (r < 0)
                return r;
        return n == 0 ? -ECONNRESET : n;
}

static int check_auth(sd_bus *bus) {
        const char *line = bus->auth.data, *end;
        unsigned lines = 0;

        for (; (end = strstr(line, "\r\n")); line = end + 2) {
                if (lines == 0 && !startswith(line, "DATA"))
                        return -EPERM;
                if (lines == 1 && !startswith(line, "OK "))
                        return -EPERM;
                if (lines == 2)
                        bus->takes_fds = startswith(line, "AGREE_UNIX_FD");
                lines++;
        }
        if (lines < AUTH_LINES)
                return bus->auth.size < AUTH_BYTES_MAX ? 0 : -EPERM;
        return 1;
}

/* Up to the end of the last line, and no more: what follows is a message, which brings its fds along. */
static size_t until_last_line(const sd_bus *bus, const char *data, size_t size) {
        unsigned lines = 0;

        for (size_t i = 0; i < bus->auth.size; i++)
                lines += bus->auth.data[i] == '\n';
        for (size_t i = 0; i < size; i++) {
                lines += data[i] == '\n';
                if (lines == AUTH_LINES)
                        return i + 1;
        }
        return size;
}

static int read_auth(sd_bus *bus) {
        char data[512];
        ssize_t n;
        int r;

        n = recv(bus->fd, data, sizeof(data), MSG_PEEK | MSG_DONTWAIT);
        if (n < 0)
                return errno == EAGAIN || errno == EINTR ? 0 : -errno;
        n = n == 0 ? -ECONNRESET : receive(bus, data, until_last_line(bus, data, (size_t) n));
        if (n <= 0)
                return (int) n;
        r = strbuf_append(&bus->auth, data, (size_t) n);
        if (r >= 0)
                r = check_auth(bus);
        if (r <= 0)
                return r;
        bus->state = bus->is_bus ? CONNECTION_HELLO : CONNECTION_RUNNING;
        r = connection_write(bus);
        return r < 0 ? r : 1;
}

static int finish_message(sd_bus *bus) {
        sd_bus_message *m;
        int r;

        r = message_decode(bus->in.data, bus->in.size, bus->in_fds, bus->n_in_fds, &m);
        if (r < 0)
                return r;
        bus->n_in_fds = 0; /* they are the message's */
        strbuf_done(&bus->in);
        list_append(&bus->queue, &m->list);
        bus->n_queue++;
        return 1;
}

int connection_read(sd_bus *bus) {
        size_t size = WIRE_FIXED;
        char data[65536];
        ssize_t n;
        int r;

        if (bus->state == CONNECTION_AUTH)
                return read_auth(bus);
        if (bus->n_queue >= CONNECTION_QUEUE_MAX)
                return -ENOBUFS;
        for (;;) {
                if (bus->in.size >= WIRE_FIXED) {
                        r = message_size(bus->in.data, &size);
                        if (r < 0)
                                return r;
                        if (bus->in.size == size)
                                return finish_message(bus);
                }
                n = receive(bus, data, MIN2(size - bus->in.size, sizeof(data)));
                if (n <= 0)
                        return (int) n;
                r = strbuf_append(&bus->in, data, (size_t) n);
                if (r < 0)
                        return r;
        }
}

int connection_begin(sd_bus *bus) {
        ssize_t n;

        bus->state = CONNECTION_AUTH;
        n = send(bus->fd, auth_request, sizeof(auth_request) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0)
                return -errno;
        /* A socket that has carried nothing takes some bytes. */
        return n == sizeof(auth_request) - 1 ? 0 : -ECONNRESET;
}

static int unescape(char *text) {
        char *to = text;
        unsigned byte;

        for (const char *s = text; *s; s++) {
                if (*s == '%') {
                        if (sscanf(s + 1, "%2x", &byte) != 1 || byte == 0 || !s[2])
                                return -EINVAL;
                        *to++ = (char) byte;
                        s += 2;
                } else
                        *to++ = *s;
        }
        *to = '\0';
        return 0;
}

/* One address: unix:path=… or unix:abstract=…, further keys behind a comma. */
static int connect_one(sd_bus *bus, char *address) {
        struct sockaddr_un sa = { .sun_family = AF_UNIX };
        bool abstract = startswith(address, "unix:abstract=");
        size_t n;
        char *path;
        int r;

        if (!abstract && !startswith(address, "unix:path="))
                return -EINVAL;
        path = strchr(address, '=') + 1;
        path[strcspn(path, ",")] = '\0';
        r = unescape(path);
        if (r < 0)
                return r;
        n = strlen(path);
        if (n == 0 || n + abstract >= sizeof(sa.sun_path))
                return n == 0 ? -EINVAL : -ENAMETOOLONG;
        memcpy(sa.sun_path + abstract, path, n);

        bus->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (bus->fd < 0)
                return -errno;
        n += offsetof(struct sockaddr_un, sun_path) + 1; /* the NUL before or behind it */
        if (connect(bus->fd, (const struct sockaddr *) &sa, (socklen_t) n) < 0) {
                r = -errno;
                bus->fd = close_fd(bus->fd);
                return r;
        }
        return connection_begin(bus);
}

int connection_open(sd_bus *bus) {
        _cleanup_free_ char *copy = strdup(bus->address);
        char *rest = copy, *address;
        int r = -EINVAL;

        if (!copy)
                return -ENOMEM;
        while ((address = strsep(&rest, ";"))) {
                if (isempty(address))
                        continue;
                r = connect_one(bus, address);
                if (r >= 0)
                        return 0;
        }
        return r;
}
