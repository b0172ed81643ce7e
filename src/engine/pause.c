/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/pause.c: freezes and thaws what runs in a container. The kernel is asked by cgroup.freeze, and cgroup.events says
 * when it is so: only then is the state another. A process that waits for a device cannot be frozen; such a pause is given
 * up after a bounded time, and everything runs on. Whatever else is asked of the container meanwhile gives it up as well.
 */
#include "base/usec.h"
#include "engine/container-private.h"
#include "model/limits.h"

struct Freeze {
        bool freeze;             /* else thaw */
        CgroupWatch *watch;      /* owned */
        sd_event_source *timer;  /* owned */
};

Freeze *freeze_free(Freeze *f) {
        if (!f)
                return NULL;
        cgroup_watch_free(f->watch);
        sd_event_source_disable_unref(f->timer);
        free(f);
        return NULL;
}

static AskKind ask_kind(const Freeze *f) {
        return f->freeze ? ASK_PAUSE : ASK_UNPAUSE;
}

void container_thaw(Container *c) {
        Cgroup cgroup;

        if (cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup) < 0)
                return; /* nothing runs there */
        (void) cgroup_freeze(cgroup.payload_fd, false); /* what stays frozen can be killed */
        cgroup_close(&cgroup);
}

/* What was under way is not so any more; who asked for it is told. */
static void give_up(Container *c, const Failure *failure) {
        AskKind kind = ask_kind(c->freezing);

        if (c->freezing->freeze)
                container_thaw(c);
        c->freezing = freeze_free(c->freezing);
        asks_fail(c, kind, failure);
}

void container_settle_freeze(Container *c) {
        const Lifecycle *l = &c->run.life;
        _cleanup_failure_ Failure failure = {};

        if (!c->freezing ||
                        (lifecycle_runs(l) && l->activity == ACTIVITY_NONE &&
                                        (l->state == CONTAINER_PAUSED) != c->freezing->freeze))
                return;
        (void) fail(&failure, FAILURE_WRONG_STATE, 0,
                        "Container '%s' was stopped or continued meanwhile", c->name);
        give_up(c, &failure);
}

static void on_condition(void *userdata) {
        Container *c = userdata;
        AskKind kind = ask_kind(c->freezing);
        LifecycleFact fact = { .kind = c->freezing->freeze ? FACT_PAUSED : FACT_UNPAUSED };
        _cleanup_failure_ Failure failure = {};

        c->depth++;
        c->freezing = freeze_free(c->freezing);
        if (container_observe(c, &fact, &failure) < 0)
                asks_fail(c, kind, &failure);
        container_leave(c);
}

static int on_timeout(sd_event_source *s, uint64_t usec, void *userdata) {
        Container *c = userdata;
        _cleanup_failure_ Failure failure = {};

        (void) fail(&failure, FAILURE_TIMED_OUT, 0,
                        "Container '%s' could not be %s within %u s: a process of it waits for "
                        "what the kernel cannot interrupt",
                        c->name, c->freezing->freeze ? "paused" : "continued",
                        (unsigned) (FREEZE_TIMEOUT_USEC / USEC_PER_SEC));
        c->depth++;
        give_up(c, &failure);
        container_leave(c);
        return 0;
}

static int begin(Container *c, bool freeze) {
        Manager *m = c->manager;
        Cgroup cgroup;
        Freeze *f;
        int r;

        f = calloc(1, sizeof(*f));
        if (!f)
                return -ENOMEM;
        f->freeze = freeze;
        r = cgroup_open(&m->cgroups, c->owner, c->id, &cgroup);
        if (r < 0) {
                freeze_free(f);
                return r;
        }
        r = sd_event_add_time_relative(m->event, &f->timer, CLOCK_MONOTONIC, FREEZE_TIMEOUT_USEC, 0,
                        on_timeout, c);
        if (r >= 0)
                r = cgroup_freeze(cgroup.payload_fd, freeze);
        if (r >= 0)
                r = cgroup_watch_new(m->event, cgroup.payload_fd,
                                freeze ? CGROUP_FROZEN : CGROUP_THAWED, on_condition, c, &f->watch);
        if (r < 0 && freeze)
                (void) cgroup_freeze(cgroup.payload_fd, false); /* what failed before this can fail it too */
        cgroup_close(&cgroup);
        if (r < 0)
                freeze_free(f);
        else
                c->freezing = f;
        return r;
}

static int check(const Container *c, bool freeze, Failure *reterr) {
        const Lifecycle *l = &c->run.life;
        const char *what = NULL;

        if (l->activity == ACTIVITY_STOPPING)
                what = "is being stopped";
        else if (c->freezing)
                what = c->freezing->freeze ? "is being paused" : "is being continued";
        else if (l->state != CONTAINER_RUNNING && l->state != CONTAINER_PAUSED)
                what = "is not running";
        else if (freeze && l->state == CONTAINER_PAUSED)
                what = "is paused already";
        else if (!freeze && l->state == CONTAINER_RUNNING)
                what = "is not paused";
        return what ? fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' %s", c->name, what) : 0;
}

static int pause_or_unpause(
                Container *c, bool freeze, EngineDone done, void *userdata, Failure *reterr) {
        Ask *ask;
        int r;

        r = check(c, freeze, reterr);
        if (r < 0)
                return r;
        r = ask_new(c, freeze ? ASK_PAUSE : ASK_UNPAUSE, done, userdata, &ask);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = begin(c, freeze);
        if (r < 0) {
                list_remove(&ask->asks);
                free(ask);
                return fail_errno(reterr, r, "Failed to %s container '%s'",
                                freeze ? "pause" : "continue", c->name);
        }
        return 0;
}

int container_pause(Container *c, EngineDone done, void *userdata, Failure *reterr) {
        return pause_or_unpause(c, true, done, userdata, reterr);
}

int container_unpause(Container *c, EngineDone done, void *userdata, Failure *reterr) {
        return pause_or_unpause(c, false, done, userdata, reterr);
}

/* At the daemon's start the cgroup is right, whatever the row says: the daemon may have ended between the two. */
void container_find_frozen(Container *c) {
        const Lifecycle *l = &c->run.life;
        LifecycleFact fact = { .kind = FACT_UNPAUSED };
        Cgroup cgroup;

        if (cgroup_open(&c->manager->cgroups, c->owner, c->id, &cgroup) < 0)
                return; /* its end is being told */
        if (l->activity == ACTIVITY_NONE && cgroup_is_frozen(cgroup.payload_fd) > 0)
                fact.kind = FACT_PAUSED;
        else
                (void) cgroup_freeze(cgroup.payload_fd, false); /* as container_thaw() */
        cgroup_close(&cgroup);
        (void) container_observe(c, &fact, NULL); /* refused where it does not run, or is to end */
}
