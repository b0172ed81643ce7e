/* SPDX-License-Identifier: Apache-2.0 */
/* model/option-values.h: the values of options that have a grammar of their own: tmpfs, ulimit, log-opt. */
#pragma once
#include "model/container-spec.h"

/** path_is_normalized() - absolute, no "//", no "." and "..", no slash at the end; "/" itself. */
bool path_is_normalized(const char *s);

/** path_normalize() - without double slashes, and without one at the end; "." and ".." stay. Return: malloc()ed, or NULL. */
char *path_normalize(const char *s, size_t size);

/**
 * tmpfs_parse() - "PATH[:OPTION,…]"; noexec, nosuid and nodev unless an option says otherwise
 * @ret: owned by the caller; tmpfs_done()
 *
 * Return: 0, FAILURE_NO_MEMORY, FAILURE_INVALID_ARGS naming what is wrong.
 * Source: tmpfs(5), mount(8)
 */
int tmpfs_parse(const char *s, Tmpfs *ret, Failure *reterr);
void tmpfs_done(Tmpfs *t);

/** ulimit_parse() - "TYPE=SOFT[:HARD]", -1 for unlimited; HARD defaults to SOFT. Return: 0, FAILURE_INVALID_ARGS. Source: getrlimit(2) */
int ulimit_parse(const char *s, UserLimit *ret, Failure *reterr);

/** ulimit_to_string() - "nofile"; NULL for no resource. */
const char *ulimit_to_string(int resource);

/** log_option_parse() - "max-size=SIZE|-1", "max-file=N" into @spec. Return: 0, FAILURE_INVALID_ARGS. */
int log_option_parse(const char *s, ContainerSpec *spec, Failure *reterr);

/** log_driver_parse() - "file", "none", "" (the default). Return: 0, FAILURE_INVALID_ARGS, FAILURE_UNSUPPORTED for others of Docker's. */
int log_driver_parse(const char *s, LogDriver *ret, Failure *reterr);
