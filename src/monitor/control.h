/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/control.h: what a daemon and a monitor say to each other. A contract that outlives both:
 * monitors run for months under new daemons, so every version since 1 is spoken; unknown message
 * types and trailing bytes are ignored.
 *
 * One message is one packet of a SOCK_SEQPACKET socket: ControlHeader, then the type's struct, then
 * (where said) bytes; fds come as SCM_RIGHTS. The monitor starts with a connected socket
 * (PLAN_FD_CONTROL) and listens on PLAN_FD_LISTEN; it accepts peers of its own uid only
 * (SO_PEERCRED) and the latest connection wins: the one before is closed. At accept it sends
 * CONTROL_STATE. It never waits for the daemon: a daemon that does not read loses its connection
 * and finds everything in CONTROL_STATE and the exit record when it comes back.
 */
#pragma once
#include <stdint.h>
#include "init/plan.h"
#include "monitor/control-probe.h"
#include "monitor/exit-record.h"

#define CONTROL_MAGIC 0x50444d43U /* "PDMC" */
#define CONTROL_VERSION 1U
#define CONTROL_PACKET_MAX 4096U
#define CONTROL_FDS_MAX 4U
#define CONTROL_FOLLOWERS_MAX 64U
#define CONTROL_FOLLOWER_LAG_MAX (1024U * 1024)

typedef struct ControlHeader {
        uint32_t magic;
        uint16_t version;
        uint16_t type;   /* ControlType */
        uint32_t length; /* of the whole packet */
        uint32_t serial; /* of a request; its CONTROL_REPLY carries the same; 0 in messages that are
                            none */
} ControlHeader;

typedef enum ControlType {
        /* monitor to daemon */
        CONTROL_STARTED = 1, /* ControlStarted; fd: pidfd of the first process. execve has succeeded
                              */
        CONTROL_FAILED = 2,  /* PlanFailure: the start failed; the exit record says so too; the
                                monitor ends */
        CONTROL_EXITED = 3,  /* ExitRecord, stored before; all output is in the log before this. The
                                monitor ends after CONTROL_TAKEN or when the socket closes. fd, of
                                one whose files need not survive: its mount namespace, which the
                                monitor holds as well until it ends */
        CONTROL_STATE = 4,   /* ControlState; fd: pidfd when running */
        CONTROL_REPLY = 5,   /* ControlReply to a request */
        CONTROL_PROBED = 6,  /* ControlProbed, then its text, at most CONTROL_PROBE_TEXT_MAX bytes */
        CONTROL_USERNS = 7,  /* fd: the user namespace that shifted the stored ids, for the next
                                run's PLAN_FD_USERNS_STORAGE; after CONTROL_STARTED, if the plan
                                had none */

        /* daemon to monitor */
        CONTROL_ATTACH = 64, /* ControlAttach; fds: those named in its mask, in the order stdin,
                                stdout, stderr: our ends */
        CONTROL_RESIZE = 65, /* ControlResize */
        CONTROL_TAKEN = 66,  /* the exit record is in the database: the monitor may end */
        CONTROL_SIGNAL = 67, /* ControlSignal, to the first process, through its pidfd */
        CONTROL_PROBE = 68,  /* ControlProbe, then for HTTP its path, at most CONTROL_PROBE_PATH_MAX
                                bytes. Answered by CONTROL_PROBED, not by CONTROL_REPLY */
        CONTROL_DISCARD = 69, /* the container is being removed: nothing of it need be on the disk.
                                 No reply */
} ControlType;

typedef struct ControlStarted {
        uint32_t pid; /* in the monitor's pid namespace; for display only, never signalled */
        uint32_t reserved;
        uint64_t started_usec; /* realtime, just after execve */
} ControlStarted;

typedef enum ControlPhase {
        CONTROL_PHASE_STARTING,
        CONTROL_PHASE_RUNNING,
        CONTROL_PHASE_EXITED, /* see the exit record */
} ControlPhase;

typedef enum ControlFeature {
        CONTROL_FEATURE_PROBES = 1 << 0, /* it answers CONTROL_PROBE */
} ControlFeature;

typedef struct ControlState {
        uint32_t phase; /* ControlPhase */
        uint32_t pid;
        uint64_t started_usec;
        char id[64];
        uint64_t features; /* ControlFeature; an older monitor sends none of them */
} ControlState;

typedef struct ControlReply {
        int32_t error; /* 0 or negative errno */
        uint32_t reserved;
} ControlReply;

typedef enum ControlAttachMask {
        CONTROL_ATTACH_STDIN = 1 << 0,  /* read end: the monitor copies it to the workload */
        CONTROL_ATTACH_STDOUT = 1 << 1, /* write end */
        CONTROL_ATTACH_STDERR = 1 << 2, /* write end; not with a terminal */
        CONTROL_ATTACH_BLOCK = 1 << 3,  /* the workload's output waits for this client (one at a
                                           time, else -EBUSY) */
        CONTROL_ATTACH_CLOSE_STDIN =
                        1 << 4, /* end of this input closes the workload's standard input */
} ControlAttachMask;

typedef struct ControlAttach {
        uint32_t mask; /* ControlAttachMask */
        uint32_t reserved;
} ControlAttach;

typedef struct ControlResize {
        uint16_t rows, columns;
        uint32_t reserved;
} ControlResize;

typedef struct ControlSignal {
        int32_t signal;
        uint32_t reserved;
} ControlSignal;
