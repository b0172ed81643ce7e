/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/shutdown.c: knows signals and PID 1's state. When the machine goes down, containers are stopped in order; when only
 * the daemon ends, they go on. A second signal ends it at once.
 */
#include "daemon/shutdown.h"
#include <signal.h>
#include <systemd/sd-daemon.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"

#define ANSWER_USEC                                                                                \
        (5 * USEC_PER_SEC) /* a PID 1 that is silent for longer does not shut down in order either */

static void on_stopped(const Failure *failure, void *userdata) {
        Daemon *daemon = userdata;

        if (failure_is_set(failure))
                log_warning("%s, ending all the same", failure_message(failure));
        (void) sd_event_exit(daemon->event, 0); /* fails only once the loop has ended */
}

static int on_state(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *state = "";
        Daemon *daemon = userdata;

        if (sd_bus_message_is_method_error(m, NULL) || sd_bus_message_read(m, "v", "s", &state) < 0)
                log_debug("PID 1 does not tell its state, containers go on");

        if (!streq(state, "stopping"))
                return sd_event_exit(daemon->event, 0);

        log_info("The machine goes down, stopping all containers");
        manager_stop_all(daemon->manager, on_stopped, daemon);
        return 0;
}

static int ask_state(Daemon *daemon) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *m = NULL;
        int r;

        r = sd_bus_message_new_method_call(daemon->bus, &m, "org.freedesktop.systemd1",
                        "/org/freedesktop/systemd1", "org.freedesktop.DBus.Properties", "Get");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "ss", "org.freedesktop.systemd1.Manager", "SystemState");
        if (r < 0)
                return r;

        return sd_bus_call_async(daemon->bus, NULL, m, on_state, daemon, ANSWER_USEC);
}

static int on_signal(sd_event_source *source, const struct signalfd_siginfo *si, void *userdata) {
        Daemon *daemon = userdata;
        bool again = daemon->ending;

        daemon->ending = true;
        (void) sd_notify(false, "STOPPING=1"); /* nobody may be listening */
        if (daemon->bus && !again && sd_booted() > 0 && ask_state(daemon) >= 0)
                return 0;
        return sd_event_exit(daemon->event, 0);
}

int shutdown_watch(Daemon *daemon) {
        int r;

        r = sd_event_add_signal(daemon->event, NULL, SIGTERM, on_signal, daemon);
        if (r < 0)
                return r;
        return sd_event_add_signal(daemon->event, NULL, SIGINT, on_signal, daemon);
}
