/* SPDX-License-Identifier: Apache-2.0 */
/* store/container-statements.h: a container's row for what adds and removes more than it, in one transaction. Private to this folder. */
#pragma once
#include "store/container-rows.h"
#include "store/store-internal.h"

/** container_add_statement(), container_remove_statement() - bound; strings are borrowed. Return: 0 or a result code. */
int container_add_statement(Store *store, const ContainerRow *row, sqlite3_stmt **ret);
int container_remove_statement(Store *store, const char *id, sqlite3_stmt **ret);

/** container_add_fail() - an insert that was refused with @code, as a failure. */
int container_add_fail(Store *store, const ContainerRow *row, int code, Failure *reterr);
