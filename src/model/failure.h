/* SPDX-License-Identifier: Apache-2.0 */
/*
 * model/failure.h: what a user is told when something failed: a code, an errno, one sentence. The one table of codes.
 * Knows no bus library; the names are those that travel on it.
 */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include "base/cleanup.h"

typedef enum FailureCode {
        FAILURE_NONE, /* a Failure that was not filled in */
        FAILURE_NO_SUCH_CONTAINER,
        FAILURE_NO_SUCH_IMAGE,
        FAILURE_NO_SUCH_OPERATION,
        FAILURE_NO_SUCH_EXEC,
        FAILURE_NO_SUCH_VOLUME,
        FAILURE_CONTAINER_EXISTS,
        FAILURE_WRONG_STATE,
        FAILURE_IMAGE_IN_USE,
        FAILURE_VOLUME_EXISTS,
        FAILURE_VOLUME_IN_USE,
        FAILURE_INVALID_REFERENCE,
        FAILURE_INVALID_SPEC,
        FAILURE_INVALID_ARCHIVE,
        FAILURE_DIGEST_MISMATCH,
        FAILURE_REGISTRY_DENIED,
        FAILURE_REGISTRY_UNREACHABLE,
        FAILURE_START_FAILED,
        FAILURE_COMMAND_NOT_FOUND,
        FAILURE_COMMAND_NOT_EXECUTABLE,
        FAILURE_LIMIT_REACHED,
        FAILURE_AMBIGUOUS,
        FAILURE_UNSUPPORTED,
        FAILURE_NOT_AVAILABLE, /* the kernel or the host lacks what it takes, and the sentence says what */
        FAILURE_DISK_FULL,
        FAILURE_CANCELLED,
        FAILURE_TIMED_OUT,
        FAILURE_INTERNAL,
        /* freedesktop.org's own names */
        FAILURE_INVALID_ARGS,
        FAILURE_ACCESS_DENIED,
        FAILURE_INTERACTIVE_AUTHORIZATION_REQUIRED,
        FAILURE_NO_MEMORY,
        _FAILURE_CODE_MAX,
        _FAILURE_CODE_INVALID = -EINVAL,
} FailureCode;

/* Zero-initialised is empty. */
typedef struct Failure {
        FailureCode code;
        int errnum;    /* positive */
        char *message; /* owned; NULL if memory ran out: read it by failure_message() */
} Failure;

/**
 * fail() - fill in a failure and give its errno back
 * @reterr: may be NULL (then the errno alone tells); what it held is freed
 * @errnum: an errno of any sign; 0: the code's own
 * @format: one sentence without a full stop, the object in single quotes, no secret
 *
 * errno stays as it was. Out of memory loses the sentence, never the code.
 *
 * Return: -abs(@errnum).
 */
int fail(Failure *reterr, FailureCode code, int errnum, const char *format, ...)
        __attribute__((__format__(__printf__, 4, 5)));

/**
 * fail_errno() - the same for an errno that some call gave: the code is chosen by it (ENOMEM, ENOSPC and EDQUOT have their
 * own, all others are FAILURE_INTERNAL), and its text is appended: "Failed to open 'x': Permission denied"
 */
int fail_errno(Failure *reterr, int errnum, const char *format, ...)
                __attribute__((__format__(__printf__, 3, 4)));

/** failure_message() - its sentence; the code's own text when there is none; "" for an empty one. */
const char *failure_message(const Failure *f);

bool failure_is_set(const Failure *f); /* false for NULL */

/** failure_done() - free and leave it empty; takes empty ones. */
void failure_done(Failure *f);
#define _cleanup_failure_ _cleanup_(failure_done)

/** failure_copy() - @ret: what it held is freed; without memory the sentence is lost, the code is not. */
void failure_copy(const Failure *f, Failure *ret);

/** failure_move() - @ret takes all, @f is empty afterwards. */
void failure_move(Failure *f, Failure *ret);

/** failure_to_bus_name() - "org.pocketdocker.Error.NoSuchContainer"; static. failure_from_bus_name() - _FAILURE_CODE_INVALID if unknown. */
const char *failure_to_bus_name(FailureCode code);
FailureCode failure_from_bus_name(const char *name);

/** failure_to_errno() - positive: what fail() uses for errnum 0, and what sd_bus_error_add_map() is to know. */
int failure_to_errno(FailureCode code);

/** failure_to_exit_status() - of `run`, `create`, `start -a`, `exec`: 125, 126 or 127. */
int failure_to_exit_status(FailureCode code);
