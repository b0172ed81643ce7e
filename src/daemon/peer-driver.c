/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/peer-driver.c: the message bus's own interface for one connection, on which live three names: the bus, us, and the
 * caller. Knows names and match rules; knows no container.
 */
#include "daemon/peer-driver.h"
#include <unistd.h>
#include "base/str.h"
#include "model/names.h"

#define DRIVER "org.freedesktop.DBus"
#define START_REPLY_ALREADY_RUNNING 2U

static const char introspection[] =
                "<!DOCTYPE node PUBLIC \"-//freedesktop//DTD D-BUS Object Introspection 1.0//EN\"\n"
                "\"http://www.freedesktop.org/standards/dbus/1.0/introspect.dtd\">\n"
                "<node><interface name=\"" DRIVER "\">\n"
                "<method name=\"Hello\"><arg type=\"s\" direction=\"out\"/></method>\n"
                "<method name=\"AddMatch\"><arg type=\"s\" direction=\"in\"/></method>\n"
                "<method name=\"RemoveMatch\"><arg type=\"s\" direction=\"in\"/></method>\n"
                "<method name=\"ListNames\"><arg type=\"as\" direction=\"out\"/></method>\n"
                "<method name=\"GetNameOwner\"><arg type=\"s\" direction=\"in\"/><arg type=\"s\" "
                "direction=\"out\"/></method>\n"
                "<method name=\"GetConnectionCredentials\"><arg type=\"s\" direction=\"in\"/>"
                "<arg type=\"a{sv}\" direction=\"out\"/></method>\n"
                "</interface></node>\n";

/* Is the value of @key in @rule @value? Absent: yes, it does not narrow. */
static bool rule_allows(const char *rule, const char *key, const char *const *values) {
        const char *p = rule;

        while (*p) {
                size_t key_length = strcspn(p, "=");
                const char *value = p[key_length] ? p + key_length + 1 : p + key_length;
                bool quoted = *value == '\'';
                size_t length;

                value += quoted;
                length = strcspn(value, quoted ? "'" : ",");
                if (key_length == strlen(key) && strncmp(p, key, key_length) == 0) {
                        for (; *values; values++)
                                if (strlen(*values) == length &&
                                                strncmp(*values, value, length) == 0)
                                        return true;
                        return false;
                }
                p = value + length;
                p += strspn(p, "', ");
        }
        return true;
}

bool match_wants_us(const char *rule) {
        static const char *const types[] = { "signal", NULL };
        static const char *const senders[] = { BUS_NAME, PEER_SERVICE_NAME, NULL };
        static const char *const interfaces[] = {
                "org.freedesktop.DBus.Properties",
                "org.freedesktop.DBus.ObjectManager",
                BUS_INTERFACE_MANAGER,
                BUS_INTERFACE_CONTAINER,
                BUS_INTERFACE_IMAGE,
                BUS_INTERFACE_OPERATION,
                NULL,
        };

        return rule_allows(rule, "type", types) && rule_allows(rule, "sender", senders) &&
               rule_allows(rule, "interface", interfaces);
}

static int reply(sd_bus_message *m, const char *types, ...) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        va_list ap;
        int r;

        r = sd_bus_message_new_method_return(m, &answer);
        if (r < 0)
                return r;

        r = sd_bus_message_set_sender(answer, DRIVER);
        if (r < 0)
                return r;

        va_start(ap, types);
        r = sd_bus_message_appendv(answer, types, ap);
        va_end(ap);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

static int reply_strings(sd_bus_message *m, char *const *strings) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *answer = NULL;
        int r;

        r = sd_bus_message_new_method_return(m, &answer);
        if (r < 0)
                return r;

        r = sd_bus_message_set_sender(answer, DRIVER);
        if (r < 0)
                return r;

        r = sd_bus_message_append_strv(answer, (char **) strings);
        return r < 0 ? r : sd_bus_send(NULL, answer, NULL);
}

/* The unique name that has @name, or NULL. */
static const char *owner_of(const Peer *peer, const char *name) {
        if (streq(name, DRIVER))
                return DRIVER;
        if (streq(name, BUS_NAME) || streq(name, PEER_SERVICE_NAME))
                return PEER_SERVICE_NAME;
        return streq(name, peer->name) ? peer->name : NULL;
}

static int hello(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        return reply(m, "s", peer->name);
}

static int add_match(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *rule;
        int r;

        r = sd_bus_message_read(m, "s", &rule);
        if (r < 0)
                return r;
        if (strv_length(peer->matches) >= PEER_MATCHES_MAX)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                "One connection may have %u match rules", PEER_MATCHES_MAX);

        r = strv_push(&peer->matches, rule);
        if (r < 0)
                return r;
        peer->link->n_matches += match_wants_us(rule);
        return reply(m, "");
}

static int remove_match(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *rule;
        int r;

        r = sd_bus_message_read(m, "s", &rule);
        if (r < 0)
                return r;

        for (char **i = peer->matches; i && *i; i++) {
                if (!streq(*i, rule))
                        continue;
                peer->link->n_matches -= match_wants_us(rule);
                free(*i);
                do
                        i[0] = i[1];
                while (*i++);
                return reply(m, "");
        }
        return sd_bus_error_set(
                        error, SD_BUS_ERROR_MATCH_RULE_NOT_FOUND, "There is no such match rule");
}

static int list_names(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        char *names[] = { (char *) DRIVER, (char *) BUS_NAME, (char *) PEER_SERVICE_NAME,
                peer->name, NULL };

        return reply_strings(m, names);
}

static int list_activatable_names(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        char *names[] = { (char *) DRIVER, (char *) BUS_NAME, NULL };

        return reply_strings(m, names);
}

/* The name that stands in @m; an error for one that nobody has. */
static int read_owner(sd_bus_message *m, const Peer *peer, const char **ret, sd_bus_error *error) {
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        if (r < 0)
                return r;
        *ret = owner_of(peer, name);
        if (!*ret)
                return sd_bus_error_setf(error, SD_BUS_ERROR_NAME_HAS_NO_OWNER,
                                "Nobody has the name '%.256s'", name);
        return 0;
}

static int get_name_owner(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *owner;
        int r;

        r = read_owner(m, peer, &owner, error);
        return r < 0 ? r : reply(m, "s", owner);
}

static int name_has_owner(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *name;
        int r;

        r = sd_bus_message_read(m, "s", &name);
        return r < 0 ? r : reply(m, "b", owner_of(peer, name) != NULL);
}

static int start_service(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *name;
        uint32_t flags;
        int r;

        r = sd_bus_message_read(m, "su", &name, &flags);
        if (r < 0)
                return r;
        if (!owner_of(peer, name))
                return sd_bus_error_setf(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
                                "There is no service '%.256s' here", name);
        return reply(m, "u", START_REPLY_ALREADY_RUNNING);
}

static uint32_t uid_of(const Peer *peer, const char *owner) {
        return streq(owner, peer->name) ? peer->uid : geteuid();
}

static uint32_t pid_of(const Peer *peer, const char *owner) {
        return (uint32_t) (streq(owner, peer->name) ? peer->pid : getpid());
}

static int get_credentials(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *owner;
        int r;

        r = read_owner(m, peer, &owner, error);
        if (r < 0)
                return r;
        return reply(m, "a{sv}", 2, "UnixUserID", "u", uid_of(peer, owner), "ProcessID", "u",
                        pid_of(peer, owner));
}

static int get_user(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *owner;
        int r;

        r = read_owner(m, peer, &owner, error);
        return r < 0 ? r : reply(m, "u", uid_of(peer, owner));
}

static int get_process(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *owner;
        int r;

        r = read_owner(m, peer, &owner, error);
        return r < 0 ? r : reply(m, "u", pid_of(peer, owner));
}

static int get_selinux_context(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        return sd_bus_error_set(error, DRIVER ".Error.SELinuxSecurityContextUnknown",
                        "Not known on this connection");
}

static int get_id(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        char text[SD_ID128_STRING_MAX];
        sd_id128_t id;
        int r;

        r = sd_bus_get_bus_id(sd_bus_message_get_bus(m), &id);
        return r < 0 ? r : reply(m, "s", sd_id128_to_string(id, text));
}

static int introspect(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        return reply(m, "s", introspection);
}

static int ping(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        return reply(m, "");
}

static const struct {
        const char *interface, *member, *signature;
        int (*answer)(sd_bus_message *m, Peer *peer, sd_bus_error *error);
} members[] = {
        { DRIVER, "Hello", "", hello },
        { DRIVER, "AddMatch", "s", add_match },
        { DRIVER, "RemoveMatch", "s", remove_match },
        { DRIVER, "ListNames", "", list_names },
        { DRIVER, "ListActivatableNames", "", list_activatable_names },
        { DRIVER, "GetNameOwner", "s", get_name_owner },
        { DRIVER, "NameHasOwner", "s", name_has_owner },
        { DRIVER, "StartServiceByName", "su", start_service },
        { DRIVER, "GetConnectionCredentials", "s", get_credentials },
        { DRIVER, "GetConnectionUnixUser", "s", get_user },
        { DRIVER, "GetConnectionUnixProcessID", "s", get_process },
        { DRIVER, "GetConnectionSELinuxSecurityContext", "s", get_selinux_context },
        { DRIVER, "GetId", "", get_id },
        { "org.freedesktop.DBus.Introspectable", "Introspect", "", introspect },
        { "org.freedesktop.DBus.Peer", "Ping", "", ping },
};

static int answer_driver(sd_bus_message *m, Peer *peer, sd_bus_error *error) {
        const char *interface = sd_bus_message_get_interface(m),
                   *member = sd_bus_message_get_member(m);
        int r;

        for (size_t i = 0; i < ELEMENTSOF(members); i++) {
                if (!streq(members[i].member, member) ||
                                (interface && !streq(members[i].interface, interface)))
                        continue;
                if (!sd_bus_message_has_signature(m, members[i].signature))
                        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "'%s' takes '%s'", member, members[i].signature);
                r = members[i].answer(m, peer, error);
                return r < 0 ? r : 1;
        }
        return sd_bus_error_setf(error, SD_BUS_ERROR_UNKNOWN_METHOD,
                        "A peer connection does not answer '%.256s'", member);
}

int peer_driver_filter(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        const char *destination = sd_bus_message_get_destination(m);

        if (sd_bus_message_is_method_call(m, NULL, NULL) <= 0 || !destination)
                return 0;
        if (streq(destination, DRIVER))
                return answer_driver(m, userdata, error);
        if (!streq(destination, BUS_NAME) && !streq(destination, PEER_SERVICE_NAME))
                return sd_bus_error_setf(error, SD_BUS_ERROR_SERVICE_UNKNOWN,
                                "Nobody has the name '%.256s'", destination);
        return 0;
}
