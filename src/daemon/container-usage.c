/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/container-usage.c: handlers of org.pocketdocker.Container that tell what it uses, and its processes. */
#include "engine/container-usage.h"
#include "base/fd.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/dict-read.h"
#include "daemon/objects.h"

static int append_stats(sd_bus_message *m, const Stats *stats) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "{sv}");
        if (r < 0)
                return r;

        for (int i = 0; i < _STATS_FIELD_MAX; i++) {
                const char *name = stats_field_name((StatsField) i);
                uint64_t value = stats->values[i];

                if (value == STATS_UNKNOWN)
                        continue;
                if (i == STATS_ONLINE_CPUS)
                        r = sd_bus_message_append(m, "{sv}", name, "u", (uint32_t) value);
                else
                        r = sd_bus_message_append(m, "{sv}", name, "t", value);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int container_method_get_stats(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_failure_ Failure failure = {};
        Container *c = userdata;
        Stats stats;
        int r;

        r = authz_container(m, c, "stats", NULL, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_get_stats(c, &stats, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_stats(reply, &stats);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}

int container_method_watch_stats(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_failure_ Failure failure = {};
        _cleanup_close_ int fd = -EBADF;
        Container *c = userdata;
        int r;

        r = dict_read(m, NULL, 0, error);
        if (r < 0)
                return r;

        r = authz_container(m, c, "stats", NULL, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_watch_stats(c, &fd, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        return sd_bus_reply_method_return(m, "h", fd);
}

static int append_processes(sd_bus_message *m, const ContainerProcess *list, size_t n) {
        int r;

        r = sd_bus_message_open_container(m, 'a', "(uuuuttss)");
        if (r < 0)
                return r;

        for (size_t i = 0; i < n; i++) {
                const Process *p = &list[i].process;

                r = sd_bus_message_append(m, "(uuuuttss)", p->pid, p->parent, p->inner,
                                (uint32_t) list[i].inner_uid, list[i].started_usec, p->cpu_usec,
                                p->terminal, p->name);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(m);
}

int container_method_list_processes(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        _cleanup_free_ ContainerProcess *list = NULL;
        _cleanup_failure_ Failure failure = {};
        Container *c = userdata;
        size_t n, total;
        int r;

        r = authz_container(m, c, "top", NULL, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = container_list_processes(c, &list, &n, &total, &failure);
        if (r < 0)
                return bus_failure_set(error, r, &failure);

        r = sd_bus_message_new_method_return(m, &reply);
        if (r < 0)
                return r;

        r = append_processes(reply, list, n);
        if (r < 0)
                return r;

        r = sd_bus_message_append(reply, "u", (uint32_t) total);
        if (r < 0)
                return r;

        return sd_bus_send(NULL, reply, NULL);
}
