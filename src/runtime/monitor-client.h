/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/monitor-client.h: starts a monitor and talks to it (monitor/control.h), also to one that an earlier daemon
 * started. Knows sockets and plans; knows no container. Never waits for a monitor.
 */
#pragma once
#include <systemd/sd-event.h>
#include "init/plan.h"
#include "monitor/control.h"
#include "runtime/spawn.h"

typedef struct MonitorClient MonitorClient;

/* What a monitor says. Each is called from the loop and may free the client. pidfds are owned by the called. */
typedef struct MonitorHandler {
        void (*started)(const ControlStarted *started, int pidfd, void *userdata);
        void (*failed)(const PlanFailure *failure, void *userdata);
        void (*exited)(const ExitRecord *record, int mounts_fd,
                        void *userdata); /* owned by the called; -EBADF: none came */
        void (*state)(const ControlState *state, int pidfd,
                        void *userdata); /* pidfd -EBADF: it does not run */
        void (*userns)(int userns_fd, void *userdata); /* owned by the called; may be NULL */
        void (*probed)(const ControlProbed *probed, const char *text, void *userdata); /* may be NULL */
        void (*lost)(void *userdata);    /* the connection ended; nothing follows */
} MonitorHandler;

typedef struct MonitorArgs {
        const Spawner *spawner;
        Plan *plan;    /* its fds are ours; afterwards they are numbered as the monitor sees them */
        int cgroup_fd; /* where the monitor lives */
        int listen_fd; /* where it hears later daemons: of monitor_client_listen(), borrowed; -EBADF: it does not */
        int keep_fd; /* one more that it is to hold; -EBADF: none */
        /* NULL, or called before there is a process: what is asked for here is done before the
         * workload starts */
        void (*before)(MonitorClient *c, void *userdata);
} MonitorArgs;

/** monitor_client_listen() - a socket in @run_dir_fd, under RUN_FILE_CONTROL, in place of an earlier one. Return: an fd or negative errno. */
int monitor_client_listen(int run_dir_fd);

/**
 * monitor_client_spawn() - encode the plan, start a monitor with it, connect
 * @handler:   borrowed as long as the client lives
 * @ret_pidfd: the monitor's; owned by the caller
 *
 * Return: 0 or negative errno; then there is no process.
 */
int monitor_client_spawn(sd_event *event, const MonitorArgs *args, const MonitorHandler *handler,
                void *userdata, MonitorClient **ret, int *ret_pidfd);

/**
 * monitor_client_connect() - to the monitor that listens in @run_dir_fd
 * It answers with CONTROL_STATE. Return: 0, -ENOENT or -ECONNREFUSED (no monitor), -EAGAIN, or negative errno.
 */
int monitor_client_connect(sd_event *event, int run_dir_fd, const MonitorHandler *handler,
                void *userdata, MonitorClient **ret);
MonitorClient *monitor_client_free(MonitorClient *c);
DEFINE_CLEANUP(MonitorClient *, monitor_client_free);

/** monitor_client_wait() - handle one message now, waiting up to @timeout_ms. For before the loop runs. Return: 1, 0 if none came, or negative errno. */
int monitor_client_wait(MonitorClient *c, int timeout_ms);

/* Requests. Return: 0 or negative errno of sendmsg(2) (-EAGAIN: it does not read; -EPIPE: it is gone). */
int monitor_client_attach(MonitorClient *c, unsigned mask, const int *fds, size_t n_fds);
int monitor_client_resize(MonitorClient *c, unsigned rows, unsigned columns);
int monitor_client_signal(MonitorClient *c, int signal);
int monitor_client_taken(MonitorClient *c);
int monitor_client_discard(MonitorClient *c); /* before the end of what is being removed: an older monitor syncs it all the same */

/** monitor_client_probe() - @path: of HTTP, else NULL. One that cannot (ControlState.features) never answers. Return: also -ENAMETOOLONG. */
int monitor_client_probe(MonitorClient *c, const ControlProbe *probe, const char *path);
