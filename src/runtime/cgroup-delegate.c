/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/cgroup-delegate.c: see cgroup-delegate.h. */
#include "runtime/cgroup-delegate.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "base/fd.h"
#include "base/str.h"

#define DEPTH_MAX 16U
#define DESCENDANTS_MAX "1024"
#define DEPTH_TEXT "16"
#define CGROUP_TEXT_MAX 65536U /* a line for each hierarchy */

int cgroup_delegate(int cgroup_fd, uid_t uid, gid_t gid) {
        static const char *const files[] = { "cgroup.procs", "cgroup.threads",
                "cgroup.subtree_control" };
        int r;

        r = write_existing_at(cgroup_fd, "cgroup.max.depth", DEPTH_TEXT);
        if (r >= 0)
                r = write_existing_at(cgroup_fd, "cgroup.max.descendants", DESCENDANTS_MAX);
        if (r < 0)
                return r;
        if (fchown(cgroup_fd, uid, gid) < 0)
                return -errno;
        for (size_t i = 0; i < ELEMENTSOF(files); i++)
                if (fchownat(cgroup_fd, files[i], uid, gid, AT_SYMLINK_NOFOLLOW) < 0)
                        return -errno;
        return 0;
}

int cgroup_open_divided(int cgroup_fd, const char *path, pid_t pid, int *ret_fd) {
        _cleanup_free_ char *enabled = NULL, *text = NULL;
        char file[64], *line, *rest;
        int r;

        r = read_file_at(cgroup_fd, "cgroup.subtree_control", 4096, &enabled, NULL);
        if (r < 0)
                return r;
        if (enabled[strspn(enabled, " \n")] == '\0')
                return 0;
        (void) snprintf(file, sizeof(file), "/proc/%d/cgroup", (int) pid);
        r = read_file(file, CGROUP_TEXT_MAX, &text, NULL);
        if (r < 0)
                return r;
        line = startswith(text, "0::") ? text : strstr(text, "\n0::");
        if (!line)
                return -ENODATA;
        line = strchr(line, '/');
        line[strcspn(line, "\n")] = '\0';
        if (!startswith(line, path))
                return -ENODATA;
        rest = line + strlen(path);
        r = open_beneath(cgroup_fd, *rest == '/' ? rest + 1 : ".", O_RDONLY | O_DIRECTORY, 0);
        if (r < 0)
                return r;
        *ret_fd = r;
        return 1;
}

/* Takes @dir_fd over. */
static void remove_all(int dir_fd, unsigned depth) {
        _cleanup_closedir_ DIR *dir = fdopendir(dir_fd);
        int fd;

        if (!dir) {
                close_fd(dir_fd);
                return;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                if (e->d_type != DT_DIR || streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (unlinkat(dir_fd, e->d_name, AT_REMOVEDIR) == 0 || depth == DEPTH_MAX)
                        continue;
                fd = open_dir_at(dir_fd, e->d_name);
                if (fd < 0)
                        continue;
                remove_all(fd, depth + 1);
                (void) unlinkat(dir_fd, e->d_name, AT_REMOVEDIR); /* one that is busy stays */
        }
}

void cgroup_remove_below(int dir_fd, const char *name) {
        int fd = open_dir_at(dir_fd, name);

        if (fd >= 0)
                remove_all(fd, 0);
}
