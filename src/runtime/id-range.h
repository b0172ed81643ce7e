/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/id-range.h: ranges of 65,536 host ids, each leased to one container of one daemon of this host. Takes its
 * directory as an fd. Knows no container.
 *
 * The directory holds an empty file per leased range, named by its first id and locked by flock(2). The lock is the
 * lease: it ends with the last process that holds the fd, so it outlives a killed daemon through the monitor.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"

#define ID_RANGE_COUNT 65536U
#define ID_RANGE_FIRST 524288U    /* systemd's container range begins here … */
#define ID_RANGE_LAST 1879048191U /* … and ends here. Source: systemd, UIDS-GIDS.md */

typedef struct IdRanges IdRanges;

typedef struct IdLease {
        uint32_t first; /* 0: none */
        int fd;         /* owned; also inherited by the monitor */
        int userns_fd;  /* owned: one whose map shifts the stored ids to these, once it was made; -EBADF */
        int ready_userns_fd, ready_netns_fd; /* owned: nobody's yet, for one run (ready-namespaces.h); -EBADF */
        bool shared;    /* another container's, which is one more with these ids */
} IdLease;
#define ID_LEASE_NONE ((IdLease) { 0, -EBADF, -EBADF, -EBADF, -EBADF, false })

/**
 * id_ranges_new() - @dir_fd: duplicated. @subid_files: NULL-terminated paths in the form of subuid(5), whose ranges are
 * left out, also if they come later; a file that is absent has none. Return: 0 or negative errno.
 */
int id_ranges_new(int dir_fd, const char *const *subid_files, IdRanges **ret);
IdRanges *id_ranges_free(IdRanges *ranges);
DEFINE_CLEANUP(IdRanges *, id_ranges_free);

/**
 * id_range_lease() - one that nobody has
 * @hint: any number; where the search begins
 * Return: 0, -EUSERS (all are taken), or negative errno: also where a file of subids cannot be read.
 */
int id_range_lease(IdRanges *ranges, uint32_t hint, IdLease *ret);

/**
 * id_range_share() - one more container with the ids of @lease
 * The range is free once all who share it have released it, whoever leased it.
 * Return: 0 or negative errno.
 */
int id_range_share(IdRanges *ranges, const IdLease *lease, IdLease *ret);

/**
 * id_range_retake() - the lease of a container that was there before this daemon
 * @shared: was it another's? Both are retaken, in any order.
 * A lock that its monitor still holds is no hindrance: the range is the container's.
 * Return: 0 or negative errno (-EINVAL: no range begins at @first).
 */
int id_range_retake(IdRanges *ranges, uint32_t first, bool shared, IdLease *ret);

/** id_range_is_usable() - may one that was leased a while ago be used? Not if a user was given its ids since. */
bool id_range_is_usable(IdRanges *ranges, const IdLease *lease);

/** id_range_release() - nothing uses it any more. Takes an empty lease. */
void id_range_release(IdRanges *ranges, IdLease *lease);

/** id_lease_use_ready() - the run that they were made for has them, or will never come. */
void id_lease_use_ready(IdLease *lease);

/** id_lease_close() - let go without giving it back: whoever else holds it keeps it. */
void id_lease_close(IdLease *lease);
