/* SPDX-License-Identifier: Apache-2.0 */
/* daemon/confinement-bus.c: what of org.pocketdocker.Container is about what its processes may. */
#include "base/str.h"
#include "daemon/objects.h"
#include "model/capability.h"

static int append_capabilities(sd_bus_message *m, const ContainerSpec *spec) {
        uint64_t set = confinement_capabilities(&spec->confinement, spec->namespaces.privileged);
        const char *names[CAPABILITY_COUNT + 1] = {};
        size_t n = 0;

        for (unsigned i = 0; i < CAPABILITY_COUNT; i++)
                if (set & (UINT64_C(1) << i))
                        names[n++] = capability_to_name(i);
        return sd_bus_message_append_strv(m, (char **) names); /* only read */
}

int confinement_append(sd_bus_message *m, const char *property, const Container *c) {
        const ContainerSpec *spec = container_spec(c);
        _cleanup_strv_free_ char **options = NULL;
        int r;

        if (streq(property, "Capabilities"))
                return append_capabilities(m, spec);
        if (!streq(property, "SecurityOptions"))
                return -ENOENT;
        r = confinement_security_opts(&spec->confinement, &options);
        return r < 0 ? r : sd_bus_message_append_strv(m, options);
}
