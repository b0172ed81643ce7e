/* SPDX-License-Identifier: Apache-2.0 */
/* cli/operation.h: work of the service that takes its time, waited for. */
#pragma once
#include "cli/client.h"

/**
 * operation_wait() - until it ends
 * @path:        of the operation
 * @ret_result:  owned by the caller; NULL: not wanted
 * @ret_results: string list, the same
 *
 * Return: 0, or negative errno with the operation's own sentence.
 */
int operation_wait(Client *c, const char *path, char **ret_result, char ***ret_results,
                Failure *reterr);

/** confirm() - ask on the terminal, or whatever standard input is, as Docker does. Return: whether it was a yes. */
bool confirm(const char *what);
