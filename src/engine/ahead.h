/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/ahead.h: what the next start needs, made before it is asked for: an id with its cgroup and directories, which is a
 * tenth of a start, and namespaces (runtime/ready-namespaces.h), which are as much. There is one of each at most. No row has
 * the id, and its directory is marked (container_dir_mark()). A monitor that waits there as well does not pay (tried).
 */
#pragma once
#include <stdbool.h>
#include "model/id.h"
#include "runtime/cgroup.h"
#include "runtime/container-dir.h"

/* Where a container runs. Owned. */
typedef struct Place {
        Cgroup cgroup;
        ContainerDir dir;
        int listen_fd; /* where its monitor hears later daemons */
} Place;
#define PLACE_CLOSED ((Place){ CGROUP_CLOSED, CONTAINER_DIR_CLOSED, -EBADF })

void place_close(Place *p);

typedef struct Manager Manager;
typedef struct Ahead Ahead;

int ahead_new(Manager *m, Ahead **ret);

/** ahead_free() - removes what no container has taken. Before the trees that it is in. */
Ahead *ahead_free(Ahead *a);

/** ahead_prepare() - once the loop has nothing else to do. @owner: of the last container, who may have the next one too */
void ahead_prepare(Ahead *a, uint32_t owner);

/** ahead_prepare_later() - the same in a moment, unless it is asked for before: a run is under way that somebody waits for */
void ahead_prepare_later(Ahead *a, uint32_t owner);

/** ahead_offer() - the id that is ready, for a container that is about to be made. Return: is there one? */
bool ahead_offer(Ahead *a, uint32_t owner, char ret[static ID_MAX]);

/** ahead_claim() - there is a container of this id now, which may be the one that was offered. */
void ahead_claim(Ahead *a, const char *id);

/**
 * ahead_take() - its place is the container's
 * @log: does it have a log?
 *
 * Return: true if it was made ahead; then it is owned by the caller.
 */
bool ahead_take(Ahead *a, const char *id, bool log, Place *ret);

/** ahead_forget() - the container of this id has gone: so does what it has not taken. */
void ahead_forget(Ahead *a, const char *id);
