/* SPDX-License-Identifier: Apache-2.0 */
/* model/failure.c: the one table of failures. */
#include "model/failure.h"
#include <stdarg.h>
#include <stdio.h>
#include "base/str.h"
#include "model/limits.h"
#include "model/names.h"

/* Those of ours, and those that D-Bus has for everybody. */
#define OWN(name, errnum, status, text) { BUS_ERROR_PREFIX name, errnum, status, text }
#define COMMON(name, errnum, text) { "org.freedesktop.DBus.Error." name, errnum, 125, text }

static const struct {
        const char *bus_name;
        int errnum;
        int exit_status;
        const char *text; /* when memory ran out for the sentence */
} table[_FAILURE_CODE_MAX] = {
        [FAILURE_NONE] = OWN("Internal", EIO, 125, ""),
        [FAILURE_NO_SUCH_CONTAINER] = OWN("NoSuchContainer", ENOENT, 125, "No such container"),
        [FAILURE_NO_SUCH_IMAGE] = OWN("NoSuchImage", ENOENT, 125, "No such image"),
        [FAILURE_NO_SUCH_OPERATION] = OWN("NoSuchOperation", ENOENT, 125, "No such operation"),
        [FAILURE_NO_SUCH_EXEC] = OWN("NoSuchExec", ENOENT, 125, "No such exec"),
        [FAILURE_NO_SUCH_VOLUME] = OWN("NoSuchVolume", ENOENT, 125, "No such volume"),
        [FAILURE_CONTAINER_EXISTS] = OWN("ContainerExists", EEXIST, 125, "The name is taken"),
        [FAILURE_WRONG_STATE] = OWN("WrongState", EBUSY, 125, "Not possible in this state"),
        [FAILURE_IMAGE_IN_USE] = OWN("ImageInUse", EBUSY, 125, "The image is in use"),
        [FAILURE_VOLUME_EXISTS] = OWN("VolumeExists", EEXIST, 125, "The name is taken"),
        [FAILURE_VOLUME_IN_USE] = OWN("VolumeInUse", EBUSY, 125, "The volume is in use"),
        [FAILURE_INVALID_REFERENCE] =
                        OWN("InvalidReference", EINVAL, 125, "Not an image reference"),
        [FAILURE_INVALID_SPEC] = OWN(
                        "InvalidSpec", EINVAL, 125, "The container's settings do not make sense"),
        [FAILURE_INVALID_ARCHIVE] = OWN("InvalidArchive", EBADMSG, 125, "Not a valid archive"),
        [FAILURE_DIGEST_MISMATCH] = OWN("DigestMismatch", EBADMSG, 125, "The digest does not fit"),
        [FAILURE_REGISTRY_DENIED] = OWN("RegistryDenied", EACCES, 125, "The registry refused"),
        [FAILURE_REGISTRY_UNREACHABLE] = OWN(
                        "RegistryUnreachable", EHOSTUNREACH, 125, "The registry does not answer"),
        [FAILURE_START_FAILED] = OWN("StartFailed", EIO, 125, "The start failed"),
        [FAILURE_COMMAND_NOT_FOUND] =
                        OWN("CommandNotFound", ENOENT, 127, "The command was not found"),
        [FAILURE_COMMAND_NOT_EXECUTABLE] =
                        OWN("CommandNotExecutable", EACCES, 126, "The command cannot be executed"),
        [FAILURE_LIMIT_REACHED] = OWN("LimitReached", EDQUOT, 125, "A limit is reached"),
        [FAILURE_AMBIGUOUS] = OWN("Ambiguous", ENOTUNIQ, 125, "More than one fits"),
        [FAILURE_UNSUPPORTED] =
                        OWN("Unsupported", EOPNOTSUPP, 125, "Not supported by this version"),
        [FAILURE_NOT_AVAILABLE] =
                        OWN("NotAvailable", EOPNOTSUPP, 125, "Not available on this host"),
        [FAILURE_DISK_FULL] = OWN("DiskFull", ENOSPC, 125, "The disk is full"),
        [FAILURE_CANCELLED] = OWN("Cancelled", ECANCELED, 125, "Cancelled"),
        [FAILURE_TIMED_OUT] = OWN("TimedOut", ETIMEDOUT, 125, "It took too long"),
        [FAILURE_INTERNAL] = OWN("Internal", EIO, 125, "Something unexpected failed"),
        [FAILURE_INVALID_ARGS] = COMMON("InvalidArgs", EINVAL, "Not a valid argument"),
        [FAILURE_ACCESS_DENIED] = COMMON("AccessDenied", EACCES, "Access denied"),
        [FAILURE_INTERACTIVE_AUTHORIZATION_REQUIRED] = COMMON("InteractiveAuthorizationRequired",
                        EACCES, "Interactive authentication is required"),
        [FAILURE_NO_MEMORY] = COMMON("NoMemory", ENOMEM, "Out of memory"),
};

static bool code_is_valid(FailureCode code) {
        return code > FAILURE_NONE && code < _FAILURE_CODE_MAX;
}

static int failure_fill(Failure *reterr, FailureCode code, int errnum, char *message) {
        int saved = errno;

        if (!code_is_valid(code))
                code = FAILURE_INTERNAL;
        errnum = errnum == 0 ? table[code].errnum : abs(errnum);

        if (reterr) {
                failure_done(reterr);
                *reterr = (Failure) { .code = code, .errnum = errnum, .message = message };
        } else
                free(message);

        errno = saved;
        return -errnum;
}

/* A sentence of bounded length; NULL without memory. */
__attribute__((format(printf, 1, 0))) static char *format_message(const char *format, va_list ap) {
        char *message;

        if (vasprintf(&message, format, ap) < 0)
                return NULL;
        if (strlen(message) >= ERROR_MESSAGE_MAX)
                message[ERROR_MESSAGE_MAX - 1] = '\0';
        text_clean(message); /* it quotes what somebody typed, and goes on a bus and to a terminal */
        return message;
}

int fail(Failure *reterr, FailureCode code, int errnum, const char *format, ...) {
        char *message = NULL;
        va_list ap;

        if (reterr) {
                int saved = errno;

                va_start(ap, format);
                message = format_message(format, ap);
                va_end(ap);
                errno = saved;
        }
        return failure_fill(reterr, code, errnum, message);
}

static FailureCode code_of_errno(int errnum) {
        switch (abs(errnum)) {
        case ENOMEM:
                return FAILURE_NO_MEMORY;
        case ENOSPC:
        case EDQUOT:
                return FAILURE_DISK_FULL;
        default:
                return FAILURE_INTERNAL;
        }
}

int fail_errno(Failure *reterr, int errnum, const char *format, ...) {
        char *message = NULL, *whole = NULL;
        int saved = errno;
        va_list ap;

        if (reterr) {
                va_start(ap, format);
                message = format_message(format, ap);
                va_end(ap);
                if (message && str_printf(&whole, "%s: %s", message, strerror(abs(errnum))) >= 0) {
                        free(message);
                        message = whole;
                }
        }
        errno = saved;
        return failure_fill(reterr, code_of_errno(errnum), errnum, message);
}

const char *failure_message(const Failure *f) {
        if (f->message)
                return f->message;
        return f->code >= 0 && f->code < _FAILURE_CODE_MAX ? table[f->code].text : "";
}

bool failure_is_set(const Failure *f) {
        return f && f->code != FAILURE_NONE;
}

void failure_done(Failure *f) {
        free(f->message);
        *f = (Failure) {};
}

void failure_copy(const Failure *f, Failure *ret) {
        Failure copy = {
                .code = f->code,
                .errnum = f->errnum,
                .message = f->message ? strdup(f->message) : NULL,
        };

        failure_done(ret);
        *ret = copy;
}

void failure_move(Failure *f, Failure *ret) {
        failure_done(ret);
        *ret = *f;
        *f = (Failure) {};
}

const char *failure_to_bus_name(FailureCode code) {
        return table[code_is_valid(code) ? code : FAILURE_INTERNAL].bus_name;
}

FailureCode failure_from_bus_name(const char *name) {
        for (int i = FAILURE_NONE + 1; name && i < _FAILURE_CODE_MAX; i++)
                if (streq(table[i].bus_name, name))
                        return (FailureCode) i;
        return _FAILURE_CODE_INVALID;
}

int failure_to_errno(FailureCode code) {
        return table[code_is_valid(code) ? code : FAILURE_INTERNAL].errnum;
}

int failure_to_exit_status(FailureCode code) {
        return table[code_is_valid(code) ? code : FAILURE_INTERNAL].exit_status;
}
