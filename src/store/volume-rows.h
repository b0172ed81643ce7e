/* SPDX-License-Identifier: Apache-2.0 */
/* store/volume-rows.h: volumes as rows, and which container has which. Knows no file of a volume. */
#pragma once
#include "store/container-rows.h"

/* Strings and lists are owned by the row. */
typedef struct VolumeRow {
        char *name;
        uint32_t owner; /* uid */
        uint64_t created_usec;
        bool anonymous; /* made for one container, without a name of its own */
        char **labels;  /* KEY=VALUE */
} VolumeRow;

void volume_row_done(VolumeRow *row);
VolumeRow *volume_rows_free(VolumeRow *rows, size_t n);

/** store_load_volumes() - all of them, by name; the caller frees them with volume_rows_free(). */
int store_load_volumes(Store *store, VolumeRow **ret, size_t *ret_n, Failure *reterr);

/**
 * store_add_volume() - one that no container has yet
 * @events: here and below: what is told of the change, stored with it (store/event-rows.h)
 *
 * Return: 0, or what fail() gives: FAILURE_VOLUME_EXISTS, FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int store_add_volume(Store *store, const VolumeRow *row, EventList *events, Failure *reterr);

/** store_remove_volume() - Return: 1, 0 if there was none, FAILURE_VOLUME_IN_USE, FAILURE_DISK_FULL, FAILURE_INTERNAL. */
int store_remove_volume(Store *store, const char *name, EventList *events, Failure *reterr);

/**
 * store_add_container_with() - a container, the volumes that are made for it, and those it has, in one transaction
 * @fresh: not there before
 * @names: string list of all it has, those of @fresh among them
 *
 * Return: as store_add_container() and store_add_volume().
 */
int store_add_container_with(Store *store, const ContainerRow *row, const VolumeRow *fresh,
                size_t n_fresh, char *const *names, EventList *events, Failure *reterr);

/** store_remove_container_with() - a container, and those volumes of @names that nobody else has. Return: 1, 0, or as store_remove_container(). */
int store_remove_container_with(Store *store, const char *id, char *const *names, EventList *events,
                Failure *reterr);
