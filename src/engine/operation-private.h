/* SPDX-License-Identifier: Apache-2.0 */
/* engine/operation-private.h: an operation from within. */
#pragma once
#include "engine/manager-private.h"
#include "engine/operation.h"

struct Operation {
        Manager *manager; /* borrowed */
        List list;        /* in the manager's */
        uint64_t number;
        const char *kind; /* static */
        uid_t owner;
        OperationState state;
        uint64_t done, total;
        char *result; /* owned; NULL until done */
        Failure failure;
        List waiters;
        sd_event_source *timer; /* owned: kept until */
        void (*cancel)(Operation *o); /* ends by operation_finish(); NULL once it cannot be */
        void (*release)(Operation *o); /* frees `work`; NULL: nothing to free */
        void *work;                    /* owned: of its kind */
        uint64_t told_usec;            /* monotonic: when progress was told last */
};

/** operation_new() - told as added by operation_tell_added(). Return: 0, FAILURE_LIMIT_REACHED, FAILURE_NO_MEMORY. */
int operation_new(Manager *m, const char *kind, uid_t owner, Operation **ret, Failure *reterr);
void operation_tell_added(Operation *o);
void operation_progressed(Operation *o, uint64_t done, uint64_t total);

/** operation_finish() - @failure NULL: done with @result, which is copied. Called once, from the loop. */
void operation_finish(Operation *o, const char *result, const Failure *failure);
void operation_drop(Operation *o); /* one that was never told */
