/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/run.c: one run of a container, from its monitor's first word to the removal of its cgroup. Turns what the
 * monitor, the kernel and the exit record say into facts.
 *
 * A run is over for its users when its end was observed, and gone when its monitor has ended and its cgroup is removed:
 * `stop` and `rm` wait for that. A monitor that ends without a word has lost its run: what is left in the cgroup is
 * killed, and the run has ended when it is empty.
 */
#include <signal.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "engine/health.h"
#include "engine/plan-failure.h"

#define REMOVE_TRIES_MAX 100U
#define EXIT_CODE_KILLED (128 + SIGKILL)

static void check_gone(Run *run);

int run_new(Container *c, Run **ret) {
        Run *run;

        run = calloc(1, sizeof(*run));
        if (!run)
                return -ENOMEM;
        run->container = c;
        run->pidfd = -EBADF;
        list_init(&run->runs);
        list_append(&c->runs, &run->runs);
        *ret = run;
        return 0;
}

Run *run_free(Run *run) {
        if (!run)
                return NULL;
        list_remove(&run->runs);
        if (run->container->current == run)
                run->container->current = NULL;
        monitor_client_free(run->monitor);
        process_watch_free(run->watch);
        cgroup_watch_free(run->empty);
        memory_watch_free(run->memory);
        close_fd(run->pidfd);
        free(run);
        return NULL;
}

int record_exit_code(const ExitRecord *record) {
        if (record->kind == EXIT_EXITED)
                return (int) (record->value & 0xff);
        return record->kind == EXIT_SIGNALED ? 128 + (int) (record->value & 0x7f)
                                             : EXIT_CODE_KILLED;
}

bool record_ends_run(const ExitRecord *record, uint64_t run) {
        return record->run == run &&
               (record->kind == EXIT_EXITED || record->kind == EXIT_SIGNALED ||
                               record->kind == EXIT_FAILED);
}

/* No longer the run that is on. The container may begin the next one at once. */
static void detach(Run *run) {
        Container *c = run->container;

        memory_watch_read(run->memory); /* what killed it may not have been told yet */
        run->memory = memory_watch_free(run->memory);
        run->ended = true;
        run->pidfd = close_fd(run->pidfd);
        if (c->current != run)
                return;
        c->current = NULL;
        c->pid = 0;
        stats_watchers_end(c);
        free(c->control_group);
        c->control_group = NULL;
}

static void set_error(Container *c, const char *sentence) {
        (void) free_and_strdup(
                        &c->run.error, sentence); /* without memory the exit code alone tells */
}

void container_set_start_failure(Container *c, const PlanFailure *f) {
        plan_failure_describe(f, c->spec->argv ? c->spec->argv[0] : "", c->name, "start",
                        &c->failure);
        set_error(c, failure_message(&c->failure));
}

static void observe_start_failed(Container *c) {
        (void) container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_START_FAILED,
                                        .exit_code = failure_to_exit_status(c->failure.code),
                        },
                        NULL); /* refused only where nothing starts any more */
}

/* The end of a run as its record has it; also used at the daemon's start. */
void run_take_record(Run *run, const ExitRecord *record) {
        Container *c = run->container;

        detach(run);
        log_followers_end(c);
        if (record->kind == EXIT_FAILED) {
                PlanFailure failure = { .step = record->step, .error = (int32_t) record->value };

                memcpy(failure.detail, record->detail, sizeof(failure.detail));
                failure.detail[sizeof(failure.detail) - 1] = '\0';
                container_set_start_failure(c, &failure);
                observe_start_failed(c);
                return;
        }
        (void) container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_ENDED,
                                        .exit_code = record_exit_code(record),
                                        .oom_kills = c->run.oom_kills - run->oom_before,
                                        .ran_usec = usec_sub(record->finished_usec,
                                                        record->started_usec),
                        },
                        NULL); /* refused only where nothing runs any more */
}

static void on_started(const ControlStarted *started, int pidfd, void *userdata) {
        Run *run = userdata;
        Container *c = run->container;
        Manager *m = c->manager;

        close_fd(run->pidfd);
        run->pidfd = pidfd;
        run->started = true;
        c->pid = (pid_t) started->pid;
        (void) container_observe(c, &(LifecycleFact){ .kind = FACT_STARTED },
                        NULL); /* refused only when it is late */
        /* No sooner: the start has the machine for itself; so has the end of one that somebody waits for. */
        if (list_is_empty(&c->waiters))
                ahead_prepare(m->ahead, c->owner);
        else
                ahead_prepare_later(m->ahead, c->owner);
}

/* Keeps the container while its run says its last. */
static void on_failed(const PlanFailure *failure, void *userdata) {
        Run *run = userdata;
        Container *c = run->container;

        if (run->ended)
                return;
        c->depth++;
        detach(run);
        (void) monitor_client_taken(run->monitor); /* one that is gone needs it not */
        container_set_start_failure(c, failure);
        observe_start_failed(c);
        container_leave(c);
}

/* The end of the mounts takes longer than all else of an end: of the two who hold them, let the last be neither the loop nor
 * a monitor that is waited for. */
static void take_mounts(Run *run, int mounts_fd) {
        if (mounts_fd < 0)
                return;
        if (ready_namespaces_burden(run->container->manager->ready, mounts_fd))
                (void) monitor_client_taken(run->monitor); /* one that is gone needs it not */
        else
                close_fd(mounts_fd); /* before it may end: it is the last */
}

static void on_exited(const ExitRecord *record, int mounts_fd, void *userdata) {
        Run *run = userdata;
        Container *c = run->container;

        take_mounts(run, mounts_fd);
        if (run->ended)
                return;
        c->depth++;
        run_take_record(run, record);
        (void) monitor_client_taken(run->monitor); /* as above; the row is written */
        container_leave(c);
}

static void on_state(const ControlState *state, int pidfd, void *userdata) {
        Run *run = userdata;
        Container *c = run->container;

        close_fd(run->pidfd);
        run->pidfd = pidfd;
        run->told = true;
        run->probes = state->features & CONTROL_FEATURE_PROBES;
        run->has_ended = state->phase == CONTROL_PHASE_EXITED;
        if (state->phase != CONTROL_PHASE_RUNNING)
                return;
        run->started = true;
        c->pid = (pid_t) state->pid;
}

static bool read_record(const Container *c, ExitRecord *ret) {
        _cleanup_close_ int fd = -EBADF;

        fd = container_dir_open_record(&c->manager->tree, c->id);
        return fd >= 0 && exit_record_read(fd, ret) >= 0 && record_ends_run(ret, c->run.run);
}

/* Everything of a run whose monitor ended first is dead. */
static void end_lost(Run *run) {
        Container *c = run->container;
        bool started = run->started;
        PlanFailure failure = { .step = PLAN_STEP_CLONE, .error = ECHILD, .detail = "monitor" };
        ExitRecord record;

        if (read_record(c, &record)) {
                run_take_record(run, &record);
                return;
        }
        detach(run);
        log_followers_end(c);
        if (!started) {
                container_set_start_failure(c, &failure);
                observe_start_failed(c);
                return;
        }
        set_error(c, "The container's monitor was killed, so its processes were, too");
        (void) container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_ENDED,
                                        .exit_code = EXIT_CODE_KILLED,
                                        .oom_kills = c->run.oom_kills - run->oom_before,
                        },
                        NULL); /* refused only where nothing runs any more */
}

/* It stays with the ids, also when another container has them. */
static void on_userns(int userns_fd, void *userdata) {
        Run *run = userdata;
        IdLease *lease = &run->container->lease;

        if (run->container->current != run || lease->fd < 0 || lease->userns_fd >= 0 ||
                        container_keeps_id(run->container)) /* its map has the host's ids in it */
                close_fd(userns_fd);
        else
                lease->userns_fd = userns_fd;
}

static void on_probed(const ControlProbed *probed, const char *text, void *userdata) {
        Run *run = userdata;

        if (run->container->current == run)
                health_probed(run->container, probed, text);
}

static void on_lost(void *userdata) {
        Run *run = userdata;
        Container *c = run->container;

        c->depth++;
        run->monitor = monitor_client_free(run->monitor);
        if (!run->ended) {
                run->lost = true;
                (void) container_observe(c, &(LifecycleFact){ .kind = FACT_MONITOR_LOST },
                                NULL); /* never refused */
        }
        check_gone(run);
        container_leave(c);
}

const MonitorHandler run_monitor_handler = {
        .started = on_started,
        .failed = on_failed,
        .exited = on_exited,
        .state = on_state,
        .userns = on_userns,
        .probed = on_probed,
        .lost = on_lost,
};

static void on_monitor_end(const ProcessExit *end, void *userdata) {
        Run *run = userdata;
        Container *c = run->container;

        c->depth++;
        run->watch = process_watch_free(run->watch);
        check_gone(run); /* without its last word: the socket tells that there is none */
        container_leave(c);
}

int run_watch_monitor(Run *run, int pidfd) {
        return process_watch_new(
                        run->container->manager->event, pidfd, on_monitor_end, run, &run->watch);
}

static void on_empty(void *userdata) {
        Run *run = userdata;
        Container *c = run->container;

        c->depth++;
        run->empty = cgroup_watch_free(run->empty);
        check_gone(run);
        container_leave(c);
}

/* What a monitor that ended leaves behind: commands that ran beside the workload, or the workload itself. */
static int kill_and_wait(Run *run) {
        Container *c = run->container;
        Cgroup cgroup;
        int r;

        r = cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup);
        if (r < 0)
                return r;
        r = cgroup_kill(cgroup.dir_fd);
        if (r >= 0)
                r = cgroup_watch_new(c->manager->event, cgroup.dir_fd, CGROUP_EMPTY, on_empty,
                                run, &run->empty);
        cgroup_close(&cgroup);
        return r;
}

static void forget_run(Run *run) {
        Container *c = run->container;

        run_free(run);
        ahead_prepare(c->manager->ahead, c->owner);
        asks_check_gone(c);
        if (!list_is_empty(&c->runs))
                return;
        if (c->removing)
                container_continue_remove(c);
        else if (c->start_when_gone)
                container_begin_run(c);
}

/* Called whenever something of the run is gone. Nothing may touch the run afterwards. */
static void check_gone(Run *run) {
        Container *c = run->container;
        int r = 0;

        if (run->empty || run->watch || (!run->ended && !run->lost) ||
                        (run->connected && run->monitor))
                return;
        if (!c->current || c->current == run)
                r = cgroup_remove(&c->manager->cgroups, c->owner, c->id);
        if (r < 0 && run->tries++ < REMOVE_TRIES_MAX && kill_and_wait(run) >= 0)
                return;
        if (r < 0)
                container_log(c, NULL, LOG_WARNING,
                                "Failed to remove the cgroup of container '%s', leaving it: %s",
                                c->name, strerror(-r));
        if (!run->ended)
                end_lost(run);
        forget_run(run);
}

void run_send_signal(Run *run, int signal) {
        if (run->pidfd >= 0 && syscall(SYS_pidfd_send_signal, run->pidfd, signal, NULL, 0) < 0 &&
                        errno != ESRCH)
                container_log(run->container, NULL, LOG_WARNING,
                                "Failed to send signal %d to container '%s': %s", signal,
                                run->container->name, strerror(errno));
}

void container_kill_all(Container *c) {
        Cgroup cgroup;
        int r;

        r = cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup);
        if (r < 0)
                return; /* there is nothing to kill */
        if (c->run.life.remove_pending && c->current && c->current->monitor)
                (void) monitor_client_discard(c->current->monitor); /* else it takes the disk's time */
        /* The monitor stays to tell how it ended, if there is one. */
        r = cgroup_kill(c->current && c->current->monitor ? cgroup.payload_fd : cgroup.dir_fd);
        if (r < 0)
                container_log(c, NULL, LOG_ERR, "Failed to kill container '%s': %s", c->name,
                                strerror(-r));
        cgroup_close(&cgroup);
}
