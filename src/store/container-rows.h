/* SPDX-License-Identifier: Apache-2.0 */
/* store/container-rows.h: containers as rows. Knows columns; the spec is text to it. */
#pragma once
#include "model/lifecycle.h"
#include "store/event-rows.h"

/* The columns that change while it lives: what was decided is stored before it is done, so the next
 * daemon carries it on. */
typedef struct ContainerRun {
        Lifecycle life;
        ContainerHealth health;
        uint32_t health_streak; /* probes that failed in a row */
        uint64_t oom_kills;     /* in the last run */
        uint64_t run;      /* how often it was started */
        uint32_t id_range; /* first id of its range on the host; 0: none leased */
        char *error; /* why the last start failed, one sentence; NULL: it did not. The row's; a
                        caller's in an update */
} ContainerRun;

typedef struct ContainerRow {
        char *id;              /* 64 hex digits */
        char *name;            /* unique */
        uint32_t owner;        /* uid */
        char *image_id;        /* 64 hex digits, an image row's */
        char *image;           /* as typed */
        uint64_t created_usec; /* since the epoch */
        char *request_id;      /* unique per owner; NULL: none */
        char *spec;            /* container_spec_to_json() */
        ContainerRun run;
} ContainerRow;

/** container_row_done() - free what it owns and leave it empty; takes half-filled rows. */
void container_row_done(ContainerRow *row);
ContainerRow *container_rows_free(ContainerRow *rows, size_t n);

/**
 * store_load_containers() - all of them, oldest first
 * @ret, @ret_n:  owned by the caller, container_rows_free()
 *
 * Return: 0, -ENOMEM, or what fail() gives: FAILURE_INTERNAL with EBADMSG for a value that makes no
 * sense.
 */
int store_load_containers(Store *store, ContainerRow **ret, size_t *ret_n, Failure *reterr);

/**
 * store_add_container() - a new row
 * @events: here and below: what is told of the change, stored with it (store/event-rows.h); NULL: nothing
 *
 * Return: 0, or what fail() gives: FAILURE_CONTAINER_EXISTS (name, id, or request id of this
 * owner), FAILURE_NO_SUCH_IMAGE, FAILURE_DISK_FULL, FAILURE_INTERNAL.
 */
int store_add_container(
                Store *store, const ContainerRow *row, EventList *events, Failure *reterr);

/** store_update_container() - the columns of ContainerRun. Return: 0, or FAILURE_NO_SUCH_CONTAINER,
 * FAILURE_DISK_FULL, FAILURE_INTERNAL. */
int store_update_container(Store *store, const char *id, const ContainerRun *run, EventList *events,
                Failure *reterr);

/** store_rename_container() - another name. Return: 0, or FAILURE_CONTAINER_EXISTS and what
 * store_update_container() gives. */
int store_rename_container(Store *store, const char *id, const char *name, EventList *events,
                Failure *reterr);

/** store_update_container_spec() - another spec, a JSON document. Return: as
 * store_update_container(). */
int store_update_container_spec(Store *store, const char *id, const char *spec, EventList *events,
                Failure *reterr);

/** store_remove_container() - its row goes. Return: 1, 0 if there was none, FAILURE_DISK_FULL or
 * FAILURE_INTERNAL. */
int store_remove_container(Store *store, const char *id, EventList *events, Failure *reterr);
