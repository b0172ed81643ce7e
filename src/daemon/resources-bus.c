/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/resources-bus.c: what of org.pocketdocker.Container is about limits and restarts: its properties and SetResources. */
#include "base/str.h"
#include "daemon/authz.h"
#include "daemon/bus-failure.h"
#include "daemon/calls.h"
#include "daemon/objects.h"
#include "daemon/spec-read.h"

static int append_restart_policy(sd_bus_message *m, const RestartPolicy *policy) {
        char text[RESTART_POLICY_STRING_MAX];

        restart_policy_to_string(policy, text);
        return sd_bus_message_append(m, "s", text);
}

int resources_append(sd_bus_message *m, const char *property, const Container *c) {
        const ContainerSpec *spec = container_spec(c);
        const Resources *r = &spec->resources;
        const struct {
                const char *name;
                uint64_t value;
        } numbers[] = {
                { "Memory", r->memory },
                { "MemorySwap", resources_memory_swap(r) },
                { "MemoryReservation", r->memory_reservation },
                { "CPUShares", r->cpu_shares },
                { "CPUQuota", resources_cpu_quota(r) },
                { "CPUPeriod", resources_cpu_period(r) },
                { "PidsLimit", r->pids_limit },
                { "RestartAt", container_restart_at_usec(c) },
        };

        for (size_t i = 0; i < ELEMENTSOF(numbers); i++)
                if (streq(property, numbers[i].name))
                        return sd_bus_message_append(m, "t", numbers[i].value);
        if (streq(property, "CpusetCpus"))
                return sd_bus_message_append(m, "s", strempty(r->cpuset_cpus));
        if (streq(property, "CpusetMems"))
                return sd_bus_message_append(m, "s", strempty(r->cpuset_mems));
        if (streq(property, "OOMScoreAdj"))
                return sd_bus_message_append(m, "i", (int32_t) r->oom_score_adj);
        if (streq(property, "OOMGroup"))
                return sd_bus_message_append(m, "b", (int) r->oom_group);
        if (streq(property, "RestartPolicy"))
                return append_restart_policy(m, &spec->restart);
        return -ENOENT;
}

int container_method_set_resources(sd_bus_message *m, void *userdata, sd_bus_error *error) {
        _cleanup_(container_options_done) ContainerOptions options = {};
        _cleanup_failure_ Failure failure = {};
        _cleanup_(call_freep) Call *call = NULL;
        Container *c = userdata;
        int r;

        r = container_options_init(&options, container_image(c));
        if (r < 0)
                return r;

        r = resources_read(m, &options, error);
        if (r < 0)
                return r;

        r = authz_container(m, c, "update", POLKIT_ACTION_MANAGE_OWN, POLKIT_ACTION_MANAGE, error);
        if (r <= 0)
                return r < 0 ? r : 1;

        r = call_new(m, NULL, &call, error);
        if (r < 0)
                return r;

        r = container_set_resources(c,
                        &(ResourcesUpdate) {
                                        .change = &options.spec->resources,
                                        .given = options.resources_given,
                                        .restart = options.restart_given ? &options.spec->restart
                                                                         : NULL,
                        },
                        call_done, call, &failure);
        return call_started(&call, r, &failure, error);
}
