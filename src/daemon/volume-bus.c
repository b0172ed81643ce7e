/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/volume-bus.c: org.pocketdocker.Volume: properties, Inspect, and how a path finds its volume. A name may hold what a path may not. */
#include <stdlib.h>
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/objects.h"
#include "daemon/volume-calls.h"

int volume_path(const Volume *v, char **ret) {
        return sd_bus_path_encode(BUS_PATH_VOLUMES, volume_name(v), ret);
}

static int get_name(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", volume_name(userdata));
}

static int get_owner(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "u", (uint32_t) volume_owner(userdata));
}

static int get_created(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "t", volume_created_usec(userdata));
}

static int get_anonymous(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "b", (int) volume_is_anonymous(userdata));
}

static int get_private(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *mountpoint = NULL;
        const Volume *v = userdata;
        int r;

        if (!authz_may_read(sd_bus_get_current_message(bus), volume_owner(v)))
                return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                "Property '%s' of volume '%s' is shown to its owner only", property,
                                volume_name(v));
        if (streq(property, "Labels"))
                return sd_bus_message_append_strv(reply, (char **) volume_labels(v));

        r = volume_mountpoint(v, &mountpoint);
        if (r < 0)
                return r;

        return sd_bus_message_append(reply, "s", mountpoint);
}

static int append_private(sd_bus_message *m, const Volume *v) {
        _cleanup_free_ char *mountpoint = NULL;
        int r;

        r = volume_mountpoint(v, &mountpoint);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "{sv}{sv}", "Mountpoint", "s", mountpoint, "Containers", "u",
                        volume_n_users(v));
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Labels");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) volume_labels(v));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int volume_append(sd_bus_message *m, const Volume *v, bool all) {
        _cleanup_free_ char *path = NULL;
        int r;

        r = volume_path(v, &path);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'r', "oa{sv}");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "o", path);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "Name", "s", volume_name(v), "Owner", "u",
                        (uint32_t) volume_owner(v), "CreatedAt", "t", volume_created_usec(v),
                        "Anonymous", "b", (int) volume_is_anonymous(v));
        if (r < 0)
                return r;

        if (all) {
                r = append_private(m, v);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

static int method_inspect(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *document = NULL;
        Volume *v = userdata;
        int r;

        r = authz_volume(m, v, "inspect-volume", NULL, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = volume_inspect(v, &document);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "s", document);
}

static int volume_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
                void **ret, sd_bus_error *error) {
        Daemon *daemon = ((Link *) userdata)->daemon;
        _cleanup_free_ char *name = NULL;
        Volume *v = NULL;
        int r;

        r = sd_bus_path_decode(path, BUS_PATH_VOLUMES, &name);
        if (r <= 0)
                return r;
        if (daemon->removing_volume && streq(name, volume_name(daemon->removing_volume)))
                v = daemon->removing_volume;
        else if (daemon->manager && manager_find_volume(daemon->manager, name, &v, NULL) < 0)
                return 0;
        if (!v)
                return 0;

        *ret = v;
        return 1;
}

static int volume_enumerate(
                sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        Manager *manager = ((Link *) userdata)->daemon->manager;
        _cleanup_strv_free_ char **paths = NULL;
        Volume *v = NULL;
        char *path;
        int r;

        while (manager && (v = manager_next_volume(manager, v))) {
                r = volume_path(v, &path);
                if (r >= 0)
                        r = strv_consume(&paths, path);
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(paths);
        return 1;
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define EXPLICIT SD_BUS_VTABLE_PROPERTY_EXPLICIT

static const sd_bus_vtable volume_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Name", "s", get_name, 0, CONST),
        SD_BUS_PROPERTY("Owner", "u", get_owner, 0, CONST),
        SD_BUS_PROPERTY("CreatedAt", "t", get_created, 0, CONST),
        SD_BUS_PROPERTY("Anonymous", "b", get_anonymous, 0, CONST),
        SD_BUS_PROPERTY("Labels", "as", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Mountpoint", "s", get_private, 0, EXPLICIT),
        SD_BUS_METHOD_WITH_ARGS("Inspect", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", document),
                        method_inspect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int volume_bus_add(Link *link) {
        int r;

        r = sd_bus_add_fallback_vtable(link->bus, NULL, BUS_PATH_VOLUMES, BUS_INTERFACE_VOLUME,
                        volume_vtable, volume_find, link);
        if (r < 0)
                return r;

        return sd_bus_add_node_enumerator(
                        link->bus, NULL, BUS_PATH_VOLUMES, volume_enumerate, link);
}
