/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/monitor-client.h: starts monitors and talks to them, in the form of monitor/control.h.
 * Never waits for one. Knows sockets and packets; knows no container.
 */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>
#include "base/cleanup.h"
#include "init/plan.h"
#include "monitor/control.h"

/* What a monitor says. Any member may be NULL. pidfds are the callee's. Each may free the client,
 * as its last act. */
typedef struct MonitorEvents {
        void (*started)(const ControlStarted *started, int pidfd, void *userdata);
        void (*failed)(const PlanFailure *failure, void *userdata);
        void (*exited)(const ExitRecord *record, void *userdata);
        void (*state)(const ControlState *state, int pidfd, void *userdata);
        void (*lost)(void *userdata); /* the socket closed: it ended, or another daemon took it over
                                       */
} MonitorEvents;

typedef struct MonitorClient MonitorClient;

/**
 * monitor_program_open() - a sealed copy of the program, to be executed by fd
 * A container that gets at /proc/PID/exe of its monitor finds the copy, never the host's file.
 * Return: an fd, or negative errno. Source: memfd_create(2), fexecve(3)
 */
int monitor_program_open(const char *path);

/**
 * monitor_spawn() - start one
 * @program_fd: of monitor_program_open()
 * @cgroup_fd:  its own leaf
 * @plan:       its fd members and layer_fds are the caller's numbers and are renumbered for the
 * monitor here; the caller's stay open
 * @keep_fd:    one more to be inherited as it is (the lease of its ids), or -EBADF
 * @ret_pidfd:  owned by the caller; the monitor is our child while we live
 *
 * Return: its pid, or negative errno. Source: clone(2), CLONE_VFORK, CLONE_INTO_CGROUP
 */
pid_t monitor_spawn(int program_fd, int cgroup_fd, const Plan *plan, int keep_fd, int *ret_pidfd);

/** monitor_listen() - a listening socket @dir_fd/control. Return: an fd, or negative errno. */
int monitor_listen(int dir_fd);

/** monitor_connect() - to the socket of a monitor that a former daemon started. Return: an fd,
 * -ECONNREFUSED (it is gone), -EAGAIN, or negative errno. */
int monitor_connect(int dir_fd);

/**
 * monitor_client_new() - talk over a connected socket
 * @fd:     owned by the client on success
 * @events: borrowed, lives longer
 */
int monitor_client_new(sd_event *event, int fd, const MonitorEvents *events, void *userdata,
                MonitorClient **ret);
MonitorClient *monitor_client_free(MonitorClient *c);
DEFINE_CLEANUP(MonitorClient *, monitor_client_free);

/** monitor_client_send() - one request. @fds are sent, and stay the caller's. Return: 0, -EAGAIN
 * (it does not read), or negative errno. */
int monitor_client_send(MonitorClient *c, ControlType type, const void *body, size_t size,
                const int *fds, size_t n_fds);
