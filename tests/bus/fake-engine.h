/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fake-engine.h: an engine without processes, disk or rights behind the real bus face, so that each case of the bus tests
 * is at hand: what happens follows from names alone. fake-containers.c says which.
 */
#pragma once
#include "base/list.h"
#include "base/map.h"
#include "engine/container.h"
#include "engine/image.h"
#include "engine/manager.h"
#include "engine/operation.h"
#include "model/id.h"
#include "store/db.h"

struct Waiter {
        List waiters; /* in the container's list */
        WaitCondition condition;
        WaitDone done;
        void *userdata;              /* borrowed */
        const struct FakeExec *exec; /* borrowed; NULL: waits for the container */
};

typedef struct FakeExec {
        char id[ID_MAX];
        int exit_code;
        bool ended;
} FakeExec;

struct Container {
        Manager *manager; /* borrowed */
        char id[ID_MAX];
        char *name;          /* owned */
        char *request_id;    /* owned */
        ContainerSpec *spec; /* owned */
        uid_t owner;
        ContainerState state;
        uint64_t created, started, finished;
        int exit_code;
        int stdout_fd; /* owned: the workload's end of an attached pipe */
        List waiters;
        FakeExec *exec; /* owned; one at a time */
};

struct Image {
        char id[ID_MAX];
        char **tags; /* owned */
        uid_t owner;
        uint64_t created;
        ImageConfig config; /* owned */
};

struct OperationWaiter {
        OperationWaiter **slot; /* borrowed: where the operation keeps it */
        OperationDone done;
        void *userdata; /* borrowed */
};

#define FAKE_OPERATION_WAITERS 4

#define FAKE_LAYERS 2

struct Operation {
        Manager *manager; /* borrowed */
        uint64_t number;
        const char *kind; /* static */
        OperationLayer layers[FAKE_LAYERS];
        bool has_layers, unchanged;
        char **warnings; /* owned */
        uid_t owner;
        OperationState state;
        uint64_t progress;
        char result[ID_MAX];
        Failure failure;
        OperationWaiter *waiters[FAKE_OPERATION_WAITERS]; /* owned */
};

struct Manager {
        sd_event *event;                /* borrowed */
        const EngineObserver *observer; /* borrowed */
        void *userdata;                 /* borrowed, the observer's */
        Map *containers;                /* by id, owned */
        Map *images;                    /* by id, owned */
        Map *volumes;                   /* by name, owned */
        Map *operations;                /* by number, owned */
        List laters;                    /* of answers not given yet */
        uint64_t last_id, last_operation;
        char *state_dir, *run_dir; /* owned */
        bool embedded, ready;
        Store *store; /* owned; of events */
};

/** fake_later() - call @done in the next turn of the loop, with a success or a copy of @failure. Return: 0 or negative errno. */
int fake_later(Manager *m, EngineDone done, void *userdata, const Failure *failure);

/** fake_wake() - tell who waits for @condition; with @failure everybody. */
void fake_wake(Container *c, WaitCondition condition, const Failure *failure);
void fake_set_state(Container *c, ContainerState state, unsigned changes);

/** fake_operation_later() - its end in the next turn: an image of the tag in its result, or @failure. */
int fake_operation_later(Operation *o, const Failure *failure);

void fake_volumes_free(Manager *m);
int fake_images_new(Manager *m);
void fake_images_free(Manager *m);
int fake_image_add(Manager *m, const char *tag, Image **ret);

/** fake_operation_new() - told; fake_operation_done() - an EngineDone whose userdata it is. */
int fake_operation_new(Manager *m, const char *kind, uid_t owner, Operation **ret);
void fake_operation_done(const Failure *failure, void *userdata);

/** fake_tell() - an event; @key: NULL: without a number. fake_tell_rename(), fake_tell_image(): the same. */
void fake_tell(Container *c, EventAction action, const char *key, int number);
void fake_tell_rename(Container *c, const char *old_name);
void fake_tell_image(Manager *m, const Image *i, EventAction action);
