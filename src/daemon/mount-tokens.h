/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/mount-tokens.h: what callers handed over to be mounted, until a container takes it: each bound to its connection, for a minute. */
#pragma once
#include "daemon/callers.h"
#include "model/container-options.h"

int manager_method_open_mount(sd_bus_message *m, void *userdata, sd_bus_error *error);

/**
 * mount_tokens_resolve() - put in the place of each token of @spec what it stands for
 * @ret_used: string list of them, owned by the caller: for mount_tokens_forget() once the container is there
 *
 * A token that was shown in its time stays good while its caller is asked for a password.
 *
 * Return: 0, or an error that is in @error: unknown, another connection's, or too old.
 */
int mount_tokens_resolve(
                Caller *caller, ContainerSpec *spec, char ***ret_used, sd_bus_error *error);
void mount_tokens_forget(Caller *caller, char *const *used);

/** mount_tokens_free() - all of a caller's. */
void mount_tokens_free(Caller *caller);
