/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/objects.h: the bus faces: each adds its objects to a link. Containers, images and operations are not registered
 * one by one: a fallback vtable finds the object named by a path when it is called.
 */
#pragma once
#include "daemon/daemon.h"
#include "engine/container.h"
#include "engine/image.h"
#include "engine/operation.h"
#include "model/id.h"
#include "model/image-filter.h"
#include "model/names.h"

int manager_bus_add(Link *link); /* these five: 0 or negative errno */
int container_bus_add(Link *link);
int image_bus_add(Link *link);
int operation_bus_add(Link *link);
int volume_bus_add(Link *link);

#define OBJECT_PATH_MAX (sizeof(BUS_PATH_OPERATIONS) + ID_MAX)

const char *container_path(const char *id, char ret[static OBJECT_PATH_MAX]);
const char *image_path(const char *id, char ret[static OBJECT_PATH_MAX]);
const char *operation_path(uint64_t number, char ret[static OBJECT_PATH_MAX]);

/** container_append() - "(oa{sv})" for ListContainers: what everybody may see, and with @all what only its owner may. */
int container_append(sd_bus_message *m, const Container *c, bool all);

/** image_append() - the same for ListImages; of its tags those that @filter shows. */
int image_append(sd_bus_message *m, const Manager *manager, const Image *i,
                const ImageFilter *filter);

/** archive_check_output() - can an archive be written there? Return: 0, or an error that is in @error. */
int archive_check_output(int fd, sd_bus_error *error);

/** archive_check_input() - can a worker read it to its end? Return: the same. */
int archive_check_input(int fd, sd_bus_error *error);

/* manager-bus.c's handlers, in archive-calls.c and image-calls.c. */
int manager_method_import_image(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_load_image(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_save_image(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_tag_image(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_get_disk_usage(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_untag_image(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_prune_images(sd_bus_message *m, void *userdata, sd_bus_error *error);
int manager_method_remove_image(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* container-bus.c's handlers, in container-calls.c. */
int container_method_start(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_stop(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_kill(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_restart(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_pause(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_unpause(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_remove(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_rename(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_wait(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_run_healthcheck(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_inspect(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_copy_from(sd_bus_message *m, void *userdata, sd_bus_error *error); /* copy-calls.c */
int container_method_copy_to(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_export(sd_bus_message *m, void *userdata, sd_bus_error *error); /* archive-calls.c */

/* The same, in resources-bus.c, with the explicit properties of limits and restarts (-ENOENT: it is none of these). */
int container_method_set_resources(sd_bus_message *m, void *userdata, sd_bus_error *error);
int resources_append(sd_bus_message *m, const char *property, const Container *c);
int confinement_append(sd_bus_message *m, const char *property, const Container *c); /* the same, in confinement-bus.c */

/* The same, in container-streams.c. */
int container_method_attach(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_logs(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_resize(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_exec(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_wait_exec(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_resize_exec(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_kill_exec(sd_bus_message *m, void *userdata, sd_bus_error *error);

/* The same, in container-usage.c. */
int container_method_get_stats(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_watch_stats(sd_bus_message *m, void *userdata, sd_bus_error *error);
int container_method_list_processes(sd_bus_message *m, void *userdata, sd_bus_error *error);
