/* SPDX-License-Identifier: Apache-2.0 */
/*
 * runtime/id-range.h: ranges of 65,536 host ids, each leased to one container of one daemon. A
 * lease is a lock on an empty file named by the range's first id, so that it ends with whoever
 * holds it and every daemon of the host sees it. Knows no container. Source: systemd, UIDS-GIDS.md
 * (524288 to 1879048191 are for containers); subuid(5)
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define ID_RANGE_FIRST 524288U
#define ID_RANGE_LAST 1879048191U
#define ID_RANGE_COUNT 65536U

/* Ids that subuid(5) or subgid(5) gave away. */
typedef struct IdTaken {
        uint32_t first, last;
} IdTaken;

/**
 * id_taken_parse() - the ranges of a subuid or subgid file
 * @text: NUL-terminated; malformed lines are skipped
 * @ret:  room for @max; what does not fit is -E2BIG
 * Return: how many, or -E2BIG.
 */
int id_taken_parse(const char *text, IdTaken *ret, size_t max);

/** id_range_is_free_of() - does the range that begins at @first touch none of @taken? */
bool id_range_is_free_of(uint32_t first, const IdTaken *taken, size_t n);

/**
 * id_range_lease() - a range that nobody has
 * @dir_fd:  of the lease files
 * @seed:    where to begin to look, any number
 * @ret_fd:  the lease: held as long as it, or a copy of it, is open; owned by the caller
 * Return: 0 and @ret_first, -ENOSPC (all taken), or negative errno.
 */
int id_range_lease(int dir_fd, uint32_t seed, const IdTaken *taken, size_t n, uint32_t *ret_first,
                int *ret_fd);

/** id_range_take() - this very range again, after a restart. Return: an fd, -EBUSY (another has
 * it), or negative errno. */
int id_range_take(int dir_fd, uint32_t first);

/** id_range_drop() - end a lease and unlink its file. Return: -EBADF, to assign. */
int id_range_drop(int dir_fd, uint32_t first, int fd);
