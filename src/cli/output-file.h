/* SPDX-License-Identifier: Apache-2.0 */
/* cli/output-file.h: an archive on its way to a file, or to standard output: a file that did not become whole is taken away. */
#pragma once
#include <stdbool.h>
#include "base/cleanup.h"
#include "model/failure.h"

typedef struct OutputFile {
        int fd;           /* owned */
        const char *path; /* borrowed; NULL: standard output */
        char *part;       /* owned: its name until it is whole; NULL: none */
} OutputFile;

/** output_file_open() - @path NULL or "-": standard output, unless that is a terminal. Return: 0, or negative errno with a sentence. */
int output_file_open(const char *path, OutputFile *ret, Failure *reterr);

/** output_file_finish() - it is whole. */
int output_file_finish(OutputFile *f, Failure *reterr);
void output_file_done(OutputFile *f);
