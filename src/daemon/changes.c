/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/changes.c: knows which property each bit of a change means, and who listens; decides nothing. */
#include "daemon/changes.h"
#include "base/log.h"
#include "base/str.h"
#include "daemon/event-calls.h"
#include "daemon/objects.h"
#include "daemon/peer-bus.h"
#include "daemon/volume-calls.h"

typedef struct Pending {
        const char *interface; /* static */
        unsigned changes;
        char path[OBJECT_PATH_MAX];
} Pending;

/* An event that is to be told: its strings stand behind it. */
typedef struct PendingEvent {
        List events;
        Event event;
        char text[];
} PendingEvent;

struct Changes {
        Daemon *daemon;          /* borrowed */
        List events;             /* of PendingEvent, owned; in the order of their numbers */
        sd_event_source *source; /* owned; fires in the next turn, if anything is pending */
        Map *pending;            /* owned map of owned Pendings by path */
};

typedef struct ChangeNames {
        unsigned bit;
        const char *const *properties;
} ChangeNames;

#define NAMES(...) ((const char *const[]){ __VA_ARGS__, NULL })

static const ChangeNames container_names[] = {
        { CONTAINER_CHANGED_NAME, NAMES("Name") },
        { CONTAINER_CHANGED_STATE, NAMES("State") },
        { CONTAINER_CHANGED_HEALTH, NAMES("Health") },
        { CONTAINER_CHANGED_STARTED, NAMES("StartedAt") },
        { CONTAINER_CHANGED_FINISHED, NAMES("FinishedAt", "ExitCode", "OOMKilled") },
        { CONTAINER_CHANGED_RESTARTS, NAMES("RestartCount") },
        {},
};

static const ChangeNames operation_names[] = {
        { OPERATION_CHANGED_STATE, NAMES("State", "Result", "Results", "Error", "Details") },
        { OPERATION_CHANGED_PROGRESS, NAMES("Progress", "Layers") },
        {},
};

static const ChangeNames image_names[] = {
        { 1, NAMES("Tags") },
        {},
};

#define PROPERTIES_MAX 16U

static const ChangeNames *names_of(const char *interface) {
        if (streq(interface, BUS_INTERFACE_CONTAINER))
                return container_names;
        return streq(interface, BUS_INTERFACE_OPERATION) ? operation_names : image_names;
}

static bool link_listens(const Link *link) {
        return !link->closing && (!link->peer || link->n_matches > 0);
}

static void link_sent(Link *link, int r, const char *path) {
        if (r < 0 && !link->closing)
                (void) log_debug_errno(r, "Failed to tell of '%s', ignoring: %m", path);
        if (link->peer)
                peer_bus_check_queue(link);
}

static void pending_send(Changes *c, Pending *p) {
        char *properties[PROPERTIES_MAX + 1];
        size_t n = 0;
        Link *link;
        int r;

        for (const ChangeNames *names = names_of(p->interface); names->bit; names++)
                if (p->changes & names->bit)
                        for (const char *const *s = names->properties; *s && n < PROPERTIES_MAX;
                                        s++)
                                properties[n++] = (char *) *s; /* sd-bus only reads them */
        properties[n] = NULL;

        LIST_FOREACH(link, &c->daemon->links, Link, links) {
                if (!link_listens(link))
                        continue;
                r = sd_bus_emit_properties_changed_strv(
                                link->bus, p->path, p->interface, properties);
                link_sent(link, r, p->path);
        }
}

static void event_send(Changes *c, const Event *e) {
        Link *link;

        LIST_FOREACH(link, &c->daemon->links, Link, links)
                if (link_listens(link))
                        link_sent(link, event_emit(link->bus, e), BUS_PATH_MANAGER);
}

static void events_flush(Changes *c, bool send) {
        PendingEvent *p;

        while ((p = list_first(&c->events, PendingEvent, events))) {
                list_remove(&p->events);
                if (send)
                        event_send(c, &p->event);
                free(p);
        }
}

void changes_flush(Changes *c) {
        Pending *p;

        while (c && (p = map_first(c->pending))) {
                (void) map_remove(c->pending, p->path);
                pending_send(c, p);
                free(p);
        }
        if (c)
                events_flush(c, true);
}

static int on_turn(sd_event_source *s, void *userdata) {
        changes_flush(userdata);
        return 0;
}

int changes_new(Daemon *daemon, Changes **ret) {
        Changes *c;
        int r;

        c = malloc(sizeof(*c));
        if (!c)
                return -ENOMEM;
        *c = (Changes){ .daemon = daemon };
        list_init(&c->events);

        r = map_new(&c->pending);
        if (r >= 0)
                r = sd_event_add_defer(daemon->event, &c->source, on_turn, c);
        if (r >= 0)
                r = sd_event_source_set_enabled(c->source, SD_EVENT_OFF);
        if (r < 0) {
                changes_free(c);
                return r;
        }
        *ret = c;
        return 0;
}

Changes *changes_free(Changes *c) {
        Pending *p;

        if (!c)
                return NULL;

        while ((p = map_first(c->pending))) {
                (void) map_remove(c->pending, p->path);
                free(p);
        }
        map_free(c->pending);
        events_flush(c, false);
        sd_event_source_disable_unref(c->source);
        free(c);
        return NULL;
}

/* Without memory the change is told at once instead. */
static void note(Daemon *daemon, const char *interface, const char *path, unsigned changes) {
        Changes *c = daemon->changes;
        Pending *p;

        p = map_get(c->pending, path);
        if (p) {
                p->changes |= changes;
                return;
        }

        p = malloc(sizeof(*p));
        if (!p) {
                Pending now = { .interface = interface, .changes = changes };

                strcpy(now.path, path);
                pending_send(c, &now);
                return;
        }
        *p = (Pending){ .interface = interface, .changes = changes };
        strcpy(p->path, path);
        if (map_put(c->pending, path, p) < 0 ||
                        sd_event_source_set_enabled(c->source, SD_EVENT_ONESHOT) < 0) {
                (void) map_remove(c->pending, path);
                pending_send(c, p);
                free(p);
        }
}

static void tell_added(Daemon *daemon, const char *path) {
        Link *link;

        LIST_FOREACH(link, &daemon->links, Link, links)
                if (link_listens(link))
                        link_sent(link, sd_bus_emit_object_added(link->bus, path), path);
}

/* All that sd_bus_emit_object_added() told of, so that clients forget the object whole. */
static void tell_removed(Daemon *daemon, const char *path, const char *interface) {
        const char *const interfaces[] = {
                "org.freedesktop.DBus.Peer",
                "org.freedesktop.DBus.Introspectable",
                "org.freedesktop.DBus.Properties",
                interface,
                NULL,
        };
        Link *link;
        int r;

        changes_flush(daemon->changes);
        LIST_FOREACH(link, &daemon->links, Link, links) {
                if (!link_listens(link))
                        continue;
                r = sd_bus_emit_interfaces_removed_strv(link->bus, path, (char **) interfaces);
                link_sent(link, r, path);
        }
}

static void on_container_added(Container *c, void *userdata) {
        char path[OBJECT_PATH_MAX];

        tell_added(userdata, container_path(container_id(c), path));
}

static void on_container_changed(Container *c, unsigned changes, void *userdata) {
        char path[OBJECT_PATH_MAX];

        note(userdata, BUS_INTERFACE_CONTAINER, container_path(container_id(c), path), changes);
}

static void on_container_removed(Container *c, void *userdata) {
        char path[OBJECT_PATH_MAX];
        Daemon *daemon = userdata;

        daemon->removing = c;
        tell_removed(daemon, container_path(container_id(c), path), BUS_INTERFACE_CONTAINER);
        daemon->removing = NULL;
}

static void on_image_added(Image *i, void *userdata) {
        char path[OBJECT_PATH_MAX];

        tell_added(userdata, image_path(image_id(i), path));
}

static void on_image_changed(Image *i, void *userdata) {
        char path[OBJECT_PATH_MAX];

        note(userdata, BUS_INTERFACE_IMAGE, image_path(image_id(i), path), 1);
}

static void on_image_removed(Image *i, void *userdata) {
        char path[OBJECT_PATH_MAX];
        Daemon *daemon = userdata;

        daemon->removing_image = i;
        tell_removed(daemon, image_path(image_id(i), path), BUS_INTERFACE_IMAGE);
        daemon->removing_image = NULL;
}

static void on_volume_added(Volume *v, void *userdata) {
        _cleanup_free_ char *path = NULL;

        if (volume_path(v, &path) >= 0) /* without memory it is not told */
                tell_added(userdata, path);
}

static void on_volume_removed(Volume *v, void *userdata) {
        _cleanup_free_ char *path = NULL;
        Daemon *daemon = userdata;

        if (volume_path(v, &path) < 0)
                return; /* as above */
        daemon->removing_volume = v;
        tell_removed(daemon, path, BUS_INTERFACE_VOLUME);
        daemon->removing_volume = NULL;
}

static void on_operation_added(Operation *o, void *userdata) {
        char path[OBJECT_PATH_MAX];

        tell_added(userdata, operation_path(operation_number(o), path));
}

static void on_operation_changed(Operation *o, unsigned changes, void *userdata) {
        char path[OBJECT_PATH_MAX];

        note(userdata, BUS_INTERFACE_OPERATION, operation_path(operation_number(o), path), changes);
}

static void on_operation_removed(Operation *o, void *userdata) {
        char path[OBJECT_PATH_MAX];
        Daemon *daemon = userdata;

        daemon->removing_operation = o;
        tell_removed(daemon, operation_path(operation_number(o), path), BUS_INTERFACE_OPERATION);
        daemon->removing_operation = NULL;
}

static const char *keep(char **at, const char *s) {
        char *copy = *at;

        *at = stpcpy(copy, s) + 1;
        return copy;
}

/*
 * A message for each event would be made and written within a start; kept to the end of the turn, or to the next reply, it is
 * done while the monitor does its part. Without memory there is a hole in the numbers, which listeners find.
 */
static void on_event(const Event *e, void *userdata) {
        Daemon *daemon = userdata;
        size_t size = strlen(e->id) + strlen(e->name) + 2;
        PendingEvent *p;
        char *at;

        for (size_t i = 0; i < e->n_attributes; i++)
                size += strlen(e->attributes[i].key) + strlen(e->attributes[i].value) + 2;
        p = malloc(sizeof(*p) + size);
        if (!p)
                return;

        p->event = *e;
        at = p->text;
        p->event.id = keep(&at, e->id);
        p->event.name = keep(&at, e->name);
        for (size_t i = 0; i < e->n_attributes; i++)
                p->event.attributes[i] = (EventAttribute){
                        keep(&at, e->attributes[i].key),
                        keep(&at, e->attributes[i].value),
                };
        list_init(&p->events);
        list_append(&daemon->changes->events, &p->events);
        if (sd_event_source_set_enabled(daemon->changes->source, SD_EVENT_ONESHOT) < 0)
                changes_flush(daemon->changes);
}

static void on_idle_changed(bool idle, void *userdata) {
        Daemon *daemon = userdata;

        if (daemon->peer_bus)
                peer_bus_idle_changed(daemon->peer_bus);
}

const EngineObserver changes_observer = {
        .container_added = on_container_added,
        .container_changed = on_container_changed,
        .container_removed = on_container_removed,
        .image_added = on_image_added,
        .image_changed = on_image_changed,
        .image_removed = on_image_removed,
        .volume_added = on_volume_added,
        .volume_removed = on_volume_removed,
        .operation_added = on_operation_added,
        .operation_changed = on_operation_changed,
        .operation_removed = on_operation_removed,
        .event = on_event,
        .idle_changed = on_idle_changed,
};
