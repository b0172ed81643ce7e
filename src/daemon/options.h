/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/options.h: what pocketdockerd is told on its command line and in its environment. */
#pragma once
#include <stdbool.h>
#include <stdint.h>
#include "model/failure.h"

typedef struct Options {
        char *state_dir; /* owned; absolute */
        char *run_dir;   /* owned; absolute */
        bool embedded;
        int ready_fd;       /* -EBADF: nobody waits; owned by main() once parsed */
        uint64_t idle_usec; /* after how long an embedded daemon with nothing to do ends */
        uint64_t authorization_timeout_usec; /* 0: the built-in ones */
        uint64_t mount_token_usec;           /* the same */
} Options;

void options_done(Options *o);
#define _cleanup_options_ _cleanup_(options_done)

/**
 * options_parse() - read the command line, then the environment, then fill in the defaults
 * @ret: holds at least ready_fd on failure, too, so that whoever waits there can be told
 *
 * Return: 1 go on; 0 --help or --version was printed; negative with a sentence.
 */
int options_parse(int argc, char **argv, Options *ret, Failure *reterr);
