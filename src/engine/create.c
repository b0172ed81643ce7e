/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/create.c: a new container: checked, resolved against its image, stored, told. Its files are made at its first
 * start, so that until then it is a row and nothing else.
 */
#include <stdio.h>
#include <string.h>
#include "base/random.h"
#include "base/str.h"
#include "base/usec.h"
#include "engine/container-private.h"
#include "engine/image-private.h"
#include "engine/volume-private.h"
#include "model/container-resolve.h"
#include "model/limits.h"

#define NAME_TRIES_MAX 64U

int manager_check_up(Manager *m, Failure *reterr) {
        if (!m->goes_down)
                return 0;
        return fail(reterr, FAILURE_WRONG_STATE, 0,
                        "The machine goes down, so nothing is started any more");
}

int manager_check_running(Manager *m, uid_t owner, Failure *reterr) {
        Owner *o = manager_owner(m, owner);
        int r;

        r = manager_check_up(m, reterr);
        if (r < 0)
                return r;
        if (!o)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (m->n_running >= RUNNING_MAX || (owner != 0 && o->n_running >= RUNNING_PER_OWNER_MAX))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "%u containers are running, more are not allowed",
                                owner != 0 && o->n_running >= RUNNING_PER_OWNER_MAX ? o->n_running
                                                                                    : m->n_running);
        return 0;
}

static int check_number(Manager *m, uid_t owner, Failure *reterr) {
        Owner *o = manager_owner(m, owner);

        if (!o)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        if (map_size(m->containers) >= CONTAINERS_MAX ||
                        (owner != 0 && o->n_containers >= CONTAINERS_PER_OWNER_MAX))
                return fail(reterr, FAILURE_LIMIT_REACHED, 0,
                                "There are %zu containers, more are not allowed",
                                owner != 0 && o->n_containers >= CONTAINERS_PER_OWNER_MAX
                                                ? (size_t) o->n_containers
                                                : map_size(m->containers));
        return 0;
}

static int choose_name(Manager *m, const char *wanted, char **ret, Failure *reterr) {
        if (wanted) {
                if (startswith(wanted, "/"))
                        wanted++;
                if (!container_name_is_valid(wanted))
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'%s' is not a valid name for a container", wanted);
                if (map_get(m->names, wanted))
                        return fail(reterr, FAILURE_CONTAINER_EXISTS, 0,
                                        "The name '%s' is in use by another container", wanted);
                if (free_and_strdup(ret, wanted) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                return 0;
        }
        for (unsigned i = 0; i < NAME_TRIES_MAX; i++) {
                char name[GENERATED_NAME_MAX];
                uint8_t random[8];
                int r;

                r = random_bytes(random, sizeof(random));
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to make up a name");
                generated_name(random, i, name);
                if (map_get(m->names, name))
                        continue;
                if (free_and_strdup(ret, name) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                return 0;
        }
        return fail(reterr, FAILURE_LIMIT_REACHED, EEXIST,
                        "No name could be made up that is not taken");
}

static int choose_id(Manager *m, uint32_t owner, char ret[static ID_MAX], Failure *reterr) {
        uint8_t random[ID_BYTES];
        int r;

        if (ahead_offer(m->ahead, owner, ret))
                return 0;
        do {
                r = random_bytes(random, sizeof(random));
                if (r < 0)
                        return fail_errno(reterr, r, "Failed to make up an id");
                id_from_bytes(random, ret);
        } while (map_get(m->containers, ret));
        return 0;
}

static int find_request(Manager *m, const CreateArgs *args, Container **ret, Failure *reterr) {
        _cleanup_free_ char *key = NULL;

        if (!args->request_id)
                return 0;
        if (!request_id_is_valid(args->request_id))
                return fail(reterr, FAILURE_INVALID_ARGS, EINVAL, "'%s' is not a valid request id",
                                args->request_id);
        if (str_printf(&key, "%u/%s", args->owner, args->request_id) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        *ret = map_get(m->requests, key);
        return *ret ? 1 : 0;
}

static void tell_added(Container *c) {
        Manager *m = c->manager;

        if (m->observer->container_added)
                m->observer->container_added(c, m->observer_userdata);
}

/* Stored, then told. */
static int insert(Container *c, Failure *reterr) {
        _cleanup_free_ char *json = NULL;
        Event event;
        EventList events = { &event, 1 };
        ContainerRow row;
        int r;

        r = container_spec_to_json(c->spec, &json);
        if (r < 0)
                return fail_errno(reterr, r, "Failed to store container '%s'", c->name);
        row = (ContainerRow){
                .id = c->id,
                .name = c->name,
                .owner = c->owner,
                .image_id = c->image_id,
                .image = c->image,
                .created_usec = c->created_usec,
                .request_id = c->request_id,
                .spec = json,
                .run = c->run,
        };
        container_event(c, EVENT_CREATE, &event);
        if (c->spec->n_mounts > 0)
                return volumes_add_with(c, &row, &event, tell_added, reterr);
        r = store_add_container(c->manager->store, &row, &events, reterr);
        if (r < 0)
                return r;
        tell_added(c);
        manager_tell(c->manager, &events);
        return 0;
}

/* An object that is complete but for its row. The spec becomes its own on success only. */
static int build(Manager *m, const CreateArgs *args, Container **ret, Failure *reterr) {
        _cleanup_(container_freep) Container *c = NULL;
        Image *image;
        int r;

        r = check_number(m, args->owner, reterr);
        if (r < 0)
                return r;
        r = manager_find_image(m, args->image, &image, reterr);
        if (r < 0)
                return r;
        r = container_new(m, &c);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        r = choose_id(m, args->owner, c->id, reterr);
        if (r >= 0)
                r = choose_name(m, args->name, &c->name, reterr);
        if (r >= 0)
                r = container_spec_resolve(args->spec, image->config, c->id, reterr);
        if (r >= 0)
                r = volumes_name(m, args->spec, reterr);
        if (r >= 0)
                r = container_spec_check(args->spec, reterr);
        if (r >= 0)
                r = manager_check_resources(m, &args->spec->resources, reterr);
        if (r < 0)
                return r;
        memcpy(c->image_id, image->row.id, sizeof(c->image_id));
        if (free_and_strdup(&c->image, args->spec->image ?: args->image) < 0 ||
                        free_and_strdup(&c->request_id, args->request_id) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        c->owner = args->owner;
        c->created_usec = now_realtime();
        c->spec = args->spec; /* @args' again on failure, by create() */
        *ret = TAKE_PTR(c);
        return 0;
}

static int create(Manager *m, const CreateArgs *args, bool start, Container **ret,
                unsigned *ret_actions, Failure *reterr) {
        _cleanup_(container_freep) Container *c = NULL;
        int r;

        r = build(m, args, &c, reterr);
        if (r < 0)
                return r;
        *ret_actions = 0;
        if (start) { /* the row says from the first moment that it is to run */
                LifecycleStep step = lifecycle_next(&c->run.life,
                                &(LifecycleFact){ .kind = FACT_START_ASKED },
                                &(LifecyclePolicy){ c->spec->restart, c->spec->remove },
                                c->created_usec);

                c->run.life = step.next;
                *ret_actions = step.actions;
                (void) container_prepare_run(c, NULL); /* the start finds what is missing */
        }
        r = container_link(c);
        if (r < 0)
                r = fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        else {
                r = insert(c, reterr);
                if (r < 0)
                        container_unlink(c);
        }
        if (r < 0) {
                id_range_release(m->ranges, &c->lease);
                c->spec = NULL; /* still the caller's */
                return r;
        }
        ahead_claim(m->ahead, c->id);
        *ret = TAKE_PTR(c);
        return 0;
}

int manager_create_container(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr) {
        Container *c = NULL;
        unsigned actions;
        int r;

        r = find_request(m, args, &c, reterr);
        if (r < 0)
                return r;
        *ret_existing = r > 0;
        if (r == 0) {
                r = create(m, args, false, &c, &actions, reterr);
                if (r < 0)
                        return r;
        } else
                container_spec_free(args->spec); /* taken over, and not needed */
        if (done) {
                r = c->spec->remove || *ret_existing
                                    ? manager_when_turned(m, done, userdata)
                                    : manager_when_durable(m, NULL, 0, done, userdata);
                if (r < 0) { /* nobody can be told later: it is as good as stored */
                        *ret = c;
                        return 0;
                }
        }
        *ret = c;
        return 0;
}

static void on_row_durable(int error, void *userdata) {
        Ask *ask = userdata;
        Container *c = ask->container;

        ask->sync = NULL;
        ask->durable = true; /* a failure here is told in the log by the sync's own owner: the container runs */
        if (!ask->happened || failure_is_set(&ask->failure))
                return;
        c->depth++;
        ask_finish(ask, NULL);
        container_leave(c);
}

/* A start that failed at once and has left nothing is told at once. */
static int fail_at_once(Container *c, Ask *ask, Failure *reterr) {
        list_remove(&ask->asks); /* it was told to the manager, whom we are within */
        failure_done(&ask->failure);
        free(ask);
        c->spec = NULL; /* the caller's again */
        if (reterr)
                failure_copy(&c->failure, reterr);
        return -c->failure.errnum;
}

static int run_new_container(Manager *m, Container *c, unsigned actions, EngineDone done,
                void *userdata, Failure *reterr) {
        Ask *ask;
        int r;

        r = ask_new(c, ASK_RUN, done, userdata, &ask);
        if (r < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        ask->durable = c->spec->remove ||
                       store_sync(m->store, NULL, 0, on_row_durable, ask, &ask->sync) < 0;
        c->depth++;
        if (actions & ACTION_START)
                container_begin_run(c);
        if (c->forgotten)
                r = fail_at_once(c, ask, reterr);
        container_leave(c);
        return r;
}

int manager_run_container(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr) {
        Container *c = NULL;
        unsigned actions;
        int r;

        r = find_request(m, args, &c, reterr);
        if (r < 0)
                return r;
        *ret_existing = r > 0;
        if (r > 0) {
                *ret = c;
                container_spec_free(args->spec); /* taken over, and not needed */
                return manager_when_turned(m, done, userdata);
        }
        r = manager_check_running(m, args->owner, reterr);
        if (r < 0)
                return r;
        r = create(m, args, true, &c, &actions, reterr);
        if (r < 0)
                return r;
        *ret = c;
        m->calling++;
        r = run_new_container(m, c, actions, done, userdata, reterr);
        m->calling--;
        return r;
}
