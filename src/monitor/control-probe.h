/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/control-probe.h: the part of the control protocol (control.h) by which a daemon has a port
 * inside the container asked. One probe at a time: the next one, or another daemon, takes the place
 * of one that is on, which is then not answered. The monitor enters the first process's network
 * namespace for socket(2) alone and connects to 127.0.0.1, then to ::1.
 */
#pragma once
#include <stdint.h>

#define CONTROL_PROBE_PATH_MAX 1023U
#define CONTROL_PROBE_TEXT_MAX 1024U

typedef enum ControlProbeKind {
        CONTROL_PROBE_TCP = 1,  /* somebody accepts */
        CONTROL_PROBE_HTTP = 2, /* GET; the status line is read and nothing else */
} ControlProbeKind;

typedef struct ControlProbe {
        uint32_t kind; /* ControlProbeKind */
        uint16_t port;
        uint16_t reserved;
        uint64_t timeout_usec;
        uint32_t id; /* of the answer */
        uint32_t reserved2;
} ControlProbe;

typedef struct ControlProbed {
        uint32_t id;
        int32_t error;   /* 0, or negative errno: -ETIMEDOUT, -ECONNREFUSED, -EBADMSG (not HTTP) */
        uint32_t status; /* of HTTP: 100 to 599. The text is its status line */
} ControlProbed;
