/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/peer-bus.c: knows the socket, connections and when nobody needs the daemon any more; knows no object.
 *
 * A connection that ended, or that is to end, is only marked: within a handler its bus is in use. It is freed in the next
 * turn of the loop.
 */
#include "daemon/peer-bus.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <systemd/sd-id128.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "daemon/peer-driver.h"
#include "model/limits.h"
#include "model/names.h"

#define LISTEN_BACKLOG 256
#define SEND_BUFFER_BYTES                                                                          \
        (256 * 1024) /* sd-bus takes 8 MiB, of which 64 idle readers would make half a GiB */

struct PeerBus {
        Daemon *daemon;             /* borrowed */
        const RunDir *run_dir;      /* borrowed */
        int listen_fd;              /* owned */
        sd_event_source *listening; /* owned */
        sd_event_source *reaper;    /* owned; on while a marked connection is there */
        sd_event_source *idle;      /* owned; on while nobody is there and nothing runs */
        sd_event_source *preparing; /* owned; on until the loop has time to make the spare */
        Peer *spare; /* owned; all but its connection: half of what a caller would wait for; NULL: none is ready */
        uint64_t idle_usec;
        uint64_t last_name;
        List peers; /* of Peer.peers */
        unsigned n_peers;
        sd_id128_t server_id;
};

static Peer *peer_free(Peer *peer) {
        if (!peer)
                return NULL;

        if (list_is_linked(&peer->peers)) {
                list_remove(&peer->peers);
                peer->bus->n_peers--;
        }
        sd_event_source_disable_unref(peer->kick);
        link_free(peer->link);
        strv_free(peer->matches);
        free(peer);
        return NULL;
}

DEFINE_CLEANUP(Peer *, peer_free);

/* The timer runs exactly while there is nothing to stay for. */
static void check_idle(PeerBus *p) {
        bool idle = p->n_peers == 0 && p->idle_usec != USEC_INFINITY && p->daemon->manager &&
                    manager_is_idle(p->daemon->manager);
        int r;

        r = sd_event_source_set_enabled(p->idle, SD_EVENT_OFF);
        if (r >= 0 && idle)
                r = sd_event_source_set_time_relative(p->idle, p->idle_usec);
        if (r >= 0 && idle)
                r = sd_event_source_set_enabled(p->idle, SD_EVENT_ONESHOT);
        if (r < 0)
                (void) log_warning_errno(r,
                                "Failed to set the idle timer, so the daemon stays, ignoring: %m");
}

void peer_bus_idle_changed(PeerBus *p) {
        check_idle(p);
}

static void peer_mark(Peer *peer) {
        peer->link->closing = true;
        if (sd_event_source_set_enabled(peer->bus->reaper, SD_EVENT_ONESHOT) < 0)
                log_error("Failed to schedule the end of connection '%s', ignoring", peer->name);
}

void peer_bus_check_queue(Link *link) {
        uint64_t queued;

        if (link->closing || sd_bus_get_n_queued_write(link->bus, &queued) < 0 ||
                        queued <= PEER_QUEUE_MAX)
                return;

        log_notice("Process %i does not read its %" PRIu64 " messages, closing its connection",
                        (int) link->peer->pid, queued);
        peer_mark(link->peer);
}

/* When somebody has left, not when somebody has come: then there is something else to do. */
static void prepare_spare(PeerBus *p) {
        if (!p->spare)
                (void) sd_event_source_set_enabled(
                                p->preparing, SD_EVENT_ONESHOT); /* else each connection makes its own */
}

static int on_reap(sd_event_source *s, void *userdata) {
        PeerBus *p = userdata;
        Peer *peer;

        LIST_FOREACH(peer, &p->peers, Peer, peers)
                if (peer->link->closing)
                        peer_free(peer);
        prepare_spare(p);
        check_idle(p);
        return 0;
}

/*
 * A client may send its first messages right behind the authentication. sd-bus then has them in its buffer, while the socket,
 * which is all that the loop watches, is empty.
 */
static int on_kick(sd_event_source *s, void *userdata) {
        Peer *peer = userdata;
        int r = 0;

        if (!peer->link->closing)
                r = sd_bus_process(peer->link->bus, NULL);
        if (r < 0)
                peer_mark(peer);
        return r > 0 ? 0 : sd_event_source_set_enabled(s, SD_EVENT_OFF);
}

/* Runs before every other filter: a connection that is to end is served no more. */
static int lifetime_filter(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        Peer *peer = userdata;

        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Local", "Connected") > 0)
                return sd_event_source_set_enabled(peer->kick, SD_EVENT_ON);
        if (sd_bus_message_is_signal(m, "org.freedesktop.DBus.Local", "Disconnected") > 0) {
                peer_mark(peer);
                return 1;
        }
        peer_bus_check_queue(peer->link);
        return peer->link->closing ? 1 : 0;
}

static int new_bus(PeerBus *p, sd_bus **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = sd_bus_new(&bus);
        if (r < 0)
                return r;

        r = sd_bus_set_server(bus, true, p->server_id);
        if (r < 0)
                return r;

        r = sd_bus_negotiate_fds(bus, true);
        if (r < 0)
                return r;

        r = sd_bus_set_connected_signal(bus, true);
        if (r < 0)
                return r;

        /* Clients match signals by their sender's unique name. */
        r = sd_bus_set_sender(bus, PEER_SERVICE_NAME);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(bus);
        return 0;
}

/* All that needs no connection. */
static int peer_prepare(PeerBus *p, Peer **ret) {
        _cleanup_(sd_bus_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(peer_freep) Peer *peer = NULL;
        int r;

        peer = malloc(sizeof(*peer));
        if (!peer)
                return -ENOMEM;
        *peer = (Peer){ .bus = p };

        r = new_bus(p, &bus);
        if (r < 0)
                return r;

        r = link_new_peer(p->daemon, bus, peer, &peer->link);
        if (r < 0)
                return r;
        bus = sd_bus_unref(bus); /* the link has its own reference */

        /* The last one added runs first. */
        r = sd_bus_add_filter(peer->link->bus, NULL, peer_driver_filter, peer);
        if (r < 0)
                return r;

        r = sd_bus_add_filter(peer->link->bus, NULL, lifetime_filter, peer);
        if (r < 0)
                return r;

        r = sd_event_add_defer(p->daemon->event, &peer->kick, on_kick, peer);
        if (r < 0)
                return r;

        r = sd_event_source_set_enabled(peer->kick, SD_EVENT_OFF);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(peer);
        return 0;
}

/* @fd is taken over in any case. */
static int peer_connect(Peer *peer, int fd, const struct ucred *creds) {
        _cleanup_close_ int owned_fd = fd;
        sd_bus *bus = peer->link->bus;
        int r;

        peer->uid = creds->uid;
        peer->pid = creds->pid;
        (void) snprintf(peer->name, sizeof(peer->name), ":1.%" PRIu64, ++peer->bus->last_name);

        r = link_set_peer(peer->link, peer->uid);
        if (r < 0)
                return r;

        r = sd_bus_set_fd(bus, fd, fd);
        if (r < 0)
                return r;
        TAKE_FD(owned_fd); /* the bus's now */

        r = sd_bus_start(bus);
        if (r < 0)
                return r;

        /* At the daemon's end sd-bus would wait until everybody has read what is queued. */
        r = sd_bus_set_close_on_exit(bus, false);
        if (r < 0)
                return r;

        if (setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &(int){ SEND_BUFFER_BYTES }, sizeof(int)) < 0)
                return -errno;

        return sd_bus_attach_event(bus, peer->bus->daemon->event, SD_EVENT_PRIORITY_NORMAL);
}

/* @fd is taken over in any case. */
static int peer_new(PeerBus *p, int fd, const struct ucred *creds) {
        _cleanup_(peer_freep) Peer *peer = TAKE_PTR(p->spare);
        _cleanup_close_ int owned_fd = fd;
        int r;

        r = peer ? 0 : peer_prepare(p, &peer);
        if (r >= 0)
                r = peer_connect(peer, TAKE_FD(owned_fd), creds);
        if (r < 0)
                return r;

        list_append(&p->peers, &peer->peers);
        p->n_peers++;
        (void) TAKE_PTR(peer);
        return 0;
}

static int on_preparing(sd_event_source *s, void *userdata) {
        PeerBus *p = userdata;

        if (!p->spare && peer_prepare(p, &p->spare) < 0)
                log_debug("Failed to prepare for the next connection, ignoring");
        return 0;
}

static void accept_peer(PeerBus *p, int fd) {
        _cleanup_close_ int owned_fd = fd;
        socklen_t size = sizeof(struct ucred);
        struct ucred creds;
        int r;

        if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &creds, &size) < 0)
                return;
        if (creds.uid != 0 && creds.uid != geteuid()) {
                log_notice("User %u may not use this socket, closing", (unsigned) creds.uid);
                return;
        }
        if (p->n_peers >= PEERS_MAX) {
                log_notice("Closing a connection of process %i: there are %u already",
                                (int) creds.pid, p->n_peers);
                return;
        }

        r = peer_new(p, TAKE_FD(owned_fd), &creds);
        if (r < 0)
                (void) log_debug_errno(r, "Failed to begin with a connection, closing it: %m");
}

/* Return: how many came. */
static unsigned accept_all(PeerBus *p) {
        unsigned n = 0;
        int fd;

        for (;;) {
                fd = accept4(p->listen_fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
                if (fd < 0 && (errno == EINTR || errno == ECONNABORTED))
                        continue;
                if (fd < 0)
                        break;
                n++;
                accept_peer(p, fd);
        }
        if (errno != EAGAIN)
                (void) log_warning_errno(errno, "Failed to accept a connection, ignoring: %m");
        check_idle(p);
        return n;
}

static int on_listening(sd_event_source *s, int fd, uint32_t revents, void *userdata) {
        (void) accept_all(userdata);
        return 0;
}

static int bind_socket(PeerBus *p) {
        struct sockaddr_un address = { .sun_family = AF_UNIX };
        _cleanup_close_ int fd = -EBADF;

        fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
        if (fd < 0)
                return -errno;

        /* Whatever is there is a former daemon's: the lock is ours. */
        if (unlinkat(p->run_dir->dir_fd, RUN_FILE_SOCKET, 0) < 0 && errno != ENOENT)
                return -errno;

        /* By the directory's fd, since the path may be longer than a socket's name. */
        (void) snprintf(address.sun_path, sizeof(address.sun_path),
                        "/proc/self/fd/%d/" RUN_FILE_SOCKET, p->run_dir->dir_fd);
        if (bind(fd, (struct sockaddr *) &address, sizeof(address)) < 0)
                return -errno;

        /* Nobody can connect before it listens. */
        if (fchmodat(p->run_dir->dir_fd, RUN_FILE_SOCKET, 0600, 0) < 0 ||
                        listen(fd, LISTEN_BACKLOG) < 0)
                return -errno;
        return TAKE_FD(fd);
}

static int peer_bus_listen(PeerBus *p) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        fd = bind_socket(p);
        if (fd < 0)
                return fd;

        p->listening = sd_event_source_disable_unref(p->listening);
        r = sd_event_add_io(p->daemon->event, &p->listening, fd, EPOLLIN, on_listening, p);
        if (r < 0)
                return r;

        p->listen_fd = close_fd(p->listen_fd);
        p->listen_fd = TAKE_FD(fd);
        return 0;
}

/*
 * The socket goes first, then who slipped in before that is served as if nothing had been: on a socket made anew. The lock is
 * held until this process ends, so the next daemon begins with all of this one's work done.
 */
static int on_idle(sd_event_source *s, uint64_t usec, void *userdata) {
        PeerBus *p = userdata;
        int r;

        if (p->n_peers > 0 || !manager_is_idle(p->daemon->manager))
                return 0;

        if (unlinkat(p->run_dir->dir_fd, RUN_FILE_SOCKET, 0) < 0)
                (void) log_debug_errno(errno, "Failed to unlink the socket, ignoring: %m");
        if (accept_all(p) == 0) {
                log_debug("Nothing runs and nobody calls, ending");
                return sd_event_exit(p->daemon->event, 0);
        }

        r = peer_bus_listen(p);
        if (r < 0) {
                (void) log_error_errno(r, "Failed to listen again: %m");
                return sd_event_exit(p->daemon->event, r);
        }
        return 0;
}

int peer_bus_new(Daemon *daemon, const RunDir *run_dir, uint64_t idle_usec, PeerBus **ret,
                Failure *reterr) {
        PeerBus *p;
        int r;

        p = malloc(sizeof(*p));
        if (!p)
                return fail(reterr, FAILURE_NO_MEMORY, 0, "Out of memory");
        *p = (PeerBus){
                .daemon = daemon, .run_dir = run_dir, .listen_fd = -EBADF, .idle_usec = idle_usec
        };
        list_init(&p->peers);

        r = sd_id128_randomize(&p->server_id);
        if (r >= 0)
                r = sd_event_add_defer(daemon->event, &p->reaper, on_reap, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->reaper, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_add_defer(daemon->event, &p->preparing, on_preparing, p);
        if (r >= 0)
                r = sd_event_source_set_priority(p->preparing, SD_EVENT_PRIORITY_IDLE);
        if (r >= 0)
                r = sd_event_add_time(daemon->event, &p->idle, CLOCK_MONOTONIC, UINT64_MAX, 0,
                                on_idle, p);
        if (r >= 0)
                r = sd_event_source_set_enabled(p->idle, SD_EVENT_OFF);
        if (r >= 0)
                r = peer_bus_listen(p);
        if (r < 0) {
                peer_bus_free(p);
                return fail_errno(reterr, r, "Failed to listen on '" RUN_FILE_SOCKET "'");
        }

        check_idle(p);
        *ret = p;
        return 0;
}

PeerBus *peer_bus_free(PeerBus *p) {
        Peer *peer;

        if (!p)
                return NULL;

        while ((peer = list_first(&p->peers, Peer, peers)))
                peer_free(peer);
        peer_free(p->spare);
        sd_event_source_disable_unref(p->preparing);
        sd_event_source_disable_unref(p->listening);
        sd_event_source_disable_unref(p->reaper);
        sd_event_source_disable_unref(p->idle);
        close_fd(p->listen_fd);
        free(p);
        return NULL;
}
