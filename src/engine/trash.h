/* SPDX-License-Identifier: Apache-2.0 */
/* engine/trash.h: what is to be deleted, by a worker, some at a time. */
#pragma once
#include <stdbool.h>
#include "engine/observer.h"
#include "runtime/id-range.h"

typedef struct Manager Manager;
typedef struct Trash Trash;

int trash_new(Manager *m, Trash **ret);
Trash *trash_free(Trash *t);

/** trash_add() - names in the trash directory; @lease is given back once they are gone. Both are taken over. */
void trash_add(Trash *t, char **names, IdLease *lease);

/** trash_add_images() - what image_gc_list_trash() has. */
void trash_add_images(Trash *t);

/**
 * trash_when_deleted() - @done once what the trash has now is deleted, or given up, and what was committed is on disk
 * @images: of the images' trash, else of the containers'. Return: 0 or -ENOMEM.
 */
int trash_when_deleted(Trash *t, bool images, EngineDone done, void *userdata);
bool trash_is_empty(const Trash *t);
