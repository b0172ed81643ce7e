/* SPDX-License-Identifier: Apache-2.0 */
/*
 * monitor/devices.c: see devices.h. A tmpfs of the host's, so that its nodes are devices; nobody sees it but who gets one
 * bound from it, and it goes with the last of them.
 */
#include "monitor/devices.h"
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "base/fd.h"
#include "init/sys.h"

static uid_t to_outside(const PlanIdMap *maps, size_t n, uint32_t inside) {
        for (size_t i = 0; i < n; i++)
                if (inside >= maps[i].inside && inside - maps[i].inside < maps[i].count)
                        return maps[i].outside + (inside - maps[i].inside);
        return n == 0 ? inside : maps[0].outside; /* one that is not mapped is the root's */
}

static int make_node(const Plan *plan, int dir_fd, size_t i) {
        const PlanDevice *d = &plan->devices[i];
        char name[24];

        (void) snprintf(name, sizeof(name), "%zu", i);
        if (mknodat(dir_fd, name, d->mode, makedev(d->major, d->minor)) < 0)
                return -errno;
        if (fchownat(dir_fd, name, to_outside(plan->uid_maps, plan->n_uid_maps, 0),
                            to_outside(plan->gid_maps, plan->n_gid_maps, d->gid),
                            AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return fchmodat(dir_fd, name, d->mode & 07777, 0) < 0 ? -errno : 0;
}

int devices_prepare(const Plan *plan, int *ret_fd, const char **ret_what) {
        _cleanup_close_ int fs_fd = -EBADF, fd = -EBADF;
        int r;

        *ret_fd = -EBADF;
        if (plan->n_devices == 0)
                return 0;
        *ret_what = plan->devices[0].target;
        r = fs_fd = sys_fsopen("tmpfs");
        if (r >= 0)
                r = sys_fsconfig(fs_fd, PD_FSCONFIG_SET_STRING, "mode", "711");
        if (r >= 0)
                r = sys_fsconfig(fs_fd, PD_FSCONFIG_CREATE, NULL, NULL);
        if (r >= 0)
                r = fd = sys_fsmount(fs_fd, PD_ATTR_NOSUID | PD_ATTR_NOEXEC);
        for (size_t i = 0; r >= 0 && i < plan->n_devices; i++) {
                *ret_what = plan->devices[i].target;
                r = make_node(plan, fd, i);
        }
        if (r < 0)
                return r;
        *ret_fd = TAKE_FD(fd);
        return 0;
}
