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
        char **results; /* owned */
        Failure failure;
        OperationLayer *layers; /* owned */
        size_t n_layers;
        char digest[DIGEST_HEX_MAX];
        char **warnings; /* owned */
        bool unchanged;
        List waiters;
        sd_event_source *timer; /* owned: kept until */
        void (*begin)(Operation *o); /* it waits for a worker to be free; NULL: it does not */
        void (*cancel)(Operation *o); /* ends by operation_finish(); NULL once it cannot be */
        void (*release)(Operation *o); /* frees `work`; NULL: nothing to free */
        void *work;                    /* owned: of its kind */
        uint64_t told_usec;            /* monotonic: when progress was told last */
};

/** operation_new() - told as added by operation_tell_added(). Return: 0, FAILURE_LIMIT_REACHED, FAILURE_NO_MEMORY. */
int operation_new(Manager *m, const char *kind, uid_t owner, Operation **ret, Failure *reterr);
void operation_tell_added(Operation *o);
void operation_progressed(Operation *o, uint64_t done, uint64_t total);

/** operation_may_work() - may it have a worker now, or must it wait for operations_start_waiting()? Then count it, and its end. */
bool operation_may_work(const Operation *o);
void operation_work_begun(Operation *o);
void operation_work_ended(Operation *o);

/** operation_add_result() - told with its end. Return: 0 or -ENOMEM. */
int operation_add_result(Operation *o, const char *result);

/** operations_start_waiting() - a worker may be free now: those that wait for one begin, oldest first. */
void operations_start_waiting(Manager *m);

/** operation_finish() - @failure NULL: done with @result, which is copied. Called once, from the loop. */
void operation_finish(Operation *o, const char *result, const Failure *failure);
void operation_drop(Operation *o); /* one that was never told */
