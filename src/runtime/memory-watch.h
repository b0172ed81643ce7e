/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/memory-watch.h: counts what the kernel kills in a cgroup for want of memory. Knows no container. */
#pragma once
#include <stdint.h>
#include <systemd/sd-event.h>
#include "base/cleanup.h"

typedef struct MemoryWatch MemoryWatch;

/** @kills: how many there were since the cgroup was made; more than at the last call. */
typedef void (*MemoryKilledFn)(uint64_t kills, void *userdata);

/**
 * memory_watch_new() - tell of processes that are killed for want of memory, at each change
 * @dir_fd: borrowed
 * @known:  so many have been told before
 * @fn:     called from the loop, and by memory_watch_read(); may free the watch
 *
 * Processes of cgroups below count as well; that the limit was reached without a kill does not.
 *
 * Return: 1, 0 (there are no more inotify watches: memory_watch_read() alone tells), -ENOENT (the cgroup has no memory
 * controller), or negative errno.
 * Source: cgroup-v2.rst, memory.events: oom_kill; inotify(7)
 */
int memory_watch_new(sd_event *event, int dir_fd, uint64_t known, MemoryKilledFn fn, void *userdata,
                MemoryWatch **ret);
MemoryWatch *memory_watch_free(MemoryWatch *w);
DEFINE_CLEANUP(MemoryWatch *, memory_watch_free);

/** memory_watch_read() - look now: before the cgroup goes, and what the loop has not seen yet. NULL: nothing. */
void memory_watch_read(MemoryWatch *w);

/** memory_read_kills() - the count as it is. Return: 0, -ENOENT, or negative errno. */
int memory_read_kills(int dir_fd, uint64_t *ret);
