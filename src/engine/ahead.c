/* SPDX-License-Identifier: Apache-2.0 */
/* engine/ahead.c: see ahead.h. */
#include "engine/ahead.h"
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/log.h"
#include "base/random.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/manager-private.h"
#include "runtime/monitor-client.h"

#define LATER_USEC (20 * USEC_PER_MSEC) /* by then it is none of those that end at once */

struct Ahead {
        Manager *manager;       /* borrowed */
        sd_event_source *idle;  /* owned; on, for quiet moments of the loop, until all is made */
        bool namespaces_done;   /* the first of two things to make */
        sd_event_source *later; /* owned; a timer that turns it on */
        uint32_t wanted_owner;  /* whose the next is to be */
        uint32_t owner;
        char id[ID_MAX]; /* empty: there is none */
        bool claimed;    /* a container has the id, and has not started yet */
        Place place;
};

void place_close(Place *p) {
        cgroup_close(&p->cgroup);
        container_dir_close(&p->dir);
        p->listen_fd = close_fd(p->listen_fd);
}

static int on_idle(sd_event_source *s, void *userdata);

static int on_later(sd_event_source *s, uint64_t usec, void *userdata) {
        Ahead *a = userdata;

        a->namespaces_done = false;
        return sd_event_source_set_enabled(a->idle, SD_EVENT_ON);
}

int ahead_new(Manager *m, Ahead **ret) {
        Ahead *a;
        int r;

        a = malloc(sizeof(*a));
        if (!a)
                return -ENOMEM;
        *a = (Ahead){ .manager = m, .place = PLACE_CLOSED };
        r = sd_event_add_defer(m->event, &a->idle, on_idle, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->idle, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_priority(
                                a->idle, SD_EVENT_PRIORITY_IDLE); /* a little early otherwise */
        if (r >= 0)
                r = sd_event_add_time(m->event, &a->later, CLOCK_MONOTONIC, UINT64_MAX, LATER_USEC,
                                on_later, a);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->later, SD_EVENT_OFF);
        if (r < 0) {
                ahead_free(a);
                return r;
        }
        *ret = a;
        return 0;
}

static void let_go(Ahead *a) {
        place_close(&a->place);
        a->id[0] = '\0';
        a->claimed = false;
}

/* Of a container that has the id, the directories stay: they are its own. */
static void discard(Ahead *a) {
        Manager *m = a->manager;

        if (a->id[0] == '\0')
                return;
        (void) cgroup_remove(&m->cgroups, a->owner, a->id); /* it is empty: else the next start does it */
        if (!a->claimed)
                container_dir_remove(&m->tree, a->id);
        let_go(a);
}

Ahead *ahead_free(Ahead *a) {
        if (!a)
                return NULL;
        discard(a);
        sd_event_source_disable_unref(a->idle);
        sd_event_source_disable_unref(a->later);
        free(a);
        return NULL;
}

/* Return: 0, or negative errno with nothing left. */
static int make(Ahead *a) {
        Manager *m = a->manager;
        uint8_t random[ID_BYTES];
        int r;

        r = random_bytes(random, sizeof(random));
        if (r < 0)
                return r;
        id_from_bytes(random, a->id);
        a->owner = a->wanted_owner;
        r = container_dir_mark(&m->tree, a->id); /* whatever there is of it, is marked */
        if (r >= 0)
                r = cgroup_make(&m->cgroups, a->owner, a->id, &a->place.cgroup);
        if (r >= 0)
                r = container_dir_make(&m->tree, a->id, true, &a->place.dir);
        if (r >= 0)
                r = a->place.listen_fd = monitor_client_listen(a->place.dir.run_fd);
        if (r < 0)
                discard(a);
        return r;
}

/* One thing a turn of the loop, so that nobody who calls waits for all of them. */
static int on_idle(sd_event_source *s, void *userdata) {
        Ahead *a = userdata;
        Manager *m = a->manager;
        int r = 0;

        if (!a->namespaces_done) {
                a->namespaces_done = true;
                ready_namespaces_prepare(m->ready); /* its helper works while we do the rest */
                return 0;
        }
        (void) sd_event_source_set_enabled(s, SD_EVENT_OFF); /* valid arguments */
        if (a->claimed || a->owner != a->wanted_owner || manager_is_short(m))
                discard(a); /* whoever has claimed it takes his time */
        if (a->id[0] == '\0' && !manager_is_short(m))
                r = make(a);
        if (r < 0)
                (void) log_debug_errno(r, "Failed to prepare for the next start, ignoring: %m");
        return 0;
}

void ahead_prepare(Ahead *a, uint32_t owner) {
        a->wanted_owner = owner;
        a->namespaces_done = false;
        (void) sd_event_source_set_enabled(a->later, SD_EVENT_OFF); /* valid arguments, as the next */
        (void) sd_event_source_set_enabled(a->idle, SD_EVENT_ON);
}

void ahead_prepare_later(Ahead *a, uint32_t owner) {
        int r;

        a->wanted_owner = owner;
        r = sd_event_source_set_time_relative(a->later, LATER_USEC);
        if (r >= 0)
                r = sd_event_source_set_enabled(a->later, SD_EVENT_ONESHOT);
        if (r < 0)
                ahead_prepare(a, owner);
}

/* Nobody but us makes or removes it, but who would keep an administrator from it? */
static bool is_whole(const Ahead *a) {
        struct stat st;

        return faccessat(a->place.cgroup.payload_fd, "cgroup.procs", F_OK, 0) == 0 &&
               fstat(a->place.dir.state_fd, &st) == 0 && st.st_nlink > 0;
}

bool ahead_offer(Ahead *a, uint32_t owner, char ret[static ID_MAX]) {
        if (a->id[0] == '\0' || a->claimed || a->owner != owner)
                return false;
        if (!is_whole(a)) {
                discard(a);
                return false;
        }
        memcpy(ret, a->id, ID_MAX);
        return true;
}

void ahead_claim(Ahead *a, const char *id) {
        if (!streq(a->id, id))
                return;
        if (container_dir_unmark(&a->place.dir) < 0)
                discard(a); /* the start makes it anew */
        else
                a->claimed = true;
}

bool ahead_take(Ahead *a, const char *id, bool log, Place *ret) {
        if (!a->claimed || !streq(a->id, id))
                return false;
        if (!log) {
                a->place.dir.log_fd = close_fd(a->place.dir.log_fd);
                (void) unlinkat(a->manager->tree.logs_fd, id, AT_REMOVEDIR); /* else it goes with the container */
        }
        *ret = a->place;
        a->place = PLACE_CLOSED;
        let_go(a);
        return true;
}

void ahead_forget(Ahead *a, const char *id) {
        if (a->claimed && streq(a->id, id))
                discard(a);
}
