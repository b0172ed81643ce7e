/* SPDX-License-Identifier: Apache-2.0 */
/* puller/fetch-confine.h: what the process with the network may still reach. Apart from its role, so that a test can look. */
#pragma once
#include <sys/types.h>
#include "model/failure.h"

/**
 * fetch_confine() - after confine_begin(): another user, no capability, few files to read and none to write, sockets to others
 * @parent: who it was when the role began
 *
 * Return: 0 or what fail() gives.
 */
int fetch_confine(pid_t parent, Failure *reterr);
