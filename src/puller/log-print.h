/* SPDX-License-Identifier: Apache-2.0 */
/*
 * puller/log-print.h: chunks of a log become what a client reads: lines chosen, timestamps, frames. Knows no file.
 */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "base/cleanup.h"
#include "puller/log-source.h"

typedef struct LogPrintOptions {
        int out_fd;          /* borrowed */
        bool streams[3];     /* [LOG_STREAM_STDOUT], [LOG_STREAM_STDERR]: shown */
        bool timestamps, framed;
        uint64_t since_nsec; /* lines that begin before it are left out */
        uint64_t until_nsec; /* lines that begin after it; UINT64_MAX: none */
} LogPrintOptions;

typedef struct LogPrinter LogPrinter;

/**
 * log_printer_new() - @skip: lines, of both streams, to pass over before all other choices
 * @inside: by stream: its first bytes are the rest of a line that began earlier, which is no line and not shown
 */
int log_printer_new(const LogPrintOptions *options, uint64_t skip, const bool inside[static 3],
                LogPrinter **ret);
LogPrinter *log_printer_free(LogPrinter *p);
DEFINE_CLEANUP(LogPrinter *, log_printer_free);

/** log_printer_add() - print a chunk; it may stay in the buffer. Return: 1 if it is later than until_nsec, 0, -EPIPE (the reader has gone), or what write(2) gives. */
int log_printer_add(LogPrinter *p, const LogSlice *slice);

/** log_printer_note() - a line of our own on the error stream, whatever was chosen. */
int log_printer_note(LogPrinter *p, const char *line);

/** log_printer_flush() - Return: 0, -EPIPE, or what write(2) gives. */
int log_printer_flush(LogPrinter *p);
