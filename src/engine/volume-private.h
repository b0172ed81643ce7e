/* SPDX-License-Identifier: Apache-2.0 */
/* engine/volume-private.h: a volume from within, and what a container has to do with volumes. */
#pragma once
#include "base/list.h"
#include "engine/container-private.h"
#include "engine/volume.h"
#include "store/volume-rows.h"

struct Volume {
        List list;        /* in the manager's */
        Manager *manager; /* borrowed */
        VolumeRow row;
        unsigned n_users;
        bool removing; /* its row is gone, its files are about to be: found by nobody, its name still taken */
};

/* volumes.c */
int volume_link(Manager *m, VolumeRow *row, Volume **ret); /* @row is taken over on success. Return: 0 or -ENOMEM. */
void volume_forget(Volume *v); /* told as removed, and freed */
void volume_event(const VolumeRow *row, EventAction action, Event *ret); /* names are borrowed */
void volume_trash(Manager *m, const char *name);
int volumes_check_number(Manager *m, uid_t owner, size_t more, Failure *reterr);
int volume_make_up_name(Manager *m, char **ret);

/* volume-uses.c */

/** volumes_name() - anonymous ones of a spec get their names. Return: 0 or what fail() gives. */
int volumes_name(Manager *m, ContainerSpec *spec, Failure *reterr);

/**
 * volumes_add_with() - store a new container together with its volumes, make those that are not there, tell of all
 * Return: 0 or what fail() gives; then nothing has changed.
 */
int volumes_add_with(Container *c, const ContainerRow *row, Event *event,
                void (*added)(Container *c), Failure *reterr);

/** volumes_remove_with() - the row of a container that goes, with its anonymous volumes where that is wanted. Return: as store_remove_container(). */
int volumes_remove_with(Container *c, Event *event, Failure *reterr);

/** volumes_use() - count it in its volumes, or no more. */
void volumes_use(Container *c, bool use);

/** container_want_volumes_removed() - remember it, whatever becomes of us. Return: 0 or what fail() gives. */
int container_want_volumes_removed(Container *c, Failure *reterr);
