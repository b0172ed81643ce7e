/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/image-bus.c: org.pocketdocker.Image: properties, Inspect, and how a path finds its image. */
#include <stdio.h>
#include "base/str.h"
#include "daemon/authz-images.h"
#include "daemon/objects.h"
#include "model/image-history.h"

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

static int get_digests(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append_strv(reply, (char **) image_digests(userdata));
}

static int get_shared_size(sd_bus *bus, const char *path, const char *interface,
                const char *property, sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        return sd_bus_message_append(reply, "t",
                        manager_image_shared_size(link_current(bus)->daemon->manager, userdata));
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

static int append_digests_entry(sd_bus_message *m, const Image *i) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(m, "s", "Digests");
        if (r >= 0)
                r = sd_bus_message_open_container(m, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_append_strv(m, (char **) image_digests(i));
        if (r >= 0)
                r = sd_bus_message_close_container(m);
        return r < 0 ? r : sd_bus_message_close_container(m);
}

int image_append(sd_bus_message *m, const Manager *manager, const Image *i,
                const ImageFilter *filter) {
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
        if (r >= 0)
                r = append_digests_entry(m, i);
        if (r < 0)
                return r;

        r = sd_bus_message_append(m, "{sv}{sv}{sv}{sv}", "Id", "s", image_id(i), "CreatedAt", "t",
                        image_created_usec(i), "Size", "t", image_size(i), "SharedSize", "t",
                        manager_image_shared_size(manager, i));
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

static int method_inspect(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_free_ char *document = NULL;
        int r;

        r = authz_image(m, userdata, "inspect", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = image_inspect(userdata, &document);
        if (r < 0)
                return r;

        return sd_bus_reply_method_return(m, "s", document);
}

static int append_step(sd_bus_message *reply, const Manager *manager, const ImageStep *step) {
        return sd_bus_message_append(reply, "(tssst)", step->created_usec,
                        strempty(step->created_by), strempty(step->comment),
                        strempty(step->diff_id),
                        step->diff_id ? manager_layer_size(manager, step->diff_id) : 0);
}

static int method_get_history(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        Manager *manager = manager_of(m);
        _cleanup_free_ ImageStep *steps = NULL;
        size_t n;
        int r;

        r = authz_image(m, userdata, "history", error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = image_steps(image_config(userdata), &steps, &n);
        if (r >= 0)
                r = sd_bus_message_new_method_return(m, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "(tssst)");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = append_step(reply, manager, &steps[i]);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        return r < 0 ? r : sd_bus_send(NULL, reply, NULL);
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
        SD_BUS_PROPERTY("Digests", "as", get_digests, 0, SD_BUS_VTABLE_PROPERTY_EXPLICIT),
        SD_BUS_PROPERTY("SharedSize", "t", get_shared_size, 0, SD_BUS_VTABLE_PROPERTY_EXPLICIT),
        SD_BUS_METHOD_WITH_ARGS("GetHistory", SD_BUS_NO_ARGS, SD_BUS_RESULT("a(tssst)", steps),
                        method_get_history, SD_BUS_VTABLE_UNPRIVILEGED),
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
