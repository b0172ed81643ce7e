/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/map.h: hash maps from strings or numbers to pointers. Iteration is in the order of insertion. The hash is seeded
 * at random for each map, since callers choose the keys. Keys are copied; values are borrowed.
 */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "base/cleanup.h"

typedef struct Map Map;

/** map_new() - @ret: a map with string keys; map_new_u64() - with numbers as keys. Return: 0 or -ENOMEM. */
int map_new(Map **ret);
int map_new_u64(Map **ret);
Map *map_free(Map *m);
DEFINE_CLEANUP(Map *, map_free);

size_t map_size(const Map *m); /* 0 for NULL */

/** map_put() - Return: 0, -EEXIST (the key is there: nothing changes), -ENOMEM. A value is never NULL. */
int map_put(Map *m, const char *key, void *value);
int map_put_u64(Map *m, uint64_t key, void *value);

/** map_get() - NULL: not there, or no map. */
void *map_get(const Map *m, const char *key);
void *map_get_u64(const Map *m, uint64_t key);

/** map_remove() - the value that went, or NULL. Safe within MAP_FOREACH for the current entry. */
void *map_remove(Map *m, const char *key);
void *map_remove_u64(Map *m, uint64_t key);

/** map_next() - *@i from 0: the next value, in order of insertion, or NULL. @ret_key may be NULL; borrowed. */
void *map_next(const Map *m, size_t *i, const char **ret_key);

/** map_prev() - *@i from SIZE_MAX: the same backwards, newest first. */
void *map_prev(const Map *m, size_t *i, const char **ret_key);

/** map_first() - the oldest value, or NULL: for `while ((v = map_first(m)))`. */
void *map_first(const Map *m);

#define MAP_FOREACH(value, m) for (size_t _map_i = 0; ((value) = map_next((m), &_map_i, NULL));)
