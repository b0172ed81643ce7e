/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/main.c: pocketdockerd from its first line to its last. Knows the order: the state is open and every object in place
 * before the name is ours or the socket is there, so no caller ever meets half a daemon.
 */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <systemd/sd-daemon.h>
#include "base/log.h"
#include "base/str.h"
#include "catalog/catalog-ids.h"
#include "daemon/calls.h"
#include "daemon/changes.h"
#include "daemon/config.h"
#include "daemon/run-dir.h"
#include "daemon/options.h"
#include "daemon/peer-bus.h"
#include "daemon/shutdown.h"
#include "model/image-ref.h"
#include "model/names.h"

static void daemon_done(Daemon *d) {
        Link *link;
        Call *call;

        d->peer_bus = peer_bus_free(d->peer_bus);
        while ((link = list_first(&d->links, Link, links)))
                link_free(link);
        d->manager = manager_free(d->manager);
        while ((call = list_first(&d->calls, Call, daemon_calls)))
                call_free(call); /* the engine answers no more */
        d->changes = changes_free(d->changes);
        d->bus = sd_bus_flush_close_unref(d->bus);
        d->event = sd_event_unref(d->event);
}

/* Beside this program, or where it is installed. */
static int find_helpers(char **ret) {
        _cleanup_free_ char *monitor = NULL;
        char self[PATH_MAX];
        ssize_t n;
        int r;

        n = readlink("/proc/self/exe", self, sizeof(self) - 1);
        if (n < 0)
                return -errno;
        self[n] = '\0';
        *strrchr(self, '/') = '\0';

        r = str_printf(&monitor, "%s/" PROGRAM_MONITOR, self);
        if (r < 0)
                return r;
        return free_and_strdup(ret, access(monitor, X_OK) >= 0 ? self : LIBEXECDIR);
}

static int start_loop(Daemon *d, Failure *reterr) {
        sigset_t signals;
        int r;

        (void) sigemptyset(
                        &signals); /* neither this nor the next two can fail on valid arguments */
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGINT);
        /* Whoever started us may ignore some; containers do not. SIGKILL and SIGSTOP are refused. */
        for (int i = 1; i < _NSIG; i++)
                (void) signal(i, SIG_DFL);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0 || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
                return fail_errno(reterr, errno, "Failed to set the signals up");

        r = sd_event_default(&d->event);
        if (r >= 0)
                r = sd_event_set_watchdog(d->event, true);
        if (r >= 0)
                r = changes_new(d, &d->changes);
        return r < 0 ? fail_errno(reterr, r, "Failed to start the event loop") : 0;
}

/*
 * The service finds the tree of pocketdocker-containers.service, or refuses: below systemd no other place is its to take. A
 * daemon with a runtime directory of its own, or without systemd, has no such unit, on a bus or not.
 */
static bool has_unit(const Options *o, const RunDir *run_dir) {
        return !o->embedded &&
               ((streq(o->run_dir, RUN_DIR_SYSTEM) && sd_booted() > 0) ||
                               faccessat(run_dir->dir_fd, RUN_FILE_CGROUP, F_OK, 0) >= 0);
}

static int open_engine(Daemon *d, const Options *o, const RunDir *run_dir, Failure *reterr) {
        _cleanup_engine_config_ EngineConfig config = {};
        _cleanup_free_ char *helpers = NULL;
        int r;

        r = config_load(getenv(ENV_CONFIG), &config, reterr);
        if (r < 0)
                return r;
        image_ref_use_registry(config.default_registry);

        r = find_helpers(&helpers);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to find the programs of the engine");

        return manager_new(d->event,
                        &(ManagerConfig){
                                        .state_dir = o->state_dir,
                                        .run_dir = o->run_dir,
                                        .embedded = o->embedded,
                                        .in_unit = has_unit(o, run_dir),
                                        .helper_dir = helpers,
                                        .config = &config,
                        },
                        &changes_observer, d, &d->manager, reterr);
}

/* Connected before the state is opened, so that the two go on side by side. */
static int connect_bus(Daemon *d, Failure *reterr) {
        int r;

        r = sd_bus_open_system_with_description(&d->bus, "system");
        return r < 0 ? fail_errno(reterr, r, "Failed to connect to the system bus") : 0;
}

static int take_name(Daemon *d, Failure *reterr) {
        Link *link;
        int r;

        r = link_new(d, d->bus, &link);
        if (r >= 0)
                r = sd_bus_attach_event(d->bus, d->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0) /* containers go on without a bus; the service manager starts us again when there is one */
                r = sd_bus_set_exit_on_disconnect(d->bus, true);
        if (r >= 0)
                r = sd_bus_request_name(d->bus, BUS_NAME, 0);
        if (r == -EEXIST)
                return fail(reterr, FAILURE_NOT_AVAILABLE, r,
                                "Another daemon has the name '" BUS_NAME "'");
        return r < 0 ? fail_errno(reterr, r, "Failed to take the name '" BUS_NAME "'") : 0;
}

static int start_serving(Daemon *d, const Options *o, const RunDir *run_dir, Failure *reterr) {
        int r;

        r = o->embedded ? peer_bus_new(d, run_dir, o->idle_usec, &d->peer_bus, reterr)
                        : take_name(d, reterr);
        if (r < 0)
                return r;

        r = shutdown_watch(d);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to watch for signals");

        (void) sd_notify(false, "READY=1"); /* nobody may be listening */
        return 0;
}

static void tell_started(Manager *manager) {
        ManagerInfo info;

        manager_get_info(manager, &info);
        (void) log_full(&(LogContext){ .message_id = MESSAGE_DAEMON_STARTED }, LOG_INFO, 0,
                        "PocketDocker " POCKETDOCKER_VERSION
                        " serves '%s', %u of %u containers running",
                        info.state_dir, info.running, info.containers);
}

/* Return: the exit status, or negative with a sentence. */
static int run(const Options *o, int *ready_fd, Failure *reterr) {
        _cleanup_(run_dir_done) RunDir run_dir = RUN_DIR_INIT;
        _cleanup_(daemon_done) Daemon d = {
                .authorization_timeout_usec = o->authorization_timeout_usec,
                .mount_token_usec = o->mount_token_usec,
        };
        int r;

        list_init(&d.links);
        list_init(&d.calls);

        r = directory_make_trusted(o->state_dir, reterr);
        if (r < 0)
                return r;

        r = run_dir_open(o->run_dir, o->embedded, &run_dir, reterr);
        if (r < 0)
                return r;
        if (r == 0) {
                ready_tell(ready_fd, NULL); /* the other one serves */
                return 0;
        }

        r = start_loop(&d, reterr);
        if (r >= 0 && !o->embedded)
                r = connect_bus(&d, reterr);
        if (r >= 0)
                r = open_engine(&d, o, &run_dir, reterr);
        if (r >= 0)
                r = start_serving(&d, o, &run_dir, reterr);
        if (r < 0)
                return r;

        ready_tell(ready_fd, NULL);
        tell_started(d.manager);

        r = sd_event_loop(d.event);
        if (r > 0 && !o->embedded)
                log_error("Lost the bus, ending so that the service manager starts it again; "
                          "containers go on");
        return r < 0 ? fail_errno(reterr, r, "The event loop ended") : r;
}

int main(int argc, char *argv[]) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_options_ Options options = {};
        int r;

        log_open(PROGRAM_DAEMON);
        (void) umask(0022); /* modes are as they are written here, whoever started us */

        r = options_parse(argc, argv, &options, &failure);
        if (r > 0)
                r = run(&options, &options.ready_fd, &failure);
        if (r < 0) {
                log_error("%s", failure_is_set(&failure) ? failure_message(&failure)
                                                         : strerror(-r));
                ready_tell(&options.ready_fd, &failure);
                return EXIT_FAILURE;
        }
        return r;
}
