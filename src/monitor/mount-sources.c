/* SPDX-License-Identifier: Apache-2.0 */
/* monitor/mount-sources.c: see mount-sources.h. */
#include "monitor/mount-sources.h"
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/file-identity.h"
#include "base/mountinfo.h"
#include "base/str.h"
#include "init/sys.h"
#include "monitor/userns.h"

static int fail_source(PlanFailure *failure, PlanStep step, int error, const char *detail) {
        *failure = (PlanFailure) { .step = step, .error = -error };
        (void) snprintf(failure->detail, sizeof(failure->detail), "%s", detail); /* cut to its room */
        return error;
}

int mount_refuse_map(int fd, const char *path, int error, PlanFailure *failure) {
        char detail[sizeof(failure->detail)], type[64] = "unknown", link[32], name[160];
        ssize_t n;

        if (!path) {
                (void) snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
                n = readlink(link, name, sizeof(name) - 1);
                name[n > 0 ? n : 0] = '\0';
                path = name;
        }
        (void) mountinfo_type(fd, type, sizeof(type)); /* else it has no name */
        (void) snprintf(detail, sizeof(detail), "%s %s", type, path); /* cut to its room */
        return fail_source(failure, PLAN_STEP_MAPPED_MOUNT, error, detail);
}

/* As it was named, an administrator's links followed; what was handed over has its own path, which has none. */
static int open_source(const PlanMount *m, PlanFailure *failure) {
        char identity[FILE_IDENTITY_MAX];
        int fd, r;

        if (!m->source)
                return m->fd;
        fd = sys_openat2(AT_FDCWD, m->source, O_PATH | O_CLOEXEC, 0,
                        PD_RESOLVE_NO_MAGICLINKS | (m->data ? PD_RESOLVE_NO_SYMLINKS : 0));
        if (fd < 0)
                return fail_source(failure, PLAN_STEP_SOURCE,
                                m->data && fd == -ELOOP ? -ESTALE : fd, m->source);
        if (!m->data)
                return fd;
        r = file_identity(fd, identity);
        if (r >= 0 && !streq(identity, m->data))
                r = -ESTALE;
        if (r < 0) {
                close_fd(fd);
                return fail_source(failure, PLAN_STEP_SOURCE, r, m->source);
        }
        return fd;
}

static uint64_t propagation_of(PlanPropagation p) {
        return p == PLAN_PROPAGATION_SHARED ? MS_SHARED
               : p == PLAN_PROPAGATION_SLAVE ? MS_SLAVE
                                             : MS_PRIVATE;
}

/* The flags of the mount it was are kept, as a clone keeps them; ours come on top. */
static int set_attributes(int fd, const PlanMount *m) {
        bool filled = !(m->options & PLAN_SOURCE_VOLUME); /* else it is written to first */
        struct pd_mount_attr attr = {
                .attr_set = (m->flags & MS_RDONLY && filled ? PD_ATTR_RDONLY : 0) |
                            (m->flags & MS_NOSUID ? PD_ATTR_NOSUID : 0) |
                            (m->flags & MS_NODEV ? PD_ATTR_NODEV : 0) |
                            (m->flags & MS_NOEXEC ? PD_ATTR_NOEXEC : 0),
                .propagation = propagation_of(m->propagation),
        };

        return sys_mount_setattr(fd, "",
                        AT_EMPTY_PATH |
                                        (m->options & PLAN_SOURCE_RECURSIVE ? PD_AT_RECURSIVE : 0),
                        &attr);
}

static int map_ids(int fd, const PlanMount *m, int userns_fd, PlanFailure *failure) {
        struct pd_mount_attr attr = { .attr_set = PD_ATTR_IDMAP,
                .userns_fd = (uint64_t) userns_fd };
        PlanFailure ignored;
        int source_fd, r;

        if (userns_fd < 0)
                return 0;
        r = sys_mount_setattr(fd, "",
                        AT_EMPTY_PATH |
                                        (m->options & PLAN_SOURCE_RECURSIVE ? PD_AT_RECURSIVE : 0),
                        &attr);
        if (r >= 0)
                return 0;
        source_fd = open_source(m, &ignored); /* the clone is in no table of mounts */
        r = mount_refuse_map(source_fd, m->source ? m->source : "", r, failure);
        if (m->source)
                close_fd(source_fd);
        return r;
}

static int clone_source(const PlanMount *m, int source_fd, int userns_fd, PlanFailure *failure) {
        const char *name = m->source ? m->source : m->target;
        int fd, r;

        fd = sys_open_tree(source_fd, "",
                        PD_OPEN_TREE_CLONE | AT_EMPTY_PATH |
                                        (m->options & PLAN_SOURCE_RECURSIVE ? PD_AT_RECURSIVE : 0));
        if (fd < 0)
                return fail_source(failure, PLAN_STEP_SOURCE, fd, name);
        r = set_attributes(fd, m);
        if (r < 0)
                (void) fail_source(failure, PLAN_STEP_SOURCE, r, name);
        else
                r = map_ids(fd, m, userns_fd, failure);
        if (r < 0) {
                close_fd(fd);
                return r;
        }
        return fd;
}

static int prepare_one(const Plan *plan, const PlanMount *m, int userns_storage_fd,
                int *userns_all_fd, PlanFailure *failure) {
        int source_fd, userns_fd = -EBADF, r;

        if (m->map == PLAN_MAP_STORAGE)
                userns_fd = userns_storage_fd;
        else if (m->map == PLAN_MAP_ALL && plan->n_uid_maps > 0) {
                if (*userns_all_fd < 0)
                        *userns_all_fd = userns_new(plan->uid_maps, plan->n_uid_maps, plan->gid_maps,
                                        plan->n_gid_maps, NULL);
                userns_fd = *userns_all_fd;
                if (userns_fd < 0)
                        return fail_source(failure, PLAN_STEP_ID_MAP, userns_fd, m->target);
        }
        source_fd = open_source(m, failure);
        if (source_fd < 0)
                return source_fd;
        r = clone_source(m, source_fd, userns_fd, failure);
        if (m->source)
                close_fd(source_fd);
        return r;
}

bool mount_sources_are_wanted(const Plan *plan) {
        for (size_t i = 0; i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == PLAN_MOUNT_FD)
                        return true;
        return false;
}

int mount_sources_prepare(
                const Plan *plan, int userns_storage_fd, MountSources *ret, PlanFailure *failure) {
        int userns_all_fd = -EBADF, r = 0;

        for (size_t i = 0; i < plan->n_mounts; i++)
                ret->fds[i] = -EBADF;
        ret->made = true;
        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == PLAN_MOUNT_FD)
                        r = ret->fds[i] = prepare_one(plan, &plan->mounts[i], userns_storage_fd,
                                        &userns_all_fd, failure);
        close_fd(userns_all_fd);
        return r < 0 ? r : 0;
}

/* Which of the host's ids is the container's @id? Return: 0, or -ERANGE. */
static int outside_of(const PlanIdMap *maps, size_t n, uint32_t id, uint32_t *ret) {
        if (n == 0) {
                *ret = id;
                return 0;
        }
        for (size_t i = 0; i < n; i++)
                if (id >= maps[i].inside && id - maps[i].inside < maps[i].count) {
                        *ret = maps[i].outside + (id - maps[i].inside);
                        return 0;
                }
        return -ERANGE;
}

static int map_one(const Plan *plan, const PlanMount *m, int fd, uid_t uid, gid_t gid,
                PlanFailure *failure) {
        PlanIdMap uids = { m->uid, 0, 1 }, gids = { m->gid, 0, 1 };
        int userns_fd, r;

        r = outside_of(plan->uid_maps, plan->n_uid_maps, uid, &uids.outside);
        if (r >= 0)
                r = outside_of(plan->gid_maps, plan->n_gid_maps, gid, &gids.outside);
        if (r >= 0)
                r = userns_fd = userns_new(&uids, 1, &gids, 1, NULL);
        if (r < 0)
                return fail_source(failure, PLAN_STEP_ID_MAP, r, m->target);
        r = map_ids(fd, m, userns_fd, failure);
        close_fd(userns_fd);
        return r;
}

int mount_sources_map(const Plan *plan, MountSources *sources, uid_t uid, gid_t gid,
                PlanFailure *failure) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < plan->n_mounts; i++)
                if (plan->mounts[i].kind == PLAN_MOUNT_FD && plan->mounts[i].map == PLAN_MAP_CALLER)
                        r = map_one(plan, &plan->mounts[i], sources->fds[i], uid, gid, failure);
        return r;
}

void mount_sources_close(const Plan *plan, MountSources *sources) {
        if (!sources->made)
                return;
        for (size_t i = 0; i < plan->n_mounts; i++)
                sources->fds[i] = close_fd(sources->fds[i]);
        sources->made = false;
}
