/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/probe-cgroup.c: see probe-cgroup.h. */
#include "runtime/probe-cgroup.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/names.h"
#include "runtime/cgroup.h"

#define NAME_MAX_BYTES sizeof(CGROUP_PROBE_PREFIX "18446744073709551615")

static void name_of(uint64_t number, char ret[static NAME_MAX_BYTES]) {
        (void) snprintf(ret, NAME_MAX_BYTES, CGROUP_PROBE_PREFIX "%" PRIu64, number);
}

int probe_cgroup_make(int payload_fd, uint64_t number) {
        char name[NAME_MAX_BYTES];
        int fd, r;

        name_of(number, name);
        if (mkdirat(payload_fd, name, 0755) < 0)
                return -errno;
        fd = open_dir_at(payload_fd, name);
        if (fd >= 0)
                return fd;
        r = fd;
        (void) unlinkat(payload_fd, name, AT_REMOVEDIR); /* empty, else it goes with the payload */
        return r;
}

int probe_cgroup_remove(int payload_fd, uint64_t number) {
        char name[NAME_MAX_BYTES];

        name_of(number, name);
        return unlinkat(payload_fd, name, AT_REMOVEDIR) < 0 && errno != ENOENT ? -errno : 0;
}

void probe_cgroups_end(int payload_fd) {
        _cleanup_closedir_ DIR *dir = NULL;
        int fd;

        fd = open_dir_at(payload_fd, ".");
        if (fd < 0)
                return;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                _cleanup_close_ int probe_fd = -EBADF;

                if (e->d_type != DT_DIR || !startswith(e->d_name, CGROUP_PROBE_PREFIX))
                        continue;
                probe_fd = open_dir_at(payload_fd, e->d_name);
                if (probe_fd >= 0)
                        (void) cgroup_kill(probe_fd); /* else it goes with the payload */
                (void) unlinkat(payload_fd, e->d_name, AT_REMOVEDIR); /* as above */
        }
}
