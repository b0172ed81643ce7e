/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/join.h: a container that shares namespaces with others. Whose are joined must be joined before those of its own
 * are made, so that these belong to the user namespace that was joined: what clone3 does at once for others takes turns.
 * Namespaces that were made ready (ready.h) are joined in the same way.
 */
#pragma once
#include <stdbool.h>
#include <sys/types.h>
#include "init/steps.h"

/** join_is_wanted() - does the plan of a container name one? */
bool join_is_wanted(const Plan *plan);

/** join_has_child() - is the first process a child of the one that joins? For a pid namespace of its own it is. */
bool join_has_child(const Plan *plan);

/**
 * join_prepare() - in the monitor, before the child is made: the pid namespace of its children, and the other container's
 * /dev/shm as a detached mount in @ret_shm_fd (owned by the caller; -EBADF: not wanted)
 *
 * Return: 0, or negative errno with @failure's detail in @ret_what.
 */
int join_prepare(const Plan *plan, int *ret_shm_fd, const char **ret_what);

/* What the first process gets from the one that joins, while that may still do all. Return: 0, or negative errno with @failure said. */
typedef int (*JoinPrepare)(const Plan *plan, PlanFailure *failure);

/**
 * join_make() - in the monitor: a child joins and makes the first process, which runs the steps
 * @cgroup_fd: where both are
 * @ret_pidfd: of the first process; owned by the caller
 *
 * Return: the first process's pid, a child of ours, or negative errno with @failure said; then there is none.
 */
int join_make(Child *c, int cgroup_fd, JoinPrepare prepare, int *ret_pidfd, PlanFailure *failure);

/** join_run() - in a child of the monitor, for one that joins a pid namespace: joins, makes the container's own, runs the steps. */
void join_run(Child *c) __attribute__((__noreturn__));
