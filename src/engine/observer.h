/* SPDX-License-Identifier: Apache-2.0 */
/* engine/observer.h: how facts leave the engine. Knows what changed; knows nothing of who listens. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/event.h"
#include "model/failure.h"

typedef struct Container Container;
typedef struct Image Image;
typedef struct Volume Volume;
typedef struct Operation Operation;
typedef struct Exec Exec;

/* What of a container changed; names follow the properties everybody may see. */
typedef enum ContainerChange {
        CONTAINER_CHANGED_NAME = 1 << 0,
        CONTAINER_CHANGED_STATE = 1 << 1,
        CONTAINER_CHANGED_HEALTH = 1 << 2,
        CONTAINER_CHANGED_STARTED = 1 << 3,  /* StartedAt */
        CONTAINER_CHANGED_FINISHED = 1 << 4, /* FinishedAt, ExitCode, OOMKilled */
        CONTAINER_CHANGED_RESTARTS = 1 << 5,
} ContainerChange;

typedef enum OperationChange {
        OPERATION_CHANGED_STATE = 1 << 0, /* State, Result, Results, Error */
        OPERATION_CHANGED_PROGRESS = 1 << 1,
} OperationChange;

/*
 * Filled in by the owner of the engine; every function is called from the loop, after the change is stored in memory and
 * handed to the database, before any reply that depends on it. None may call back into the engine but to read.
 */
typedef struct EngineObserver {
        void (*container_added)(Container *c, void *userdata);
        void (*container_changed)(Container *c, unsigned changes, void *userdata);
        void (*container_removed)(Container *c, void *userdata); /* still readable, freed afterwards */
        void (*image_added)(Image *i, void *userdata);
        void (*image_changed)(Image *i, void *userdata); /* its tags */
        void (*image_removed)(Image *i, void *userdata);
        void (*volume_added)(Volume *v, void *userdata);
        void (*volume_removed)(Volume *v, void *userdata);
        void (*operation_added)(Operation *o, void *userdata);
        void (*operation_changed)(Operation *o, unsigned changes, void *userdata);
        void (*operation_removed)(Operation *o, void *userdata);
        void (*event)(const Event *e, void *userdata); /* stored; borrowed for the call; in the order of their numbers */
        void (*idle_changed)(bool idle, void *userdata); /* nothing runs, nothing pends: an embedded daemon may end */
} EngineObserver;

/*
 * The end of a call that takes time. Called exactly once, from the loop, never from within the call that took it
 * unless that call says so; @failure is NULL on success and borrowed otherwise.
 */
typedef void (*EngineDone)(const Failure *failure, void *userdata);
