/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-containers.c: containers that follow their names. A name that begins with
 *   broken   fails to start
 *   stuck    never ends its start, nor its stop
 *   full     cannot be made: a limit is reached
 * All else starts at once and runs until it is stopped or killed. $FAKE_CONTAINERS are there from the beginning.
 */
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include "base/parse.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/start-namespaces.h"
#include "engine/volumes-from.h"
#include "fake-engine.h"

typedef struct Later {
        List laters;
        sd_event_source *source; /* owned */
        EngineDone done;
        void *userdata; /* borrowed */
        Failure failure;
} Later;

static void later_free(Later *l) {
        list_remove(&l->laters);
        sd_event_source_disable_unref(l->source);
        failure_done(&l->failure);
        free(l);
}

static int on_later(sd_event_source *s, void *userdata) {
        _cleanup_failure_ Failure failure = {};
        EngineDone done;
        Later *l = userdata;
        void *done_userdata = l->userdata;

        done = l->done;
        failure_move(&l->failure, &failure);
        later_free(l);
        if (done)
                done(failure_is_set(&failure) ? &failure : NULL, done_userdata);
        return 0;
}

int fake_later(Manager *m, EngineDone done, void *userdata, const Failure *failure) {
        Later *l = calloc(1, sizeof(*l));

        if (!l)
                return -ENOMEM;
        l->done = done;
        l->userdata = userdata;
        if (failure)
                failure_copy(failure, &l->failure);
        list_append(&m->laters, &l->laters);
        return sd_event_add_defer(m->event, &l->source, on_later, l);
}

const char *container_id(const Container *c) {
        return c->id;
}

const char *container_name(const Container *c) {
        return c->name;
}

const char *container_image(const Container *c) {
        return c->spec->image;
}

const char *container_image_id(const Container *c) {
        return "";
}

uid_t container_owner(const Container *c) {
        return c->owner;
}

ContainerState container_state(const Container *c) {
        return c->state;
}

ContainerHealth container_health(const Container *c) {
        return HEALTH_NONE;
}

uint64_t container_created_usec(const Container *c) {
        return c->created;
}

uint64_t container_started_usec(const Container *c) {
        return c->started;
}

uint64_t container_finished_usec(const Container *c) {
        return c->finished;
}

int container_exit_code(const Container *c) {
        return c->exit_code;
}

bool container_oom_killed(const Container *c) {
        return false;
}

uint32_t container_restart_count(const Container *c) {
        return 0;
}

const char *container_error(const Container *c) {
        return "";
}

pid_t container_pid(const Container *c) {
        return c->state == CONTAINER_RUNNING ? 4711 : 0;
}

const char *container_control_group(const Container *c) {
        return "";
}

const ContainerSpec *container_spec(const Container *c) {
        return c->spec;
}

int container_inspect(Container *c, bool all, char **ret_json) {
        return str_printf(ret_json, "{\"Id\":\"%s\",\"All\":%s}", c->id, all ? "true" : "false");
}

int container_run_healthcheck(Container *c, HealthcheckDone done, void *userdata, Failure *reterr) {
        if (c->state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        done(HEALTH_HEALTHY, 0, "fine", NULL, userdata);
        return 0;
}

static void container_free(Container *c) {
        list_remove(&c->waiters);
        free(c->name);
        free(c->request_id);
        free(c->exec);
        container_spec_free(c->spec);
        close_fd(c->stdout_fd);
        free(c);
}

void fake_wake(Container *c, WaitCondition condition, const Failure *failure) {
        Waiter *w;

        LIST_FOREACH(w, &c->waiters, Waiter, waiters) {
                WaitDone done = w->done;
                void *userdata = w->userdata;

                if (w->exec || (!failure && w->condition != condition))
                        continue;
                list_remove(&w->waiters);
                free(w);
                done(c->exit_code, failure, userdata);
        }
}

void fake_set_state(Container *c, ContainerState state, unsigned changes) {
        c->state = state;
        c->manager->observer->container_changed(c, changes, c->manager->userdata);
}

static void start_now(Container *c) {
        c->started = now_realtime();
        fake_tell(c, EVENT_START, NULL, 0);
        fake_set_state(c, CONTAINER_RUNNING, CONTAINER_CHANGED_STATE | CONTAINER_CHANGED_STARTED);
        fake_wake(c, WAIT_RUNNING, NULL);
        c->manager->observer->idle_changed(false, c->manager->userdata);
}

static void end_now(Container *c, int exit_code) {
        c->finished = now_realtime();
        c->exit_code = exit_code;
        c->stdout_fd = close_fd(c->stdout_fd);
        fake_tell(c, EVENT_DIE, EVENT_ATTRIBUTE_EXIT_CODE, exit_code);
        fake_set_state(c, CONTAINER_EXITED, CONTAINER_CHANGED_STATE | CONTAINER_CHANGED_FINISHED);
        fake_wake(c, WAIT_STOPPED, NULL);
        fake_wake(c, WAIT_NEXT_EXIT, NULL);
        c->manager->observer->idle_changed(manager_is_idle(c->manager), c->manager->userdata);
}

static void remove_now(Container *c) {
        _cleanup_failure_ Failure gone = {};
        Manager *m = c->manager;

        (void) fail(&gone, FAILURE_NO_SUCH_CONTAINER, 0, "Container '%s' was removed", c->name);
        fake_wake(c, WAIT_REMOVED, NULL);
        fake_wake(c, WAIT_REMOVED, &gone);
        fake_tell(c, EVENT_DESTROY, NULL, 0);
        m->observer->container_removed(c, m->userdata);
        (void) map_remove(m->containers, c->id);
        container_free(c);
}

int container_start(Container *c, EngineDone done, void *userdata, Failure *reterr) {
        _cleanup_failure_ Failure failure = {};

        if (startswith(c->name, "stuck"))
                return 0;
        if (startswith(c->name, "broken"))
                (void) fail(&failure, FAILURE_START_FAILED, 0,
                                "Container '%s' does not start: mount: \xff", c->name);
        else if (c->state != CONTAINER_RUNNING)
                start_now(c);
        return fake_later(c->manager, done, userdata, failure_is_set(&failure) ? &failure : NULL);
}

int container_stop(Container *c, uint64_t timeout_usec, int signal, EngineDone done, void *userdata,
                Failure *reterr) {
        if (startswith(c->name, "stuck"))
                return 0;
        if (c->state == CONTAINER_RUNNING)
                end_now(c, signal > 0 ? 128 + signal : 0);
        return fake_later(c->manager, done, userdata, NULL);
}

int container_restart(Container *c, uint64_t timeout_usec, int signal, EngineDone done,
                void *userdata, Failure *reterr) {
        if (c->state == CONTAINER_RUNNING)
                end_now(c, 0);
        start_now(c);
        return fake_later(c->manager, done, userdata, NULL);
}

int container_remove(Container *c, bool force, bool volumes, EngineDone done, void *userdata,
                Failure *reterr) {
        Manager *m = c->manager;

        if (c->state == CONTAINER_RUNNING && !force)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is running", c->name);
        if (c->state == CONTAINER_RUNNING)
                end_now(c, 137);
        remove_now(c);
        return fake_later(m, done, userdata, NULL);
}

int container_rename(
                Container *c, const char *name, EngineDone done, void *userdata, Failure *reterr) {
        _cleanup_free_ char *old = c->name;

        if (!container_name_is_valid(name)) {
                old = NULL;
                return fail(reterr, FAILURE_INVALID_ARGS, 0, "'%s' is not a name", name);
        }
        c->name = strdup(name);
        if (!c->name) {
                c->name = TAKE_PTR(old);
                return -ENOMEM;
        }
        fake_tell_rename(c, old);
        c->manager->observer->container_changed(c, CONTAINER_CHANGED_NAME, c->manager->userdata);
        return fake_later(c->manager, done, userdata, NULL);
}

uint64_t container_restart_at_usec(const Container *c) {
        return 0;
}

int container_set_resources(Container *c, const ResourcesUpdate *update, EngineDone done,
                void *userdata, Failure *reterr) {
        _cleanup_resources_ Resources after = RESOURCES_DEFAULT;
        int r;

        r = resources_merge(&c->spec->resources, update->change, update->given, &after);
        if (r >= 0)
                r = resources_check(&after, reterr);
        if (r < 0)
                return r;
        resources_done(&c->spec->resources);
        c->spec->resources = after;
        after = RESOURCES_DEFAULT; /* the spec's */
        if (update->restart)
                c->spec->restart = *update->restart;
        return fake_later(c->manager, done, userdata, NULL);
}

int container_kill(Container *c, int signal, Failure *reterr) {
        if (c->state != CONTAINER_RUNNING)
                return fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' is not running",
                                c->name);
        fake_tell(c, EVENT_KILL, EVENT_ATTRIBUTE_SIGNAL, signal);
        end_now(c, 128 + signal);
        return 0;
}

int container_resize(Container *c, unsigned rows, unsigned columns, Failure *reterr) {
        return c->spec->tty ? 0
                            : fail(reterr, FAILURE_WRONG_STATE, 0, "Container '%s' has no terminal",
                                              c->name);
}

static bool holds(const Container *c, WaitCondition condition) {
        return (condition == WAIT_STOPPED && c->state == CONTAINER_EXITED) ||
               (condition == WAIT_RUNNING && c->state == CONTAINER_RUNNING);
}

int container_wait(Container *c, WaitCondition condition, WaitDone done, void *userdata,
                Waiter **ret, Failure *reterr) {
        Waiter *w;

        if (holds(c, condition)) {
                done(c->exit_code, NULL, userdata);
                return 0;
        }
        w = calloc(1, sizeof(*w));
        if (!w)
                return -ENOMEM;
        *w = (Waiter){ .condition = condition, .done = done, .userdata = userdata };
        list_append(&c->waiters, &w->waiters);
        *ret = w;
        return 0;
}

Waiter *waiter_free(Waiter *w) {
        if (w)
                list_remove(&w->waiters);
        free(w);
        return NULL;
}

int manager_find_container(Manager *m, const char *name, Container **ret, Failure *reterr) {
        Container *c;

        MAP_FOREACH(c, m->containers)
                if (streq(c->name, name) || streq(c->id, name)) {
                        *ret = c;
                        return 0;
                }
        return fail(reterr, FAILURE_NO_SUCH_CONTAINER, 0, "No container '%s'", name);
}

/* Whose they are is the engine's to find out; here another's is told by its owner alone. */
int manager_resolve_namespaces(Manager *m, ContainerSpec *spec, uid_t owner, Weakening *weakening,
                Failure *reterr) {
        for (NamespaceKind k = 0; k < _NAMESPACE_KIND_MAX; k++) {
                const char *name = container_spec_joins(spec, k);
                Container *c = NULL;
                int r;

                if (!name)
                        continue;
                r = manager_find_container(m, name, &c, reterr);
                if (r < 0)
                        return r;
                if (c->owner != owner)
                        weakening_add(weakening, namespace_kind_to_key(k));
        }
        return 0;
}

int manager_resolve_volumes_from(Manager *m, ContainerOptions *o, uid_t owner, Weakening *weakening,
                Failure *reterr) {
        STRV_FOREACH(name, o->volumes_from) {
                Container *c = NULL;
                int r;

                r = manager_find_container(m, *name, &c, reterr);
                if (r < 0)
                        return r;
                if (c->owner != owner)
                        weakening_add(weakening, "volumes-from");
        }
        return 0;
}

Container *manager_get_container(Manager *m, const char *id) {
        return map_get(m->containers, id);
}

/* Ids count up, so the one made before has the next lower number that is there. */
Container *manager_next_container(Manager *m, Container *after) {
        uint64_t number = after ? strtoull(after->id + ID_HEX - 16, NULL, 16) : m->last_id + 1;
        char id[ID_MAX];
        Container *c;

        while (--number > 0) {
                (void) snprintf(id, sizeof(id), "%064" PRIx64, number);
                c = map_get(m->containers, id);
                if (c)
                        return c;
        }
        return NULL;
}

static int container_new(Manager *m, const CreateArgs *args, Container **ret) {
        Container *c = calloc(1, sizeof(*c));
        int r;

        if (!c)
                return -ENOMEM;
        *c = (Container){ .manager = m,
                .spec = args->spec,
                .owner = args->owner,
                .stdout_fd = -EBADF,
                .created = now_realtime() };
        (void) snprintf(c->id, sizeof(c->id), "%064" PRIx64, ++m->last_id);
        list_init(&c->waiters);
        r = args->name ? free_and_strdup(&c->name, args->name)
                       : str_printf(&c->name, "fake_%" PRIu64, m->last_id);
        if (r >= 0)
                r = free_and_strdup(&c->request_id, args->request_id);
        if (r >= 0)
                r = map_put(m->containers, c->id, c);
        if (r < 0) {
                c->spec = NULL;
                container_free(c);
                return r;
        }
        if (m->ready)
                m->observer->container_added(c, m->userdata);
        fake_tell(c, EVENT_CREATE, NULL, 0);
        *ret = c;
        return 0;
}

static int find_request(Manager *m, const CreateArgs *args, Container **ret) {
        Container *c;

        MAP_FOREACH(c, m->containers)
                if (args->request_id && c->owner == args->owner &&
                                streq_ptr(c->request_id, args->request_id)) {
                        *ret = c;
                        return 1;
                }
        return 0;
}

static int check_create(Manager *m, const CreateArgs *args, Failure *reterr) {
        Container *c;
        Image *i;
        int r;

        r = manager_find_image(m, args->image, &i, reterr);
        if (r < 0)
                return r;
        if (args->name && startswith(args->name, "full"))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "User %u has all the containers he may have",
                                (unsigned) args->owner);
        MAP_FOREACH(c, m->containers)
                if (streq_ptr(c->name, args->name))
                        return fail(reterr, FAILURE_CONTAINER_EXISTS, 0,
                                        "There is a container '%s'", args->name);
        return 0;
}

int manager_create_container(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr) {
        int r;

        *ret_existing = find_request(m, args, ret) > 0;
        if (*ret_existing)
                container_spec_free(args->spec);
        else {
                r = check_create(m, args, reterr);
                if (r < 0)
                        return r;
                r = container_new(m, args, ret);
                if (r < 0)
                        return r;
        }
        return fake_later(m, done, userdata, NULL);
}

int manager_run_container(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr) {
        int r;

        r = manager_create_container(m, args, NULL, NULL, ret, ret_existing, reterr);
        return r < 0 ? r : container_start(*ret, done, userdata, reterr);
}

bool manager_is_idle(const Manager *m) {
        Container *c;

        MAP_FOREACH(c, m->containers)
                if (c->state == CONTAINER_RUNNING)
                        return false;
        return true;
}

void manager_stop_all(Manager *m, EngineDone done, void *userdata) {
        (void) fake_later(m, done, userdata, NULL);
}

static int add_first_containers(Manager *m) {
        const char *text = getenv("FAKE_CONTAINERS");
        uint32_t n = 0;
        Container *c;
        int r;

        if (text && parse_u32(text, &n) < 0)
                return -EINVAL;
        for (uint32_t i = 0; i < n; i++) {
                ContainerSpec *spec;

                r = container_spec_new(&spec);
                if (r >= 0)
                        r = free_and_strdup(&spec->image, "bb:1");
                if (r >= 0)
                        r = container_new(m, &(CreateArgs){ .spec = spec }, &c);
                if (r < 0)
                        return r;
        }
        return 0;
}

int manager_new(sd_event *event, const ManagerConfig *config, const EngineObserver *observer,
                void *userdata, Manager **ret, Failure *reterr) {
        Manager *m = calloc(1, sizeof(*m));
        int r;

        if (!m)
                return -ENOMEM;
        *m = (Manager){ .event = event,
                .observer = observer,
                .userdata = userdata,
                .embedded = config->embedded };
        list_init(&m->laters);
        r = free_and_strdup(&m->state_dir, config->state_dir);
        if (r >= 0)
                r = free_and_strdup(&m->run_dir, config->run_dir);
        if (r >= 0)
                r = map_new(&m->containers);
        if (r >= 0)
                r = store_open_memory(&m->store, NULL);
        if (r >= 0)
                r = fake_images_new(m);
        if (r >= 0)
                r = add_first_containers(m);
        if (r < 0) {
                manager_free(m);
                return fail_errno(reterr, r, "Failed to fake an engine");
        }
        m->ready = true;
        *ret = m;
        return 0;
}

Manager *manager_free(Manager *m) {
        Container *c;
        Waiter *w;
        Later *l;

        if (!m)
                return NULL;
        LIST_FOREACH(l, &m->laters, Later, laters)
                later_free(l);
        while ((c = map_first(m->containers))) {
                while ((w = list_first(&c->waiters, Waiter, waiters)))
                        waiter_free(w);
                (void) map_remove(m->containers, c->id);
                container_free(c);
        }
        map_free(m->containers);
        fake_images_free(m);
        fake_volumes_free(m);
        store_free(m->store);
        free(m->state_dir);
        free(m->run_dir);
        free(m);
        return NULL;
}
