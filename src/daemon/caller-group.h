/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/caller-group.h: a caller's own group, which the bus does not tell among the others. */
#pragma once
#include "daemon/callers.h"

/** caller_group_read() - remember what GetConnectionCredentials says: one {sv} of it, at its value. Return: 1 it was ours, 0 it is not read, or negative errno. */
int caller_group_read(Caller *caller, sd_bus_message *m, const char *key, const char *signature);

/**
 * caller_group() - the one group of the caller's connection, or of several the real one of his process
 *
 * Another process that has the number by now is of the same user, and of a group that he had when he connected, or it is
 * not believed. Return: 0, or -ENXIO (it ended, or is another's).
 */
int caller_group(Caller *caller, gid_t *ret);
