/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base/log.h: what the programs tell an administrator: to the journal with fields when stderr is connected to it, else as
 * lines on stderr. For engine/, daemon/ and the programs' main.c; libraries below log at debug level at most.
 * Linked by base_log_dep alone (it uses libsystemd). Never pass secrets or environments.
 */
#pragma once
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <syslog.h>

/* What a message is about; members may be NULL. Strings are borrowed for the call. */
typedef struct LogContext {
        const char *container_id;   /* CONTAINER_ID_FULL */
        const char *container_name; /* CONTAINER_NAME */
        const char *image;          /* POCKETDOCKER_IMAGE */
        const char *operation;      /* POCKETDOCKER_OPERATION */
        const char *message_id;     /* MESSAGE_ID: 32 hex digits, of catalog/catalog-ids.h */
} LogContext;

/** log_open() - @identifier: SYSLOG_IDENTIFIER, borrowed for ever. Looks once whether stderr is the journal. Source: sd_journal_stream_fd(3), $JOURNAL_STREAM. */
void log_open(const char *identifier);

/** log_set_max_level() - LOG_INFO at first; above it nothing is written. */
void log_set_max_level(int level);
int log_get_max_level(void);

/** log_full_internal() - @error: 0 or an errno of any sign, for ERRNO= and `%m`. Return: -abs(@error). */
int log_full_internal(const LogContext *context, int level, int error, const char *file, int line,
                const char *func, const char *format, ...)
                __attribute__((__format__(__printf__, 7, 8)));

#define log_full(context, level, error, ...) \
        log_full_internal((context), (level), (error), __FILE__, __LINE__, __func__, __VA_ARGS__)

#define log_error(...) ((void) log_full(NULL, LOG_ERR, 0, __VA_ARGS__))
#define log_warning(...) ((void) log_full(NULL, LOG_WARNING, 0, __VA_ARGS__))
#define log_notice(...) ((void) log_full(NULL, LOG_NOTICE, 0, __VA_ARGS__))
#define log_info(...) ((void) log_full(NULL, LOG_INFO, 0, __VA_ARGS__))
#define log_debug(...) ((void) log_full(NULL, LOG_DEBUG, 0, __VA_ARGS__))

/* `return log_error_errno(r, "…: %m")`: logs and gives the negative errno back. */
#define log_error_errno(error, ...) log_full(NULL, LOG_ERR, (error), __VA_ARGS__)
#define log_warning_errno(error, ...) log_full(NULL, LOG_WARNING, (error), __VA_ARGS__)
#define log_info_errno(error, ...) log_full(NULL, LOG_INFO, (error), __VA_ARGS__)
#define log_debug_errno(error, ...) log_full(NULL, LOG_DEBUG, (error), __VA_ARGS__)
#define log_oom() log_full(NULL, LOG_ERR, ENOMEM, "Out of memory")
