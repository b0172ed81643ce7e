/* SPDX-License-Identifier: Apache-2.0 */
/*
 * daemon/container-bus.c: org.pocketdocker.Container: what is read, and how a path finds its container. What everybody may
 * see travels in broadcasts; the explicit properties are shown to the owner and root alone. Handlers are in
 * container-calls.c and container-streams.c.
 */
#include <stdio.h>
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/objects.h"

const char *container_path(const char *id, char ret[static OBJECT_PATH_MAX]) {
        (void) snprintf(ret, OBJECT_PATH_MAX, "%s/%s", BUS_PATH_CONTAINERS, id);
        return ret;
}

typedef union Value {
        const char *s; /* borrowed */
        uint64_t t;
        uint32_t u;
        int32_t i;
        int b;
} Value;

#define DEFINE_VALUE(name, member, expression)                                                     \
        static void value_##name(const Container *c, Value *ret) {                                 \
                ret->member = (expression);                                                        \
        }                                                                                          \
        struct _defines_nothing_

DEFINE_VALUE(id, s, container_id(c));
DEFINE_VALUE(name, s, container_name(c));
DEFINE_VALUE(image, s, container_image(c));
DEFINE_VALUE(owner, u, container_owner(c));
DEFINE_VALUE(state, s, container_state_to_string(container_state(c)));
DEFINE_VALUE(health, s, container_health_to_string(container_health(c)));
DEFINE_VALUE(created, t, container_created_usec(c));
DEFINE_VALUE(started, t, container_started_usec(c));
DEFINE_VALUE(finished, t, container_finished_usec(c));
DEFINE_VALUE(exit_code, i, container_exit_code(c));
DEFINE_VALUE(oom_killed, b, container_oom_killed(c));
DEFINE_VALUE(restarts, u, container_restart_count(c));

/* What everybody may see: in GetAll, in signals and in lists. */
static const struct {
        const char *name;
        char type[2];
        void (*value)(const Container *c, Value *ret);
} public_properties[] = {
        { "Id", "s", value_id },
        { "Name", "s", value_name },
        { "Image", "s", value_image },
        { "Owner", "u", value_owner },
        { "State", "s", value_state },
        { "Health", "s", value_health },
        { "CreatedAt", "t", value_created },
        { "StartedAt", "t", value_started },
        { "FinishedAt", "t", value_finished },
        { "ExitCode", "i", value_exit_code },
        { "OOMKilled", "b", value_oom_killed },
        { "RestartCount", "u", value_restarts },
};

static int append_value(sd_bus_message *m, char type, const Value *v) {
        return sd_bus_message_append_basic(
                        m, type, type == 's' ? (const void *) strempty(v->s) : v);
}

static int get_public(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        Value value;

        for (size_t i = 0; i < ELEMENTSOF(public_properties); i++)
                if (streq(public_properties[i].name, property)) {
                        public_properties[i].value(userdata, &value);
                        return append_value(reply, public_properties[i].type[0], &value);
                }
        return -ENOENT;
}

/* Labels are KEY=VALUE, on the bus a{ss}. */
static int append_labels(sd_bus_message *m, const Container *c) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{ss}");
        if (r < 0)
                return r;

        STRV_FOREACH(label, container_spec(c)->labels) {
                _cleanup_free_ char *key = strndup(*label, strcspn(*label, "="));
                const char *value = strchr(*label, '=');

                if (!key)
                        return -ENOMEM;
                r = sd_bus_message_append(m, "{ss}", key, value ? value + 1 : "");
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

static int append_private(sd_bus_message *m, const char *property, const Container *c) {
        const ContainerSpec *spec = container_spec(c);
        int r;

        if (streq(property, "Command"))
                return sd_bus_message_append_strv(m, spec->argv);
        if (streq(property, "Labels"))
                return append_labels(m, c);
        if (streq(property, "Environment"))
                return sd_bus_message_append_strv(m, spec->env);
        if (streq(property, "Pid"))
                return sd_bus_message_append(m, "u", (uint32_t) container_pid(c));
        if (streq(property, "ControlGroup"))
                return sd_bus_message_append(m, "s", container_control_group(c));
        if (streq(property, "Error"))
                return sd_bus_message_append(m, "s", container_error(c));
        if (streq(property, "Tty"))
                return sd_bus_message_append(m, "b", spec->tty);
        if (streq(property, "OpenStdin"))
                return sd_bus_message_append(m, "b", spec->open_stdin);
        r = confinement_append(m, property, c);
        return r == -ENOENT ? resources_append(m, property, c) : r;
}

static int get_private(sd_bus *bus, const char *path, const char *interface, const char *property,
                sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const Container *c = userdata;

        if (!authz_may_read(sd_bus_get_current_message(bus), container_owner(c)))
                return sd_bus_error_setf(error, SD_BUS_ERROR_ACCESS_DENIED,
                                "Property '%s' of container '%s' is shown to its owner only",
                                property, container_name(c));

        return append_private(reply, property, c);
}

static int append_private_entry(sd_bus_message *m, const char *property, const char *signature,
                const Container *c) {
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(m, 's', property);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'v', signature);
        if (r < 0)
                return r;

        r = append_private(m, property, c);
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

static int append_public_entry(sd_bus_message *m, size_t i, const Container *c) {
        Value value;
        int r;

        r = sd_bus_message_open_container(m, 'e', "sv");
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(m, 's', public_properties[i].name);
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'v', public_properties[i].type);
        if (r < 0)
                return r;

        public_properties[i].value(c, &value);
        r = append_value(m, public_properties[i].type[0], &value);
        if (r < 0)
                return r;

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

int container_append(sd_bus_message *m, const Container *c, bool all) {
        static const char *const private_properties[][2] = { { "Command", "as" },
                { "Labels", "a{ss}" }, { "Pid", "u" }, { "Error", "s" } };
        char path[OBJECT_PATH_MAX];
        int r;

        r = sd_bus_message_open_container(m, 'r', "oa{sv}");
        if (r < 0)
                return r;

        r = sd_bus_message_append_basic(m, 'o', container_path(container_id(c), path));
        if (r < 0)
                return r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTSOF(public_properties); i++) {
                r = append_public_entry(m, i, c);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; all && i < ELEMENTSOF(private_properties); i++) {
                r = append_private_entry(m, private_properties[i][0], private_properties[i][1], c);
                if (r < 0)
                        return r;
        }

        r = sd_bus_message_close_container(m);
        if (r < 0)
                return r;

        return sd_bus_message_close_container(m);
}

static int container_find(sd_bus *bus, const char *path, const char *interface, void *userdata,
                void **ret, sd_bus_error *error) {
        const char *id = startswith(path, BUS_PATH_CONTAINERS "/");
        Link *link = userdata;
        Container *c = NULL;

        if (!id || !id_is_valid(id))
                return 0;
        if (link->daemon->removing && streq(id, container_id(link->daemon->removing)))
                c = link->daemon->removing;
        else if (link->daemon->manager)
                c = manager_get_container(link->daemon->manager, id);
        if (!c)
                return 0;

        *ret = c;
        return 1;
}

static int container_enumerate(
                sd_bus *bus, const char *prefix, void *userdata, char ***ret, sd_bus_error *error) {
        _cleanup_strv_free_ char **paths = NULL;
        Container *c = NULL;
        Link *link = userdata;
        char path[OBJECT_PATH_MAX];
        int r;

        while (link->daemon->manager && (c = manager_next_container(link->daemon->manager, c))) {
                r = strv_push(&paths, container_path(container_id(c), path));
                if (r < 0)
                        return r;
        }
        *ret = TAKE_PTR(paths);
        return 1;
}

#define CONST SD_BUS_VTABLE_PROPERTY_CONST
#define CHANGES SD_BUS_VTABLE_PROPERTY_EMITS_CHANGE
#define EXPLICIT SD_BUS_VTABLE_PROPERTY_EXPLICIT
#define OPEN SD_BUS_VTABLE_UNPRIVILEGED

static const sd_bus_vtable container_vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_PROPERTY("Id", "s", get_public, 0, CONST),
        SD_BUS_PROPERTY("Name", "s", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("Image", "s", get_public, 0, CONST),
        SD_BUS_PROPERTY("Owner", "u", get_public, 0, CONST),
        SD_BUS_PROPERTY("State", "s", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("Health", "s", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("CreatedAt", "t", get_public, 0, CONST),
        SD_BUS_PROPERTY("StartedAt", "t", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("FinishedAt", "t", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("ExitCode", "i", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("OOMKilled", "b", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("RestartCount", "u", get_public, 0, CHANGES),
        SD_BUS_PROPERTY("Command", "as", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Labels", "a{ss}", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Environment", "as", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Pid", "u", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("ControlGroup", "s", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Error", "s", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Tty", "b", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("OpenStdin", "b", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Memory", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("MemorySwap", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("MemoryReservation", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("CPUShares", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("CPUQuota", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("CPUPeriod", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("CpusetCpus", "s", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("CpusetMems", "s", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("PidsLimit", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("OOMScoreAdj", "i", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("OOMGroup", "b", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("RestartPolicy", "s", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("RestartAt", "t", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("Capabilities", "as", get_private, 0, EXPLICIT),
        SD_BUS_PROPERTY("SecurityOptions", "as", get_private, 0, EXPLICIT),
        SD_BUS_METHOD_WITH_ARGS("Start", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                        container_method_start, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Stop", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                        container_method_stop, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Kill", SD_BUS_ARGS("s", signal), SD_BUS_NO_RESULT,
                        container_method_kill, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Restart", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                        container_method_restart, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Pause", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, container_method_pause,
                        OPEN),
        SD_BUS_METHOD_WITH_ARGS("Unpause", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT,
                        container_method_unpause, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Remove", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                        container_method_remove, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Rename", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT,
                        container_method_rename, OPEN),
        SD_BUS_METHOD_WITH_ARGS("SetResources", SD_BUS_ARGS("a{sv}", options), SD_BUS_NO_RESULT,
                        container_method_set_resources, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Wait", SD_BUS_ARGS("a{sv}", options),
                        SD_BUS_RESULT("i", exit_code), container_method_wait, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Attach", SD_BUS_ARGS("a{sv}", options),
                        SD_BUS_RESULT("a{sh}", streams), container_method_attach, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Logs", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("h", stream),
                        container_method_logs, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Export", SD_BUS_ARGS("h", output, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), container_method_export, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CopyFrom", SD_BUS_ARGS("s", path, "h", output, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), container_method_copy_from, OPEN),
        SD_BUS_METHOD_WITH_ARGS("CopyTo", SD_BUS_ARGS("s", path, "h", input, "a{sv}", options),
                        SD_BUS_RESULT("o", operation), container_method_copy_to, OPEN),
        SD_BUS_METHOD_WITH_ARGS("GetStats", SD_BUS_NO_ARGS, SD_BUS_RESULT("a{sv}", stats),
                        container_method_get_stats, OPEN),
        SD_BUS_METHOD_WITH_ARGS("WatchStats", SD_BUS_ARGS("a{sv}", options),
                        SD_BUS_RESULT("h", stream), container_method_watch_stats, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ListProcesses", SD_BUS_NO_ARGS,
                        SD_BUS_RESULT("a(uuuuttss)", processes, "u", total),
                        container_method_list_processes, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Resize", SD_BUS_ARGS("u", rows, "u", columns), SD_BUS_NO_RESULT,
                        container_method_resize, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Exec", SD_BUS_ARGS("as", command, "a{sv}", options),
                        SD_BUS_RESULT("s", exec, "a{sh}", streams), container_method_exec, OPEN),
        SD_BUS_METHOD_WITH_ARGS("WaitExec", SD_BUS_ARGS("s", exec), SD_BUS_RESULT("i", exit_code),
                        container_method_wait_exec, OPEN),
        SD_BUS_METHOD_WITH_ARGS("ResizeExec", SD_BUS_ARGS("s", exec, "u", rows, "u", columns),
                        SD_BUS_NO_RESULT, container_method_resize_exec, OPEN),
        SD_BUS_METHOD_WITH_ARGS("KillExec", SD_BUS_ARGS("s", exec, "s", signal), SD_BUS_NO_RESULT,
                        container_method_kill_exec, OPEN),
        SD_BUS_METHOD_WITH_ARGS("RunHealthcheck", SD_BUS_NO_ARGS,
                        SD_BUS_RESULT("s", status, "i", exit_code, "s", output),
                        container_method_run_healthcheck, OPEN),
        SD_BUS_METHOD_WITH_ARGS("Inspect", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", document),
                        container_method_inspect, OPEN),
        SD_BUS_VTABLE_END,
};

int container_bus_add(Link *link) {
        int r;

        r = sd_bus_add_fallback_vtable(link->bus, NULL, BUS_PATH_CONTAINERS,
                        BUS_INTERFACE_CONTAINER, container_vtable, container_find, link);
        if (r < 0)
                return r;

        return sd_bus_add_node_enumerator(
                        link->bus, NULL, BUS_PATH_CONTAINERS, container_enumerate, link);
}
