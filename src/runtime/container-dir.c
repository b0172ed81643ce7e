/* SPDX-License-Identifier: Apache-2.0 */
/* runtime/container-dir.c: see container-dir.h. */
#include "runtime/container-dir.h"
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "base/fd.h"
#include "base/str.h"
#include "model/id.h"
#include "model/names.h"

int container_dirs_open(int state_dir_fd, int run_dir_fd, ContainerDirs *ret) {
        ContainerDirs d = {-EBADF, -EBADF, -EBADF, -EBADF};
        int r;

        r = d.containers_fd = mkdir_open_at(state_dir_fd, STATE_DIR_CONTAINERS, 0700);
        if (r >= 0)
                r = d.logs_fd = mkdir_open_at(state_dir_fd, STATE_DIR_LOGS, 0700);
        if (r >= 0)
                r = d.trash_fd = mkdir_open_at(state_dir_fd, STATE_DIR_TRASH, 0700);
        if (r >= 0)
                r = d.run_fd = mkdir_open_at(run_dir_fd, RUN_DIR_CONTAINERS, 0700);
        if (r < 0) {
                container_dirs_done(&d);
                return r;
        }
        *ret = d;
        return 0;
}

void container_dirs_done(ContainerDirs *d) {
        d->containers_fd = close_fd(d->containers_fd);
        d->logs_fd = close_fd(d->logs_fd);
        d->run_fd = close_fd(d->run_fd);
        d->trash_fd = close_fd(d->trash_fd);
}

static int make_foreign(int dir_fd, const char *name) {
        if (mkdirat(dir_fd, name, 0755) < 0)
                return -errno;
        if (fchownat(dir_fd, name, FOREIGN_ID_BASE, FOREIGN_ID_BASE, AT_SYMLINK_NOFOLLOW) < 0)
                return -errno;
        return 0;
}

static int make_record(int dir_fd) {
        _cleanup_close_ int fd = -EBADF;
        ExitRecord record = {.kind = EXIT_NONE};

        fd = openat(dir_fd, EXIT_RECORD_FILE, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW,
                        0600);
        if (fd < 0)
                return -errno;
        return exit_record_write(fd, &record); /* its block is allocated by being written */
}

int container_dir_make(const ContainerDirs *d, const char *id) {
        _cleanup_close_ int fd = -EBADF;
        int r;

        if (mkdirat(d->containers_fd, id, 0700) < 0)
                return -errno;
        r = fd = open_dir_at(d->containers_fd, id);
        if (r >= 0)
                r = make_foreign(fd, "upper");
        if (r >= 0)
                r = make_foreign(fd, "work");
        if (r >= 0)
                r = make_record(fd);
        if (r >= 0 && mkdirat(d->logs_fd, id, 0700) < 0)
                r = -errno;
        if (r >= 0 && mkdirat(d->run_fd, id, 0700) < 0 && errno != EEXIST)
                r = -errno;
        if (r < 0)
                (void) container_dir_discard(d, id); /* the reason for being here is told */
        return r < 0 ? r : 0;
}

int container_dir_open(const ContainerDirs *d, const char *id, ContainerDir *ret) {
        ContainerDir c = CONTAINER_DIR_CLOSED;
        int r;

        r = c.state_fd = open_dir_at(d->containers_fd, id);
        if (r >= 0)
                r = c.log_fd = open_dir_at(d->logs_fd, id);
        if (r >= 0)
                r = c.run_fd = mkdir_open_at(d->run_fd, id, 0700); /* gone with the last boot */
        if (r >= 0) {
                c.record_fd = openat(c.state_fd, EXIT_RECORD_FILE, O_RDWR | O_CLOEXEC | O_NOFOLLOW);
                r = c.record_fd < 0 ? -errno : 0;
        }
        if (r < 0) {
                container_dir_close(&c);
                return r;
        }
        *ret = c;
        return 0;
}

void container_dir_close(ContainerDir *d) {
        d->state_fd = close_fd(d->state_fd);
        d->log_fd = close_fd(d->log_fd);
        d->record_fd = close_fd(d->record_fd);
        d->run_fd = close_fd(d->run_fd);
}

int container_dir_begin_run(const ContainerDir *d, uint64_t run) {
        ExitRecord record = {.kind = EXIT_NONE, .run = run};

        return exit_record_write(d->record_fd, &record);
}

static int move_to_trash(int from_fd, const char *id, int trash_fd, const char *prefix) {
        char name[ID_MAX + 8];

        (void) snprintf(name, sizeof(name), "%s-%s", prefix, id);
        if (renameat(from_fd, id, trash_fd, name) < 0 && errno != ENOENT)
                return -errno;
        return 0;
}

int container_dir_discard(const ContainerDirs *d, const char *id) {
        _cleanup_close_ int run_fd = -EBADF;
        int r;

        r = move_to_trash(d->containers_fd, id, d->trash_fd, "c");
        if (r >= 0)
                r = move_to_trash(d->logs_fd, id, d->trash_fd, "l");
        run_fd = open_dir_at(d->run_fd, id);
        if (run_fd >= 0) {
                (void) unlinkat(run_fd, RUN_FILE_CONTROL, 0); /* there once it was started */
                (void) unlinkat(d->run_fd, id,
                                AT_REMOVEDIR); /* collected at the next start if it stays */
        }
        return r;
}

static int list_one(int dir_fd, char ***list) {
        _cleanup_closedir_ DIR *dir = NULL;
        int fd;

        fd = openat(dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd < 0)
                return -errno;
        dir = fdopendir(fd);
        if (!dir) {
                close_fd(fd);
                return -ENOMEM;
        }
        for (struct dirent *e; (e = readdir(dir));) {
                int r;

                if (!id_is_valid(e->d_name) || strv_contains(*list, e->d_name))
                        continue;
                r = strv_push(list, e->d_name);
                if (r < 0)
                        return r;
        }
        return 0;
}

int container_dir_list(const ContainerDirs *d, char ***ret) {
        _cleanup_strv_free_ char **list = NULL;
        int r;

        r = list_one(d->containers_fd, &list);
        if (r >= 0)
                r = list_one(d->logs_fd, &list);
        if (r < 0)
                return r;
        *ret = TAKE_PTR(list);
        return 0;
}
