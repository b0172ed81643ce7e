/* SPDX-License-Identifier: Apache-2.0 */
/* model/mount-options.c: see mount-options.h. */
#include "model/mount-options.h"
#include "base/str.h"
#include "model/limits.h"

int mount_option_mount(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        ContainerSpec *spec = o->spec;
        int r;

        spec->mounts = container_mounts_free(spec->mounts, spec->n_mounts);
        spec->n_mounts = 0;
        if (strv_length(value->strings) > MOUNTS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "There are more than %u mounts",
                                MOUNTS_PER_CONTAINER_MAX);
        STRV_FOREACH(s, value->strings) {
                ContainerMount *m, parsed;

                r = container_mount_parse(*s, &parsed, reterr);
                if (r < 0)
                        return r;
                r = container_mounts_add(spec, &m);
                if (r < 0) {
                        container_mount_done(&parsed);
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                }
                *m = parsed;
        }
        return 0;
}

int mount_option_volumes_from(ContainerOptions *o, const OptionValue *value, Failure *reterr) {
        if (strv_length(value->strings) > MOUNTS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                "'volumes-from' names more than %u containers",
                                MOUNTS_PER_CONTAINER_MAX);
        STRV_FOREACH(s, value->strings) {
                const char *mode = strchr(*s, ':');

                if (mode == *s || !**s || (mode && !streq(mode, ":ro") && !streq(mode, ":rw")))
                        return fail(reterr, FAILURE_INVALID_ARGS, EINVAL,
                                        "'%s' of 'volumes-from' is not CONTAINER, CONTAINER:ro or "
                                        "CONTAINER:rw",
                                        *s);
        }
        strv_free(o->volumes_from);
        o->volumes_from = NULL;
        return strv_copy(value->strings, &o->volumes_from) < 0
                               ? fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory")
                               : 0;
}

void mount_options_weakening(const ContainerSpec *spec, Weakening *w) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (spec->mounts[i].type == MOUNT_BIND && !spec->mounts[i].token &&
                                !spec->mounts[i].identity)
                        weakening_add(w, "mount");
}
