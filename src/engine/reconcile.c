/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/reconcile.c: at the daemon's start: what the rows say against what there is. A row says what was wanted, a
 * monitor that answers says what is, an exit record says how it ended; a cgroup without a monitor is killed. Runs before
 * the loop, so it may wait, for a bounded time.
 */
#include <stdlib.h>
#include <string.h>
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "engine/start-confinement.h"
#include "engine/volume-private.h"

#define ANSWER_MS 2000
#define KILL_MS 5000
#define EXIT_CODE_UNSEEN 137
#define BOOT_FILE                                                                                  \
        "boot-id" /* in the runtime directory: the machine's boot when the last daemon served it */

static int load_container(Manager *m, ContainerRow *row, Failure *reterr) {
        _cleanup_(container_freep) Container *c = NULL;
        int r;

        r = container_new(m, &c);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = container_spec_from_json(row->spec, &c->spec, reterr);
        if (r < 0)
                return r;
        if (!id_is_valid(row->id) || !id_is_valid(row->image_id))
                return fail(reterr, FAILURE_INTERNAL, EBADMSG,
                                "The database has a container with an id that is none");
        memcpy(c->id, row->id, sizeof(c->id));
        memcpy(c->image_id, row->image_id, sizeof(c->image_id));
        c->name = TAKE_PTR(row->name);
        c->image = TAKE_PTR(row->image);
        c->request_id = TAKE_PTR(row->request_id);
        c->owner = row->owner;
        c->created_usec = row->created_usec;
        c->run = row->run;
        row->run.error = NULL;
        r = container_link(c);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to load container '%s'", c->name);
        volumes_use(c, true);
        c = NULL; /* the manager's */
        return 0;
}

static int load_containers(Manager *m, Failure *reterr) {
        ContainerRow *rows = NULL;
        size_t n = 0;
        int r;

        r = store_load_containers(m->store, &rows, &n, reterr);
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = load_container(m, &rows[i], reterr);
        container_rows_free(rows, n);
        return r < 0 ? r : 0;
}

static void look_at_boot(Manager *m) {
        _cleanup_free_ char *before = NULL;
        char now[2 * sizeof(m->boot_id) + 1];

        hex_encode(m->boot_id, sizeof(m->boot_id), now);
        m->booted = read_file_at(m->run_fd, BOOT_FILE, 64, &before, NULL) < 0 ||
                    !streq(before, now);
}

/* Last, so that a start that was cut short is a first one again. */
static int note_boot(Manager *m, Failure *reterr) {
        char now[2 * sizeof(m->boot_id) + 1];
        int r;

        if (!m->booted)
                return 0;
        hex_encode(m->boot_id, sizeof(m->boot_id), now);
        r = write_file_at(m->run_fd, BOOT_FILE, now, strlen(now), 0600, 0);
        return r < 0 ? fail_errno(reterr, r, "Failed to write to the directory '%s'", m->run_dir)
                     : 0;
}

static void retake_lease(Container *c) {
        int r;

        if (c->run.id_range == 0)
                return;
        r = id_range_retake(c->manager->ranges, c->run.id_range, container_joins(c),
                        &c->lease);
        if (r < 0) /* its next start leases another */
                container_log(c, NULL, LOG_WARNING,
                                "Failed to take the ids of container '%s' again: %s", c->name,
                                strerror(-r));
}

/* Return: its run if a monitor answers, else NULL. */
static Run *connect_monitor(Container *c) {
        _cleanup_close_ int run_fd = -EBADF;
        Run *run;

        run_fd = container_dir_open_run(&c->manager->tree, c->id);
        if (run_fd < 0 || run_new(c, &run) < 0)
                return NULL;
        if (monitor_client_connect(c->manager->event, run_fd, &run_monitor_handler, run,
                            &run->monitor) < 0) {
                run_free(run);
                return NULL;
        }
        run->connected = true;
        c->current = run;
        return run;
}

/* Nothing of a container may run whose monitor is gone. */
static void kill_rest(Container *c) {
        Cgroup cgroup;
        int r;

        if (cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup) < 0) {
                (void) cgroup_remove(&c->manager->cgroups, c->owner,
                                c->id); /* one that was half made is empty */
                return;
        }
        r = cgroup_kill(cgroup.dir_fd);
        if (r >= 0)
                r = cgroup_wait_empty(cgroup.dir_fd, KILL_MS);
        cgroup_close(&cgroup);
        if (r > 0)
                r = cgroup_remove(&c->manager->cgroups, c->owner, c->id);
        if (r < 0)
                container_log(c, NULL, LOG_ERR, "Failed to end what is left of container '%s': %s",
                                c->name, strerror(-r));
}

static bool read_record(Container *c, ExitRecord *ret) {
        _cleanup_close_ int fd = -EBADF;

        fd = container_dir_open_record(&c->manager->tree, c->id);
        return fd >= 0 && exit_record_read(fd, ret) >= 0 && record_ends_run(ret, c->run.run);
}

static void observe_found(Container *c, bool running, const ExitRecord *record) {
        (void) container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_DAEMON_STARTED,
                                        .running = running,
                                        .booted = c->manager->booted,
                                        .oom_kills = c->run.oom_kills,
                                        .exit_code = record ? record_exit_code(record)
                                                            : EXIT_CODE_UNSEEN,
                                        .ran_usec = record ? usec_sub(record->finished_usec,
                                                                             record->started_usec)
                                                           : 0,
                        },
                        NULL); /* never refused */
}

/* It had processes, or was about to: how did that end? */
static void observe_gone(Container *c) {
        const Lifecycle *l = &c->run.life;
        bool had_run = l->state == CONTAINER_RUNNING || l->state == CONTAINER_PAUSED;
        ExitRecord record;
        Run *run;

        if (!read_record(c, &record)) {
                if (had_run)
                        (void) free_and_strdup(&c->run.error,
                                        c->manager->booted
                                                        ? "The machine went down while the "
                                                          "container ran"
                                                        : "The container's monitor was killed, so "
                                                          "its processes were, too"); /* else the code tells */
                observe_found(c, false, NULL);
                return;
        }
        if (l->activity != ACTIVITY_STARTING) {
                observe_found(c, false, &record);
                return;
        }
        /* The start that was under way has been made, and is over. */
        c->depth++;
        if (run_new(c, &run) >= 0) {
                run_take_record(run, &record);
                run_free(run);
                if (c->removing && list_is_empty(&c->runs))
                        container_continue_remove(c);
        }
        container_leave(c);
}

/* An update may have been stored and not yet made. */
static void renew_limits(Container *c, const Cgroup *cgroup) {
        _cleanup_failure_ Failure failure = {};

        if (container_apply_limits(c, cgroup, &failure) < 0)
                container_log(c, NULL, LOG_WARNING, "%s, going on", failure_message(&failure));
}

static void observe_connected(Container *c, Run *run, const Cgroup *cgroup) {
        if (run->has_ended) { /* its exit record follows at once */
                (void) monitor_client_wait(run->monitor, ANSWER_MS); /* else it comes in the loop */
                return;
        }
        if (run->told && !run->started)
                return; /* its start is under way: the end of that is yet to come */
        if (!c->control_group)
                (void) cgroup_payload_path(&c->manager->cgroups, c->owner, c->id,
                                &c->control_group); /* for display */
        run->started = true;
        container_find_frozen(c); /* first, so that what is to end can hear of it */
        renew_limits(c, cgroup);
        observe_found(c, true, NULL);
        memory_watch_read(run->memory); /* of the time when nobody looked */
}

static bool has_run(const Container *c, const Run *run) {
        const Run *r;

        LIST_FOREACH(r, &c->runs, Run, runs)
                if (r == run)
                        return true;
        return false;
}

/*
 * No monitor is there. @run is of one that answered and left meanwhile: its handlers may have observed the end, which
 * happens once, or have known too little to; and they may wait for its cgroup, which is empty now.
 */
static void observe_left(Container *c, Run *run, const Lifecycle *before, bool expected) {
        const Lifecycle *l = &c->run.life;
        bool observed = before->finished_usec != l->finished_usec ||
                        (before->activity == ACTIVITY_STARTING && l->activity != ACTIVITY_STARTING);

        if (!c->current || c->current == run) /* else its policy has begun the next run already */
                kill_rest(c);
        if (run && has_run(c, run))
                run_free(run);
        if (observed && c->removing && list_is_empty(&c->runs))
                container_continue_remove(c);
        else if (!observed && expected)
                observe_gone(c);
}

static void reconcile_one(Container *c) {
        const Lifecycle before = c->run.life;
        bool expected = lifecycle_runs(&before) || before.activity != ACTIVITY_NONE ||
                        before.state == CONTAINER_RESTARTING;
        Cgroup cgroup = CGROUP_CLOSED;
        Run *run = NULL;

        retake_lease(c);
        if (expected)
                container_prepare_filter(c);
        if (cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup) >= 0)
                run = connect_monitor(c);
        c->depth++;
        if (run)
                run_watch_memory(run, &cgroup);
        if (run)
                (void) monitor_client_wait(run->monitor,
                                ANSWER_MS); /* one that is silent runs, as far as we know */
        if (run && c->current == run && run->monitor)
                observe_connected(c, run, &cgroup);
        else {
                if (expected)
                        container_look_for_oom(c, &cgroup); /* the count goes with the cgroup */
                cgroup_close(&cgroup);
                observe_left(c, run, &before, expected || before.state == CONTAINER_EXITED);
        }
        cgroup_close(&cgroup);
        container_leave(c);
}

int manager_reconcile(Manager *m, Failure *reterr) {
        _cleanup_free_ Container **all = NULL;
        size_t n = 0;
        Container *c;
        int r;

        look_at_boot(m);
        r = m->booted ? store_skip_events(m->store, reterr) : 0;
        if (r >= 0)
                r = load_containers(m, reterr);
        if (r < 0)
                return r;
        all = calloc(map_size(m->containers) + 1, sizeof(*all));
        if (!all)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        LIST_FOREACH(c, &m->container_list, Container, list)
                all[n++] = c;
        while (n-- > 0) /* oldest first; each may remove itself, and no other */
                reconcile_one(all[n]);
        return note_boot(m, reterr);
}
