/* SPDX-License-Identifier: Apache-2.0 */
/* cli/embedded.h: the caller's own daemon: where it lives, and starting it. Knows no bus. */
#pragma once
#include "model/failure.h"

/**
 * embedded_run_root() - where the daemon of a state directory has its socket
 * @root: absolute; need not exist
 * @ret:  owned by the caller
 *
 * POCKETDOCKER_RUN_ROOT if set, else /run/pocketdocker- and 16 digits of the SHA-256 of the directory's real path.
 *
 * Return: 0, or negative errno with a sentence.
 */
int embedded_run_root(const char *root, char **ret, Failure *reterr);

/**
 * embedded_connect() - a connected stream socket to the daemon, which is started if nobody answers
 *
 * Return: the fd, owned by the caller, or negative errno with a sentence: the daemon's own where it could not start.
 */
int embedded_connect(Failure *reterr);
