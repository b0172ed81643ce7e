/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/manager-bus.c: org.pocketdocker.Manager: making, finding and listing. Lists are in list-calls.c. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "base/str.h"
#include "daemon/authz-images.h"
#include "daemon/bus-failure.h"
#include "daemon/calls.h"
#include "daemon/changes.h"
#include "daemon/dict-read.h"
#include "daemon/event-calls.h"
#include "daemon/list-calls.h"
#include "daemon/mount-tokens.h"
#include "daemon/objects.h"
#include "daemon/pull-call.h"
#include "daemon/spec-read.h"
#include "daemon/volume-calls.h"
#include "engine/start-namespaces.h"
#include "engine/volumes-from.h"
#include "model/image-ref.h"

static int get_version(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", POCKETDOCKER_VERSION);
}

static int get_state_directory(sd_bus *bus, const char *path, const char *interface,
                const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        ManagerInfo info;

        manager_get_info(link_current(bus)->daemon->manager, &info);
        return sd_bus_message_append(reply, "s", info.state_dir);
}

static int reply_container(sd_bus_message *m, Call *call) {
        char path[OBJECT_PATH_MAX];

        return sd_bus_reply_method_return(m, "o", container_path(call->id, path));
}

typedef int (*CreateFn)(Manager *m, const CreateArgs *args, EngineDone done, void *userdata,
                Container **ret, bool *ret_existing, Failure *reterr);

static int authz_create(sd_bus_message *m, const char *verb, const char *image,
                ContainerOptions *o, uid_t uid, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_free_ char *options = NULL;
        const Volume *foreign;
        Weakening weakening;
        int r;

        container_options_weakening(o, &weakening);
        r = manager_resolve_namespaces(manager_of(m), o->spec, uid, &weakening, &failure);
        if (r >= 0)
                r = manager_resolve_volumes_from(manager_of(m), o, uid, &weakening, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = weakening_to_string(&weakening, &options);
        if (r < 0)
                return r;

        /* Who may do all may have another's volume as well. */
        foreign = manager_foreign_volume(manager_of(m), o->spec, uid);
        return authz_check(m,
                        &(AuthzRequest){
                                        .action = options   ? POLKIT_ACTION_PRIVILEGED
                                                  : foreign ? POLKIT_ACTION_MANAGE
                                                            : POLKIT_ACTION_MANAGE_OWN,
                                        .verb = verb,
                                        .name = o->name,
                                        .image = image,
                                        .network = authz_network(o->spec),
                                        .options = options,
                                        .owner = foreign ? volume_owner(foreign) : uid,
                        },
                        error);
}

static int create_container(sd_bus_message *m, const char *verb, CreateFn fn, sd_bus_error *error) {
        _cleanup_(container_options_done) ContainerOptions o = {};
        _cleanup_failure_ Failure failure = {};
        _cleanup_strv_free_ char **tokens = NULL;
        _cleanup_(call_freep) Call *call = NULL;
        Caller *caller = caller_of(link_current(sd_bus_message_get_bus(m)), m);
        Container *c = NULL;
        const char *image;
        bool existing;
        uid_t uid;
        int r;

        r = callers_uid(m, &uid);
        if (r < 0)
                return r;

        r = sd_bus_message_read(m, "s", &image);
        if (r < 0)
                return r;

        r = container_options_init(&o, image);
        if (r < 0)
                return r;

        r = spec_read(m, &o, error);
        if (r >= 0)
                r = mount_tokens_resolve(caller, o.spec, &tokens, error);
        if (r < 0)
                return r;

        r = authz_create(m, verb, image, &o, uid, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, reply_container, &call, error);
        if (r < 0)
                return r;

        r = fn(manager_of(m),
                        &(CreateArgs){
                                        .image = image,
                                        .spec = o.spec,
                                        .name = o.name,
                                        .request_id = o.request_id,
                                        .owner = uid,
                        },
                        call_done, call, &c, &existing, &failure);
        if (r >= 0) {
                o.spec = NULL; /* the container's now */
                memcpy(call->id, container_id(c), sizeof(call->id));
                mount_tokens_forget(caller, tokens);
        }
        return call_started(&call, r, &failure, error);
}

static int method_run_container(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return create_container(m, "run", manager_run_container, error);
}

static int method_create_container(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        return create_container(m, "create", manager_create_container, error);
}

static int method_get_container(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        char path[OBJECT_PATH_MAX];
        const char *name;
        Container *c;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;

        r = manager_find_container(manager_of(m), name, &c, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, "o", container_path(container_id(c), path));
}

static int method_get_image(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        char path[OBJECT_PATH_MAX];
        const char *reference;
        Image *i;
        int r;

        r = sd_bus_message_read(m, "s", &reference);
        if (r < 0)
                return r;

        r = manager_find_image(manager_of(m), reference, &i, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, "o", image_path(image_id(i), path));
}

/* Of the machine, by Docker's names. */
static int append_machine(sd_bus_message *m, const struct utsname *kernel) {
        long cpus = sysconf(_SC_NPROCESSORS_ONLN), pages = sysconf(_SC_PHYS_PAGES),
             page_bytes = sysconf(_SC_PAGESIZE); /* they fail only for names that the kernel has not */

        return sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "NCPU", "u",
                        (uint32_t) cpus, "MemTotal", "t", (uint64_t) pages * (uint64_t) page_bytes,
                        "Driver", "s", "overlay", "CgroupVersion", "s", "2", "OSType", "s", "linux",
                        "Architecture", "s", kernel->machine, "Name", "s", kernel->nodename);
}

static int append_info(sd_bus_message *m, const ManagerInfo *info, const struct utsname *kernel) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}", "Containers", "u", info->containers,
                        "ContainersRunning", "u", info->running, "ContainersPaused", "u",
                        info->paused, "ContainersStopped", "u", info->stopped, "Images", "u",
                        info->images);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}{sv}{sv}{sv}", "ServerVersion", "s",
                        POCKETDOCKER_VERSION, "KernelVersion", "s", kernel->release,
                        "StateDirectory", "s", info->state_dir, "RunDirectory", "s", info->run_dir,
                        "CgroupPath", "s", info->cgroup_path, "Mode", "s",
                        info->embedded ? "embedded" : "system", "DefaultRegistry", "s",
                        image_ref_get_registry());
        if (r >= 0)
                r = append_machine(m, kernel);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Controllers");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) info->controllers);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

static int method_get_info(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        struct utsname kernel;
        ManagerInfo info;
        int r;

        manager_get_info(manager_of(m), &info);
        if (uname(&kernel) < 0)
                return -errno;

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_info(reply, &info, &kernel);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

#define OPEN SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable manager_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("StateDirectory", "s", get_state_directory, 0,
                        SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD_WITH_ARGS("RunContainer", SD_BUS_ARGS("s", image, "a{sv}", options),
                        SD_BUS_RESULT("o", container), method_run_container, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CreateContainer", SD_BUS_ARGS("s", image, "a{sv}", options),
                        SD_BUS_RESULT("o", container), method_create_container, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetContainer", SD_BUS_ARGS("s", name),
                        SD_BUS_RESULT("o", container), method_get_container, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListContainers", SD_BUS_ARGS("a{sv}", filter),
                        SD_BUS_RESULT("a(oa{sv})", containers), manager_method_list_containers,
                        OPEN),
        SD_BUS_METHOD_WITH_ARGS("ImportImage",
                        SD_BUS_ARGS("h", archive, "s", reference, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), manager_method_import_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("PullImage", SD_BUS_ARGS("s", reference, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), manager_method_pull_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("LoadImage", SD_BUS_ARGS("h", archive, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), manager_method_load_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetImage", SD_BUS_ARGS("s", reference), SD_BUS_RESULT("o", image),
                        method_get_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListImages", SD_BUS_ARGS("a{sv}", filter),
                        SD_BUS_RESULT("a(oa{sv})", images), manager_method_list_images, OPEN),
        SD_BUS_METHOD_WITH_ARGS("RemoveImage", SD_BUS_ARGS("s", reference, "a{sv}", options),
                        SD_BUS_RESULT("as", untagged, "as", deleted), manager_method_remove_image,
                        OPEN),
        SD_BUS_METHOD_WITH_ARGS("SaveImage",
                        SD_BUS_ARGS("as", references, "h", output, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), manager_method_save_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("TagImage", SD_BUS_ARGS("s", reference, "s", tag),
                        SD_BUS_NO_RESULT, manager_method_tag_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("UntagImage", SD_BUS_ARGS("s", reference), SD_BUS_NO_RESULT,
                        manager_method_untag_image, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetDiskUsage", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", usage),
                        manager_method_get_disk_usage, OPEN),
        SD_BUS_METHOD_WITH_ARGS("PruneImages", SD_BUS_ARGS("a{sv}", options),
                        SD_BUS_RESULT("o", operation), manager_method_prune_images, OPEN),
        SD_BUS_METHOD_WITH_ARGS("OpenMount", SD_BUS_ARGS("h", source), SD_BUS_RESULT("s", token),
                        manager_method_open_mount, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CreateVolume", SD_BUS_ARGS("s", name, "a{sv}", options),
                        SD_BUS_RESULT("o", volume), manager_method_create_volume, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetVolume", SD_BUS_ARGS("s", name), SD_BUS_RESULT("o", volume),
                        manager_method_get_volume, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListVolumes", SD_BUS_ARGS("a{sv}", filter),
                        SD_BUS_RESULT("a(oa{sv})", volumes), manager_method_list_volumes, OPEN),
        SD_BUS_METHOD_WITH_ARGS("RemoveVolume", SD_BUS_ARGS("s", name, "a{sv}", options),
                        SD_BUS_NO_RESULT, manager_method_remove_volume, OPEN),
        SD_BUS_METHOD_WITH_ARGS("PruneVolumes", SD_BUS_ARGS("a{sv}", options),
                        SD_BUS_RESULT("o", operation), manager_method_prune_volumes, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListEvents", SD_BUS_ARGS("a{sv}", filter),
                        SD_BUS_RESULT("a(ttssssua{ss})", events), manager_method_list_events, OPEN),
        SD_BUS_SIGNAL_WITH_ARGS("Event",
                        SD_BUS_ARGS("t", number, "t", time, "s", kind, "s", action, "s", id, "s",
                                        name, "u", owner, "a{ss}", attributes),
                        0),
        SD_BUS_METHOD_WITH_ARGS("GetInfo", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", info),
                        method_get_info, OPEN),
        SD_BUS_VTABLE_END,
};

int manager_bus_add(Link *link) {
        return sd_bus_add_object_vtable(link->bus, NULL, BUS_PATH_MANAGER, BUS_INTERFACE_MANAGER,
                        manager_vtable, link);
}
