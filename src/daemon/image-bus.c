/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/image-bus.c: org.pocketdocker.Image: properties, Inspect, and how a path finds its image. */
#include <stdio.h>
#include "base/str.h"
#include "daemon/objects.h"

const char *image_path(const char *id, char ret[static OBJECT_PATH_MAX]) {
        (void) snprintf(ret, OBJECT_PATH_MAX, "%s/%s", BUS_PATH_IMAGES, id);
        return ret;
}

static int get_id(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "s", image_id(userdata));
}

static int get_tags(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append_strv(reply, (char **) image_tags(userdata));
}

static int get_created(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "t", image_created_usec(userdata));
}

static int get_size(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "t", image_size(userdata));
}

static int append_tags_entry(sd_bus_message *m, const Image *i, const ImageFilter *filter) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "s", "Tags");
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'v', "as");
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'a', "s");
        if (r < 0)
                return r;

        STRV_FOREACH(tag, image_tags(i)) {
                if (!image_filter_shows(filter, *tag))
                        continue;
                r = sd_bus_message_append(m, "s", *tag);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

int image_append(sd_bus_message *m, const Image *i, const ImageFilter *filter) {
        char path[OBJECT_PATH_MAX];
        int r;

        r = sd_bus_message_open_container(m, 'r', "oa{sv}");
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "o", image_path(image_id(i), path));
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        r = append_tags_entry(m, i, filter);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "{sv}{sv}{sv}", "Id", "s", image_id(i), "CreatedAt", "t",
                        image_created_usec(i), "Size", "t", image_size(i));
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

/* Open to all: who may run a container of it can read its config there. */
static int method_inspect(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *document = NULL;
        int r;

        r = image_inspect(userdata, &document);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "s", document);
}

static int image_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
                void **ret, sd_bus_error *error) {
        const char *id = startswith(path, BUS_PATH_IMAGES "/");
        Daemon *daemon = ((Link *) userdata)->daemon;
        Image *i = NULL;

        if (!id || !id_is_valid(id))
                return 0;
        if (daemon->removing_image && streq(id, image_id(daemon->removing_image)))
                i = daemon->removing_image;
        else if (daemon->manager)
                i = manager_get_image(daemon->manager, id);
        if (!i)
                return 0;

        *ret = i;
        return 1;
}

static int image_enumerate(
                sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        Manager *manager = ((Link *) userdata)->daemon->manager;
        _cleanup_strv_free_ char **paths = NULL;
        char path[OBJECT_PATH_MAX];
        Image *i = NULL;
        int r;

        while (manager && (i = manager_next_image(manager, i))) {
                r = strv_push(&paths, image_path(image_id(i), path));
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(paths);
        return 1;
}

static const sd_bus_vtable image_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "s", get_id, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Tags", "as", get_tags, 0, SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE),
        SD_BUS_PROPERTY("CreatedAt", "t", get_created, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_PROPERTY("Size", "t", get_size, 0, SD_BUS_VTABLE_PROPERTY_CONST),
        SD_BUS_METHOD_WITH_ARGS("Inspect", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", document),
                        method_inspect, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int image_bus_add(Link *link) {
        int r;

        r = sd_bus_add_fallback_vtable(link->bus, NULL, BUS_PATH_IMAGES, BUS_INTERFACE_IMAGE,
                        image_vtable, image_find, link);
        if (r < 0)
                return r;

        return sd_bus_add_node_enumerator(link->bus, NULL, BUS_PATH_IMAGES, image_enumerate, link);
}
