/* SPDX-License-Identifier: Apache-2.0 */
/* engine/container-parts.h: what a container holds lists of: runs, who asked, who waits, streams. */
#pragma once
#include "base/list.h"
#include "engine/container.h"
#include "runtime/cgroup-watch.h"
#include "runtime/cgroup.h"
#include "runtime/memory-watch.h"
#include "runtime/monitor-client.h"
#include "runtime/process-watch.h"
#include "store/sync.h"

/* Who waits for a condition of a container, or for the end of a command beside it. */
struct Waiter {
        List waiters;            /* in the container's or the command's */
        WaitCondition condition; /* of a container */
        WaitDone done;
        void *userdata;
};

/* One start, from its monitor's spawn until nothing of it is left. A container may have one that ends and the next. */
typedef struct Run {
        List runs;          /* in the container's */
        Container *container; /* borrowed */
        MonitorClient *monitor; /* owned; NULL: gone */
        ProcessWatch *watch;    /* owned; the monitor, if it is our child; NULL: ended or not ours */
        CgroupWatch *empty;     /* owned; while we wait for the last process */
        MemoryWatch *memory;    /* owned; NULL: no controller, or ended */
        uint64_t oom_before;    /* kills that its cgroup had counted before */
        int pidfd;              /* owned; the first process */
        bool started;           /* execve has succeeded */
        bool ended;             /* its end was observed */
        bool lost;              /* the monitor ended first */
        bool connected;         /* the monitor's end is told by the socket, not by a watch */
        bool probes;            /* its monitor asks ports for us */
        bool told, has_ended;   /* at the daemon's start: it said how it is, and that it has ended */
        unsigned tries;         /* of removing the cgroup */
} Run;

typedef enum AskKind {
        ASK_START,
        ASK_RUN, /* start, and be durable; a failure removes the container first */
        ASK_STOP,
        ASK_RESTART,
        ASK_REMOVE,
        ASK_PAUSE,
        ASK_UNPAUSE,
} AskKind;

/* Somebody waits for the end of what he asked for. */
typedef struct Ask {
        List asks; /* in the container's, then in the manager's finished */
        AskKind kind;
        Container *container; /* borrowed; NULL once finished */
        EngineDone done;      /* NULL: nobody waits */
        void *userdata;
        bool happened; /* stop: the end was observed; run: it has started */
        bool durable;  /* run: its row is on disk */
        StoreSync *sync; /* owned; run: until durable */
        Failure failure;
} Ask;

/* A pause or its end, until the kernel says that it is so. */
typedef struct Freeze Freeze;

/* Streams that wait for a start: our ends. */
typedef struct PendingAttach {
        List attaches;
        unsigned mask; /* ControlAttachMask */
        int fds[3];
        size_t n_fds;
} PendingAttach;
