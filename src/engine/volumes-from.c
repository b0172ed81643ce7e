/* SPDX-License-Identifier: Apache-2.0 */
/* engine/volumes-from.c: see volumes-from.h. */
#include "engine/volumes-from.h"
#include <string.h>
#include "base/str.h"
#include "engine/container-private.h"
#include "model/limits.h"

/* What a volume was made with is the volume's; an identity is looked at by each start that has it. */
static int copy_mount(const ContainerMount *from, bool read_only, ContainerMount *ret) {
        *ret = (ContainerMount) {
                .type = from->type,
                .read_only = from->read_only || read_only,
                .no_copy = from->no_copy,
                .nonrecursive = from->nonrecursive,
                .ids = from->ids,
                .propagation = from->propagation,
                .uid = from->uid,
                .gid = from->gid,
        };
        if (free_and_strdup(&ret->target, from->target) < 0 ||
                        free_and_strdup(&ret->source, from->source) < 0 ||
                        free_and_strdup(&ret->identity, from->identity) < 0) {
                container_mount_done(ret);
                return -ENOMEM;
        }
        return 0;
}

static int take_from(const Container *other, bool read_only, ContainerSpec *spec,
                Weakening *weakening, Failure *reterr) {
        for (size_t i = 0; i < other->spec->n_mounts; i++) {
                const ContainerMount *from = &other->spec->mounts[i];
                ContainerMount copy, *to;

                if (from->type == MOUNT_TMPFS || container_mounts_has(spec, from->target))
                        continue;
                if (spec->n_mounts >= MOUNTS_PER_CONTAINER_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "With those of container '%s' there are more than %u "
                                        "mounts",
                                        other->name, MOUNTS_PER_CONTAINER_MAX);
                if (copy_mount(from, read_only, &copy) < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                if (container_mounts_add(spec, &to) < 0) {
                        container_mount_done(&copy);
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                }
                *to = copy;
                if (from->type == MOUNT_BIND && !from->identity)
                        weakening_add(weakening, "mount");
        }
        return 0;
}

int manager_resolve_volumes_from(Manager *m, ContainerOptions *o, uid_t owner, Weakening *weakening,
                Failure *reterr) {
        for (size_t i = strv_length(o->volumes_from); i-- > 0;) {
                _cleanup_free_ char *name = strdup(o->volumes_from[i]);
                Container *other;
                char *mode;
                int r;

                if (!name)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
                mode = strchr(name, ':'); /* which no name has */
                if (mode)
                        *mode++ = '\0';
                r = manager_find_container(m, name, &other, reterr);
                if (r < 0)
                        return r;
                if (other->owner != owner)
                        weakening_add(weakening, "volumes-from");
                r = take_from(other, mode && streq(mode, "ro"), o->spec, weakening, reterr);
                if (r < 0)
                        return r;
        }
        return 0;
}
