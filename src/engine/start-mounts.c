/* SPDX-License-Identifier: Apache-2.0 */
/* engine/start-mounts.c: see start-mounts.h. Volumes are opened here; a place of the host by the monitor (monitor/mount-sources.h). */
#include "engine/start-mounts.h"
#include <string.h>
#include <sys/mount.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/limits.h"
#include "runtime/volume-dir.h"

void mount_fds_close(MountFds *f) {
        while (f->n > 0)
                close_fd(f->fds[--f->n]);
}

/* A device's node in it would be one: those of a volume may come from a container that was allowed to make some. */
static int plan_volume(Container *c, const ContainerMount *m, PlanMount *ret, MountFds *fds,
                Failure *reterr) {
        bool is_new;
        int fd;

        fd = volume_dir_open(c->manager->volumes_fd, m->source, &is_new);
        if (fd < 0)
                return fail_errno(reterr, fd, "Failed to open the volume '%s'", m->source);
        fds->fds[fds->n++] = fd;
        *ret = (PlanMount){
                .kind = PLAN_MOUNT_FD,
                .flags = MS_NODEV | (m->read_only ? MS_RDONLY : 0),
                .target = m->target,
                .fd = fd,
                .map = PLAN_MAP_STORAGE,
                .options = (is_new ? PLAN_SOURCE_VOLUME : 0) |
                           (is_new && !m->no_copy ? PLAN_SOURCE_COPY : 0) |
                           (c->spec->remove && m->anonymous ? 0 : PLAN_SOURCE_SYNC),
        };
        return 0;
}

static void plan_bind(const ContainerMount *m, PlanMount *ret) {
        static const PlanPropagation propagation[_MOUNT_PROPAGATION_MAX] = {
                [MOUNT_PROPAGATION_PRIVATE] = PLAN_PROPAGATION_PRIVATE,
                [MOUNT_PROPAGATION_SLAVE] = PLAN_PROPAGATION_SLAVE,
                [MOUNT_PROPAGATION_SHARED] = PLAN_PROPAGATION_SHARED,
        };
        static const PlanMountMap map[_MOUNT_IDS_MAX] = {
                [MOUNT_IDS_ALL] = PLAN_MAP_ALL,
                [MOUNT_IDS_CALLER] = PLAN_MAP_CALLER,
                [MOUNT_IDS_NONE] = PLAN_MAP_NONE,
        };

        *ret = (PlanMount){
                .kind = PLAN_MOUNT_FD,
                .flags = (m->identity ? MS_NOSUID | MS_NODEV : 0) | (m->read_only ? MS_RDONLY : 0),
                .target = m->target,
                .source = m->source,
                .data = m->identity,
                .fd = -EBADF,
                .map = map[m->ids],
                .propagation = propagation[m->propagation],
                .uid = m->uid,
                .gid = m->gid,
                .options = m->nonrecursive ? 0 : PLAN_SOURCE_RECURSIVE,
        };
}

static void plan_tmpfs(const ContainerMount *m, PlanMount *ret) {
        *ret = (PlanMount){
                .kind = PLAN_MOUNT_FS,
                .flags = MS_NOSUID | MS_NODEV | MS_NOEXEC | (m->read_only ? MS_RDONLY : 0),
                .target = m->target,
                .fstype = "tmpfs",
                .data = m->options,
        };
}

static size_t depth(const char *path) {
        size_t n = 0;

        for (; *path; path++)
                n += *path == '/';
        return n;
}

/* What is above comes first; what is beside stays in the order in which it was given. */
static void sort_by_depth(PlanMount *mounts, size_t n) {
        for (size_t i = 1; i < n; i++) {
                PlanMount m = mounts[i];
                size_t k = i;

                for (; k > 0 && depth(mounts[k - 1].target) > depth(m.target); k--)
                        mounts[k] = mounts[k - 1];
                mounts[k] = m;
        }
}

int container_add_mounts(Container *c, PlanMount *mounts, size_t *n, MountFds *fds,
                Failure *reterr) {
        size_t first = *n - c->spec->n_tmpfs; /* those are the last of what is there */
        int r;

        for (size_t i = 0; i < c->spec->n_mounts && i < MOUNTS_PER_CONTAINER_MAX; i++) {
                const ContainerMount *m = &c->spec->mounts[i];
                PlanMount *ret = &mounts[*n];

                if (m->type == MOUNT_VOLUME) {
                        r = plan_volume(c, m, ret, fds, reterr);
                        if (r < 0)
                                return r;
                } else if (m->type == MOUNT_BIND)
                        plan_bind(m, ret);
                else
                        plan_tmpfs(m, ret);
                (*n)++;
        }
        sort_by_depth(mounts + first, *n - first);
        return 0;
}
