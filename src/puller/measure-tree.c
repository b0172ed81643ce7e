/* SPDX-License-Identifier: Apache-2.0 */
/* puller/measure-tree.c: see measure-tree.h. */
#include "puller/measure-tree.h"
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "base/cleanup.h"
#include "base/str.h"

#define BLOCK_BYTES 512U /* of st_blocks, on every file system */

typedef struct Measure {
        int dir_fd;      /* borrowed */
        char **pending;  /* owned: paths of directories, the next one last */
        size_t n_pending, n_room;
        uint64_t bytes;
} Measure;

static int push(Measure *m, const char *dir, const char *name) {
        char *path;
        int r;

        if (strlen(dir) + 1 + strlen(name) >= PATH_MAX)
                return 0;
        if (m->n_pending == m->n_room) {
                size_t n = m->n_room > 0 ? 2 * m->n_room : 64;
                char **larger = reallocarray(m->pending, n, sizeof(*larger));

                if (!larger)
                        return -ENOMEM;
                m->pending = larger;
                m->n_room = n;
        }
        r = str_printf(&path, "%s%s%s", dir, *dir ? "/" : "", name);
        if (r >= 0)
                m->pending[m->n_pending++] = path;
        return r;
}

static void add(Measure *m, const struct stat *st) {
        m->bytes += (uint64_t) st->st_blocks * BLOCK_BYTES /
                    (S_ISDIR(st->st_mode) || st->st_nlink == 0 ? 1 : st->st_nlink);
}

/* A workload may move what is above, or put a link in its place: then it is somewhere else, and nowhere outside. */
static int open_dir(int dir_fd, const char *path, DIR **ret) {
        const struct open_how how = {
                .flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV,
        };
        _cleanup_close_ int fd = -EBADF;

        fd = (int) syscall(SYS_openat2, dir_fd, path, &how, sizeof(how));
        if (fd < 0)
                return -errno;
        *ret = fdopendir(fd);
        if (!*ret)
                return -errno;
        (void) TAKE_FD(fd); /* the stream has it */
        return 0;
}

static bool has_gone(int error) {
        return error == -ENOENT || error == -ENOTDIR || error == -ELOOP || error == -EXDEV;
}

static int measure_dir(Measure *m, const char *path) {
        _cleanup_closedir_ DIR *dir = NULL;
        struct dirent *e;
        struct stat st;
        int r;

        r = open_dir(m->dir_fd, path, &dir);
        if (r < 0)
                return has_gone(r) ? 0 : r;
        if (fstat(dirfd(dir), &st) < 0)
                return -errno;
        add(m, &st);
        while ((errno = 0, e = readdir(dir))) {
                if (streq(e->d_name, ".") || streq(e->d_name, ".."))
                        continue;
                if (fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0)
                        continue; /* it has gone */
                if (!S_ISDIR(st.st_mode))
                        add(m, &st);
                else if ((r = push(m, path, e->d_name)) < 0)
                        return r;
        }
        return -errno;
}

int measure_tree_at(int dir_fd, const char *name, uint64_t *bytes) {
        Measure m = { .dir_fd = dir_fd };
        int r;

        r = push(&m, "", name);
        while (r >= 0 && m.n_pending > 0) {
                _cleanup_free_ char *path = m.pending[--m.n_pending];

                r = measure_dir(&m, path);
        }
        while (m.n_pending > 0)
                free(m.pending[--m.n_pending]);
        free(m.pending);
        *bytes += m.bytes;
        return r;
}
