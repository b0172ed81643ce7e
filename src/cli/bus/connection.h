/* SPDX-License-Identifier: Apache-2.0 */
/* cli/bus/connection.h: a connection from within. */
#pragma once
#include "cli/bus/message.h"

#define CONNECTION_QUEUE_MAX 65536U /* messages that wait to be dispatched */

typedef enum ConnectionState {
        CONNECTION_UNSET,   /* no address yet */
        CONNECTION_AUTH,    /* what was sent is to be accepted */
        CONNECTION_HELLO,   /* the bus is to name us */
        CONNECTION_RUNNING,
        CONNECTION_CLOSING, /* the peer has gone: open calls get an error each */
        CONNECTION_CLOSED,
} ConnectionState;

/* A call that waits for its reply, or a filter. */
struct sd_bus_slot {
        unsigned n_ref;  /* the caller's, and the connection's while it is in a list */
        List list;       /* in the connection's; borrowed */
        uint32_t serial; /* 0: a filter */
        uint64_t until_usec; /* monotonic; UINT64_MAX: for ever */
        sd_bus_message_handler_t fn;
        void *userdata; /* borrowed */
};

struct sd_bus {
        unsigned n_ref;
        ConnectionState state;
        int fd;        /* owned */
        char *address; /* owned */
        bool is_bus;   /* names, Hello */
        bool interactive;
        bool takes_fds;
        uint32_t serial, hello_serial;
        StrBuf auth; /* lines that came */
        StrBuf in;   /* the message that comes */
        int in_fds[WIRE_FDS_MAX]; /* owned: that came with it */
        size_t n_in_fds;
        List queue; /* of messages that came */
        size_t n_queue;
        List out; /* of messages in wire form: Outgoing */
        List calls, filters;
};

/** connection_write() - send what waits, as far as it goes. Return: 0 or negative errno. */
int connection_write(sd_bus *bus);

/**
 * connection_read() - take one message
 * Return: 1 (it is in the queue, or the connection has come a step further), 0 (nothing there), -ECONNRESET (the end), or
 * negative errno.
 */
int connection_read(sd_bus *bus);

/** connection_send() - number, encode and queue. @m's fds are duplicated. Return: 0 or negative errno. */
int connection_send(sd_bus *bus, sd_bus_message *m);

/** connection_drop_outgoing() - what waits is not sent any more. */
void connection_drop_outgoing(sd_bus *bus);

/** connection_open() - connect to bus->address and begin to authenticate. Return: 0 or negative errno. */
int connection_open(sd_bus *bus);

/** connection_begin() - authenticate on bus->fd. */
int connection_begin(sd_bus *bus);
