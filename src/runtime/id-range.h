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
} IdLease;
#define ID_LEASE_NONE ((IdLease) { 0, -EBADF })

/**
 * id_ranges_new() - @dir_fd: duplicated. @subid_files: NULL-terminated paths in the form of subuid(5), whose ranges are
 * left out; a file that is absent has none. Return: 0 or negative errno.
 */
int id_ranges_new(int dir_fd, const char *const *subid_files, IdRanges **ret);
IdRanges *id_ranges_free(IdRanges *ranges);
DEFINE_CLEANUP(IdRanges *, id_ranges_free);

/**
 * id_range_lease() - one that nobody has
 * @hint: any number; where the search begins
 * Return: 0, -EUSERS (all are taken), or negative errno.
 */
int id_range_lease(IdRanges *ranges, uint32_t hint, IdLease *ret);

/**
 * id_range_retake() - the lease of a container that was there before this daemon
 * A lock that its monitor still holds is no hindrance: the range is the container's.
 * Return: 0 or negative errno (-EINVAL: no range begins at @first).
 */
int id_range_retake(IdRanges *ranges, uint32_t first, IdLease *ret);

/** id_range_release() - nothing uses it any more. Takes an empty lease. */
void id_range_release(IdRanges *ranges, IdLease *lease);

/** id_lease_close() - let go without giving it back: whoever else holds it keeps it. */
void id_lease_close(IdLease *lease);
