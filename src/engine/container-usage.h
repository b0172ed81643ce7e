/* SPDX-License-Identifier: Apache-2.0 */
/* engine/container-usage.h: what a running container uses, once or as a stream, and its processes. Knows no bus. */
#pragma once
#include "engine/observer.h"
#include "model/process.h"
#include "model/stats.h"

/** container_get_stats() - read now. Return: 0, FAILURE_WRONG_STATE (not running). */
int container_get_stats(Container *c, Stats *ret, Failure *reterr);

/**
 * container_watch_stats() - a line of JSON at once and one a second, until the reader closes or the run ends
 * @ret_fd: the read end of a pipe, owned by the caller; a line for which it has no room is left out
 *
 * Return: 0, FAILURE_WRONG_STATE, FAILURE_LIMIT_REACHED.
 */
int container_watch_stats(Container *c, int *ret_fd, Failure *reterr);

/* A process, and its user as the container counts. */
typedef struct ContainerProcess {
        Process process;
        uid_t inner_uid;
        uint64_t started_usec; /* since the epoch */
} ContainerProcess;

/**
 * container_list_processes() - by pid
 * @ret:       malloc()ed, owned by the caller; PROCESSES_LISTED_MAX at most
 * @ret_total: how many there are
 *
 * Return: 0, FAILURE_WRONG_STATE, FAILURE_LIMIT_REACHED (so many that they cannot even be counted).
 */
int container_list_processes(Container *c, ContainerProcess **ret, size_t *ret_n, size_t *ret_total,
                Failure *reterr);
