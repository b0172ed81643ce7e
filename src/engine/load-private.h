/* SPDX-License-Identifier: Apache-2.0 */
/* engine/load-private.h: a load under way: one worker reads the archive, one for each layer that is not there unpacks it. */
#pragma once
#include "engine/image-private.h"
#include "engine/operation-private.h"

/* One layer of the image that is being loaded. */
typedef struct LoadLayer {
        Operation *operation; /* borrowed */
        size_t index;
        LayerRow row;   /* owned; of one that was unpacked */
        bool same;      /* the image has it above once more: that one is unpacked */
        bool asked, delivered, unpacked;
        bool staged;
        uint64_t staging;
        Worker *worker; /* owned: the unpacker */
} LoadLayer;

typedef struct Load {
        int archive_fd;            /* owned; -EBADF once the worker has it */
        char *name, *platform;     /* owned; may be NULL */
        bool may_take;             /* names of other users */
        Worker *worker;            /* owned: reads the archive */
        bool counted;              /* among the manager's workers */
        int control_fd;            /* owned */
        bool staged;
        uint64_t staging;          /* where the worker puts the archive aside */
        uint64_t left_bytes;       /* of its owner's share of the disk */
        PullManifest manifest;     /* of the image under way; owned */
        LoadLayer *layers;         /* owned; as many */
        size_t n_running;
        char *image_id;            /* owned; of the last one */
        Failure failure;           /* why it ends */
} Load;

/** load_commit() - all layers of the image under way are there: it becomes one of ours. Return: 0 or what fail() gives. */
int load_commit(Operation *o, Failure *reterr);
