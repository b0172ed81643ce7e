/* SPDX-License-Identifier: Apache-2.0 */
/* model/namespace-modes.c: see namespace-modes.h. */
#include "model/namespace-modes.h"
#include "base/parse.h"
#include "base/str.h"
#include "model/device.h"
#include "model/id.h"
#include "model/limits.h"

#define CONTAINER_PREFIX "container:"
#define KEEP_ID "keep-id"

static const char *const kind_table[_NAMESPACE_KIND_MAX] = {
        [NAMESPACE_PID] = "pid",
        [NAMESPACE_IPC] = "ipc",
        [NAMESPACE_UTS] = "uts",
        [NAMESPACE_CGROUP] = "cgroupns",
        [NAMESPACE_NETWORK] = "network",
};

void namespace_modes_done(NamespaceModes *m) {
        for (size_t i = 0; i < ELEMENTSOF(m->texts); i++)
                free(m->texts[i]);
        free(m->userns);
        strv_free(m->devices);
        strv_free(m->device_rules);
        strv_free(m->group_add);
        *m = (NamespaceModes) {};
}

const char *namespace_kind_to_key(NamespaceKind kind) {
        return kind >= 0 && kind < _NAMESPACE_KIND_MAX ? kind_table[kind] : NULL;
}

const char *namespace_text_target(const char *text) {
        return startswith(strempty(text), CONTAINER_PREFIX);
}

NamespaceMode namespace_text_to_mode(NamespaceKind kind, const char *text) {
        const char *target = namespace_text_target(text);

        if (isempty(text) || streq(text, "private"))
                return NAMESPACE_PRIVATE;
        if (streq(text, "host"))
                return NAMESPACE_HOST;
        if (kind == NAMESPACE_IPC && streq(text, "shareable")) /* each is: who may join is asked for at the join */
                return NAMESPACE_PRIVATE;
        if (kind == NAMESPACE_IPC && streq(text, "none"))
                return NAMESPACE_NONE;
        if (kind != NAMESPACE_CGROUP && target &&
                        (container_name_is_valid(target) || id_is_valid(target)))
                return NAMESPACE_CONTAINER;
        return _NAMESPACE_MODE_INVALID;
}

UsernsMode userns_text_to_mode(const char *text) {
        uint32_t gid;

        if (isempty(text) || streq(text, "private"))
                return USERNS_PRIVATE;
        if (streq(text, "host"))
                return USERNS_HOST;
        if (streq(text, KEEP_ID))
                return USERNS_KEEP_ID;
        text = startswith(text, KEEP_ID ":");
        return text && parse_u32(text, &gid) >= 0 ? USERNS_KEEP_ID : _USERNS_MODE_INVALID;
}

uint32_t userns_text_gid(const char *text, uint32_t owner) {
        const char *number = startswith(strempty(text), KEEP_ID ":");
        uint32_t gid;

        return number && parse_u32(number, &gid) >= 0 ? gid : owner;
}

static int check_text(NamespaceKind kind, const char *text, Failure *reterr) {
        static const char *const values[NAMESPACE_NETWORK] = {
                [NAMESPACE_PID] = "private, host or container:NAME",
                [NAMESPACE_IPC] = "private, shareable, none, host or container:NAME",
                [NAMESPACE_UTS] = "private, host or container:NAME",
                [NAMESPACE_CGROUP] = "private or host",
        };

        if (namespace_text_to_mode(kind, text) >= 0)
                return 0;
        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL, "'%.140s' is no value of '%s': %s", text,
                        kind_table[kind], values[kind]);
}

static int check_userns(const NamespaceModes *m, const char *network, Failure *reterr) {
        UsernsMode mode = userns_text_to_mode(m->userns);
        const char *joined = namespace_text_target(network) ? "network" : NULL;

        if (mode < 0)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "'%.64s' is no value of 'userns': private, host or keep-id",
                                m->userns);
        for (size_t i = 0; !joined && i < ELEMENTSOF(m->texts); i++)
                if (namespace_text_target(m->texts[i]))
                        joined = kind_table[i];
        if (mode == USERNS_KEEP_ID && joined)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The options 'userns' and '%s' cannot be used together: with the "
                                "namespaces of another container come its ids",
                                joined);
        return 0;
}

/* What can stand in a group(5) line's first field. */
static bool group_is_valid(const char *s) {
        size_t n = strlen(s);

        return n > 0 && n < USER_BYTES_MAX && utf8_is_valid(s) && strcspn(s, ":,\n\t ") == n;
}

static int check_groups(char *const *groups, Failure *reterr) {
        if (strv_length(groups) > GROUPS_ADDED_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u groups to add", GROUPS_ADDED_MAX);
        STRV_FOREACH (g, groups)
                if (!group_is_valid(*g))
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "'%.64s' is neither a group's name nor its number", *g);
        return 0;
}

static int check_devices(const NamespaceModes *m, Failure *reterr) {
        int r = 0;

        if (strv_length(m->devices) > DEVICES_ADDED_MAX ||
                        strv_length(m->device_rules) > DEVICES_ADDED_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "There are more than %u devices, or rules for them",
                                DEVICES_ADDED_MAX);
        STRV_FOREACH (d, m->devices) {
                DeviceMapping mapping = {};

                r = device_mapping_parse(*d, &mapping, reterr);
                device_mapping_done(&mapping);
                if (r < 0)
                        return r;
        }
        STRV_FOREACH (d, m->device_rules) {
                DeviceRule rule;

                r = device_rule_parse(*d, &rule, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}

int namespace_modes_check(const NamespaceModes *m, const char *network, bool hostname,
                Failure *reterr) {
        NamespaceMode uts = namespace_text_to_mode(NAMESPACE_UTS, m->texts[NAMESPACE_UTS]);
        int r;

        for (size_t i = 0; i < ELEMENTSOF(m->texts); i++) {
                r = check_text((NamespaceKind) i, m->texts[i], reterr);
                if (r < 0)
                        return r;
        }
        if (hostname && (uts == NAMESPACE_HOST || uts == NAMESPACE_CONTAINER))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The options 'hostname' and 'uts' cannot be used together: the "
                                "name is not this container's to set");
        r = check_userns(m, network, reterr);
        if (r < 0)
                return r;
        r = check_groups(m->group_add, reterr);
        return r < 0 ? r : check_devices(m, reterr);
}

void namespace_modes_weakening(const NamespaceModes *m, Weakening *w) {
        for (size_t i = 0; i < ELEMENTSOF(m->texts); i++)
                if (namespace_text_to_mode((NamespaceKind) i, m->texts[i]) == NAMESPACE_HOST)
                        weakening_add(w, kind_table[i]);
        if (userns_text_to_mode(m->userns) != USERNS_PRIVATE)
                weakening_add(w, "userns");
        if (m->privileged)
                weakening_add(w, "privileged");
        if (m->devices)
                weakening_add(w, "device");
        if (m->device_rules)
                weakening_add(w, "device-cgroup-rule");
}
