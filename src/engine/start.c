/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/start.c: from a spec and an image to a plan, and from a plan to a monitor. Everything a run needs is opened or
 * made here; what fails is told as a start that failed.
 */
#include <string.h>
#include <sys/mount.h>
#include "base/fd.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/copy.h"
#include "engine/image-private.h"
#include "engine/start-confinement.h"
#include "engine/start-devices.h"
#include "engine/start-mounts.h"
#include "model/limits.h"
#include "runtime/cgroup-limits.h"

#define NOTHING (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static const PlanMount host_resolver = { PLAN_MOUNT_BIND, NOTHING | MS_RDONLY, "/etc/resolv.conf",
        "/etc/resolv.conf", NULL, NULL };

#define MOUNTS_MAX                                                                                 \
        (CONTAINER_MOUNTS_MAX + 1 + TMPFS_MAX + CONFINEMENT_MOUNTS_MAX + MOUNTS_PER_CONTAINER_MAX)

static size_t list_mounts(const ContainerSpec *spec, PlanMount ret[static MOUNTS_MAX]) {
        bool host = container_spec_network_mode(spec) == NETWORK_HOST;
        size_t n = container_list_mounts(spec, ret);

        n += container_list_masks(spec, ret + n);
        if (host && access("/etc/resolv.conf", R_OK) == 0)
                ret[n++] = host_resolver;
        for (size_t i = 0; i < spec->n_tmpfs && i < TMPFS_MAX; i++)
                ret[n++] = (PlanMount){
                        .kind = PLAN_MOUNT_FS,
                        .flags = spec->tmpfs[i].flags,
                        .target = spec->tmpfs[i].path,
                        .fstype = "tmpfs",
                        .data = spec->tmpfs[i].options,
                };
        return n;
}

static uint64_t plan_flags(const ContainerSpec *spec) {
        NetworkMode network = container_spec_network_mode(spec);

        return (spec->tty ? PLAN_FLAG_TERMINAL : 0) |
               (spec->open_stdin ? PLAN_FLAG_STDIN : 0) | (spec->init ? PLAN_FLAG_INIT : 0) |
               (spec->read_only ? PLAN_FLAG_READ_ONLY : 0) |
               (network == NETWORK_HOST   ? PLAN_FLAG_HOST_NETWORK
                : network == NETWORK_NONE ? PLAN_FLAG_LOOPBACK
                                          : 0) |
               (spec->namespaces.privileged ? PLAN_FLAG_HOST_DEVICES : 0) |
               (spec->remove ? PLAN_FLAG_VOLATILE : 0);
}

/* What a start and a command beside it have in common. Everything is borrowed from the container. */
void container_fill_plan(const Container *c, Plan *plan) {
        const ContainerSpec *spec = c->spec;

        plan->flags = plan_flags(spec);
        container_fill_namespaces(c, plan);
        plan->id = c->id;
        plan->argv = (const char **) spec->argv;
        plan->envp = (const char **) spec->env;
        plan->working_dir = spec->working_dir ?: "/";
        plan->user = strempty(spec->user);
        for (size_t i = 0; i < spec->n_ulimits && i < PLAN_ULIMITS_MAX; i++)
                plan->ulimits[plan->n_ulimits++] = (PlanUlimit){
                        .resource = (uint32_t) spec->ulimits[i].resource,
                        .soft = spec->ulimits[i].soft,
                        .hard = spec->ulimits[i].hard,
                };
        plan->oom_score_adj = spec->resources.oom_score_adj;
        container_fill_confinement(c, plan);
        plan->rows = (uint16_t) c->rows;
        plan->columns = (uint16_t) c->columns;
        plan->log_max_size = spec->log_max_size;
        plan->log_max_files = spec->log_max_files;
        memcpy(plan->boot_id, c->manager->boot_id, sizeof(plan->boot_id));
}

/* Before the intent is stored: the row names the run and its ids. */
int container_prepare_run(Container *c, Failure *reterr) {
        int r;

        r = container_take_ids(c, reterr);
        if (r < 0)
                return r;
        c->run.id_range = c->lease.first;
        c->run.run++;
        c->run.oom_kills = c->oom_logged = 0;
        if (c->run.life.state != CONTAINER_RESTARTING)
                container_clear_error(c); /* one that fails again and again says why all the time */
        failure_done(&c->failure);
        return 0;
}

typedef struct Start {
        Place place;
        Plan plan;
        PlanMount mounts[MOUNTS_MAX];
        char shm[SHM_OPTIONS_MAX];
        DeviceNodes devices;
        int layer_fds[LAYERS_MAX];
        size_t n_layer_fds;
        MountFds mount_fds;
} Start;

static void start_done(Start *s) {
        place_close(&s->place);
        device_nodes_done(&s->devices);
        for (size_t i = 0; i < s->n_layer_fds; i++)
                close_fd(s->layer_fds[i]);
        mount_fds_close(&s->mount_fds);
        s->plan.mounts = NULL; /* ours, not its own */
        s->plan.argv = s->plan.envp = s->plan.sysctls = NULL;
}
#define _cleanup_start_ _cleanup_(start_done)

static int make_room(Container *c, Start *s, Failure *reterr) {
        Manager *m = c->manager;
        bool log = c->spec->log_driver == LOG_DRIVER_FILE, ahead;
        ExitRecord record = { .run = c->run.run };
        int r;

        r = container_check_copies(c, reterr);
        if (r < 0)
                return r;
        ahead = ahead_take(m->ahead, c->id, log, &s->place);
        r = ahead ? 0 : cgroup_make(&m->cgroups, c->owner, c->id, &s->place.cgroup);
        if (r < 0)
                return fail_errno(
                                reterr, r, "Failed to make the cgroup of container '%s'", c->name);
        r = cgroup_check_owner(s->place.cgroup.dir_fd, reterr);
        if (r < 0)
                return r;
        r = container_apply_limits(c, &s->place.cgroup, reterr);
        if (r < 0)
                return r;
        r = container_delegate(c, s->place.cgroup.payload_fd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to hand its cgroup to container '%s'",
                                c->name);
        r = ahead ? 0 : container_dir_make(&m->tree, c->id, log, &s->place.dir);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to make the directories of container '%s'",
                                c->name);
        if (c->spec->remove && c->run.run > 1)
                container_dir_reuse(&s->place.dir);
        memcpy(record.boot_id, m->boot_id, sizeof(record.boot_id));
        r = exit_record_write(s->place.dir.record_fd, &record);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to write the exit record of container '%s'",
                                c->name);
        return image_open_layers(m, c->image_id, s->layer_fds, &s->n_layer_fds, reterr);
}

static int finish_plan(
                Container *c, Start *s, char hostname[static ID_SHORT_MAX], Failure *reterr) {
        Plan *plan = &s->plan;

        container_fill_plan(c, plan);
        plan->kind = PLAN_RUN;
        plan->fds[PLAN_FD_CGROUP] = s->place.cgroup.payload_fd;
        plan->fds[PLAN_FD_LOG_DIR] = s->place.dir.log_fd;
        plan->fds[PLAN_FD_EXIT_RECORD] = s->place.dir.record_fd;
        plan->fds[PLAN_FD_STATE_DIR] = s->place.dir.state_fd;
        plan->fds[PLAN_FD_USERNS_STORAGE] = container_keeps_id(c) ? -EBADF : c->lease.userns_fd;
        memcpy(plan->layer_fds, s->layer_fds, s->n_layer_fds * sizeof(int));
        plan->n_layers = s->n_layer_fds;
        plan->mounts = s->mounts;
        plan->n_mounts = list_mounts(c->spec, s->mounts);
        container_size_shm(c->spec, s->mounts, plan->n_mounts, s->shm);
        plan->sysctls = (const char **) c->spec->confinement.sysctls;
        id_shorten(c->id, hostname);
        plan->hostname = c->spec->hostname ?: hostname;
        return c->spec->n_mounts > 0 ? container_add_mounts(c, s->mounts, &plan->n_mounts,
                                                         &s->mount_fds, reterr)
                                     : 0;
}

/* The workload may end before we run again. */
static void hand_streams_over(MonitorClient *monitor, void *userdata) {
        Run *run = userdata;

        attaches_send(run->container, monitor);
}

static int spawn(Container *c, Run *run, Start *s, Failure *reterr) {
        Manager *m = c->manager;
        int pidfd = -EBADF, r = 0;

        if (s->place.listen_fd < 0)
                r = s->place.listen_fd = monitor_client_listen(s->place.dir.run_fd);
        if (r >= 0)
                r = monitor_client_spawn(m->event,
                                &(MonitorArgs){
                                                .spawner = &m->spawner,
                                                .plan = &s->plan,
                                                .cgroup_fd = s->place.cgroup.monitor_fd,
                                                .listen_fd = s->place.listen_fd,
                                                .keep_fd = c->lease.fd,
                                                .before = hand_streams_over,
                                },
                                &run_monitor_handler, run, &run->monitor, &pidfd);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to start the monitor of container '%s'",
                                c->name);
        r = run_watch_monitor(run, pidfd);
        if (r < 0) {
                close_fd(pidfd);
                run->connected = true; /* its end is told by the socket */
        }
        return 0;
}

static int try_run(Container *c, Failure *reterr) {
        _cleanup_start_ Start s = { .place = PLACE_CLOSED };
        char hostname[ID_SHORT_MAX];
        Run *run;
        int r;

        if (container_lacks_ids(c)) { /* it could not be had before: why? */
                r = container_prepare_run(c, reterr);
                if (r < 0)
                        return r;
        }
        plan_init(&s.plan);
        r = make_room(c, &s, reterr);
        if (r < 0)
                return r;
        r = finish_plan(c, &s, hostname, reterr);
        if (r >= 0)
                r = container_join_namespaces(c, &s.plan, reterr);
        if (r >= 0)
                container_use_ready(c, &s.plan);
        if (r >= 0)
                r = container_find_devices(c, &s.plan, &s.devices, reterr);
        if (r >= 0)
                r = container_filter_devices(c, &s.plan, &s.devices, s.place.cgroup.payload_fd,
                                reterr);
        if (r < 0)
                return r;
        r = cgroup_payload_path(&c->manager->cgroups, c->owner, c->id, &c->control_group);
        if (r >= 0)
                r = run_new(c, &run);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (!s.place.cgroup.payload_is_new) /* one that was still busy goes on counting */
                (void) memory_read_kills(s.place.cgroup.payload_fd, &c->run.oom_kills);
        run->oom_before = c->run.oom_kills;
        run_watch_memory(run, &s.place.cgroup);
        r = spawn(c, run, &s, reterr);
        if (r < 0) {
                run_free(run);
                return r;
        }
        id_lease_use_ready(&c->lease);
        run->probes = true; /* it is of our own version */
        c->current = run;
        return 0;
}

void container_begin_run(Container *c) {
        int r;

        /* The monitor of one with --rm tells the end before the mounts are gone, and two must not have its files. */
        c->start_when_gone = c->spec->remove && !list_is_empty(&c->runs);
        if (c->start_when_gone)
                return;
        r = container_await_filter(c, &c->failure);
        if (r > 0)
                return;
        if (r >= 0)
                r = try_run(c, &c->failure);
        if (r >= 0)
                return;
        if (c->failure.code == FAILURE_INTERNAL)
                c->failure.code = FAILURE_START_FAILED;
        free(c->control_group);
        c->control_group = NULL;
        attaches_drop(c);
        if (list_is_empty(&c->runs))
                (void) cgroup_remove(&c->manager->cgroups, c->owner,
                                c->id); /* empty, or it was never made */
        (void) free_and_strdup(&c->run.error,
                        failure_message(&c->failure)); /* without memory the code tells */
        (void) container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_START_FAILED,
                                        .exit_code = failure_to_exit_status(c->failure.code),
                        },
                        NULL); /* it was starting */
}

int container_start(Container *c, EngineDone done, void *userdata, Failure *reterr) {
        Manager *m = c->manager;
        Ask *ask;
        int r;

        if (!lifecycle_runs(&c->run.life)) {
                r = manager_check_running(m, c->owner, reterr);
                if (r >= 0)
                        r = container_check_copies(c, reterr);
                if (r < 0)
                        return r;
        }
        r = ask_new(c, ASK_START, done, userdata, &ask);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        m->calling++;
        c->depth++;
        r = container_observe(c, &(LifecycleFact){ .kind = FACT_START_ASKED }, reterr);
        if (r < 0) {
                list_remove(&ask->asks);
                free(ask);
        } else if (c->run.life.state == CONTAINER_RUNNING && c->run.life.activity == ACTIVITY_NONE)
                ask_finish(ask, NULL);
        container_leave(c);
        m->calling--;
        return r;
}
