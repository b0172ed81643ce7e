/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/volume-calls.h: the Manager's methods about volumes, and what volume-bus.c shares with them. */
#pragma once
#include "daemon/daemon.h"
#include "engine/volume.h"

int manager_method_create_volume(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_get_volume(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_list_volumes(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_remove_volume(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_prune_volumes(sd_bus_message *m, void *userdata, sd_bus_error *error);

/** volume_path() - @ret: owned by the caller. Return: 0 or -ENOMEM. */
int volume_path(const Volume *v, char **ret);

/** volume_append() - "(oa{sv})" for ListVolumes: what everybody may see, and with @all what only its owner may. */
int volume_append(sd_bus_message *m, const Volume *v, bool all);

/** authz_volume() - as authz_container(). */
int authz_volume(sd_bus_message *m, const Volume *v, const char *verb, const char *own_action,
                const char *other_action, sd_bus_error *error);
