/* SPDX-License-Identifier: Apache-2.0 */
/* engine/operation.h: work that takes time: progress, cancel, end. Kept for 60 s after its end.
 * Knows no bus. */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "engine/observer.h"
#include "model/digest.h"

typedef enum OperationState {
        OPERATION_RUNNING,
        OPERATION_DONE,
        OPERATION_FAILED,
        OPERATION_CANCELLED,
        _OPERATION_STATE_MAX,
        _OPERATION_STATE_INVALID = -EINVAL,
} OperationState;

/* One part of the work, as it is shown. */
typedef enum OperationLayerState {
        OPERATION_LAYER_WAITING,
        OPERATION_LAYER_FETCHING,
        OPERATION_LAYER_DONE,
        OPERATION_LAYER_EXISTS, /* it was here, or another operation has brought it */
        _OPERATION_LAYER_STATE_MAX,
        _OPERATION_LAYER_STATE_INVALID = -EINVAL,
} OperationLayerState;

typedef struct OperationLayer {
        char digest[DIGEST_HEX_MAX]; /* as it is fetched */
        uint64_t done, total;        /* bytes */
        OperationLayerState state;
} OperationLayer;

uint64_t operation_number(
                const Operation *o); /* counts up from 1, never used again while the daemon runs */
const char *operation_kind(const Operation *o); /* "import", "pull" */
uid_t operation_owner(const Operation *o);
OperationState operation_state(const Operation *o);
const char *operation_state_to_string(OperationState state);
void operation_progress(const Operation *o, uint64_t *ret_done, uint64_t *ret_total);
const char *operation_result(const Operation *o);     /* "" until done */
char *const *operation_results(const Operation *o);   /* string list: what there is so far, where it is several things */
const Failure *operation_failure(const Operation *o); /* NULL unless failed or cancelled */

/* Borrowed, as long as the operation is there. */
const OperationLayer *operation_layers(const Operation *o, size_t *ret_n);
const char *operation_layer_state_to_string(OperationLayerState state); /* "waiting", "fetching", "done", "exists" */
const char *operation_digest(const Operation *o);     /* 64 hex digits: what a reference named; "": nothing known */
char *const *operation_warnings(const Operation *o);  /* string list: sentences of a registry's, or about it */
bool operation_unchanged(const Operation *o);         /* done, and nothing had to be changed */

/** operation_cancel() - one that has ended is left as it is. */
void operation_cancel(Operation *o);

typedef struct OperationWaiter OperationWaiter;
typedef void (*OperationDone)(Operation *o, void *userdata);

/** operation_wait() - @done is called at once (from within) if it has ended.
 * operation_waiter_free() cancels. Return: 0, -ENOMEM, FAILURE_LIMIT_REACHED. */
int operation_wait(Operation *o, OperationDone done, void *userdata, OperationWaiter **ret,
                Failure *reterr);
OperationWaiter *operation_waiter_free(OperationWaiter *w);
