/* SPDX-License-Identifier: Apache-2.0 */
/* engine/operation.h: work that takes time: progress, cancel, end. Kept for 60 s after its end.
 * Knows no bus. */
#pragma once
#include <stdint.h>
#include <sys/types.h>
#include "engine/observer.h"

typedef enum OperationState {
        OPERATION_RUNNING,
        OPERATION_DONE,
        OPERATION_FAILED,
        OPERATION_CANCELLED,
        _OPERATION_STATE_MAX,
        _OPERATION_STATE_INVALID = -EINVAL,
} OperationState;

uint64_t operation_number(
                const Operation *o); /* counts up from 1, never used again while the daemon runs */
const char *operation_kind(const Operation *o); /* "import" */
uid_t operation_owner(const Operation *o);
OperationState operation_state(const Operation *o);
const char *operation_state_to_string(OperationState state);
void operation_progress(const Operation *o, uint64_t *ret_done, uint64_t *ret_total);
const char *operation_result(const Operation *o);     /* "" until done */
const Failure *operation_failure(const Operation *o); /* NULL unless failed or cancelled */

/** operation_cancel() - one that has ended is left as it is. */
void operation_cancel(Operation *o);

typedef struct OperationWaiter OperationWaiter;
typedef void (*OperationDone)(Operation *o, void *userdata);

/** operation_wait() - @done is called at once (from within) if it has ended.
 * operation_waiter_free() cancels. Return: 0, -ENOMEM, FAILURE_LIMIT_REACHED. */
int operation_wait(Operation *o, OperationDone done, void *userdata, OperationWaiter **ret,
                Failure *reterr);
OperationWaiter *operation_waiter_free(OperationWaiter *w);
