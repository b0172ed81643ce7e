/* SPDX-License-Identifier: Apache-2.0 */
/*
 * init/step-volume.c: a volume that has no files yet gets what the image has at its place. Done here, by the container's
 * root in its own tree, since here that tree is mounted and its ids are at hand. The volume's directory, of which the
 * workload sees `data` alone, is on our own tmpfs meanwhile, and goes with it.
 */
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include "init/steps.h"
#include "init/sys.h"

#define DATA "data"
#define TRIES_MAX 64

/* What a start that was cut short has left stays beside it until the volume goes. */
static int make_staging(int volume_fd, char *name, size_t size) {
        for (int i = 0; i < TRIES_MAX; i++) {
                (void) snprintf(name, size, "new-%d", i);
                if (mkdirat(volume_fd, name, 0755) == 0)
                        return openat(volume_fd, name,
                                        O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
                if (errno != EEXIST)
                        return -1;
        }
        return -1;
}

/* Whole, or not there: under another name until it is filled. */
static int fill(Child *c, const PlanMount *m, int volume_fd, int target_fd) {
        int from_fd = -EBADF, to_fd, r = 0;
        char name[16];

        to_fd = make_staging(volume_fd, name, sizeof(name));
        if (to_fd < 0)
                return -errno;
        if (m->options & PLAN_SOURCE_COPY) {
                from_fd = openat(target_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
                r = from_fd < 0 ? -errno : copy_tree(c, from_fd, to_fd);
                if (from_fd >= 0)
                        (void) close(from_fd); /* only read */
        }
        if (r >= 0 && (m->options & PLAN_SOURCE_SYNC) && syncfs(to_fd) < 0)
                r = -errno;
        (void) close(to_fd); /* synced where that matters */
        if (r >= 0 && renameat(volume_fd, name, volume_fd, DATA) < 0)
                r = -errno;
        return r;
}

static int open_data(Child *c, const PlanMount *m, int volume_fd, int target_fd) {
        int fd, r = 0;

        /* Of two that start at once, one waits until the other has filled it. */
        if (flock(volume_fd, LOCK_EX) < 0)
                return -errno;
        if (faccessat(volume_fd, DATA, F_OK, 0) < 0)
                r = errno == ENOENT ? fill(c, m, volume_fd, target_fd) : -errno;
        if (r < 0)
                return r;
        child_detail(c, m->target);
        fd = sys_open_tree(volume_fd, DATA, PD_OPEN_TREE_CLONE);
        return fd;
}

int attach_volume(Child *c, size_t i, int target_fd) {
        const PlanMount *m = &c->plan->mounts[i];
        int volume_fd, data_fd, r;
        char name[24];

        (void) snprintf(name, sizeof(name), "v%zu", i);
        if (mkdir(name, 0700) < 0)
                return -errno;
        r = sys_move_mount(c->mount_fds[i], AT_FDCWD, name);
        (void) close(c->mount_fds[i]); /* attached, or to go with its fd */
        if (r < 0)
                return r;
        volume_fd = open(name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (volume_fd < 0)
                return -errno;

        r = data_fd = open_data(c, m, volume_fd, target_fd);
        if (r >= 0) {
                if (m->flags & MS_RDONLY)
                        r = sys_mount_setattr(data_fd, "", AT_EMPTY_PATH,
                                        &(struct pd_mount_attr){.attr_set = PD_ATTR_RDONLY});
                if (r >= 0)
                        r = sys_move_mount(data_fd, target_fd, "");
                (void) close(data_fd); /* as above */
        }
        (void) close(volume_fd); /* unlocks it */
        return r;
}
