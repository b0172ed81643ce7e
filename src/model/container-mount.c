/* SPDX-License-Identifier: Apache-2.0 */
/* model/container-mount.c: a mount's life, its words and bounds. Its grammar is mount-parse.c's. */
#include "model/container-mount.h"
#include <stdlib.h>
#include "base/file-identity.h"
#include "base/str.h"
#include "model/container-spec.h"
#include "model/id.h"
#include "model/limits.h"
#include "model/option-values.h"

static const char *const type_table[_MOUNT_TYPE_MAX] = {
        [MOUNT_VOLUME] = "volume",
        [MOUNT_BIND] = "bind",
        [MOUNT_TMPFS] = "tmpfs",
};

static const char *const ids_table[_MOUNT_IDS_MAX] = {
        [MOUNT_IDS_ALL] = "all",
        [MOUNT_IDS_CALLER] = "caller",
        [MOUNT_IDS_NONE] = "none",
};

static const char *const propagation_table[_MOUNT_PROPAGATION_MAX] = {
        [MOUNT_PROPAGATION_PRIVATE] = "rprivate",
        [MOUNT_PROPAGATION_SLAVE] = "rslave",
        [MOUNT_PROPAGATION_SHARED] = "rshared",
};

static int find(const char *const *table, int n, const char *s) {
        for (int i = 0; s && i < n; i++)
                if (streq(table[i], s))
                        return i;
        return -EINVAL;
}

const char *mount_type_to_string(MountType type) {
        return type >= 0 && type < _MOUNT_TYPE_MAX ? type_table[type] : NULL;
}

MountType mount_type_from_string(const char *s) {
        return (MountType) find(type_table, _MOUNT_TYPE_MAX, s);
}

const char *mount_ids_to_string(MountIds ids) {
        return ids >= 0 && ids < _MOUNT_IDS_MAX ? ids_table[ids] : NULL;
}

MountIds mount_ids_from_string(const char *s) {
        return (MountIds) find(ids_table, _MOUNT_IDS_MAX, s);
}

const char *mount_propagation_to_string(MountPropagation p) {
        return p >= 0 && p < _MOUNT_PROPAGATION_MAX ? propagation_table[p] : NULL;
}

MountPropagation mount_propagation_from_string(const char *s) {
        int r = find(propagation_table, _MOUNT_PROPAGATION_MAX, s);

        if (r < 0 && s) /* without its r it says the same of one mount */
                for (int i = 0; i < _MOUNT_PROPAGATION_MAX; i++)
                        if (streq(propagation_table[i] + 1, s))
                                r = i;
        return (MountPropagation) r;
}

bool volume_name_is_valid(const char *s) {
        return container_name_is_valid(s) || id_is_valid(s);
}

void container_mount_done(ContainerMount *m) {
        free(m->target);
        free(m->source);
        strv_free(m->labels);
        free(m->token);
        free(m->identity);
        free(m->options);
        *m = (ContainerMount) {};
}

ContainerMount *container_mounts_free(ContainerMount *mounts, size_t n) {
        for (size_t i = 0; i < n; i++)
                container_mount_done(&mounts[i]);
        free(mounts);
        return NULL;
}

int container_mounts_add(ContainerSpec *spec, ContainerMount **ret) {
        ContainerMount *more;

        more = reallocarray(spec->mounts, spec->n_mounts + 1, sizeof(*more));
        if (!more)
                return -ENOMEM;
        spec->mounts = more;
        more[spec->n_mounts] = (ContainerMount) {};
        *ret = &more[spec->n_mounts++];
        return 0;
}

bool container_mounts_has(const ContainerSpec *spec, const char *target) {
        for (size_t i = 0; i < spec->n_mounts; i++)
                if (streq(spec->mounts[i].target, target))
                        return true;
        for (size_t i = 0; i < spec->n_tmpfs; i++)
                if (streq(spec->tmpfs[i].path, target))
                        return true;
        return false;
}

/* /proc says what is so of the container, to it and to us: nothing is laid over it. */
static int check_target(const char *target, Failure *reterr) {
        const char *rest;

        if (!target || strlen(target) >= PATH_BYTES_MAX || !utf8_is_valid(target) ||
                        !path_is_normalized(target) || streq(target, "/"))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The target '%.256s' of a mount is not absolute, or not a place "
                                "for one",
                                strempty(target));
        rest = startswith(target, "/proc");
        if (rest && (*rest == '\0' || *rest == '/'))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "Nothing can be mounted at '%.256s': /proc is the container's own",
                                target);
        return 0;
}

static int check_labels(const ContainerMount *m, Failure *reterr) {
        size_t n = 0, bytes = 0;

        STRV_FOREACH(label, m->labels) {
                n++;
                bytes += strlen(*label) + 1;
                if (n > LABELS_MAX || bytes > LABELS_BYTES_MAX)
                        return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG,
                                        "The volume at '%.256s' has too many labels", m->target);
                if ((*label)[0] == '\0' || (*label)[0] == '=' || !utf8_is_valid(*label))
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "A label of the volume at '%.256s' has no name, or is no "
                                        "text",
                                        m->target);
        }
        return 0;
}

static int check_source(const ContainerMount *m, Failure *reterr) {
        if (m->type == MOUNT_VOLUME && m->source && !volume_name_is_valid(m->source))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "'%.160s' is not a valid name of a volume: "
                                "[a-zA-Z0-9][a-zA-Z0-9_.-]*",
                                m->source);
        if (m->type != MOUNT_BIND || m->token)
                return 0;
        if (!m->source || strlen(m->source) >= PATH_BYTES_MAX || !utf8_is_valid(m->source) ||
                        !path_is_normalized(m->source))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The source '%.256s' of a bind mount is not an absolute path, or "
                                "not UTF-8",
                                strempty(m->source));
        if (m->ids == MOUNT_IDS_CALLER && !m->identity)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The source '%.256s' is to be its caller's, who has to hand it "
                                "over opened",
                                m->source);
        if (m->identity && (strlen(m->identity) >= FILE_IDENTITY_MAX ||
                                           m->ids != MOUNT_IDS_CALLER ||
                                           m->propagation != MOUNT_PROPAGATION_PRIVATE))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The mount of '%.256s' makes no sense", m->source);
        return 0;
}

int container_mounts_check(const ContainerSpec *spec, Failure *reterr) {
        int r;

        if (spec->n_mounts > MOUNTS_PER_CONTAINER_MAX)
                return fail(reterr, FAILURE_LIMIT_REACHED, E2BIG, "There are more than %u mounts",
                                MOUNTS_PER_CONTAINER_MAX);
        for (size_t i = 0; i < spec->n_mounts; i++) {
                const ContainerMount *m = &spec->mounts[i];

                r = check_target(m->target, reterr);
                if (r >= 0)
                        r = check_source(m, reterr);
                if (r >= 0)
                        r = check_labels(m, reterr);
                if (r < 0)
                        return r;
                for (size_t k = 0; k < i; k++)
                        if (streq(spec->mounts[k].target, m->target))
                                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                                "The target '%s' has two mounts", m->target);
                for (size_t k = 0; k < spec->n_tmpfs; k++)
                        if (spec->tmpfs[k].path && streq(spec->tmpfs[k].path, m->target))
                                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                                "The target '%s' has a mount and a tmpfs",
                                                m->target);
        }
        return 0;
}
