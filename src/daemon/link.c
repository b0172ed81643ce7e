/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/link.c: knows what is put on a connection, and in which order it is taken off; knows no object. */
#include "daemon/callers.h"
#include "daemon/daemon.h"
#include "daemon/objects.h"

static int link_add_objects(Link *link) {
        static int (*const add[])(Link *) = {
                manager_bus_add,
                container_bus_add,
                image_bus_add,
                operation_bus_add,
                volume_bus_add,
        };
        int r;

        /* First, so that no handler runs for a caller whose uid is not known. */
        r = sd_bus_add_filter(link->bus, NULL, callers_filter, link);
        if (r < 0)
                return r;

        r = sd_bus_add_object_manager(link->bus, NULL, BUS_PATH_ROOT);
        if (r < 0)
                return r;

        for (size_t i = 0; i < sizeof(add) / sizeof(add[0]); i++) {
                r = add[i](link);
                if (r < 0)
                        return r;
        }
        return 0;
}

static Link *link_alloc(Daemon *daemon, sd_bus *bus) {
        Link *link;

        link = malloc(sizeof(*link));
        if (!link)
                return NULL;
        *link = (Link){ .daemon = daemon, .bus = sd_bus_ref(bus) };
        list_append(&daemon->links, &link->links);
        return link;
}

int link_new(Daemon *daemon, sd_bus *bus, Link **ret) {
        _cleanup_(link_freep) Link *link = NULL;
        int r;

        link = link_alloc(daemon, bus);
        if (!link)
                return -ENOMEM;

        r = map_new(&link->callers);
        if (r < 0)
                return r;

        r = link_add_objects(link);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(link);
        return 0;
}

int link_set_peer(Link *link, uid_t uid) {
        return caller_new_peer(link, uid, &link->peer_caller);
}

int link_new_peer(Daemon *daemon, sd_bus *bus, Peer *peer, Link **ret) {
        _cleanup_(link_freep) Link *link = NULL;
        int r;

        link = link_alloc(daemon, bus);
        if (!link)
                return -ENOMEM;

        link->peer = peer;
        r = link_add_objects(link);
        if (r < 0)
                return r;

        *ret = TAKE_PTR(link);
        return 0;
}

Link *link_free(Link *link) {
        Caller *caller;

        if (!link)
                return NULL;

        list_remove(&link->links);
        while ((caller = map_first(link->callers)))
                caller_free(caller);
        map_free(link->callers);
        caller_free(link->peer_caller);
        /* The slots of the objects are floating: they go with the bus. */
        sd_bus_close_unref(link->bus);
        free(link);
        return NULL;
}

Link *link_current(sd_bus *bus) {
        return sd_bus_slot_get_userdata(sd_bus_get_current_slot(bus));
}
