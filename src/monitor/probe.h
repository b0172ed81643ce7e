/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/probe.h: asks a port inside the container whether somebody answers, without a process
 * there: the socket alone is made in its network namespace. Never waits: the monitor's own poll()
 * drives it. One at a time.
 */
#pragma once
#include <poll.h>
#include <stdbool.h>
#include "base/usec.h"
#include "monitor/control.h"

/* Holds the request first, then the answer's first line. */
#define PROBE_BUFFER_BYTES 1280U

typedef enum ProbeStage {
        PROBE_CONNECTING,
        PROBE_SENDING,
        PROBE_READING,
} ProbeStage;

typedef struct Probe {
        int fd; /* owned; -EBADF: none is on */
        ProbeStage stage;
        uint32_t id;
        uint16_t port;
        bool http, ipv6;
        usec_t deadline_usec; /* monotonic */
        size_t begin, end;    /* what of the buffer is to be sent; what of it was read */
        char buffer[PROBE_BUFFER_BYTES];
} Probe;

/* How it ended; the text is borrowed, valid until the next call. */
typedef struct ProbeResult {
        ControlProbed probed;
        const char *text;
        size_t text_size;
} ProbeResult;

/**
 * probe_begin() - begin one; what was on is over
 * @pidfd: the container's first process
 * @path:  of HTTP, begins with a slash; @path_size its bytes
 *
 * Return: 0 it is on, 1 it has ended already (@ret), or negative errno: -EINVAL, or what setns(2) and
 * socket(2) give.
 */
int probe_begin(Probe *p, int pidfd, const ControlProbe *ask, const char *path, size_t path_size,
                ProbeResult *ret);

/** probe_poll_fd() - what it waits for; an fd below 0 when none is on. */
struct pollfd probe_poll_fd(const Probe *p);

/** probe_dispatch() - go on after poll() said that the socket is ready, or when time has passed. Return: whether it has ended. */
bool probe_dispatch(Probe *p, int pidfd, bool ready, ProbeResult *ret);

void probe_cancel(Probe *p);
