/* SPDX-License-Identifier: Apache-2.0 */
/* engine/container.c: one container as an object: made, linked, read, freed. */
#include <stdarg.h>
#include <stdio.h>
#include "base/log.h"
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/copy.h"
#include "engine/health.h"
#include "engine/start-confinement.h"
#include "engine/volume-private.h"

int container_new(Manager *m, Container **ret) {
        Container *c;

        c = calloc(1, sizeof(*c));
        if (!c)
                return -ENOMEM;
        c->manager = m;
        c->lease = ID_LEASE_NONE;
        list_init(&c->list);
        list_init(&c->runs);
        list_init(&c->asks);
        list_init(&c->waiters);
        list_init(&c->attaches);
        list_init(&c->log_followers);
        list_init(&c->stats_watchers);
        list_init(&c->copies);
        *ret = c;
        return 0;
}

Container *container_free(Container *c) {
        Run *run;
        Ask *ask;

        if (!c)
                return NULL;
        LIST_FOREACH(run, &c->runs, Run, runs)
                run_free(run);
        LIST_FOREACH(ask, &c->asks, Ask, asks) {
                list_remove(&ask->asks);
                store_sync_cancel(ask->sync);
                failure_done(&ask->failure);
                free(ask);
        }
        waiters_end(c);
        attaches_drop(c);
        log_followers_free(c);
        execs_free(c);
        container_end_copies(c, true);
        health_free(c->health);
        container_release_filter(c);
        sd_event_source_disable_unref(c->timer);
        freeze_free(c->freezing);
        stats_watchers_end(c);
        id_lease_close(&c->lease);
        container_spec_free(c->spec);
        failure_done(&c->failure);
        free(c->run.error);
        free(c->control_group);
        free(c->name);
        free(c->image);
        free(c->request_id);
        strv_free(c->gone_volumes);
        free(c);
        return NULL;
}

static int request_key(const Container *c, char **ret) {
        return str_printf(ret, "%u/%s", c->owner, c->request_id);
}

int container_link(Container *c) {
        Manager *m = c->manager;
        Owner *owner = manager_owner(m, c->owner);
        int r;

        if (!owner)
                return -ENOMEM;
        r = map_put(m->containers, c->id, c);
        if (r < 0)
                return r;
        r = map_put(m->names, c->name, c);
        if (r >= 0 && c->request_id) {
                _cleanup_free_ char *key = NULL;

                r = request_key(c, &key);
                if (r >= 0)
                        r = map_put(m->requests, key, c);
                if (r < 0)
                        (void) map_remove(m->names, c->name);
        }
        if (r < 0) {
                (void) map_remove(m->containers, c->id);
                return r;
        }
        list_prepend(&m->container_list, &c->list);
        owner->n_containers++;
        return 0;
}

void container_unlink(Container *c) {
        Manager *m = c->manager;
        Owner *owner;

        if (!list_is_linked(&c->list))
                return;
        list_remove(&c->list);
        volumes_use(c, false);
        (void) map_remove(m->containers, c->id);
        (void) map_remove(m->names, c->name);
        if (c->request_id) {
                _cleanup_free_ char *key = NULL;

                if (request_key(c, &key) >= 0)
                        (void) map_remove(m->requests, key);
        }
        owner = manager_owner(m, c->owner); /* there since container_link() */
        if (owner)
                owner->n_containers--;
}

void container_clear_error(Container *c) {
        free(c->run.error);
        c->run.error = NULL;
}

void container_log(const Container *c, const char *message_id, int level, const char *format, ...) {
        const LogContext context = {
                .container_id = c->id,
                .container_name = c->name,
                .image = c->image,
                .message_id = message_id,
        };
        char text[1024];
        va_list ap;

        va_start(ap, format);
        (void) vsnprintf(text, sizeof(text), format, ap); /* a longer one is cut */
        va_end(ap);
        (void) log_full(&context, level, 0, "%s", text);
}

const char *container_id(const Container *c) {
        return c->id;
}

const char *container_name(const Container *c) {
        return c->name;
}

const char *container_image(const Container *c) {
        return c->image;
}

const char *container_image_id(const Container *c) {
        return c->image_id;
}

uid_t container_owner(const Container *c) {
        return c->owner;
}

ContainerState container_state(const Container *c) {
        return c->run.life.state;
}

ContainerHealth container_health(const Container *c) {
        return c->run.health;
}

uint64_t container_created_usec(const Container *c) {
        return c->created_usec;
}

uint64_t container_started_usec(const Container *c) {
        return c->run.life.started_usec;
}

uint64_t container_finished_usec(const Container *c) {
        return c->run.life.finished_usec;
}

uint64_t container_restart_at_usec(const Container *c) {
        return c->run.life.restart_at_usec;
}

int container_exit_code(const Container *c) {
        return c->run.life.exit_code;
}

bool container_oom_killed(const Container *c) {
        return c->run.life.oom_killed;
}

uint32_t container_restart_count(const Container *c) {
        return c->run.life.restart_count;
}

const char *container_error(const Container *c) {
        return strempty(c->run.error);
}

pid_t container_pid(const Container *c) {
        return c->pid;
}

const char *container_control_group(const Container *c) {
        return strempty(c->control_group);
}

const ContainerSpec *container_spec(const Container *c) {
        return c->spec;
}
