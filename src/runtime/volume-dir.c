/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/volume-dir.c: see volume-dir.h. `data` is made by the first container that has the volume (init/step-volume.c). */
#include "runtime/volume-dir.h"
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/random.h"
#include "base/str.h"
#include "model/names.h"

#define DATA_NAME "data"

int volume_dir_open(int volumes_fd, const char *name, bool *ret_new) {
        _cleanup_close_ int fd = -EBADF;
        int data_fd;

        fd = mkdir_open_at(volumes_fd, name, 0755);
        if (fd < 0)
                return fd;
        data_fd = open_dir_at(fd, DATA_NAME);
        *ret_new = data_fd == -ENOENT;
        if (data_fd != -ENOENT)
                return data_fd;
        if (fchown(fd, FOREIGN_ID_BASE, FOREIGN_ID_BASE) < 0)
                return -errno;
        return TAKE_FD(fd);
}

int volume_dir_trash(int volumes_fd, const char *name, int trash_fd, char **ret) {
        _cleanup_free_ char *trashed = NULL;
        uint64_t number;
        int r;

        /* A volume of the same name may wait there already. */
        r = random_bytes(&number, sizeof(number));
        if (r >= 0)
                r = str_printf(&trashed, "v-%016llx", (unsigned long long) number);
        if (r < 0)
                return r;
        *ret = NULL;
        if (renameat(volumes_fd, name, trash_fd, trashed) < 0)
                return errno == ENOENT ? 0 : -errno;
        *ret = TAKE_PTR(trashed);
        return 0;
}
