/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/peer-bus.h: the embedded daemon's socket: each connection is a peer with a bus of its own, on which a little of the
 * message bus itself is answered (peer-driver.h), so that busctl and other clients feel at home.
 */
#pragma once
#include "daemon/daemon.h"
#include "daemon/run-dir.h"

typedef struct Peer Peer;

struct Peer {
        PeerBus *bus;  /* borrowed */
        Link *link;    /* owned */
        List peers;    /* in bus->peers */
        char name[32]; /* ":1.N" */
        uid_t uid;
        pid_t pid;
        char **matches; /* owned; the rules as they came */
        sd_event_source *kick; /* owned; on while messages from the authentication are left */
};

/**
 * peer_bus_new() - listen
 * @run_dir: borrowed; its lock is held
 * @idle_usec: after how long without a peer and with an idle engine the loop is ended, the socket gone; USEC_INFINITY: never
 *
 * Return: 0, or a sentence.
 */
int peer_bus_new(Daemon *daemon, const RunDir *run_dir, uint64_t idle_usec, PeerBus **ret,
                Failure *reterr);
PeerBus *peer_bus_free(PeerBus *p);

/** peer_bus_idle_changed() - the engine has something to do again, or has not any more. */
void peer_bus_idle_changed(PeerBus *p);

/** peer_bus_check_queue() - close a connection that does not read what it asked for. Safe within a handler: it ends later. */
void peer_bus_check_queue(Link *link);
