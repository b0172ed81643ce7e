/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/resources.c: what a container may use: whether it can be had here, from its spec into its cgroup at a start, and
 * changed while it is there. Also what the kernel kills in it for want of memory.
 */
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "runtime/cgroup-limits.h"

static int check_controllers(Manager *m, const ResourceValue values[static RESOURCE_VALUES],
                Failure *reterr) {
        const ResourceValue *missing = resource_values_missing(values, m->cgroups.controllers);

        if (!missing)
                return 0;
        return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                        "The limit '%s' needs the cgroup controller '%s', which %s",
                        missing->option, missing->controller,
                        cgroup_tree_missing_reason(missing->controller));
}

int manager_check_resources(Manager *m, const Resources *resources, Failure *reterr) {
        _cleanup_free_ char *cpus = NULL, *mems = NULL;
        ResourceValue values[RESOURCE_VALUES];
        long n;
        int r;

        if (resources_is_default(resources))
                return 0;
        n = sysconf(_SC_NPROCESSORS_ONLN);
        if (resources->cpuset_cpus) /* without a controller there is no file, and then that is told */
                (void) cgroup_read_line(m->cgroups.base_fd, "cpuset.cpus.effective", &cpus);
        if (resources->cpuset_mems)
                (void) cgroup_read_line(m->cgroups.base_fd, "cpuset.mems.effective", &mems);
        r = resources_check_host(resources,
                        &(ResourceHost){
                                        .n_cpus = n > 0 ? (unsigned) n : 0,
                                        .cpus = cpus,
                                        .mems = mems,
                        },
                        reterr);
        if (r < 0)
                return r;
        resources_to_values(resources, values);
        return check_controllers(m, values, reterr);
}

static int fail_limit(const Container *c, int error, const ResourceValue *v, Failure *reterr) {
        if (error == -EBUSY && streq(v->file, "memory.max"))
                return fail(reterr, FAILURE_INVALID_SPEC, error,
                                "Container '%s' uses more memory than the limit of %s bytes allows",
                                c->name, v->text);
        if (error == -ENOENT)
                return fail(reterr, FAILURE_NOT_AVAILABLE, EOPNOTSUPP,
                                "The limit '%s' needs the cgroup file '%s', which this kernel does "
                                "not have",
                                v->option, v->file);
        return fail_errno(reterr, error, "Failed to set '%s' of container '%s' to '%s'", v->file,
                        c->name, v->text);
}

int container_apply_limits(Container *c, const Cgroup *cgroup, Failure *reterr) {
        ResourceValue values[RESOURCE_VALUES];
        const ResourceValue *failed;
        int r;

        resources_to_values(&c->spec->resources, values);
        r = check_controllers(c->manager, values, reterr);
        if (r < 0)
                return r;
        r = cgroup_set_limits(cgroup, c->manager->cgroups.controllers, values, &failed);
        return r < 0 ? fail_limit(c, r, failed, reterr) : 0;
}

/* One whose cgroup goes has ended, and takes its limits at its next start. */
static int change_limits(Container *c, Failure *reterr) {
        ResourceValue values[RESOURCE_VALUES];
        const ResourceValue *failed;
        Cgroup cgroup;
        int r;

        if (!lifecycle_runs(&c->run.life))
                return 0;
        r = cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup);
        if (r == -ENOENT)
                return 0;
        if (r < 0)
                return fail_errno(reterr, r, "Failed to open the cgroup of container '%s'",
                                c->name);
        resources_to_values(&c->spec->resources, values);
        r = cgroup_set_limits(&cgroup, c->manager->cgroups.controllers, values, &failed);
        cgroup_close(&cgroup);
        return r < 0 && r != -ENODEV ? fail_limit(c, r, failed, reterr) : 0;
}

static int store_spec(Container *c, Failure *reterr) {
        _cleanup_free_ char *json = NULL;
        Event event;
        EventList events = { &event, 1 };
        int r;

        if (container_spec_to_json(c->spec, &json) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        container_event(c, EVENT_UPDATE, &event);
        r = store_update_container_spec(c->manager->store, c->id, json, &events, reterr);
        if (r >= 0)
                manager_tell(c->manager, &events);
        return r;
}

/* The spec holds the new values while they are checked, written and stored; it gets the old ones back on failure. */
static int change_spec(Container *c, Failure *reterr) {
        int r;

        r = container_spec_check(c->spec, reterr);
        if (r >= 0)
                r = manager_check_resources(c->manager, &c->spec->resources, reterr);
        if (r >= 0)
                r = change_limits(c, reterr);
        return r < 0 ? r : store_spec(c, reterr);
}

static int check_there(const Container *c, Failure *reterr) {
        LifecycleRefusal refusal = c->run.life.activity == ACTIVITY_REMOVING ? REFUSAL_REMOVING
                                   : c->run.life.state == CONTAINER_DEAD     ? REFUSAL_DEAD
                                                                             : REFUSAL_NONE;

        if (refusal == REFUSAL_NONE)
                return 0;
        return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' %s", c->name,
                        lifecycle_refusal_to_string(refusal));
}

int container_set_resources(Container *c, const ResourcesUpdate *update, EngineDone done,
                void *userdata, Failure *reterr) {
        _cleanup_resources_ Resources before = c->spec->resources;
        RestartPolicy restart_before = c->spec->restart;
        Resources after;
        int r;

        c->spec->resources = RESOURCES_DEFAULT; /* owned here, until one of the two is put back */
        if (resources_merge(&before, update->change, update->given, &after) < 0) {
                c->spec->resources = before;
                before = RESOURCES_DEFAULT;
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        c->spec->resources = after;
        if (update->restart)
                c->spec->restart = *update->restart;

        r = check_there(c, reterr);
        if (r >= 0)
                r = change_spec(c, reterr);
        if (r < 0) {
                c->spec->resources = before;
                c->spec->restart = restart_before;
                before = after;
                (void) change_limits(c, NULL); /* what was accepted before; nothing if it has not come so far */
                return r;
        }
        r = manager_when_durable(c->manager, NULL, 0, done, userdata);
        return r < 0 ? fail_errno(reterr, r, "Failed to wait for the disk") : 0;
}

static void observe_oom(Container *c, uint64_t kills) {
        c->run.oom_kills = kills;
        (void) container_observe(c,
                        &(LifecycleFact){
                                        .kind = FACT_OOM_KILLED,
                                        .final = c->spec->resources.oom_group,
                        },
                        NULL); /* never refused */
}

static void on_memory_killed(uint64_t kills, void *userdata) {
        Run *run = userdata;

        if (!run->ended)
                observe_oom(run->container, kills);
}

void run_watch_memory(Run *run, const Cgroup *cgroup) {
        Container *c = run->container;
        int r;

        if (!strv_contains(c->manager->cgroups.controllers, "memory"))
                return;
        r = memory_watch_new(c->manager->event, cgroup->payload_fd, c->run.oom_kills,
                        on_memory_killed, run, &run->memory);
        if (r < 0)
                container_log(c, NULL, LOG_WARNING,
                                "Failed to watch the memory of container '%s', going on: %s",
                                c->name, strerror(-r));
        else if (r == 0)
                container_log(c, NULL, LOG_WARNING,
                                "There are no more inotify watches: that container '%s' is out of "
                                "memory is seen at its end only",
                                c->name);
}

void container_look_for_oom(Container *c, const Cgroup *cgroup) {
        uint64_t kills;

        if (memory_read_kills(cgroup->payload_fd, &kills) >= 0 && kills > c->run.oom_kills)
                observe_oom(c, kills);
}
