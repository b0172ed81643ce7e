/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/manager.h: the engine's front door: all containers, images and operations of one state
 * directory. Knows policy, rows and processes; knows no bus. Callers have been authorised before.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>
#include <systemd/sd-event.h>
#include "engine/manager-events.h"
#include "engine/manager-images.h"
#include "engine/manager-pull.h"
#include "engine/manager-volumes.h"
#include "engine/observer.h"
#include "model/container-spec.h"
#include "model/engine-config.h"
#include "model/failure.h"

typedef struct Manager Manager;

typedef struct ManagerConfig {
        const char *state_dir; /* absolute, exists or is made 0700 */
        const char *run_dir;   /* absolute, the same */
        bool embedded;
        bool in_unit; /* containers live in the tree that RUN_ROOT/cgroup names, else in a subtree
                         of the cgroup2 mount */
        const char *helper_dir; /* where our other programs are */
        EngineConfig *config;   /* what it holds is taken over, also on failure */
} ManagerConfig;

/**
 * manager_new() - open the state, take the locks, bring what a former daemon left into order
 * @config:   strings are copied
 * @observer: borrowed; called only after this returned
 *
 * Afterwards every container's state is right: running ones are connected to again, ended ones have
 * their exit status, what a crash left half-made is gone. Work that may take longer goes on in the
 * loop.
 *
 * Return: 0, or what fail() gives: a sentence for a locked state directory (-EBUSY), a newer or
 * damaged database, a missing cgroup2 mount.
 */
int manager_new(sd_event *event, const ManagerConfig *config, const EngineObserver *observer,
                void *userdata, Manager **ret, Failure *reterr);

/** manager_free() - let go of everything; containers run on. */
Manager *manager_free(Manager *m);
DEFINE_CLEANUP(Manager *, manager_free);

/** manager_stop_all() - stop every container, each with its own signal and grace, 30 s at most,
 * recorded as stopped by shutdown. */
void manager_stop_all(Manager *m, EngineDone done, void *userdata);

/** manager_is_idle() - nothing runs, starts, stops, restarts or is being imported. */
bool manager_is_idle(const Manager *m);

/* Containers */

/**
 * manager_find_container() - by name, id or unique prefix of an id
 * Return: 0, -ENOENT (FAILURE_NO_SUCH_CONTAINER), -ENOTUNIQ (FAILURE_AMBIGUOUS).
 */
int manager_find_container(Manager *m, const char *name, Container **ret, Failure *reterr);
Container *manager_get_container(Manager *m, const char *id); /* exact id; NULL: none */

/** manager_next_container() - iterate, newest first; NULL begins and ends. No container may be
 * added or removed meanwhile. */
Container *manager_next_container(Manager *m, Container *after);

typedef struct CreateArgs {
        const char *image;      /* reference, id or prefix */
        ContainerSpec *spec;    /* taken over on success, and only then */
        const char *name;       /* NULL: one is made up */
        const char *request_id; /* NULL: none */
        uid_t owner;
} CreateArgs;

/**
 * manager_create_container() - make it: row, directories, exit record; state created
 * @ret: set at once, so that streams and waits can be attached; also for a repeated request-id
 * (then @done says success, @ret_existing true)
 * @done: called when the row is durable (with spec->remove: in the next turn of the loop), or NULL
 * to not wait
 *
 * Return: 0, or what fail() gives: FAILURE_NO_SUCH_IMAGE, CONTAINER_EXISTS, INVALID_SPEC,
 * LIMIT_REACHED, INVALID_ARGS; then nothing has changed.
 */
int manager_create_container(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr);

/**
 * manager_run_container() - create and start; done when execve has succeeded and the row is durable
 * (the two go on side by side) A failed start leaves nothing: the container is removed again.
 */
int manager_run_container(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr);
