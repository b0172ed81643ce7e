/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine/start-namespaces.c: whose namespaces a container has, and what follows from it for its ids and its mounts.
 *
 * A namespace belongs to the user namespace that it was made in, and only there has a container's root any power over it. So
 * who joins a namespace of another container joins its user namespace as well, and has its ids; who has none joins as the
 * host's root. Whose namespaces belong to the host joins nothing: resolving says "host" then.
 */
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <string.h>
#include <sys/mount.h>
#include <unistd.h>
#include "base/str.h"
#include "engine/container-private.h"
#include "engine/start-namespaces.h"
#include "model/limits.h"
#include "runtime/cgroup-delegate.h"

#ifndef CLONE_NEWCGROUP
#define CLONE_NEWCGROUP 0x02000000
#endif
_Static_assert(GROUPS_ADDED_MAX <= PLAN_GROUPS_MAX, "a plan carries all groups");

#define NOTHING (MS_NOSUID | MS_NOEXEC | MS_NODEV)

static const struct {
        uint64_t type;
        PlanFd role; /* that joins it */
} kinds[_NAMESPACE_KIND_MAX] = {
        [NAMESPACE_PID] = { CLONE_NEWPID, PLAN_FD_JOIN_PID },
        [NAMESPACE_IPC] = { CLONE_NEWIPC, PLAN_FD_JOIN_IPC },
        [NAMESPACE_UTS] = { CLONE_NEWUTS, PLAN_FD_JOIN_UTS },
        [NAMESPACE_CGROUP] = { CLONE_NEWCGROUP, _PLAN_FD_MAX },
        [NAMESPACE_NETWORK] = { CLONE_NEWNET, PLAN_FD_JOIN_NET },
};

/* What stands at a path, and what instead of it where a namespace is not the container's own. */
static const PlanMount own_proc = { PLAN_MOUNT_FS, NOTHING, "/proc", NULL, "proc", NULL };
static const PlanMount host_proc = { PLAN_MOUNT_BIND, NOTHING, "/proc", "/proc", NULL, NULL };
static const PlanMount dev = { PLAN_MOUNT_FS, MS_NOSUID | MS_STRICTATIME, "/dev", NULL, "tmpfs",
        "mode=755,size=65536k" };
static const PlanMount pts = { PLAN_MOUNT_FS, MS_NOSUID | MS_NOEXEC, "/dev/pts", NULL, "devpts",
        "newinstance,ptmxmode=0666,mode=0620,gid=5" };
static const PlanMount own_shm = { PLAN_MOUNT_FS, NOTHING, "/dev/shm", NULL, "tmpfs",
        "mode=1777,size=65536k" };
static const PlanMount other_shm = { PLAN_MOUNT_BIND, NOTHING, "/dev/shm", "/dev/shm", NULL, NULL };
static const PlanMount own_mqueue = { PLAN_MOUNT_FS, NOTHING, "/dev/mqueue", NULL, "mqueue", NULL };
static const PlanMount host_mqueue = { PLAN_MOUNT_BIND, NOTHING, "/dev/mqueue", "/dev/mqueue", NULL,
        NULL };
static const PlanMount own_sysfs = { PLAN_MOUNT_FS, NOTHING | MS_RDONLY, "/sys", NULL, "sysfs",
        NULL };
static const PlanMount host_sysfs = { PLAN_MOUNT_BIND, NOTHING | MS_RDONLY, "/sys", "/sys", NULL,
        NULL };
static const PlanMount own_cgroups = { PLAN_MOUNT_FS, NOTHING | MS_RDONLY, "/sys/fs/cgroup", NULL,
        "cgroup2", NULL };
static const PlanMount host_cgroups = { PLAN_MOUNT_BIND, NOTHING | MS_RDONLY, "/sys/fs/cgroup",
        "/sys/fs/cgroup", NULL, NULL };

static bool is_hosts(const ContainerSpec *spec, NamespaceKind kind) {
        return container_spec_namespace(spec, kind) == NAMESPACE_HOST;
}

/* Source: OCI runtime-spec, config-linux.md, default file systems */
size_t container_list_mounts(const ContainerSpec *spec, PlanMount *ret) {
        NamespaceMode ipc = container_spec_namespace(spec, NAMESPACE_IPC);
        size_t n = 0;

        ret[n++] = is_hosts(spec, NAMESPACE_PID) ? host_proc : own_proc;
        ret[n++] = dev;
        ret[n++] = pts;
        if (ipc != NAMESPACE_NONE)
                ret[n++] = ipc == NAMESPACE_PRIVATE ? own_shm : other_shm;
        if (ipc != NAMESPACE_HOST)
                ret[n++] = own_mqueue;
        else if (access(host_mqueue.source, F_OK) == 0)
                ret[n++] = host_mqueue;
        ret[n++] = is_hosts(spec, NAMESPACE_NETWORK) ? host_sysfs : own_sysfs;
        ret[n++] = is_hosts(spec, NAMESPACE_CGROUP) ? host_cgroups : own_cgroups;
        if (spec->namespaces.privileged)
                for (size_t i = n - 2; i < n; i++)
                        ret[i].flags &= ~(uint64_t) MS_RDONLY;
        return n;
}

/* The first container that @c joins a namespace of, and the one that it is NULL for: none. */
static const char *first_joined(const ContainerSpec *spec, NamespaceKind *ret_kind) {
        for (NamespaceKind k = 0; k < _NAMESPACE_KIND_MAX; k++)
                if (container_spec_joins(spec, k)) {
                        *ret_kind = k;
                        return container_spec_joins(spec, k);
                }
        return NULL;
}

bool container_joins(const Container *c) {
        NamespaceKind kind;

        return first_joined(c->spec, &kind);
}

bool container_lacks_ids(const Container *c) {
        return c->lease.fd < 0 && container_spec_userns(c->spec) != USERNS_HOST;
}

/* Return: whether all that is to be joined runs; a sentence if not. */
static int find_joined(const Container *c, NamespaceKind kind, Container **ret, Failure *reterr) {
        const char *id = container_spec_joins(c->spec, kind), *key = namespace_kind_to_key(kind);
        Container *other = manager_get_container(c->manager, id);

        if (!other)
                return fail(reterr, FAILURE_NO_SUCH_CONTAINER, ENOENT,
                                "Container '%s' cannot start: container '%.12s', whose %s "
                                "namespace it joins, does not exist any more",
                                c->name, id, key);
        if (!other->current || other->current->pidfd < 0)
                return fail(reterr, FAILURE_WRONG_STATE, ESRCH,
                                "Container '%s' cannot start: container '%s', whose %s namespace "
                                "it joins, is not running",
                                c->name, other->name, key);
        *ret = other;
        return 0;
}

/*
 * Whether the namespaces that are made ready for anybody are what it asks for. The process that joins them counts as one
 * of the container's until it has made the first one.
 */
static bool wants_ready(const Container *c) {
        uint64_t pids = c->spec->resources.pids_limit;

        return container_spec_userns(c->spec) == USERNS_PRIVATE &&
               !is_hosts(c->spec, NAMESPACE_NETWORK) && (pids == 0 || pids > 1);
}

void container_use_ready(const Container *c, Plan *plan) {
        if (c->lease.ready_userns_fd < 0)
                return;
        plan->namespaces &= ~(uint64_t) (CLONE_NEWUSER | CLONE_NEWNET);
        plan->flags &= ~(uint64_t) PLAN_FLAG_LOOPBACK;
        plan->fds[PLAN_FD_USERNS] = c->lease.ready_userns_fd;
        plan->fds[PLAN_FD_NETNS] = c->lease.ready_netns_fd;
}

int container_take_ids(Container *c, Failure *reterr) {
        Manager *m = c->manager;
        NamespaceKind kind;
        Container *other;
        uint32_t hint;
        int r;

        if (container_spec_userns(c->spec) == USERNS_HOST)
                return 0;
        if (first_joined(c->spec, &kind)) {
                r = find_joined(c, kind, &other, reterr);
                if (r < 0 || (c->lease.fd >= 0 && c->lease.first == other->lease.first))
                        return r;
                id_range_release(m->ranges, &c->lease); /* the other has got others since */
                r = id_range_share(m->ranges, &other->lease, &c->lease);
        } else if (c->lease.fd < 0) {
                if (wants_ready(c) && ready_namespaces_take(m->ready, &c->lease))
                        return 0;
                memcpy(&hint, c->id, sizeof(hint));
                r = id_range_lease(m->ranges, hint, &c->lease);
        } else
                return 0;
        if (r == -EUSERS)
                return fail(reterr, FAILURE_LIMIT_REACHED, r,
                                "All ranges of user ids are in use: cannot start container '%s'",
                                c->name);
        return r < 0 ? fail_errno(reterr, r, "Failed to lease user ids for container '%s'", c->name)
                     : 0;
}

/* The container whose own ids @c has. */
static const Container *whose_ids(const Container *c) {
        NamespaceKind kind;
        const Container *other = c;

        while (other && container_spec_userns(other->spec) != USERNS_HOST) {
                const char *id = first_joined(other->spec, &kind);

                if (!id)
                        return other;
                other = manager_get_container(c->manager, id); /* older, so this ends */
        }
        return NULL;
}

/* The container's ids, but for one, which is the host's of the same number. Return: how many pieces. */
static size_t map_around(uint32_t first, uint32_t kept, PlanIdMap *ret) {
        size_t n = 0;

        if (kept > 0)
                ret[n++] = (PlanIdMap){ 0, first, kept };
        ret[n++] = (PlanIdMap){ kept, kept, 1 };
        if (kept + 1 < ID_RANGE_COUNT)
                ret[n++] = (PlanIdMap){ kept + 1, first + kept + 1, ID_RANGE_COUNT - kept - 1 };
        return n;
}

bool container_keeps_id(const Container *c) {
        const Container *other = whose_ids(c);

        return other && container_spec_userns(other->spec) == USERNS_KEEP_ID;
}

static size_t map_ids(const Container *c, bool group, PlanIdMap *ret) {
        const Container *other = whose_ids(c);

        if (container_spec_userns(c->spec) == USERNS_HOST)
                return 0;
        if (other && container_spec_userns(other->spec) == USERNS_KEEP_ID)
                return map_around(c->lease.first,
                                group ? userns_text_gid(other->spec->namespaces.userns,
                                                        other->owner)
                                      : other->owner,
                                ret);
        ret[0] = (PlanIdMap){ 0, c->lease.first, ID_RANGE_COUNT };
        return 1;
}

size_t container_map_uids(const Container *c, PlanIdMap ret[static CONTAINER_MAPS_MAX]) {
        return map_ids(c, false, ret);
}

void container_fill_namespaces(const Container *c, Plan *plan) {
        bool own_ids = container_spec_userns(c->spec) != USERNS_HOST;

        plan->namespaces = CLONE_NEWNS | (own_ids ? CLONE_NEWUSER : 0);
        for (NamespaceKind k = 0; k < _NAMESPACE_KIND_MAX; k++)
                if (!is_hosts(c->spec, k))
                        plan->namespaces |= kinds[k].type;
        plan->n_uid_maps = map_ids(c, false, plan->uid_maps);
        plan->n_gid_maps = map_ids(c, true, plan->gid_maps);
        STRV_FOREACH (g, c->spec->namespaces.group_add)
                plan->groups[plan->n_groups++] = *g; /* GROUPS_ADDED_MAX at most */
        plan->storage_map = (PlanIdMap){ FOREIGN_ID_BASE, c->lease.first, ID_RANGE_COUNT };
}

int container_join_namespaces(const Container *c, Plan *plan, Failure *reterr) {
        for (NamespaceKind k = 0; k < _NAMESPACE_KIND_MAX; k++) {
                Container *other;
                int r;

                if (!container_spec_joins(c->spec, k))
                        continue;
                r = find_joined(c, k, &other, reterr);
                if (r < 0)
                        return r;
                plan->namespaces &= ~kinds[k].type;
                plan->fds[kinds[k].role] = other->current->pidfd;
                if (container_spec_userns(c->spec) == USERNS_HOST)
                        continue;
                plan->namespaces &= ~(uint64_t) CLONE_NEWUSER;
                plan->fds[PLAN_FD_JOIN_USER] = other->current->pidfd;
        }
        return 0;
}

int container_delegate(const Container *c, int cgroup_fd) {
        return c->spec->namespaces.privileged ? cgroup_delegate(cgroup_fd, c->lease.first,
                                                                c->lease.first)
                                              : 0;
}

static int check_ids(const ContainerSpec *spec, Container *other, NamespaceKind kind,
                Container **first, Failure *reterr) {
        if (container_spec_userns(spec) == USERNS_HOST)
                return 0;
        if (container_spec_userns(other->spec) == USERNS_HOST)
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "The %s namespace of container '%s' is of the host's user "
                                "namespace: only a container with '--userns host' can join it",
                                namespace_kind_to_key(kind), other->name);
        if (*first && whose_ids(*first) != whose_ids(other))
                return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                "Containers '%s' and '%s' have different user ids: a container can "
                                "join the namespaces of one of them only",
                                (*first)->name, other->name);
        *first = other;
        return 0;
}

/* Whose namespace that is in truth: "host" where it is the host's, else the container's id. */
static int resolve_one(ContainerSpec *spec, NamespaceKind kind, const Container *other) {
        char **text = kind == NAMESPACE_NETWORK ? &spec->network : &spec->namespaces.texts[kind];
        _cleanup_free_ char *resolved = NULL;
        int r;

        r = is_hosts(other->spec, kind) ? free_and_strdup(&resolved, "host")
                                        : str_printf(&resolved, "container:%s", other->id);
        if (r < 0)
                return r;
        free(*text);
        *text = TAKE_PTR(resolved);
        return 0;
}

/* Who keeps his ids is who he is inside, unless he says another. */
static int resolve_kept(ContainerSpec *spec, uid_t owner, Failure *reterr) {
        uint32_t gid = userns_text_gid(spec->namespaces.userns, owner);

        if (container_spec_userns(spec) != USERNS_KEEP_ID)
                return 0;
        if (owner >= ID_RANGE_COUNT || gid >= ID_RANGE_COUNT)
                return fail(reterr, FAILURE_INVALID_SPEC, ERANGE,
                                "User %u with group %u cannot have '--userns keep-id': only ids "
                                "below %u can be kept",
                                owner, gid, ID_RANGE_COUNT);
        if (!spec->user && str_printf(&spec->user, "%u:%u", owner, gid) < 0)
                return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        return 0;
}

int manager_resolve_namespaces(Manager *m, ContainerSpec *spec, uid_t owner, Weakening *weakening,
                Failure *reterr) {
        Container *first = NULL;
        int r;

        r = resolve_kept(spec, owner, reterr);
        if (r < 0)
                return r;
        for (NamespaceKind k = 0; k < _NAMESPACE_KIND_MAX; k++) {
                const char *name = container_spec_joins(spec, k);
                Container *other;

                if (!name)
                        continue;
                r = manager_find_container(m, name, &other, reterr);
                if (r < 0)
                        return r;
                if (k == NAMESPACE_IPC &&
                                container_spec_namespace(other->spec, k) == NAMESPACE_NONE)
                        return fail(reterr, FAILURE_INVALID_SPEC, EINVAL,
                                        "The ipc namespace of container '%s' is not to be shared",
                                        other->name);
                if (other->owner != owner || is_hosts(other->spec, k))
                        weakening_add(weakening, namespace_kind_to_key(k));
                if (!is_hosts(other->spec, k)) {
                        r = check_ids(spec, other, k, &first, reterr);
                        if (r < 0)
                                return r;
                }
                r = resolve_one(spec, k, other);
                if (r < 0)
                        return fail(reterr, FAILURE_NO_MEMORY, ENOMEM, "Out of memory");
        }
        return 0;
}
