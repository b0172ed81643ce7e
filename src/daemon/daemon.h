/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/daemon.h: the daemon's own object and its connections. Private to this folder. A link is one connection: the
 * system bus, where many callers meet, or in embedded mode a peer, which is its own only caller.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>
#include "base/list.h"
#include "base/map.h"
#include "engine/manager.h"

typedef struct Caller Caller;
typedef struct Changes Changes;
typedef struct Peer Peer;
typedef struct PeerBus PeerBus;
typedef struct Link Link;

typedef struct Daemon {
        sd_event *event;   /* owned */
        Manager *manager;  /* owned; NULL before it is open and after it is closed */
        Changes *changes;  /* owned */
        sd_bus *bus;       /* owned; the system bus, NULL embedded */
        PeerBus *peer_bus; /* owned; NULL in system mode */
        bool ending;       /* a signal came */
        List links;        /* of Link.links */
        List calls; /* of Call.daemon_calls: every parked call, also those whose caller left */
        uint64_t questions_asked;            /* numbers the questions to polkit */
        uint64_t authorization_timeout_usec; /* 0: the built-in ones */
        uint64_t mount_token_usec;           /* the same */
        Container *removing; /* borrowed: the container whose removal is being announced; find() knows it still */
        Image *removing_image;
        Volume *removing_volume;
        Operation *removing_operation;
} Daemon;

struct Link {
        Daemon *daemon;      /* borrowed */
        sd_bus *bus;         /* owned */
        List links;          /* in daemon->links */
        Map *callers;        /* owned map of owned Callers by unique name; NULL for a peer */
        Peer *peer;          /* borrowed: the connection it is the face of; NULL: the system bus */
        Caller *peer_caller; /* owned; the one caller of a peer */
        unsigned n_matches; /* peer: match rules that ask for our signals; without one it gets none */
        bool closing;       /* no signal is sent any more */
};

/** link_new() - put every object on @bus; @bus is referenced, the link is in daemon->links. Return: 0 or negative errno. */
int link_new(Daemon *daemon, sd_bus *bus, Link **ret);

/** link_new_peer() - the same for a connection that is still to come, of one caller; @peer is borrowed. */
int link_new_peer(Daemon *daemon, sd_bus *bus, Peer *peer, Link **ret);

/** link_set_peer() - its other end is @uid's. Once, before the connection begins. Return: 0 or -ENOMEM. */
int link_set_peer(Link *link, uid_t uid);

/** link_free() - end its callers' waits, close the connection. What the engine was asked for goes on. */
Link *link_free(Link *link);
DEFINE_CLEANUP(Link *, link_free);

/**
 * link_current() - the link whose object is being called or read: within handlers and getters only
 * Every vtable is added with its link as userdata, which its slot remembers. Take it first: once a signal was sent from
 * within, sd-bus knows the slot no more.
 */
Link *link_current(sd_bus *bus);

static inline Daemon *daemon_of(sd_bus_message *m) {
        return link_current(sd_bus_message_get_bus(m))->daemon;
}

static inline Manager *manager_of(sd_bus_message *m) {
        return daemon_of(m)->manager;
}
