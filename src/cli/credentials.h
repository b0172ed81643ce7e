/* SPDX-License-Identifier: Apache-2.0 */
/* cli/credentials.h: what this user has for one registry, as memory that can be handed on and not be changed. */
#pragma once
#include "model/failure.h"

/** credentials_for() - @host: as in a reference. Return: an fd, the caller's; -ENODATA without a sentence: there are none; or negative with one. */
int credentials_for(const char *host, Failure *reterr);
